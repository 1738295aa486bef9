/* body.c - request bodies: plain, or a form whose parts are told apart as they
 * arrive. */
#include <stdio.h>
#include <string.h>
#include "http.h"
#include "rehearse/base/alloc.h"

/* Counts bytes against the limit of all uploads together. */
static rh_status upload_hold(rh_server *s, size_t *held, size_t n, rh_error *err)
{
    if (s->upload_bytes + n > RH_MAX_BODY_BYTES)
        return rh_fail(err, RH_ERR_BUSY, "too many uploads at once: try again in a moment");
    s->upload_bytes += n;
    *held += n;
    return RH_OK;
}

void rh_upload_release(rh_server *s, size_t *held)
{
    s->upload_bytes -= *held;
    *held = 0;
}

static void written(rh_server *s, uint64_t conn)
{
    rh_conn *c = rh_conn_find(s, conn);
    if (c && c->http)
        c->http->written(c->http);
}

/* NULL: there are too many. */
static rh_field *new_field(rh_http *h, const char *name, rh_error *err)
{
    if (h->n_fields == RH_MAX_FORM_FIELDS) {
        (void)rh_fail(err, RH_ERR_LIMIT, "the form has more than %d fields", RH_MAX_FORM_FIELDS);
        return NULL;
    }
    rh_field *f = &h->fields[h->n_fields++];
    (void)snprintf(f->name, sizeof f->name, "%s", name);
    rh_buf_init(&f->value, RH_MAX_FIELD_BYTES);
    return f;
}

static rh_status field_begin(void *user, const char *name, const char *filename, const char *type, rh_error *err)
{
    (void)type;
    rh_http *h = user;
    rh_field *f = new_field(h, name, err);
    if (!f)
        return RH_ERR_LIMIT;
    (void)snprintf(f->filename, sizeof f->filename, "%s", filename ? filename : "");
    /* Some clients send a file without a file name: the two names of media count too. */
    bool is_file = filename || strcmp(name, "audio") == 0 || strcmp(name, "file") == 0;
    f->file = is_file ? rh_incoming_new(h->server, h->id, written) : NULL;
    return is_file && !f->file ? rh_fail(err, RH_ERR_NOMEM, "out of memory for the upload") : RH_OK;
}

static rh_status too_large(rh_http *h, const rh_field *f, size_t most, rh_error *err)
{
    h->error_param = f->name;
    return rh_fail(err, RH_ERR_LIMIT, "field \"%s\" is larger than %zu bytes", f->name, most);
}

static rh_status add_text(rh_http *h, rh_field *f, const char *bytes, size_t n, rh_error *err)
{
    rh_status st = upload_hold(h->server, &h->n_held, n, err);
    if (st != RH_OK)
        return st;
    st = rh_buf_add(&f->value, bytes, n);
    if (st == RH_ERR_LIMIT)
        return too_large(h, f, f->value.max, err);
    return st == RH_OK ? st : rh_fail(err, st, "out of memory for the upload");
}

rh_status rh_form_add(rh_http *h, const char *name, const char *value, size_t n, rh_error *err)
{
    rh_field *f = new_field(h, name, err);
    return f ? add_text(h, f, value, n, err) : RH_ERR_LIMIT;
}

static rh_status field_data(void *user, const char *bytes, size_t n, rh_error *err)
{
    rh_http *h = user;
    rh_field *f = &h->fields[h->n_fields - 1];
    h->error_param = NULL;
    if (f->file && rh_incoming_size(f->file) + n > h->max_body)
        return too_large(h, f, h->max_body, err);
    if (f->file)
        return rh_incoming_add(f->file, bytes, n, err);
    return add_text(h, f, bytes, n, err);
}

static rh_status field_end(void *user, rh_error *err)
{
    rh_http *h = user;
    const rh_field *f = &h->fields[h->n_fields - 1];
    if (!f->file)
        return RH_OK;
    rh_incoming_end(f->file);
    return rh_incoming_fault(f->file, err);
}

rh_status rh_body_open(rh_http *h, bool form, rh_error *err)
{
    static const rh_multipart_sink sink = {field_begin, field_data, field_end};
    rh_buf_init(&h->body, h->max_body);
    return form ? rh_multipart_new(&h->multipart, h->content_type, &sink, h, err) : RH_OK;
}

rh_status rh_body_add(rh_http *h, const char *bytes, size_t n, rh_error *err)
{
    h->n_body += n;
    if (h->to_sink)
        return field_data(h, bytes, n, err);
    if (h->multipart && h->n_body > h->max_body + RH_MAX_FORM_BYTES)
        return rh_fail(err, RH_ERR_LIMIT, "the form is larger than %zu MB", (h->max_body + RH_MAX_FORM_BYTES) >> 20);
    if (h->multipart)
        return rh_multipart_feed(h->multipart, bytes, n, err);
    rh_status st = upload_hold(h->server, &h->n_held, n, err);
    if (st == RH_OK)
        st = rh_buf_add(&h->body, bytes, n);
    if (st == RH_ERR_LIMIT)
        return rh_fail(err, st, "the body is larger than %zu bytes", h->max_body);
    return st;
}

rh_status rh_body_close(rh_http *h, rh_error *err)
{
    if (h->to_sink)
        return field_end(h, err);
    return h->multipart ? rh_multipart_finish(h->multipart, err) : RH_OK;
}

bool rh_body_full(const rh_http *h)
{
    for (int i = 0; i < h->n_fields; i++)
        if (h->fields[i].file && rh_incoming_full(h->fields[i].file))
            return true;
    return false;
}

bool rh_body_settled(const rh_http *h)
{
    for (int i = 0; i < h->n_fields; i++)
        if (h->fields[i].file && !rh_incoming_settled(h->fields[i].file))
            return false;
    return true;
}

rh_status rh_body_fault(const rh_http *h, rh_error *err)
{
    rh_status st = RH_OK;
    for (int i = 0; i < h->n_fields && st == RH_OK; i++)
        st = h->fields[i].file ? rh_incoming_fault(h->fields[i].file, err) : RH_OK;
    return st;
}

void rh_body_free(rh_http *h)
{
    rh_multipart_free(h->multipart);
    h->multipart = NULL;
    rh_buf_done(&h->body);
    for (int i = 0; i < h->n_fields; i++) {
        rh_buf_done(&h->fields[i].value);
        rh_incoming_free(h->fields[i].file);
    }
    h->n_fields = 0;
    rh_upload_release(h->server, &h->n_held);
}

void rh_want_body(rh_http *h, bool form, size_t max)
{
    rh_error err;
    bool in_mb = max >> 20 != 0;
    h->max_body = max;
    if (rh_refuse_unready(h))
        return;
    if (h->content_length > (int64_t)max + RH_MAX_FIELD_BYTES)
        rh_http_error_at(h, 413, form ? "file" : NULL, NULL, "the %s is larger than %zu %s", form ? "upload" : "body",
                         max >> (in_mb ? 20 : 10), in_mb ? "MB" : "KB");
    else if (rh_body_open(h, form, &err) != RH_OK)
        rh_http_fail(h, &err);
}

void rh_want_stream(rh_http *h, size_t max, const rh_incoming_sink *sink)
{
    rh_error err;
    rh_field *f = new_field(h, "file", &err);
    h->max_body = max;
    f->file = rh_incoming_new_to(h->server, h->id, written, sink);
    h->to_sink = f->file != NULL;
    if (!f->file) {
        sink->over(h->server, sink->user);
        rh_http_error(h, 503, "out of memory");
    }
}

void rh_want_upload(rh_http *h)
{
    rh_want_body(h, true, (size_t)h->server->o.config->max_upload_mb << 20);
}

rh_field *rh_form_field(rh_http *h, const char *name)
{
    for (int i = 0; i < h->n_fields; i++)
        if (strcmp(h->fields[i].name, name) == 0)
            return &h->fields[i];
    return NULL;
}

const char *rh_form_text(rh_http *h, const char *name)
{
    rh_field *f = rh_form_field(h, name);
    if (!f)
        return NULL;
    return f->file ? rh_incoming_text(f->file) : f->value.data ? f->value.data : "";
}

size_t rh_field_size(const rh_field *f)
{
    return f->file ? rh_incoming_size(f->file) : f->value.len;
}
