/* text.c - see text.h. The tables are libutf8proc's. */
#include "rehearse/base/text.h"

#include <stdbool.h>
#include <string.h>
#include <utf8proc.h>
#include "rehearse/base/alloc.h"

static const char BROKEN[] = "\xef\xbf\xbd";

/* Length of the longest start of a character at `s`, at least 1: what is replaced as one. */
static size_t broken_part(const uint8_t *s, size_t n)
{
    size_t need = s[0] >= 0xc2 && s[0] < 0xe0   ? 2
                  : s[0] >= 0xe0 && s[0] < 0xf0 ? 3
                  : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
                                                : 1;
    uint8_t low = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80; /* of the second byte */
    uint8_t high = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;
    size_t len = 1;
    while (len < need && len < n && s[len] >= low && s[len] <= high) {
        len++;
        low = 0x80;
        high = 0xbf;
    }
    return len;
}

size_t rh_utf8_next(const char *s, size_t n, uint32_t *code_point)
{
    const uint8_t *b = (const uint8_t *)s;
    utf8proc_int32_t cp;
    utf8proc_ssize_t len = utf8proc_iterate(b, n < 4 ? (utf8proc_ssize_t)n : 4, &cp);
    if (len > 0) {
        *code_point = (uint32_t)cp;
        return (size_t)len;
    }
    *code_point = RH_CHAR_BROKEN;
    return broken_part(b, n);
}

/* Like rh_utf8_next(), which can't tell a U+FFFD that was written. */
static bool next_is_whole(const char *s, size_t n, size_t *len)
{
    uint32_t cp;
    *len = rh_utf8_next(s, n, &cp);
    return cp != RH_CHAR_BROKEN || (*len == 3 && memcmp(s, BROKEN, 3) == 0);
}

rh_char_class rh_char_class_of(uint32_t code_point)
{
    if ((code_point >= '\t' && code_point <= '\r') || code_point == 0x85)
        return RH_CHAR_SPACE;
    switch (utf8proc_category((utf8proc_int32_t)code_point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO: return RH_CHAR_LETTER;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME: return RH_CHAR_MARK;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO: return RH_CHAR_NUMBER;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP: return RH_CHAR_SPACE;
    default: return RH_CHAR_OTHER;
    }
}

size_t rh_utf8_count(const char *s, size_t n)
{
    size_t count = 0;
    uint32_t cp;
    for (size_t i = 0; i < n;) {
        i += rh_utf8_next(s + i, n - i, &cp);
        count += rh_char_class_of(cp) != RH_CHAR_MARK;
    }
    return count;
}

char *rh_utf8_mended(const char *s, size_t n)
{
    char *out = rh_alloc_array(n + 1, 3);
    size_t at = 0, len;
    for (size_t i = 0; out && i < n; i += len) {
        bool whole = next_is_whole(s + i, n - i, &len) && s[i];
        memcpy(out + at, whole ? s + i : BROKEN, whole ? len : 3);
        at += whole ? len : 3;
    }
    if (out)
        out[at] = '\0';
    return out;
}
