#include "chunked.h"

enum { IN_SIZE, IN_EXTENSION, SIZE_LF, IN_DATA, DATA_CR, DATA_LF, TRAILER, TRAILER_LF, DONE };
enum { MAX_LINE = 8192 };

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static rh_status in_size(rh_chunked *c, char ch)
{
    int d = hex(ch);
    if (d >= 0) {
        if (++c->n_digits > 15)
            return RH_ERR_INVAL;
        c->left = c->left * 16 + (uint64_t)d;
    } else if (!c->n_digits) {
        return RH_ERR_INVAL;
    } else if (ch == '\r') {
        c->at = SIZE_LF;
    } else if (ch == ';' || ch == ' ' || ch == '\t') {
        c->at = IN_EXTENSION;
    } else {
        return RH_ERR_INVAL;
    }
    return RH_OK;
}

/* One byte of framing. */
static rh_status step(rh_chunked *c, char ch)
{
    switch (c->at) {
    case IN_SIZE: return in_size(c, ch);
    case IN_EXTENSION:
        if (ch == '\r')
            c->at = SIZE_LF;
        return ++c->n_line > MAX_LINE ? RH_ERR_INVAL : RH_OK;
    case SIZE_LF:
        if (ch != '\n')
            return RH_ERR_INVAL;
        c->at = c->left ? IN_DATA : TRAILER;
        c->n_line = 0;
        return RH_OK;
    case DATA_CR: c->at = DATA_LF; return ch == '\r' ? RH_OK : RH_ERR_INVAL;
    case DATA_LF:
        c->at = IN_SIZE;
        c->n_digits = c->n_line = 0;
        return ch == '\n' ? RH_OK : RH_ERR_INVAL;
    case TRAILER: /* n_line counts the characters of the running trailer line */
        if (ch == '\r')
            c->at = TRAILER_LF;
        else if (++c->n_line > MAX_LINE)
            return RH_ERR_INVAL;
        return RH_OK;
    case TRAILER_LF:
        if (ch != '\n')
            return RH_ERR_INVAL;
        c->at = c->n_line ? TRAILER : DONE;
        c->n_line = 0;
        return RH_OK;
    default: return RH_ERR_INVAL;
    }
}

rh_status rh_chunked_next(rh_chunked *c, const char *in, size_t n, size_t *used,
                          const char **data, size_t *n_data)
{
    *used = *n_data = 0;
    *data = in;
    while (*used < n && c->at != DONE) {
        if (c->at == IN_DATA) {
            size_t take = n - *used < c->left ? n - *used : (size_t)c->left;
            *data = in + *used;
            *n_data = take;
            *used += take;
            c->left -= take;
            if (!c->left)
                c->at = DATA_CR;
            return RH_OK;
        }
        if (step(c, in[(*used)++]) != RH_OK)
            return RH_ERR_INVAL;
    }
    return c->at == DONE ? RH_END : RH_OK;
}
