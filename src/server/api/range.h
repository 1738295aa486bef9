/* range.h - which bytes a Range header asks for (RFC 9110, section 14). Pure; threads: any. */
#ifndef RH_RANGE_H
#define RH_RANGE_H

#include <stdint.h>

typedef enum {
    RH_RANGE_WHOLE, /* no range, none we can read, or several: the whole goes out, with 200 */
    RH_RANGE_PART,  /* 206 */
    RH_RANGE_NONE,  /* 416: it begins behind the end */
} rh_range;

/* `header` may be NULL. PART: *first and *n are set, and lie within `size`. */
rh_range rh_range_read(const char *header, uint64_t size, uint64_t *first, uint64_t *n);

#endif
