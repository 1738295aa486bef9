/* base64_avx2.c - base64 decoding, 32 characters to 24 bytes a step.
 *
 * Method: W. Mula, D. Lemire, "Faster Base64 Encoding and Decoding using AVX2
 * Instructions", ACM Transactions on the Web 12(3), 2018, section 5: two nibble tables
 * whose AND is zero for valid letters, a third that gives what to add. */
#include "base64_internal.h"

#ifdef __AVX2__
#include <immintrin.h>

#define TWICE(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)

size_t rh_base64_run_avx2(uint8_t *out, const char *text, size_t n)
{
    const __m256i bad_lo =
        TWICE(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a);
    const __m256i bad_hi =
        TWICE(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10);
    const __m256i shift = TWICE(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m256i order = TWICE(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7);
    const __m256i nibble = _mm256_set1_epi8(0x2f);
    size_t i = 0;
    for (; i + 32 <= n; i += 32, out += 24) {
        __m256i in = _mm256_loadu_si256((const __m256i *)(const void *)(text + i));
        /* The URL-safe letters as their standard ones. */
        in = _mm256_blendv_epi8(in, _mm256_set1_epi8('+'), _mm256_cmpeq_epi8(in, _mm256_set1_epi8('-')));
        in = _mm256_blendv_epi8(in, nibble, _mm256_cmpeq_epi8(in, _mm256_set1_epi8('_')));
        __m256i hi = _mm256_and_si256(_mm256_srli_epi32(in, 4), nibble);
        __m256i lo = _mm256_and_si256(in, nibble);
        if (!_mm256_testz_si256(_mm256_shuffle_epi8(bad_lo, lo), _mm256_shuffle_epi8(bad_hi, hi)))
            break;
        __m256i slash = _mm256_cmpeq_epi8(in, nibble); /* '/' shares its high nibble with '+' */
        __m256i v = _mm256_add_epi8(in, _mm256_shuffle_epi8(shift, _mm256_add_epi8(slash, hi)));
        v = _mm256_maddubs_epi16(v, _mm256_set1_epi32(0x01400140));
        v = _mm256_madd_epi16(v, _mm256_set1_epi32(0x00011000));
        v = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(v, order), lanes);
        _mm256_storeu_si256((__m256i *)(void *)out, v);
    }
    return i;
}
#else
size_t rh_base64_run_avx2(uint8_t *out, const char *text, size_t n)
{
    (void)out, (void)text, (void)n;
    return 0;
}
#endif
