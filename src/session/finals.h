/* finals.h - finals of live speech into the word table, with the fillers that they show.
 *
 * Each final is heard together with the seconds before it: a hesitation at the
 * border of two finals, or between them, is in the sound of neither alone. What
 * only the later one shows belongs to the later one. */
#ifndef RH_FINALS_H
#define RH_FINALS_H

#include <jansson.h>
#include "rehearse/asr/transcriber.h"
#include "rehearse/speech/timing.h"
#include "rehearse/speech/word_table.h"

enum { RH_FINAL_PAUSES = 16 };

/* What a final's own sound shows while the person goes on: for the cues. */
typedef struct {
    double end;                       /* s */
    int n_voiced;                     /* 10 ms steps with pitch */
    double pitch, pitch_sq;           /* sums over them, semitones about 100 Hz */
    rh_pause pauses[RH_FINAL_PAUSES]; /* before its words; the last ones, were there more */
    int n_pauses;
    int n_fillers, n_unwritten; /* of rh_finals_preview() alone; those that no word stands for */
} rh_final_delivery;

/* One more segment: the words, those of the verbatim decode that are new (else the clean ones), the
 * encoder's output, and where the transcriber has a verbatim decode its fillers and disfluencies: a final
 * whose fillers can't be looked for is still a final. *d, where not NULL, is filled. Times: the
 * transcriber's. RH_ERR_NOMEM. */
rh_status rh_finals_add(rh_word_table *t, const rh_heard *h, rh_final_delivery *d);

/* *d: what rh_finals_add() would find in words that are not final yet. RH_AGAIN where they come without their sound;
 * RH_ERR_NOMEM. */
rh_status rh_finals_preview(const rh_word_table *t, const rh_heard *h, rh_final_delivery *d);

/* The recogniser ends what it hears with a full stop, wherever a pause has cut it; the turn model hears whether the voice
 * was going on. How much of the sound of `h`, a final, it is to hear: what lies behind `until` (s, as its times) is left
 * out. 0: there is nothing to judge. */
size_t rh_finals_ending(const rh_heard *h, double until);
/* It gave the end of a turn behind `w` the probability `p`. */
void rh_finals_goes_on(rh_word *w, float p);

/* The words of a segment as clients get them: "word", "start", "end", "probability"; a word that is a
 * filler has "filler": its kind; a filler that no word stands for is an item of its own with
 * "heard": true. `offset_s` is added to the times. */
json_t *rh_finals_words(const rh_word_table *t, size_t segment, double offset_s);

#endif
