#include "text_field.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "server_limits.h"

static size_t longest(const char *name)
{
    return strcmp(name, "reference_text") == 0 ? (size_t)RH_MAX_FIELD_BYTES : (size_t)RH_MAX_SHORT_FIELD_BYTES;
}

/* Bytes of the character at `s`, 0 when it is none (RFC 3629). */
static size_t utf8_length(const unsigned char *s, size_t n)
{
    size_t k = s[0] < 0x80 ? 1 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : s[0] >= 0xe0 && s[0] < 0xf0 ? 3 : s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : 0;
    if (k == 0 || k > n)
        return 0;
    for (size_t i = 1; i < k; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    uint32_t first = k == 1 ? 0 : (uint32_t)s[0] << 8 | s[1];
    bool overlong = (k == 3 && first < 0xe0a0) || (k == 4 && first < 0xf090);
    bool surrogate = k == 3 && first >= 0xeda0 && first < 0xee00;
    bool beyond = k == 4 && first >= 0xf490;
    return overlong || surrogate || beyond ? 0 : k;
}

rh_status rh_text_field_check(const char *name, const char *text, size_t n, rh_error *err)
{
    const unsigned char *s = (const unsigned char *)text;
    if (n > longest(name))
        return rh_fail(err, RH_ERR_INVAL, "%s has %zu bytes: at most %zu are kept", name, n, longest(name));
    for (size_t i = 0, k; i < n; i += k) {
        k = utf8_length(s + i, n - i);
        if (k == 0)
            return rh_fail(err, RH_ERR_INVAL, "%s is not UTF-8 text: byte %zu (0x%02x) begins no character", name, i, s[i]);
        if ((s[i] < ' ' && !strchr("\t\r\n", s[i])) || s[i] == 0x7f || s[i] == 0)
            return rh_fail(err, RH_ERR_INVAL, "%s holds the control character 0x%02x at byte %zu: plain text is expected", name, s[i], i);
    }
    return RH_OK;
}
