/* finals.h - finals of live speech into the word table, with the fillers that they show.
 *
 * Each final is heard together with the seconds before it: a hesitation at the
 * border of two finals, or between them, is in the sound of neither alone. What
 * only the later one shows belongs to the later one. */
#ifndef RH_FINALS_H
#define RH_FINALS_H

#include <jansson.h>
#include "rehearse/asr/transcriber.h"
#include "rehearse/speech/word_table.h"

/* One more segment: the words, those of the verbatim decode that are new (else the clean ones), the
 * encoder's output, and where the transcriber has a verbatim decode its fillers and disfluencies: a final
 * whose fillers can't be looked for is still a final. Times: the transcriber's. RH_ERR_NOMEM. */
rh_status rh_finals_add(rh_word_table *t, const rh_heard *h);

/* The words of a segment as clients get them: "word", "start", "end", "probability"; a word that is a
 * filler has "filler": its kind; a filler that no word stands for is an item of its own with
 * "heard": true. `offset_s` is added to the times. */
json_t *rh_finals_words(const rh_word_table *t, size_t segment, double offset_s);

#endif
