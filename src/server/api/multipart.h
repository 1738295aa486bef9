/* multipart.h - multipart/form-data (RFC 7578), parsed as it arrives.
 *
 * Parts come in any order; the bytes of a part are handed on as soon as they
 * cannot be the start of a delimiter, so nothing but a delimiter's length is
 * held back.
 * Threads: one at a time. */
#ifndef RH_MULTIPART_H
#define RH_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>
#include "rehearse/base/status.h"

typedef struct rh_multipart rh_multipart;

/* A failure returned by the sink ends the parse and is passed on. */
typedef struct {
    /* `filename` and `type` are NULL when the part has none. */
    rh_status (*begin)(void *user, const char *name, const char *filename, const char *type, rh_error *err);
    rh_status (*data)(void *user, const char *bytes, size_t n, rh_error *err);
    rh_status (*end)(void *user, rh_error *err);
} rh_multipart_sink;

/* `content_type`: the request's header. RH_ERR_UNSUPPORTED not multipart/form-data;
 * RH_ERR_INVAL no usable boundary; RH_ERR_NOMEM. */
rh_status rh_multipart_new(rh_multipart **out, const char *content_type, const rh_multipart_sink *sink, void *user,
                           rh_error *err);
/* RH_ERR_INVAL malformed; RH_ERR_LIMIT too many or too long part headers. */
rh_status rh_multipart_feed(rh_multipart *m, const void *bytes, size_t n, rh_error *err);
/* RH_ERR_INVAL when the closing delimiter never came. */
rh_status rh_multipart_finish(rh_multipart *m, rh_error *err);
void rh_multipart_free(rh_multipart *m);

/* Value of parameter `name` of a header such as `form-data; name="a"`; false when
 * it is absent or longer than cap - 1. */
bool rh_header_param(const char *header, const char *name, char *out, size_t cap);

#endif
