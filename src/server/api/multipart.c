#include "multipart.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "server/server_limits.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/buf.h"

enum { MAX_BOUNDARY = 200, MAX_NAME = 256 };

typedef enum { AT_PREAMBLE, AT_DELIMITER_END, AT_HEADERS, AT_DATA, AT_EPILOGUE } state;

struct rh_multipart {
    rh_multipart_sink sink;
    void *user;
    state at;
    int n_parts;
    size_t n_delim;
    char delim[MAX_BOUNDARY + 8]; /* CR LF - - boundary */
    rh_buf held;                  /* bytes not yet understood */
};

/* Copies a quoted or bare parameter value; returns where it ended, NULL too long. */
static const char *copy_value(const char *p, char *out, size_t cap)
{
    size_t n = 0;
    bool quoted = *p == '"';
    if (quoted)
        p++;
    while (*p && (quoted ? *p != '"' : *p != ';' && !isspace((unsigned char)*p))) {
        if (quoted && *p == '\\' && p[1] == '"') /* browsers write %22, older clients \" */
            p++;
        if (n + 1 >= cap)
            return NULL;
        out[n++] = *p++;
    }
    out[n] = '\0';
    return quoted && *p == '"' ? p + 1 : p;
}

bool rh_header_param(const char *header, const char *name, char *out, size_t cap)
{
    size_t n_name = strlen(name);
    const char *p = strchr(header, ';');
    while (p) {
        p++;
        while (*p == ' ' || *p == '\t')
            p++;
        if (strncasecmp(p, name, n_name) == 0 && p[n_name] == '=')
            return copy_value(p + n_name + 1, out, cap) != NULL;
        bool quoted = false; /* a ';' inside quotes ends nothing */
        while (*p && (quoted || *p != ';')) {
            if (*p == '\\' && quoted && p[1])
                p++;
            else if (*p == '"')
                quoted = !quoted;
            p++;
        }
        if (!*p)
            p = NULL;
    }
    return false;
}

rh_status rh_multipart_new(rh_multipart **out, const char *content_type, const rh_multipart_sink *sink, void *user,
                           rh_error *err)
{
    if (strncasecmp(content_type, "multipart/form-data", 19) != 0)
        return rh_fail(err, RH_ERR_UNSUPPORTED, "Content-Type is \"%.60s\": send multipart/form-data", content_type);
    char boundary[MAX_BOUNDARY + 1];
    if (!rh_header_param(content_type, "boundary", boundary, sizeof boundary) || !*boundary)
        return rh_fail(err, RH_ERR_INVAL, "the Content-Type has no boundary of 1 to %d characters", MAX_BOUNDARY);
    rh_multipart *m = rh_calloc(1, sizeof *m);
    if (!m)
        return rh_fail(err, RH_ERR_NOMEM, "multipart: out of memory");
    m->sink = *sink;
    m->user = user;
    m->n_delim = (size_t)snprintf(m->delim, sizeof m->delim, "\r\n--%s", boundary);
    rh_buf_init(&m->held, (size_t)1 << 30);
    /* The first delimiter may stand at the very start: pretend a line ended before it. */
    if (rh_buf_puts(&m->held, "\r\n") != RH_OK) {
        rh_multipart_free(m);
        return rh_fail(err, RH_ERR_NOMEM, "multipart: out of memory");
    }
    *out = m;
    return RH_OK;
}

void rh_multipart_free(rh_multipart *m)
{
    if (!m)
        return;
    rh_buf_done(&m->held);
    rh_free(m);
}

static void drop_front(rh_buf *b, size_t n)
{
    memmove(b->data, b->data + n, b->len - n);
    b->len -= n;
    b->data[b->len] = '\0';
}

/* Finds `name:` at a line's start in a part's headers and copies its value. */
static bool part_header(const char *headers, const char *name, char *out, size_t cap)
{
    size_t n_name = strlen(name);
    for (const char *line = headers; line && *line;) {
        const char *end = strstr(line, "\r\n");
        size_t n = end ? (size_t)(end - line) : strlen(line);
        if (n > n_name && strncasecmp(line, name, n_name) == 0 && line[n_name] == ':') {
            const char *v = line + n_name + 1;
            while (v < line + n && (*v == ' ' || *v == '\t'))
                v++;
            size_t len = (size_t)(line + n - v);
            if (len >= cap)
                return false;
            memcpy(out, v, len);
            out[len] = '\0';
            return true;
        }
        line = end ? end + 2 : NULL;
    }
    return false;
}

static rh_status begin_part(rh_multipart *m, const char *headers, rh_error *err)
{
    char disposition[1024], name[MAX_NAME], file[MAX_NAME], type[MAX_NAME];
    if (++m->n_parts > RH_MAX_FORM_FIELDS)
        return rh_fail(err, RH_ERR_LIMIT, "the form has more than %d fields", RH_MAX_FORM_FIELDS);
    if (!part_header(headers, "Content-Disposition", disposition, sizeof disposition) ||
        !rh_header_param(disposition, "name", name, sizeof name))
        return rh_fail(err, RH_ERR_INVAL, "a part of the form has no Content-Disposition with a name");
    bool has_file = rh_header_param(disposition, "filename", file, sizeof file);
    bool has_type = part_header(headers, "Content-Type", type, sizeof type);
    return m->sink.begin(m->user, name, has_file ? file : NULL, has_type ? type : NULL, err);
}

/* What stands behind a delimiter: "--" ends the form, a line end begins a part. */
static rh_status after_delimiter(rh_multipart *m, bool *more, rh_error *err)
{
    rh_buf *b = &m->held;
    size_t i = 0;
    *more = false;
    if (b->len < 2)
        return RH_OK;
    if (memcmp(b->data, "--", 2) == 0) {
        m->at = AT_EPILOGUE;
        return RH_OK;
    }
    while (i < b->len && (b->data[i] == ' ' || b->data[i] == '\t'))
        i++;
    if (i > MAX_BOUNDARY)
        return rh_fail(err, RH_ERR_INVAL, "multipart: too much space behind a delimiter");
    if (b->len < i + 2)
        return RH_OK;
    if (memcmp(b->data + i, "\r\n", 2) != 0)
        return rh_fail(err, RH_ERR_INVAL, "multipart: a delimiter is followed by text");
    drop_front(b, i); /* the line end stays: headers may be empty */
    m->at = AT_HEADERS;
    *more = true;
    return RH_OK;
}

static rh_status headers(rh_multipart *m, bool *more, rh_error *err)
{
    rh_buf *b = &m->held;
    char *end = b->len ? memmem(b->data, b->len, "\r\n\r\n", 4) : NULL;
    *more = end != NULL;
    if (!end)
        return b->len <= RH_MAX_PART_HEADER_BYTES
                   ? RH_OK
                   : rh_fail(err, RH_ERR_LIMIT, "headers of a part pass %d bytes", RH_MAX_PART_HEADER_BYTES);
    *end = '\0';
    size_t n = (size_t)(end - b->data);
    if (n > RH_MAX_PART_HEADER_BYTES || strlen(b->data) != n)
        return rh_fail(err, RH_ERR_INVAL, "headers of a part are too long or hold a NUL");
    rh_status st = begin_part(m, n > 2 ? b->data + 2 : "", err);
    if (st != RH_OK)
        return st;
    drop_front(b, n + 4);
    m->at = AT_DATA;
    return RH_OK;
}

static rh_status data(rh_multipart *m, bool *more, rh_error *err)
{
    rh_buf *b = &m->held;
    char *hit = b->len ? memmem(b->data, b->len, m->delim, m->n_delim) : NULL;
    size_t n = hit ? (size_t)(hit - b->data) : b->len >= m->n_delim ? b->len - m->n_delim + 1 : 0;
    *more = hit != NULL;
    if (n && m->at == AT_DATA) {
        rh_status st = m->sink.data(m->user, b->data, n, err);
        if (st != RH_OK)
            return st;
    }
    if (!hit) {
        if (n)
            drop_front(b, n);
        return RH_OK;
    }
    drop_front(b, n + m->n_delim);
    if (m->at == AT_DATA) {
        rh_status st = m->sink.end(m->user, err);
        if (st != RH_OK)
            return st;
    }
    m->at = AT_DELIMITER_END;
    return RH_OK;
}

rh_status rh_multipart_feed(rh_multipart *m, const void *bytes, size_t n, rh_error *err)
{
    if (m->at == AT_EPILOGUE)
        return RH_OK;
    if (rh_buf_add(&m->held, bytes, n) != RH_OK)
        return rh_fail(err, RH_ERR_NOMEM, "multipart: out of memory");
    rh_status st = RH_OK;
    for (bool more = true; more && st == RH_OK;) {
        switch (m->at) {
        case AT_PREAMBLE:
        case AT_DATA: st = data(m, &more, err); break;
        case AT_DELIMITER_END: st = after_delimiter(m, &more, err); break;
        case AT_HEADERS: st = headers(m, &more, err); break;
        case AT_EPILOGUE: more = false; break;
        }
    }
    return st;
}

rh_status rh_multipart_finish(rh_multipart *m, rh_error *err)
{
    if (m->at == AT_EPILOGUE)
        return RH_OK;
    return rh_fail(err, RH_ERR_INVAL,
                   m->at == AT_PREAMBLE ? "the body holds no part with the declared boundary"
                                        : "the form ends before its closing delimiter");
}
