#include "upload_fields.h"

#include <stdio.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/base64.h"

static bool add(rh_http *h, const char *name, const char *value, size_t n)
{
    rh_error err;
    if (rh_form_field(h, name)) {
        rh_http_error_at(h, 400, name, NULL, "%s is given twice", name);
        return false;
    }
    rh_status st =
        strlen(name) < sizeof h->fields[0].name
            ? rh_form_add(h, name, value, n, &err)
            : rh_fail(&err, RH_ERR_INVAL, "a field's name has at most %zu bytes", sizeof h->fields[0].name - 1);
    if (st != RH_OK)
        rh_http_fail(h, &err);
    return st == RH_OK;
}

/* "name base64", or a name alone */
static bool add_pair(rh_http *h, const char *pair, size_t n)
{
    char name[sizeof h->fields[0].name];
    size_t n_name = 0, n_value = 0;
    rh_error err;
    while (n_name < n && pair[n_name] != ' ')
        n_name++;
    if (n_name == 0 || n_name >= sizeof name) {
        rh_http_error_at(
            h, 400, "Upload-Metadata", NULL,
            "Upload-Metadata must be names of at most %zu bytes, each with a blank and its value in base64, "
            "with commas between them",
            sizeof name - 1);
        return false;
    }
    memcpy(name, pair, n_name);
    name[n_name] = '\0';
    const char *text = pair + n_name;
    size_t n_text = n - n_name;
    while (n_text && *text == ' ') {
        text++;
        n_text--;
    }
    uint8_t *value = rh_alloc(RH_BASE64_DECODED_MAX(n_text) + 1);
    bool ok = value != NULL;
    if (!ok)
        rh_http_error(h, 503, "out of memory");
    if (ok && n_text && rh_base64_decode(value, RH_BASE64_DECODED_MAX(n_text), &n_value, text, n_text, &err) != RH_OK) {
        rh_http_error_at(h, 400, name, NULL, "the value of %s in Upload-Metadata is not base64: %.200s", name, err.msg);
        ok = false;
    }
    ok = ok && add(h, name, (const char *)value, n_value);
    rh_free(value);
    return ok;
}

static bool add_body(rh_http *h)
{
    json_error_t why;
    const char *name;
    json_t *value, *all = json_loadb(h->body.data, h->body.len, 0, &why);
    bool ok = json_is_object(all);
    if (!ok)
        rh_http_error(h, 400,
                      "the body, if there is one, is a JSON object of texts: bytes of the recording come by PATCH");
    json_object_foreach(all, name, value) {
        if (ok && !json_is_string(value)) {
            rh_http_error_at(h, 400, name, NULL, "%.60s must be a text", name);
            ok = false;
        }
        ok = ok && add(h, name, json_string_value(value), json_string_length(value));
    }
    json_decref(all);
    return ok;
}

bool rh_upload_fields(rh_http *h, const char *metadata)
{
    for (const char *p = metadata; *p;) {
        p += strspn(p, " ,");
        size_t n = strcspn(p, ",");
        if (n && !add_pair(h, p, n))
            return false;
        p += n;
    }
    return !h->body.len || add_body(h);
}
