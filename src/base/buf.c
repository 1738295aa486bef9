#include "rehearse/base/buf.h"

#include <stdio.h>
#include <string.h>
#include "rehearse/base/alloc.h"

void rh_buf_init(rh_buf *b, size_t max)
{
    *b = (rh_buf){.max = max};
}

void rh_buf_done(rh_buf *b)
{
    rh_free(b->data);
    *b = (rh_buf){.max = b->max};
}

void rh_buf_clear(rh_buf *b)
{
    b->len = 0;
    if (b->data)
        b->data[0] = '\0';
}

rh_status rh_buf_reserve(rh_buf *b, size_t extra)
{
    if (extra > b->max || b->len > b->max - extra)
        return RH_ERR_LIMIT;
    size_t need = b->len + extra + 1;
    if (need <= b->cap)
        return RH_OK;
    size_t cap = b->cap ? b->cap : 256;
    while (cap < need)
        cap += cap / 2;
    char *d = rh_realloc(b->data, cap);
    if (!d)
        return RH_ERR_NOMEM;
    if (!b->data)
        d[0] = '\0';
    b->data = d;
    b->cap = cap;
    return RH_OK;
}

rh_status rh_buf_add(rh_buf *b, const void *bytes, size_t n)
{
    rh_status st = rh_buf_reserve(b, n);
    if (st != RH_OK)
        return st;
    if (n)
        memcpy(b->data + b->len, bytes, n);
    b->len += n;
    b->data[b->len] = '\0';
    return RH_OK;
}

rh_status rh_buf_puts(rh_buf *b, const char *s)
{
    return rh_buf_add(b, s, strlen(s));
}

rh_status rh_buf_printf(rh_buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    rh_status st = n < 0 ? RH_ERR_INVAL : rh_buf_reserve(b, (size_t)n);
    if (st == RH_OK) {
        (void)vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
    return st;
}

char *rh_buf_take(rh_buf *b)
{
    char *d = b->data ? b->data : rh_strdup("");
    *b = (rh_buf){.max = b->max};
    return d;
}
