/* Request bodies: a form. The first byte says in what pieces it arrives. */
#include <stdint.h>
#include <stdlib.h>
#include "server/api/multipart.h"

static rh_status begin(void *user, const char *name, const char *file, const char *type, rh_error *err)
{
    (void)user, (void)name, (void)file, (void)type, (void)err;
    return RH_OK;
}

static rh_status data(void *user, const char *bytes, size_t n, rh_error *err)
{
    (void)bytes, (void)err;
    *(size_t *)user += n;
    return RH_OK;
}

static rh_status end(void *user, rh_error *err)
{
    (void)user, (void)err;
    return RH_OK;
}

static void as_form(const char *bytes, size_t n, size_t step)
{
    static const rh_multipart_sink sink = {begin, data, end};
    size_t total = 0;
    rh_multipart *m = NULL;
    rh_error err;
    if (rh_multipart_new(&m, "multipart/form-data; boundary=b", &sink, &total, &err) != RH_OK)
        return;
    rh_status st = RH_OK;
    for (size_t i = 0; i < n && st == RH_OK; i += step)
        st = rh_multipart_feed(m, bytes + i, n - i < step ? n - i : step, &err);
    (void)rh_multipart_finish(m, &err);
    rh_multipart_free(m);
    if (total > n)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n < 2)
        return 0;
    size_t step = (size_t)(bytes[0] & 63) + 1;
    as_form((const char *)bytes + 1, n - 1, step);
    char header[256];
    size_t k = n - 1 < sizeof header - 1 ? n - 1 : sizeof header - 1;
    for (size_t i = 0; i < k; i++)
        header[i] = (char)(bytes[i + 1] ? bytes[i + 1] : ' ');
    header[k] = '\0';
    char value[16];
    (void)rh_header_param(header, "name", value, sizeof value);
    return 0;
}
