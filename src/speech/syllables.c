/* syllables.c - syllables of English words by the rules of their spelling.
 *
 * Groups of vowel letters, less the silent ones, more where two neighbours are
 * said apart; a short table for common words that break the rules. Measured
 * against a pronouncing voice in docs/scoring.md. Other languages in Latin
 * script get their vowel groups, which is nearer than nothing. */
#include "rehearse/speech/timing.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "word_marks_internal.h"

/* Words that break the rules, by syllables from one on. */
static const char *const ODD_WORDS[] = {
    "aren't hm hmm ms queue weren't we're whole you're they're",
    "being business chocolate colleague colleagues evening every maybe mhm mr mrs naive ok poem rhythm science "
    "sometimes somewhat someone something somewhere there're wednesday",
    "area areas businesses everyone everything everywhere favorite idea ideas interesting interested ios recipe "
    "vegetable",
    "everybody",
};

static bool is_vowel(const char *w, size_t i)
{
    char c = w[i];
    if (strchr("aeiou", c) && c)
        return !(c == 'u' && i > 0 && w[i - 1] == 'q');
    if (c != 'y')
        return false;
    bool vowel_next = w[i + 1] && strchr("aeiou", w[i + 1]);
    bool vowel_before = i > 0 && strchr("aeiou", w[i - 1]);
    return !(vowel_next && (i == 0 || vowel_before)); /* yes, beyond: a consonant */
}

static bool ends(const char *w, size_t n, const char *suffix)
{
    size_t m = strlen(suffix);
    return n >= m && memcmp(w + n - m, suffix, m) == 0;
}

static int vowel_groups(const char *w)
{
    int groups = 0;
    bool in = false;
    for (size_t i = 0; w[i]; i++) {
        bool v = is_vowel(w, i);
        groups += v && !in;
        in = v;
    }
    return groups;
}

static bool consonant_at(const char *w, size_t n, size_t from_end)
{
    return n >= from_end && !is_vowel(w, n - from_end);
}

/* The e of -e, -es, -ed and before -ly, -ment, ... that is not said. */
static int silent_vowels(const char *w, size_t n)
{
    int silent = 0;
    if (ends(w, n, "e") && consonant_at(w, n, 2) &&
        !(ends(w, n, "le") && n > 2 && consonant_at(w, n, 3) && w[n - 3] != 'l'))
        silent++;
    if (ends(w, n, "es") && consonant_at(w, n, 3) && n > 3 && !strchr("szxcg", w[n - 3]) && !ends(w, n, "ches") &&
        !ends(w, n, "shes") && !(w[n - 3] == 'l' && consonant_at(w, n, 4) && w[n - 4] != 'l'))
        silent++;
    if (ends(w, n, "ed") && consonant_at(w, n, 3) && n > 3 && !strchr("td", w[n - 3]) && !(w[n - 3] == 'r' && n == 4) &&
        !(w[n - 3] == 'l' && consonant_at(w, n, 4) && w[n - 4] != 'l'))
        silent++;
    if (ends(w, n, "ically"))
        silent++;
    static const char *const after_e[] = {"ely",   "ement", "ements", "eful",  "efully",
                                          "eless", "eness", "esome",  "ebook", "ework"};
    for (size_t i = 0; i < sizeof after_e / sizeof after_e[0]; i++) {
        size_t m = strlen(after_e[i]);
        if (n > m + 2 && ends(w, n, after_e[i]) && consonant_at(w, n, m + 1) &&
            !(w[n - m - 1] == 'l' && consonant_at(w, n, m + 2)) && vowel_groups(w) > 2) {
            silent++;
            break;
        }
    }
    return silent;
}

static bool before(const char *w, size_t i, const char *letters)
{
    return i > 0 && strchr(letters, w[i - 1]) != NULL;
}

/* Two vowel letters side by side that are said apart, at position i. */
static bool is_hiatus(const char *w, size_t n, size_t i)
{
    const char *p = w + i;
    if (strncmp(p, "ia", 2) == 0)
        return (!before(w, i, "ctsg") && strncmp(p, "iage", 4) != 0) ||
               (strncmp(p, "iat", 3) == 0 && before(w, i, "ct")); /* associate, negotiation */
    if (strncmp(p, "io", 2) == 0)
        return !before(w, i, "tscgxh") && i > 0;
    if (strncmp(p, "iu", 2) == 0)
        return true;
    if (strncmp(p, "eo", 2) == 0)
        return i > 0 && strncmp(p, "eou", 3) != 0 && strncmp(p, "eople", 5) != 0 && strncmp(p, "eop", 3) != 0;
    if (strncmp(p, "ua", 2) == 0)
        return !before(w, i, "qg");
    if (strncmp(p, "uel", 3) == 0 || strncmp(p, "uent", 4) == 0 || strncmp(p, "uence", 5) == 0)
        return !before(w, i, "qg");
    if (strncmp(p, "iet", 3) == 0 || strncmp(p, "ience", 5) == 0 || strncmp(p, "ient", 4) == 0)
        return !before(w, i, "ct") && !(before(w, i, "sc") && i > 1 && w[i - 2] == 's');
    if (strcmp(p, "ier") == 0 || strcmp(p, "iest") == 0)
        return i > 2;
    if (strncmp(p, "ying", 4) == 0 || strncmp(p, "eing", 4) == 0 || strncmp(p, "oing", 4) == 0 ||
        strncmp(p, "uing", 4) == 0)
        return is_vowel(w, i);
    if (strncmp(p, "eat", 3) == 0) /* create, creative; not great, creature */
        return i >= 2 && strncmp(w + i - 2, "cr", 2) == 0 && strncmp(p, "eatu", 4) != 0;
    if (strncmp(p, "eact", 4) == 0 || strncmp(p, "eality", 6) == 0)
        return true;
    return i + 3 == n && strcmp(p, "ism") == 0;
}

static int letters_syllables(const char *w)
{
    size_t n = strlen(w);
    int count = vowel_groups(w) - silent_vowels(w, n);
    for (size_t i = 0; i < n; i++)
        count += is_hiatus(w, n, i);
    return count < 1 ? 1 : count;
}

static int below_thousand(long v)
{
    static const int ones[] = {0, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 3, 1, 2, 2, 2, 2, 3, 2, 2};
    static const int tens[] = {0, 0, 2, 2, 2, 2, 2, 3, 2, 2};
    int s = 0;
    if (v >= 100) {
        s += ones[v / 100] + 2;
        v %= 100;
    }
    return s + (v < 20 ? ones[v] : tens[v / 10] + ones[v % 10]);
}

static int number_syllables(const char *digits, size_t n)
{
    if (n > 9) /* read one by one */
        return (int)n;
    long v = strtol(digits, NULL, 10);
    if (v == 0)
        return 2;
    if (n == 4 && ((v >= 1100 && v < 2000) || (v >= 2010 && v < 2100))) /* a year, in pairs */
        return below_thousand(v / 100) + (v % 100 ? below_thousand(v % 100) + (v % 100 < 10) : 2);
    int s = 0;
    if (v >= 1000000)
        s += below_thousand(v / 1000000) + 2;
    if (v % 1000000 >= 1000)
        s += below_thousand(v % 1000000 / 1000) + 2;
    return s + below_thousand(v % 1000);
}

/* Three capitals or fewer are spelled out: USA, API, but not I or A. */
static bool is_spelled_out(const char *text, size_t *letters, size_t *double_u)
{
    *letters = *double_u = 0;
    for (const char *p = text; *p; p++) {
        if (islower((unsigned char)*p))
            return false;
        *letters += isupper((unsigned char)*p) != 0;
        *double_u += *p == 'W';
    }
    return *letters >= 2 && *letters <= 3;
}

static int part_syllables(const char *part)
{
    for (int i = 0; i < (int)(sizeof ODD_WORDS / sizeof ODD_WORDS[0]); i++)
        if (rh_word_in(part, ODD_WORDS[i]))
            return i + 1;
    char plain[RH_WORD_BYTES];
    size_t n = 0, m = strlen(part);
    bool extra = m > 4 && strcmp(part + m - 3, "n't") == 0 && !strchr("aeioulr", part[m - 4]);
    const char *mark = strchr(part, '\'');
    bool inner = mark && strlen(mark) > 4; /* o'clock; not 's, 're, 'll */
    for (size_t i = 0; i < m && (part[i] != '\'' || inner); i++)
        if (part[i] != '\'')
            plain[n++] = part[i];
    plain[n] = '\0';
    if (mark && strcmp(mark, "'s") == 0 && n && strchr("sxz", plain[n - 1]))
        extra = true;
    return n ? letters_syllables(plain) + extra : 1;
}

int rh_syllables(const char *word)
{
    size_t letters, double_u;
    char key[RH_WORD_BYTES];
    rh_word_key(word, key);
    if (!key[0])
        return 0;
    if (is_spelled_out(word, &letters, &double_u))
        return (int)(letters + 2 * double_u);
    int total = 0;
    for (const char *p = key; *p;) {
        size_t n = 0;
        char part[RH_WORD_BYTES];
        if (isdigit((unsigned char)*p)) {
            while (isdigit((unsigned char)p[n]))
                n++;
            total += number_syllables(p, n);
        } else {
            while (p[n] && p[n] != '-' && !isdigit((unsigned char)p[n]))
                n++;
            memcpy(part, p, n);
            part[n] = '\0';
            bool ordinal = p > key && isdigit((unsigned char)p[-1]) && n == 2; /* 1st, 20th */
            if (n && !ordinal)
                total += part_syllables(part);
        }
        p += n;
        p += *p == '-';
    }
    return total < 1 ? 1 : total;
}
