/* words.c - spelling: normal form, numbers, reference text. */
#include <ctype.h>
#include <string.h>
#include "rehearse/alloc.h"
#include "speech_internal.h"

/* U+2019 is how many editors write an apostrophe. */
static bool is_curly_apostrophe(const unsigned char *s)
{
    return s[0] == 0xE2 && s[1] == 0x80 && s[2] == 0x99;
}

size_t rh_word_normal(const char *text, char out[RH_WORD_BYTES])
{
    size_t n = 0;
    for (const unsigned char *s = (const unsigned char *)text; *s && n + 4 < RH_WORD_BYTES; s++) {
        if (is_curly_apostrophe(s)) {
            s += 2;
            if (n > 0)
                out[n++] = '\'';
        } else if (isalnum(*s)) {
            out[n++] = (char)tolower(*s);
        } else if (*s == '\'' && n > 0) {
            out[n++] = '\'';
        } else if (*s >= 0xC3 && *s != 0xE2) { /* a letter outside ASCII: keep its bytes */
            out[n++] = (char)*s;
            while ((s[1] & 0xC0) == 0x80 && n + 4 < RH_WORD_BYTES)
                out[n++] = (char)*++s;
        } else if (*s == 0xE2) { /* dashes, quotes, ellipsis */
            while ((s[1] & 0xC0) == 0x80)
                s++;
        }
    }
    while (n > 0 && out[n - 1] == '\'')
        n--;
    out[n] = '\0';
    return n;
}

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
    static const char *const shorts[][2] = {{"mr", "mister"},   {"mrs", "missus"}, {"dr", "doctor"},
                                            {"ok", "okay"},     {"vs", "versus"},  {"st", "saint"},
                                            {"gray", "grey"},   {"prof", "professor"},
                                            {"alright", "allright"}};
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

static bool put(char *out, size_t cap, const char *word)
{
    size_t n = strlen(out), m = strlen(word);
    if (n + m + 2 > cap)
        return false;
    if (n > 0)
        out[n++] = ' ';
    memcpy(out + n, word, m + 1);
    return true;
}

static const char *const ones[20] = {
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
    "eighteen", "nineteen"};
static const char *const tens[10] = {"", "", "twenty", "thirty", "forty", "fifty",
                                     "sixty", "seventy", "eighty", "ninety"};

static bool put_below_thousand(char *out, size_t cap, unsigned v)
{
    bool ok = true;
    if (v >= 100)
        ok = put(out, cap, ones[v / 100]) && put(out, cap, "hundred");
    v %= 100;
    if (v >= 20) {
        ok = ok && put(out, cap, tens[v / 10]);
        v %= 10;
    }
    return ok && (v == 0 || put(out, cap, ones[v]));
}

bool rh_number_words(const char *digits_text, bool one_by_one, char *out, size_t cap)
{
    size_t n = strlen(digits_text);
    if (n == 0 || cap == 0 || strspn(digits_text, "0123456789") != n || n > 24 ||
        (!one_by_one && n > 9))
        return false;
    out[0] = '\0';
    if (one_by_one) {
        for (size_t i = 0; i < n; i++)
            if (!put(out, cap, ones[digits_text[i] - '0']))
                return false;
        return true;
    }
    unsigned long v = 0;
    for (size_t i = 0; i < n; i++)
        v = v * 10 + (unsigned long)(digits_text[i] - '0');
    if (v == 0)
        return put(out, cap, "zero");
    static const struct { unsigned long size; const char *name; } steps[] = {
        {1000000, "million"}, {1000, "thousand"}};
    for (size_t i = 0; i < 2; i++) {
        if (v < steps[i].size)
            continue;
        if (!put_below_thousand(out, cap, (unsigned)(v / steps[i].size)) ||
            !put(out, cap, steps[i].name))
            return false;
        v %= steps[i].size;
    }
    return put_below_thousand(out, cap, (unsigned)v);
}

char *rh_reference_text(const char *reference)
{
    size_t n = strlen(reference), m = 0;
    char *out = rh_alloc(n + 4);
    if (!out)
        return NULL;
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
    return out;
}
