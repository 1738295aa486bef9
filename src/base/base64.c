/* base64.c - base64 of RFC 4648: vector kernels for the middle of a text, a
 * table for the rest. */
#include "rehearse/base/base64.h"
#include <stdbool.h>
#include "base64_internal.h"
#include "rehearse/base/cpu.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int value_of(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static bool is_space(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static size_t run(uint8_t *out, const char *text, size_t n)
{
    const rh_cpu_features *cpu = rh_cpu();
    if (cpu->avx2)
        return rh_base64_run_avx2(out, text, n);
    if (cpu->neon)
        return rh_base64_run_neon(out, text, n);
    return 0;
}

static rh_status wrong_letter(const char *text, size_t at, size_t n_pads, rh_error *err)
{
    if (n_pads && value_of((unsigned char)text[at]) >= 0)
        return rh_fail(err, RH_ERR_FORMAT, "not base64: the text goes on at position %zu, behind its \"=\"", at);
    return rh_fail(err, RH_ERR_FORMAT,
                   "not base64: byte 0x%02x at position %zu; letters, digits, + and / (or - and _) and line breaks "
                   "are allowed",
                   (unsigned)(unsigned char)text[at], at);
}

rh_status rh_base64_decode(uint8_t *out, size_t cap, size_t *n_out, const char *text, size_t n, rh_error *err)
{
    if (cap < RH_BASE64_DECODED_MAX(n))
        return rh_fail(err, RH_ERR_INVAL, "room for %zu bytes where %zu may be needed", cap,
                       (size_t)RH_BASE64_DECODED_MAX(n));
    size_t at = 0, o = 0, n_letters = 0, n_pads = 0; /* both of the group under way */
    uint32_t bits = 0;
    bool may_run = true; /* the kernels stop at white space: behind it they go on */
    while (at < n) {
        if (may_run && n_letters == 0) {
            size_t done = run(out + o, text + at, n - at);
            at += done;
            o += done / 4 * 3;
            may_run = false;
            continue;
        }
        unsigned char c = (unsigned char)text[at];
        int v = value_of(c);
        if (v >= 0 && n_pads == 0) {
            bits = (bits << 6) | (uint32_t)v;
            /* With the 2nd, 3rd and 4th letter of a group one more byte is complete. */
            if (n_letters > 0)
                out[o++] = (uint8_t)(bits >> (6 - n_letters * 2));
            n_letters = (n_letters + 1) % 4;
        } else if (c == '=' && n_letters >= 2 && n_letters + n_pads < 4) {
            n_pads++;
        } else if (is_space(c)) {
            may_run = true;
        } else {
            return wrong_letter(text, at, n_pads, err);
        }
        at++;
    }
    if (n_letters == 1 || (n_pads && n_letters + n_pads != 4))
        return rh_fail(err, RH_ERR_FORMAT, "not base64: %zu characters cannot be a whole text", n);
    *n_out = o;
    return RH_OK;
}

void rh_base64_encode(char *out, const uint8_t *bytes, size_t n)
{
    size_t i = 0;
    for (; i + 3 <= n; i += 3, out += 4) {
        uint32_t v = ((uint32_t)bytes[i] << 16) | ((uint32_t)bytes[i + 1] << 8) | bytes[i + 2];
        out[0] = letters[v >> 18];
        out[1] = letters[(v >> 12) & 63];
        out[2] = letters[(v >> 6) & 63];
        out[3] = letters[v & 63];
    }
    if (i == n)
        return;
    uint32_t v = ((uint32_t)bytes[i] << 16) | (i + 1 < n ? (uint32_t)bytes[i + 1] << 8 : 0);
    out[0] = letters[v >> 18];
    out[1] = letters[(v >> 12) & 63];
    out[2] = i + 1 < n ? letters[(v >> 6) & 63] : '=';
    out[3] = '=';
}
