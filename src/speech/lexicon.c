/* lexicon.c - the dictionary of pronunciations: sorted lines "word SOUNDS", a letter a sound. */
#include <ctype.h>
#include <stdatomic.h>
#include <string.h>
#include "rehearse/speech/phones.h"

extern const char *const rh_lexicon_text[]; /* built in by CMake from what tools/setup fetched */

static const char *const names[RH_PHONES] = {
    "",  "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F",  "G", "HH", "IH", "IY", "JH",
    "K", "L",  "M",  "N",  "NG", "OW", "OY", "P", "R",  "S", "SH", "T",  "TH", "UH", "UW", "V", "W",  "Y",  "Z",  "ZH",
};

static const char *const as_in[RH_PHONES] = {
    "",          "a in hot",     "a in hat",  "u in hut",   "aw in law",   "ow in how",  "i in hide",
    "b in bee",  "ch in cheese", "d in day",  "th in this", "e in bed",    "er in her",  "ay in day",
    "f in fee",  "g in green",   "h in he",   "i in it",    "ee in eat",   "j in joy",   "k in key",
    "l in lee",  "m in me",      "n in knee", "ng in ping", "o in go",     "oy in toy",  "p in pay",
    "r in read", "s in sea",     "sh in she", "t in tea",   "th in thin",  "oo in hood", "oo in too",
    "v in vee",  "w in we",      "y in yes",  "z in zoo",   "s in vision",
};

const char *rh_phone_sound(int phone)
{
    return phone > 0 && phone < RH_PHONES ? as_in[phone] : "";
}

const char *rh_phone_name(int phone)
{
    return phone > 0 && phone < RH_PHONES ? names[phone] : "";
}

bool rh_phone_is_vowel(int phone)
{
    const char *name = rh_phone_name(phone);
    return *name && strchr("AEIOU", *name);
}

/* 'A' is the first sound, 'a' the 27th. */
static int phone_of(char letter)
{
    return letter >= 'a' ? letter - 'a' + 27 : letter - 'A' + 1;
}

/* Letters of any other alphabet are in no word of the dictionary. */
static size_t key_of(const char *word, char *out, size_t cap)
{
    size_t n = 0;
    while (*word && !isalnum((unsigned char)*word) && *word != '\'')
        word++;
    for (; *word && n + 2 < cap; word++) {
        if (strncmp(word, "\xE2\x80\x99", 3) == 0) { /* a curly apostrophe */
            out[n++] = '\'';
            word += 2;
        } else {
            out[n++] = (char)tolower((unsigned char)*word);
        }
    }
    while (n > 0 && !isalnum((unsigned char)out[n - 1]) && out[n - 1] != '\'')
        n--;
    out[n++] = ' '; /* ends the word in the dictionary too */
    out[n] = '\0';
    return *word ? 0 : n;
}

static const char *line_start(const char *text, const char *at)
{
    while (at > text && at[-1] != '\n')
        at--;
    return at;
}

/* Two megabytes: counted once, by whoever comes first. */
static size_t length_of_text(void)
{
    static atomic_size_t length;
    size_t n = atomic_load(&length);
    if (!n)
        atomic_store(&length, n = strlen(rh_lexicon_text[0]));
    return n;
}

/* The first line that begins with `key`, or NULL. */
static const char *first_line(const char *text, const char *key, size_t n)
{
    const char *lo = text, *hi = text + length_of_text();
    while (lo < hi) {
        const char *line = line_start(lo, lo + (hi - lo) / 2);
        if (strncmp(line, key, n) < 0) {
            const char *end = strchr(line, '\n');
            lo = end ? end + 1 : hi;
        } else {
            hi = line;
        }
    }
    return strncmp(lo, key, n) == 0 ? lo : NULL;
}

static size_t ways_of(const char *key, size_t n, rh_pronunciation out[RH_WAYS])
{
    size_t found = 0;
    const char *line = first_line(rh_lexicon_text[0], key, n);
    for (; line && found < RH_WAYS && strncmp(line, key, n) == 0; line = strchr(line, '\n'), line += line ? 1 : 0) {
        rh_pronunciation *p = &out[found++];
        p->n = 0;
        for (const char *c = line + n; isalpha((unsigned char)*c) && p->n < RH_PRONUNCIATION; c++)
            p->at[p->n++] = (uint8_t)phone_of(*c);
    }
    return found;
}

/* Some words begin or end with an apostrophe; most that seem to are quoted. */
size_t rh_lexicon_find(const char *word, rh_pronunciation out[RH_WAYS])
{
    char key[64], *from = key;
    size_t n = key_of(word, key, sizeof key), found = n > 1 ? ways_of(key, n, out) : 0;
    if (!found && n > 2 && *from == '\'') {
        from++;
        n--;
        found = ways_of(from, n, out);
    }
    if (!found && n > 2 && from[n - 2] == '\'') {
        memcpy(from + n - 2, " ", 2);
        found = ways_of(from, n - 1, out);
    }
    return found;
}
