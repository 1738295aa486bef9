/* Words to expect: lines before an empty one are terms, what follows is the text in which they are looked for. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "asr/terms_internal.h"

enum { MOST_WORDS = 300, MOST_PLACES = 24 };

static size_t lines_of(char *s, const char **list, size_t cap)
{
    size_t n = 0;
    char *save = NULL;
    for (char *t = strtok_r(s, "\n", &save); t && n < cap; t = strtok_r(NULL, "\n", &save))
        list[n++] = t;
    return n;
}

static void look(const rh_terms *terms, const char *text)
{
    rh_term_word words[MOST_WORDS];
    rh_term_place at[MOST_PLACES];
    int n = 0;
    while (*text && n < MOST_WORDS) {
        size_t len = strcspn(text, " ");
        words[n++] = (rh_term_word){text, len};
        text += len + (text[len] == ' ');
    }
    int found = rh_terms_find(terms, words, n, at, MOST_PLACES);
    for (int i = 0; i < found; i++)
        if (at[i].first < 0 || at[i].n < 1 || at[i].first + at[i].n > n || at[i].term < 0 ||
            (size_t)at[i].term >= rh_terms_count(terms) || !(at[i].distance >= 0.0f && at[i].distance <= 1.0f) ||
            (i && at[i - 1].distance > at[i].distance))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const char *list[RH_TERMS_MAX + 2];
    char *s = malloc(n + 1);
    rh_terms *terms = NULL;
    rh_error err = {0};
    if (!s)
        return 0;
    memcpy(s, bytes, n);
    s[n] = '\0';
    char *text = strstr(s, "\n\n");
    if (text) {
        *text = '\0';
        text += 2;
    }
    rh_status st = rh_terms_new(&terms, list, lines_of(s, list, RH_TERMS_MAX + 2), &err);
    if (st == RH_OK && text)
        look(terms, text);
    else if (st != RH_OK && !err.msg[0])
        abort(); /* every refusal says why */
    rh_terms_free(terms);
    free(s);
    return 0;
}
