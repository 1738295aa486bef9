/* http.h - one HTTP request and its reply. Loop thread only. */
#ifndef RH_HTTP_H
#define RH_HTTP_H

#include "access.h"
#include "incoming.h"
#include "server/api/multipart.h"
#include "rehearse/base/buf.h"
#include "server_internal.h"

typedef struct {
    char name[64], filename[128];
    rh_incoming *file; /* its content is a file, */
    rh_buf value;      /* or a short text */
} rh_field;

struct rh_http {
    rh_server *server;
    rh_net_conn *net;
    uint64_t id; /* of its connection */
    rh_route route;
    rh_person who; /* asks; known where the path is guarded */

    /* the request */
    char method[24], path[RH_MAX_PATH];
    char content_type[256], accept[256], if_none_match[64], origin[256];
    int64_t content_length; /* -1 not given */
    bool is_chunked;
    bool body_expected, body_done;
    void (*failed)(rh_http *h, const rh_error *err); /* answers that the body can't be kept; NULL: by the table */
    bool to_sink;                                    /* the body goes to the file of the first field */
    void (*written)(rh_http *h);                     /* what of the body had to be written to disk is there */
    bool waits_for_disk;                             /* nothing is read just now */
    size_t max_body, n_body;
    rh_multipart *multipart; /* NULL: the body goes to `body` */
    rh_buf body;
    rh_field fields[RH_MAX_FORM_FIELDS];
    int n_fields;
    const char *error_param; /* the field of the form that is at fault; NULL = none known */
    size_t n_held;           /* bytes of it that count in server.upload_bytes */

    /* the reply */
    bool replied, streaming, stream_ended;
    int status;
    rh_buf extra; /* further header lines "name: value\r\n" */

    atomic_bool *cancel; /* of the job that works for this request; set when the client goes */
};

/* Callbacks of the network. */
void rh_http_begin(rh_server *s, rh_net_conn *net);
void rh_http_body(rh_http *h, const char *bytes, size_t n);
void rh_http_body_end(rh_http *h);
void rh_http_free(rh_http *h);

/* The reply; each takes what it is given. The first one counts. */
void rh_http_header(rh_http *h, const char *name, const char *value);
void rh_http_reply(rh_http *h, int status, const char *type, const void *body, size_t n);
void rh_http_json(rh_http *h, int status, json_t *take);
void rh_http_error(rh_http *h, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The same with the field at fault and a name for programs; both may be NULL. */
void rh_http_error_at(rh_http *h, int status, const char *param, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
void rh_http_fail(rh_http *h, const rh_error *err); /* status by the table; 503 comes with Retry-After */
/* The same for what was to be kept: RH_ERR_IO is a disk that takes nothing. */
void rh_http_fail_to_keep(rh_http *h, const rh_error *err);
/* 429 where the work was not taken; `retry_after` in s. */
void rh_http_too_many(rh_http *h, const char *retry_after);
/* A reply whose length is not known yet. */
void rh_http_stream(rh_http *h, const char *type);
void rh_http_stream_add(rh_http *h, const void *bytes, size_t n);
void rh_http_stream_end(rh_http *h);

/* True: answered 503, for the models are not there. */
bool rh_refuse_unready(rh_http *h);

/* body.c */
/* What `start` of a route asks for: a body of at most `max` bytes, as a form or as it is; or a form with a
 * recording. Replies when that cannot be. */
void rh_want_body(rh_http *h, bool form, size_t max);
void rh_want_upload(rh_http *h);
/* A body of any kind that goes to `sink` as it comes, as the field "file". Takes its user; replies when that cannot be. */
void rh_want_stream(rh_http *h, size_t max, const rh_incoming_sink *sink);
rh_status rh_body_open(rh_http *h, bool form, rh_error *err);
rh_status rh_body_add(rh_http *h, const char *bytes, size_t n, rh_error *err);
rh_status rh_body_close(rh_http *h, rh_error *err);
bool rh_body_full(const rh_http *h);                      /* the disk is behind */
bool rh_body_settled(const rh_http *h);                   /* all that came is in memory or on the disk */
rh_status rh_body_fault(const rh_http *h, rh_error *err); /* of the disk */
void rh_body_free(rh_http *h);
/* A field that came in another way than by a form. RH_ERR_LIMIT, RH_ERR_NOMEM. */
rh_status rh_form_add(rh_http *h, const char *name, const char *value, size_t n, rh_error *err);
rh_field *rh_form_field(rh_http *h, const char *name);  /* NULL: not in the form */
const char *rh_form_text(rh_http *h, const char *name); /* NULL: not in the form */
size_t rh_field_size(const rh_field *f);
/* Bytes count no more against the limit of all uploads together. */
void rh_upload_release(rh_server *s, size_t *held);

/* Who asks, from the headers of a request or an upgrade; what is longer than its place fits nothing. */
typedef struct {
    char host[256], asked[256], origin[256], authorization[RH_MAX_TOKEN_BYTES + 1], cookie[RH_MAX_TOKEN_BYTES + 1],
        peer[64];
} rh_visitor_text;
rh_visitor rh_http_visitor(const rh_server *s, const rh_net_conn *net, rh_visitor_text *text);
/* Whether this visitor may use /v1 and the rest of our own API, and who it is (access.h): 0, 401 or 403 and why. */
int rh_http_access(rh_server *s, const rh_net_conn *net, rh_person *who, const char **why);

/* The header as text in `out`: "" when absent, "?" when it is longer. */
void rh_copy_header(const rh_net_conn *net, char *out, size_t cap, const char *name);
/* Any header of the request by its name in lower case, such as "range"; NULL when absent.
 * Valid as long as the request. */
const char *rh_http_request_header(rh_http *h, const char *name);

/* "/path?a=1": value of a query parameter; false when absent. */
bool rh_query(rh_http *h, const char *name, char *out, size_t cap);
/* *out stays as it is where it is not there or empty; NaN when it is no number. */
void rh_query_value(rh_http *h, const char *name, double *out);
/* 0 when it is not there, NaN when it is no number. */
float rh_query_number(rh_http *h, const char *name);
float rh_query_number_of(const rh_net_conn *net, const char *name);

#endif
