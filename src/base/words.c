/* words.c - see words.h. The tables are libutf8proc's. */
#include "rehearse/base/words.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/text.h"

static bool is_ascii(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n && (unsigned char)s[i] < 0x80)
        i++;
    return i == n;
}

static char *fold(const char *text, size_t n_text)
{
    static const struct {
        const char *written, *plain;
    } marks[] = {{"\xe2\x80\x99", "'"}, {"\xe2\x80\x98", "'"}, {"\xca\xbc", "'"}, {"\xe2\x80\x90", "-"}};
    const utf8proc_option_t how =
        UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;
    char *out = rh_utf8_mended(text, n_text);
    if (!out || is_ascii(text, n_text)) {
        for (char *s = out; s && *s; s++)
            *s = (char)tolower((unsigned char)*s);
        return out;
    }
    utf8proc_uint8_t *folded = NULL;
    if (utf8proc_map((const utf8proc_uint8_t *)out, 0, &folded, how) < 0) {
        free(folded);
        rh_free(out);
        return NULL;
    }
    rh_free(out);
    out = rh_strdup((char *)folded);
    free(folded); /* not rh_alloc()'s */
    for (size_t i = 0; out && i < sizeof marks / sizeof *marks; i++)
        for (char *s = out; (s = strstr(s, marks[i].written)) != NULL; s++) {
            size_t n = strlen(marks[i].written);
            *s = marks[i].plain[0];
            memmove(s + 1, s + n, strlen(s + n) + 1);
        }
    return out;
}

char *rh_word_fold(const char *text)
{
    return fold(text, strlen(text));
}

static bool stays(uint32_t cp, size_t n_before, const char *marks)
{
    if (cp < 0x80)
        return isalnum((int)cp) || (n_before > 0 && cp && strchr(marks, (int)cp));
    rh_char_class c = rh_char_class_of(cp);
    return c == RH_CHAR_LETTER || c == RH_CHAR_NUMBER || (n_before > 0 && c == RH_CHAR_MARK);
}

size_t rh_word_form(const char *text, size_t n, const char *marks, char out[RH_WORD_BYTES])
{
    char *folded = is_ascii(text, n) ? NULL : fold(text, n); /* most words need no memory */
    const char *s = folded ? folded : text;
    size_t k = 0, len, total = folded ? strlen(folded) : n;
    for (size_t i = 0; i < total && s[i]; i += len) {
        uint32_t cp = (uint32_t)tolower((unsigned char)s[i]);
        len = cp < 0x80 ? 1 : rh_utf8_next(s + i, total - i, &cp);
        if (k + len + 1 > RH_WORD_BYTES)
            break;
        if (!stays(cp, k, marks))
            continue;
        memcpy(out + k, s + i, len);
        if (len == 1)
            out[k] = (char)cp;
        k += len;
    }
    while (k > 0 && strchr(marks, out[k - 1]))
        k--;
    out[k] = '\0';
    rh_free(folded);
    return k;
}

bool rh_word_in(const char *word, const char *list)
{
    size_t n = strlen(word);
    for (const char *at = list; n && (at = strstr(at, word)) != NULL; at += n)
        if ((at == list || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
            return true;
    return false;
}

rh_hesitation rh_hesitation_of(const char *word)
{
    char k[RH_WORD_BYTES];
    size_t n = rh_word_form(word, strlen(word), "'-", k), u = strspn(k, "u"), e;
    if (n == 0)
        return RH_SOUND_NONE;
    if (u > 0) { /* um, umm, uhm, uh, uhh; not a lone u */
        size_t h = strspn(k + u, "h"), m = strspn(k + u + h, "m");
        if (u + h + m == n && h + m > 0)
            return m > 0 ? RH_SOUND_UM : RH_SOUND_UH;
        return RH_SOUND_NONE;
    }
    e = strspn(k, "e");
    if (e == 1) { /* er, err, erm, ehm */
        size_t r = strspn(k + 1, "rh"), m = strspn(k + 1 + r, "m");
        return r > 0 && 1 + r + m == n && (k[1] == 'r' || m > 0) ? RH_SOUND_ER : RH_SOUND_NONE;
    }
    size_t h = strspn(k, "h"), m = strspn(k + h, "m");
    return h <= 1 && h + m == n && n >= 2 && m > 0 && n != 1 ? RH_SOUND_HMM : RH_SOUND_NONE;
}
