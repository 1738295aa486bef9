/* tongue_syllables.c - what the syllable counts of all languages share. */
#include "tongue_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/text.h"
#include "word_marks_internal.h"

/* Two or three capitals are spelled out: API. */
static int spelled_out(const char *text)
{
    int letters = 0;
    for (const char *p = text; *p; p++) {
        if (islower((unsigned char)*p) || (unsigned char)*p >= 0x80)
            return 0;
        letters += isupper((unsigned char)*p) != 0;
    }
    return letters == 2 || letters == 3 ? letters : 0;
}

static int part_syllables(const char *s, size_t n, rh_letters_syllables letters)
{
    uint32_t w[RH_LETTERS_MAX];
    char text[RH_WORD_BYTES];
    size_t k = 0, kept = 0;
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        size_t len = rh_utf8_next(s + i, n - i, &cp);
        if (cp != '\'') {
            w[k++] = cp;
            memcpy(text + kept, s + i, len);
            kept += len;
        }
        i += len;
    }
    text[kept] = '\0';
    int count = k ? letters(w, k, text) : 0;
    return k && count < 1 ? 1 : count;
}

int rh_syllables_by(const char *word, rh_letters_syllables letters, rh_number_syllables number)
{
    char key[RH_WORD_BYTES];
    rh_word_key(word, key);
    if (!key[0])
        return 0;
    int spelled = spelled_out(word), total = 0;
    if (spelled)
        return spelled;
    for (const char *p = key; *p;) {
        size_t n = strspn(p, "0123456789");
        if (n > 0) {
            total += n > 9 ? (int)n : number(strtol(p, NULL, 10));
        } else {
            n = strcspn(p, "0123456789-");
            total += part_syllables(p, n, letters);
        }
        p += n;
        p += *p == '-';
    }
    return total < 1 ? 1 : total;
}

/* ---- languages without rules ---- */

typedef enum { CONSONANT, VOWEL, WHOLE } sort; /* WHOLE: a syllable by itself */

static sort sort_of(uint32_t cp)
{
    static const char vowels[] = "aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýÿāăąēĕėęěīĭįıōŏőœūŭůűųαεηιουωάέήίόύώ";
    static const char cyrillic[] = "аеёиоуыэюяіїєў";
    for (const char *list = vowels; list; list = list == vowels ? cyrillic : NULL)
        for (size_t i = 0, n = strlen(list); i < n;) {
            uint32_t of;
            i += rh_utf8_next(list + i, n - i, &of);
            if (of == cp)
                return list == vowels ? VOWEL : WHOLE;
        }
    return cp >= 0xac00 && cp <= 0xd7a3 ? WHOLE : CONSONANT;
}

static int count_anywhere(const uint32_t *w, size_t n, const char *text)
{
    int count = 0;
    bool in = false;
    (void)text;
    for (size_t i = 0; i < n; i++) {
        sort s = sort_of(w[i]);
        count += s == WHOLE || (s == VOWEL && !in);
        in = s == VOWEL;
    }
    bool no_vowels = count == 0 && n > 2 && w[0] >= 0x590; /* Hebrew, Arabic, Hindi, ...: about two letters each */
    return no_vowels ? (int)(n + 1) / 2 : count;
}

static int number_anywhere(long v)
{
    int digits = 1;
    for (; v >= 10; v /= 10)
        digits++;
    return 2 * digits;
}

int rh_syllables_anywhere(const char *word)
{
    return rh_syllables_by(word, count_anywhere, number_anywhere);
}

int rh_syllables_of_characters(const char *word)
{
    int n = 0;
    bool in_latin = false;
    char key[RH_WORD_BYTES];
    size_t bytes = rh_word_form(word, strlen(word), "", key);
    for (size_t i = 0; i < bytes;) {
        uint32_t cp;
        i += rh_utf8_next(key + i, bytes - i, &cp);
        bool latin = cp < 0x250 && !isdigit((int)cp);
        /* A foreign word among them is one: nobody reads it letter by letter. */
        n += rh_char_class_of(cp) != RH_CHAR_MARK && !(latin && in_latin);
        in_latin = latin;
    }
    return n;
}
