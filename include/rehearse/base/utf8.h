/* utf8.h - whether bytes are UTF-8 (RFC 3629), also when they come in pieces.
 * Threads: any. */
#ifndef RH_UTF8_H
#define RH_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint8_t need;   /* bytes missing of the character under way */
    uint8_t lo, hi; /* what the next one of them may be */
} rh_utf8;          /* start with {0} */

/* False at the first byte that can't belong to UTF-8. */
bool rh_utf8_feed(rh_utf8 *u, const void *bytes, size_t n);
/* No character is left open. */
bool rh_utf8_whole(const rh_utf8 *u);
bool rh_utf8_valid(const void *bytes, size_t n);
/* In place: '?' for what is no UTF-8; the start of a character that was cut off at the end goes. */
void rh_utf8_mend_cut(char *s);

#endif
