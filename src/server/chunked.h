/* chunked.h - request bodies in HTTP/1.1 chunked transfer coding (RFC 9112,
 * section 7.1), which libwebsockets hands on undecoded.
 * Threads: one at a time. */
#ifndef RH_CHUNKED_H
#define RH_CHUNKED_H

#include <stddef.h>
#include <stdint.h>
#include "rehearse/status.h"

typedef struct {
    int at;
    uint64_t left; /* bytes of the running chunk */
    int n_digits, n_line;
} rh_chunked; /* start with {0} */

/* Consumes up to n bytes of `in`; *used says how many. *data and *n_data are the
 * body bytes among them (inside `in`, n_data may be 0). RH_END after the last
 * chunk; RH_ERR_INVAL malformed. Call again while *used < n. */
rh_status rh_chunked_next(rh_chunked *c, const char *in, size_t n, size_t *used,
                          const char **data, size_t *n_data);

#endif
