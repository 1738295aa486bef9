/* words.c - spelling: normal form, syllables, numbers, reference text.
 *
 * Syllables: vowel groups with the usual corrections of English spelling
 * (silent e, -ed, -es, -le, split diphthongs). Against a pronouncing
 * dictionary such rules err by one on about one word in ten, mostly on names. */
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

bool rh_word_ends_clause(const char *text)
{
    size_t n = strlen(text);
    while (n > 0 && (text[n - 1] == '"' || text[n - 1] == '\'' || text[n - 1] == ')'))
        n--;
    return n > 0 && strchr(".,;:?!", text[n - 1]) != NULL;
}

static bool is_vowel(char c)
{
    return c != '\0' && strchr("aeiouy", c) != NULL;
}

static bool ends_with(const char *w, size_t n, const char *tail)
{
    size_t m = strlen(tail);
    return n >= m && memcmp(w + n - m, tail, m) == 0;
}

static int syllables_of_letters(const char *w, size_t n)
{
    int count = 0;
    for (size_t i = 0; i < n; i++) {
        if (is_vowel(w[i]) && (i == 0 || !is_vowel(w[i - 1])))
            count++;
        else if (i > 0 && is_vowel(w[i]) && is_vowel(w[i - 1])) {
            /* pairs that are two sounds: cre-ate, sci-ence, vari-ous, usu-al, go-ing */
            static const char *const split[] = {"ia", "io", "iu", "eo", "ua", "uo", "yi", "oi"};
            for (size_t k = 0; k < sizeof split / sizeof *split; k++) {
                if (w[i - 1] != split[k][0] || w[i] != split[k][1])
                    continue;
                bool going = k != 7 || (i + 2 < n && w[i + 1] == 'n' && w[i + 2] == 'g');
                bool tion = (k == 1 || k == 0) && i >= 2 && strchr("tscgx", w[i - 2]); /* na-tion */
                bool qu = w[i - 1] == 'u' && i >= 2 && strchr("qg", w[i - 2]);
                bool people = k == 3 && i >= 2 && w[i - 2] == 'p'; /* people */
                if (going && !tion && !qu && !people)
                    count++;
                break;
            }
        }
    }
    if (n >= 3 && ends_with(w, n, "e") && !is_vowel(w[n - 2]) && count > 1) {
        bool sounded_le = w[n - 2] == 'l' && !is_vowel(w[n - 3]); /* ta-ble */
        if (!sounded_le)
            count--;
    } else if (n >= 4 && ends_with(w, n, "ed") && !is_vowel(w[n - 3]) && count > 1) {
        if (w[n - 3] != 't' && w[n - 3] != 'd') /* want-ed, but walked */
            count--;
    } else if (n >= 4 && ends_with(w, n, "es") && !is_vowel(w[n - 3]) && count > 1) {
        bool hiss = strchr("szxcg", w[n - 3]) || ends_with(w, n, "shes") || ends_with(w, n, "ches");
        bool sounded_le = w[n - 3] == 'l' && !is_vowel(w[n - 4]);
        if (!hiss && !sounded_le)
            count--;
    }
    size_t tail = ends_with(w, n, "ience") ? 5 : ends_with(w, n, "ient") ? 4 : 0;
    if (tail > 0 && n > tail && strchr("rdlb", w[n - tail - 1])) /* experi-ence, not pa-tience */
        count++;
    if (ends_with(w, n, "ely") && count > 2) /* safe-ly */
        count--;
    if (n >= 4 && (ends_with(w, n, "sm") || ends_with(w, n, "thm"))) /* pris-m, rhyth-m */
        count++;
    return count > 0 ? count : 1;
}

static int syllables_of_digits(const char *w, size_t n)
{
    static const int digit[10] = {2, 1, 1, 1, 1, 1, 1, 2, 1, 1};
    char word[16], text[256];
    if (n < sizeof word) {
        memcpy(word, w, n);
        word[n] = '\0';
        if (rh_number_words(word, false, text, sizeof text))
            return rh_word_syllables(text);
    }
    int count = 0;
    for (size_t i = 0; i < n; i++)
        count += digit[w[i] - '0'];
    return count;
}

int rh_word_syllables(const char *word)
{
    int total = 0;
    /* Hyphens and spaces part words of their own. */
    for (const char *s = word; *s;) {
        size_t len = strcspn(s, "- ");
        char piece[RH_WORD_BYTES * 2], normal[RH_WORD_BYTES];
        size_t m = len < sizeof piece ? len : sizeof piece - 1;
        memcpy(piece, s, m);
        piece[m] = '\0';
        size_t n = rh_word_normal(piece, normal);
        for (size_t i = 0; i < n;) {
            size_t j = i;
            if (isdigit((unsigned char)normal[i])) {
                while (j < n && isdigit((unsigned char)normal[j]))
                    j++;
                total += syllables_of_digits(normal + i, j - i);
            } else {
                while (j < n && !isdigit((unsigned char)normal[j]))
                    j++;
                total += syllables_of_letters(normal + i, j - i);
            }
            i = j;
        }
        s += len;
        s += *s ? 1 : 0;
    }
    return total;
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
