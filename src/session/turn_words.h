/* turn_words.h - what the end of a stretch of words says about whether more comes.
 *
 * Pure; any thread. */
#ifndef RH_TURN_WORDS_H
#define RH_TURN_WORDS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum { RH_STOP_NONE, RH_STOP_FULL, RH_STOP_COMMA, RH_STOP_TRAILING } rh_turn_stop;

/* May the last word end a sentence? "because", "the", "of" may not, "is" or "for" seldom do. */
typedef enum { RH_CLOSED, RH_MAYBE_OPEN, RH_OPEN } rh_turn_open;

typedef struct {
    rh_turn_stop stop; /* what the recogniser wrote behind the last word: nothing; . ! or ?; , ; or :; ... or - */
    /* What it expects behind the last word: a full stop, a comma, three dots, nothing, a word; all 0 = not known. */
    float stop_next, comma_next, dots_next, end_next, word_next;
    rh_turn_open open;
    bool filler; /* it ends with a hesitation */
    int n_words; /* since the last full stop before the end */
} rh_turn_words;

/* Of `n` bytes of text in `language` ("" = English; of one without a list every word may end a sentence). */
rh_turn_words rh_turn_words_of(const char *text, size_t n, const char *language);

#endif
