/* Messages of /v1/session: the first byte says whether the rest comes as text or as binary. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "server/live/start_message.h"

static void text(const char *raw, size_t n)
{
    rh_start_message s;
    rh_error err;
    json_error_t why;
    json_t *m = json_loadb(raw, n, 0, &why);
    if (!m)
        return;
    if (rh_start_message_read(&s, m, &err) != RH_OK) {
        if (!memchr(err.msg, 0, sizeof err.msg) || !err.msg[0])
            abort(); /* every refusal says why */
    } else if (s.rate_hz < 8000 || s.rate_hz > 96000 || !(s.face_hz >= 0 && s.face_hz <= 60) ||
               (s.question && strlen(s.question) > 4096)) {
        abort();
    }
    json_decref(m);
}

static void binary(const char *raw, size_t n)
{
    rh_error err;
    int kind;
    int64_t t_us;
    float *x = NULL;
    size_t n_x = 0;
    if (rh_media_head(raw, n, &kind, &t_us, &err) != RH_OK)
        return;
    if (t_us < 0)
        abort();
    if (kind != RH_MEDIA_JPEG && rh_media_samples(raw, n, &x, &n_x, &err) == RH_OK)
        for (size_t i = 0; i < n_x; i++)
            if (!(x[i] >= -1 && x[i] <= 1))
                abort();
    rh_free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n == 0)
        return 0;
    char *raw = malloc(n - 1 ? n - 1 : 1); /* of its exact size, so that reading past it is seen */
    if (!raw)
        return 0;
    memcpy(raw, bytes + 1, n - 1);
    (bytes[0] & 1 ? binary : text)(raw, n - 1);
    free(raw);
    return 0;
}
