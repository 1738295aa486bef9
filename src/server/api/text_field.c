#include "text_field.h"

#include <string.h>
#include "rehearse/base/utf8.h"
#include "server/server_limits.h"

static size_t longest(const char *name)
{
    return strcmp(name, "reference_text") == 0 ? (size_t)RH_MAX_FIELD_BYTES : (size_t)RH_MAX_SHORT_FIELD_BYTES;
}

rh_status rh_text_field_check(const char *name, const char *text, size_t n, rh_error *err)
{
    const unsigned char *s = (const unsigned char *)text;
    if (n > longest(name))
        return rh_fail(err, RH_ERR_INVAL, "%s has %zu bytes: at most %zu are kept", name, n, longest(name));
    rh_utf8 u = {0};
    for (size_t i = 0; i < n; i++) {
        if (!rh_utf8_feed(&u, s + i, 1))
            return rh_fail(err, RH_ERR_INVAL, "%s is not UTF-8 text: byte %zu (0x%02x) belongs to no character", name,
                           i, s[i]);
        if ((s[i] < ' ' && s[i] != '\t' && s[i] != '\r' && s[i] != '\n') || s[i] == 0x7f)
            return rh_fail(err, RH_ERR_INVAL,
                           "%s holds the control character 0x%02x at byte %zu: plain text is expected", name, s[i], i);
    }
    if (!rh_utf8_whole(&u))
        return rh_fail(err, RH_ERR_INVAL, "%s is not UTF-8 text: it ends within a character", name);
    return RH_OK;
}
