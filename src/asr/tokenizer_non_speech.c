/* tokenizer_non_speech.c - the tokens that stand for no speech, as the reference lists them. */
#include "tokenizer_internal.h"

#include <string.h>

/* The symbols of the reference's non_speech_tokens(): speaker tags, sounds, music. */
static const char *const symbols[] = {"\"",  "#",  "(",  ")",   "*",   "+",   "/",   ":",  ";",   "<",  "=",  ">",
                                      "@",   "[",  "\\", "]",   "^",   "_",   "`",   "{",  "|",   "}",  "~",  "「",
                                      "」",  "『", "』", "<<",  ">>",  "<<<", ">>>", "--", "---", "-(", "-[", "('",
                                      "(\"", "((", "))", "(((", ")))", "[[",  "]]",  "{{", "}}",  "♪♪", "♪♪♪"};
/* For these the first of several tokens is suppressed too. */
static const char *const notes[] = {"♩", "♪", "♫", "♬", "♭", "♮", "♯"};

static void add_non_speech(rh_tokenizer *t, const char *text, bool first_of_many)
{
    int32_t ids[8];
    size_t n;
    if (rh_tokenizer_encode(t, text, strlen(text), ids, 8, &n) != RH_OK || n == 0 || (n > 1 && !first_of_many) ||
        t->n_non_speech == RH_MAX_NON_SPEECH)
        return;
    size_t at = 0;
    while (at < t->n_non_speech && t->non_speech[at] < ids[0])
        at++;
    if (at < t->n_non_speech && t->non_speech[at] == ids[0])
        return;
    memmove(t->non_speech + at + 1, t->non_speech + at, (t->n_non_speech - at) * sizeof t->non_speech[0]);
    t->non_speech[at] = ids[0];
    t->n_non_speech++;
}

static void add_both(rh_tokenizer *t, const char *text, bool first_of_many)
{
    char spaced[16] = " ";
    strncat(spaced, text, sizeof spaced - 2);
    add_non_speech(t, text, first_of_many);
    add_non_speech(t, spaced, first_of_many);
}

rh_status rh_tokenizer_list_non_speech(rh_tokenizer *t, rh_error *err)
{
    add_non_speech(t, " -", true); /* hyphen and quote are allowed inside words only */
    add_non_speech(t, " '", true);
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++)
        add_both(t, symbols[i], false);
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++)
        add_both(t, notes[i], true);
    if (t->n_non_speech == RH_MAX_NON_SPEECH)
        return rh_fail(err, RH_ERR_FORMAT, "the vocabulary is not Whisper's");
    return RH_OK;
}

const int32_t *rh_tokenizer_non_speech(const rh_tokenizer *t, size_t *n)
{
    *n = t->n_non_speech;
    return t->non_speech;
}
