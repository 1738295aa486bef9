/* buf.h - growable byte buffer with a maximum.
 *
 * `data` is always followed by a NUL that `len` does not count.
 * Threads: one at a time. */
#ifndef RH_BUF_H
#define RH_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include "rehearse/base/status.h"

typedef struct {
    char *data; /* NULL until something was added */
    size_t len, cap;
    size_t max; /* bytes; growing past it is RH_ERR_LIMIT */
} rh_buf;

void rh_buf_init(rh_buf *b, size_t max);
void rh_buf_done(rh_buf *b);  /* frees; the buffer may be used again */
void rh_buf_clear(rh_buf *b); /* len = 0, keeps memory */
/* RH_ERR_LIMIT, RH_ERR_NOMEM; on failure the buffer is unchanged. */
rh_status rh_buf_reserve(rh_buf *b, size_t extra);
rh_status rh_buf_add(rh_buf *b, const void *bytes, size_t n);
rh_status rh_buf_puts(rh_buf *b, const char *s);
rh_status rh_buf_printf(rh_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Hands the bytes to the caller, who frees them with rh_free(); "" when empty, NULL without memory. */
char *rh_buf_take(rh_buf *b);

#endif
