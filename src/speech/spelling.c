/* spelling.c - British and American spelling, reference texts. */
#include <ctype.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/text.h"
#include "speech_internal.h"

/* In American spelling: counselled, colour, organise, centre. */
static void american(const char *word, char out[RH_WORD_BYTES])
{
    size_t n = strlen(word), k = 0;
    for (size_t i = 0; i < n && k + 2 < RH_WORD_BYTES; i++) {
        const char *s = word + i;
        bool vowel_next = i + 2 < n && strchr("ei", s[2]);
        if (strncmp(s, "ll", 2) == 0 && i > 2 && vowel_next) {
            out[k++] = *s;
            i++;
        } else if (strncmp(s, "our", 3) == 0 && i > 1) {
            out[k++] = *s;
            i++;
        } else if (i > 2 && strncmp(s, "is", 2) == 0 && i + 2 < n && strchr("aei", s[2])) {
            out[k++] = 'i';
            out[k++] = 'z';
            i++;
        } else if (i > 2 && n - i == 2 && strcmp(s, "re") == 0) {
            out[k++] = 'e';
            out[k++] = 'r';
            i++;
        } else {
            out[k++] = *s;
        }
    }
    out[k] = '\0';
}

bool rh_spelled_alike(const char *a, const char *b)
{
    static const char *const shorts[][2] = {{"mr", "mister"}, {"mrs", "missus"},     {"dr", "doctor"},
                                            {"ok", "okay"},   {"vs", "versus"},      {"st", "saint"},
                                            {"gray", "grey"}, {"prof", "professor"}, {"alright", "allright"}};
    char x[RH_WORD_BYTES], y[RH_WORD_BYTES];
    if (strcmp(a, b) == 0)
        return true;
    for (size_t i = 0; i < sizeof shorts / sizeof *shorts; i++)
        if ((strcmp(a, shorts[i][0]) == 0 && strcmp(b, shorts[i][1]) == 0) ||
            (strcmp(b, shorts[i][0]) == 0 && strcmp(a, shorts[i][1]) == 0))
            return true;
    american(a, x);
    american(b, y);
    return strcmp(x, y) == 0;
}

/* A hyphen, dash or ellipsis that Unicode has more than one of, in its plain form; NULL for others. */
static const char *plain_mark(uint32_t cp)
{
    switch (cp) {
    case 0x00ad: /* soft hyphen */
    case 0x200c:
    case 0x200d:
    case 0x2060:
    case 0xfeff: return "";
    case 0x200b: return " ";
    case 0x2010:
    case 0x2011: return "-";
    case 0x2012:
    case 0x2013:
    case 0x2014:
    case 0x2015:
    case 0x2e3a:
    case 0x2e3b: return " - ";
    case 0x2018:
    case 0x2019:
    case 0x02bc: return "'";
    case 0x201c:
    case 0x201d:
    case 0x201e: return "\"";
    case 0x2026: return "... ";
    case 0x3001:
    case 0xff0c: return ", ";
    case 0x3002:
    case 0xff61: return ". ";
    default: return NULL;
    }
}

/* Full-width signs become plain ones; letters keep their form. */
static uint32_t narrow(uint32_t cp)
{
    return cp >= 0xff01 && cp <= 0xff5e ? cp - 0xfee0 : cp;
}

/* The text with plain marks and spaces. NULL without memory. */
static char *flattened(const char *text)
{
    char *whole = rh_utf8_mended(text, strlen(text));
    size_t n = whole ? strlen(whole) : 0, len, m = 0;
    char *out = whole ? rh_alloc_array(n + 1, 4) : NULL;
    for (size_t i = 0; out && i < n; i += len) {
        uint32_t cp;
        len = rh_utf8_next(whole + i, n - i, &cp);
        const char *put = plain_mark(cp);
        char one[5] = {0};
        cp = narrow(cp);
        if (rh_char_class_of(cp) == RH_CHAR_SPACE || cp < 0x20)
            put = " ";
        else if (cp < 0x80)
            one[0] = (char)cp;
        else
            memcpy(one, whole + i, len);
        for (put = put ? put : one; *put; put++)
            out[m++] = *put;
    }
    if (out)
        out[m] = '\0';
    rh_free(whole);
    return out;
}

/* Letters at the start of `s`, up to `most`. */
static size_t letters_at(const char *s, size_t most)
{
    size_t n = strlen(s), at = 0, count = 0;
    while (at < n && count < most) {
        uint32_t cp;
        at += rh_utf8_next(s + at, n - at, &cp);
        if (rh_char_class_of(cp) != RH_CHAR_LETTER)
            break;
        count++;
    }
    return count;
}

/* Words apart by single spaces, also where one was forgotten after a mark ("country.Ask"; not in
 * "U.S.", "e.g." or "3.5"), and dashes apart from both. NULL without memory. */
static char *words_apart(const char *text)
{
    char *flat = flattened(text);
    size_t n = flat ? strlen(flat) : 0, len, m = 0, before = 0; /* letters of the word so far */
    char *out = flat ? rh_alloc_array(n + 1, 3) : NULL;
    for (size_t i = 0; out && i < n; i += len) {
        uint32_t cp;
        len = rh_utf8_next(flat + i, n - i, &cp);
        size_t hyphens = strspn(flat + i, "-"), least = cp == '.' ? 2 : 1;
        bool ends = cp < 0x80 && strchr(".,;:?!", (int)cp) && before >= least && letters_at(flat + i + 1, 2) >= least;
        bool blank = cp == ' ' || hyphens > 1;
        if (blank && m > 0 && out[m - 1] != ' ')
            out[m++] = ' ';
        if (hyphens > 1) {
            out[m++] = '-';
            out[m++] = ' ';
            len = hyphens;
        } else if (cp != ' ') {
            memcpy(out + m, flat + i, len);
            m += len;
        }
        if (ends)
            out[m++] = ' ';
        rh_char_class c = rh_char_class_of(cp);
        before = c == RH_CHAR_LETTER ? before + 1 : c == RH_CHAR_MARK ? before : 0;
    }
    if (out)
        out[m] = '\0';
    rh_free(flat);
    return out;
}

char *rh_reference_text(const char *text)
{
    char *reference = words_apart(text);
    size_t n = reference ? strlen(reference) : 0, m = 0;
    char *out = reference ? rh_alloc(n + 4) : NULL;
    if (!out) {
        rh_free(reference);
        return NULL;
    }
    bool has_lower = false;
    for (size_t i = 0; i < n; i++)
        has_lower = has_lower || islower((unsigned char)reference[i]);
    out[m++] = ' ';
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)reference[i];
        if (isspace(c)) {
            if (out[m - 1] != ' ')
                out[m++] = ' ';
            continue;
        }
        bool starts = out[m - 1] == ' ';
        unsigned char next = i + 1 < n ? (unsigned char)reference[i + 1] : ' ';
        bool lone_i = c == 'I' && starts && !isalpha(next); /* I, I'm */
        bool first = m == 1;
        out[m++] = (char)(has_lower || lone_i || first ? c : tolower(c));
    }
    while (m > 1 && out[m - 1] == ' ')
        m--;
    if (m > 1 && !strchr(".?!", out[m - 1]))
        out[m++] = '.';
    out[m] = '\0';
    rh_free(reference);
    return out;
}
