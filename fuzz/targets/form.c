/* A form as the handlers see it: the first line is the Content-Type, the rest the body, in pieces
 * of the size that the first byte names. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "server/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static rh_config config = {.max_upload_mb = 1};
    static rh_server server;
    static rh_http h;
    rh_error err;
    const uint8_t *end = n > 1 ? memchr(bytes + 1, '\n', n - 1) : NULL;
    if (!end)
        return 0;
    server.o.config = &config;
    memset(&h, 0, sizeof h);
    h.server = &server;
    h.max_body = 64 << 10;
    size_t step = (size_t)bytes[0] + 1, n_type = (size_t)(end - bytes - 1);
    if (n_type >= sizeof h.content_type || memchr(bytes + 1, '\0', n_type))
        return 0;
    memcpy(h.content_type, bytes + 1, n_type);
    rh_status st = rh_body_open(&h, true, &err);
    for (size_t at = (size_t)(end - bytes) + 1; at < n && st == RH_OK; at += step)
        st = rh_body_add(&h, (const char *)bytes + at, n - at < step ? n - at : step, &err);
    if (st == RH_OK)
        st = rh_body_close(&h, &err);
    if (st != RH_OK && !memchr(err.msg, '\0', sizeof err.msg))
        abort();
    const char *text = rh_form_text(&h, "file");
    if ((text && !rh_form_field(&h, "file")) || h.n_fields > RH_MAX_FORM_FIELDS || server.upload_bytes > n)
        abort();
    rh_body_free(&h);
    if (server.upload_bytes)
        abort();
    return 0;
}
