/* base64_neon.c - base64 decoding, 64 characters to 48 bytes a step: the
 * four letters of a group are loaded into four registers and looked up in the
 * two halves of the 128-entry table. */
#include "base64_internal.h"

#ifdef __aarch64__
#include <arm_neon.h>

/* 0xff marks what is not a letter of the alphabet. */
static void fill(uint8_t table[128])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < 128; i++)
        table[i] = 0xff;
    for (uint8_t i = 0; i < 64; i++)
        table[(uint8_t)letters[i]] = i;
    table['-'] = 62; /* the URL-safe alphabet */
    table['_'] = 63;
}

static uint8x16_t look_up(uint8x16_t c, const uint8x16x4_t *low, const uint8x16x4_t *high)
{
    /* Out of range of a table gives 0; above 127 both miss, so such bytes are marked. */
    uint8x16_t v = vorrq_u8(vqtbl4q_u8(*low, c), vqtbl4q_u8(*high, vsubq_u8(c, vdupq_n_u8(64))));
    return vorrq_u8(v, vcgeq_u8(c, vdupq_n_u8(128)));
}

size_t rh_base64_run_neon(uint8_t *out, const char *text, size_t n)
{
    uint8_t table[128];
    fill(table);
    uint8x16x4_t low = vld1q_u8_x4(table), high = vld1q_u8_x4(table + 64);
    size_t i = 0;
    for (; i + 64 <= n; i += 64, out += 48) {
        uint8x16x4_t c = vld4q_u8((const uint8_t *)text + i);
        uint8x16_t a = look_up(c.val[0], &low, &high), b = look_up(c.val[1], &low, &high);
        uint8x16_t d = look_up(c.val[2], &low, &high), e = look_up(c.val[3], &low, &high);
        if (vmaxvq_u8(vorrq_u8(vorrq_u8(a, b), vorrq_u8(d, e))) > 63)
            break;
        uint8x16x3_t o;
        o.val[0] = vorrq_u8(vshlq_n_u8(a, 2), vshrq_n_u8(b, 4));
        o.val[1] = vorrq_u8(vshlq_n_u8(b, 4), vshrq_n_u8(d, 2));
        o.val[2] = vorrq_u8(vshlq_n_u8(d, 6), e);
        vst3q_u8(out, o);
    }
    return i;
}
#else
size_t rh_base64_run_neon(uint8_t *out, const char *text, size_t n)
{
    (void)out, (void)text, (void)n;
    return 0;
}
#endif
