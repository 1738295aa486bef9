/* no_speech.h - what a recording without words holds instead. */
#ifndef RH_NO_SPEECH_H
#define RH_NO_SPEECH_H

#include "rehearse/speech/speech.h"

/* One sentence that says what was heard and what to do, static; it begins with
 * "There was no speech in the recording". `c` may be NULL: not measured.
 * `is_voice`: the voice detection heard a voice. Rules and limits:
 * docs/scoring.md, When nothing is scored. */
const char *rh_no_speech_reason(const rh_contour *c, bool is_voice);

/* Laughter as recognisers write it: "ha", "haha", "hah", "heh", "hehe"; not
 * "he". `normal` by rh_word_normal(). */
bool rh_is_laughter(const char *normal);

#endif
