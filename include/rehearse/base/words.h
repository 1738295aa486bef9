/* words.h - words in the form in which they are compared, and lists of them.
 *
 * Threads: any. */
#ifndef RH_WORDS_H
#define RH_WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum { RH_WORD_BYTES = 64 }; /* a word in its normal form; longer ones are cut */

/* Lower case, compatibility forms and signs as plain ones, accents composed. Freed with rh_free(); NULL without
 * memory. */
char *rh_word_fold(const char *text);

/* The first `n` bytes of `text` folded: letters, accents and digits only, and inside the word the ASCII signs of
 * `marks` ("", "'" or "'-") too. Returns the length of `out`; 0 = nothing to say in it. */
size_t rh_word_form(const char *text, size_t n, const char *marks, char out[RH_WORD_BYTES]);

/* Is `word` one of `list`, whose words are parted by single blanks? */
bool rh_word_in(const char *word, const char *list);

/* Sounds of somebody who thinks, as recognisers write them ("Ummm,"). */
typedef enum { RH_SOUND_NONE = -1, RH_SOUND_UM, RH_SOUND_UH, RH_SOUND_ER, RH_SOUND_HMM } rh_hesitation;
rh_hesitation rh_hesitation_of(const char *word);

#endif
