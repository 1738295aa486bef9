/* vad_internal.h - from probabilities of speech to stretches of speech.
 *
 * A gate opens where probability and loudness say speech, and closes after a
 * short quiet. What was too short or too doubtful is dropped: clicks, a note,
 * a bark. The same gate serves recordings and live sound. */
#ifndef RH_VAD_INTERNAL_H
#define RH_VAD_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include "rehearse/asr/vad.h"

typedef enum { RH_GATE_CLOSED, RH_GATE_MAYBE, RH_GATE_SPEECH } rh_gate_state;

typedef struct {
    rh_gate_state state;
    int64_t n;          /* chunks seen */
    int64_t start, end; /* of the stretch, in chunks; end is exclusive */
    int n_strong;       /* chunks of it that are speech beyond doubt */
    float peak;         /* highest probability in it */
} rh_vad_gate;

typedef enum { RH_GATE_NOTHING, RH_GATE_OPENED, RH_GATE_ENDED } rh_gate_event;

/* One chunk. OPENED: a stretch was confirmed that began at gate->start.
 * ENDED: it ended at gate->end, some chunks ago. */
rh_gate_event rh_vad_gate_push(rh_vad_gate *g, float p, float mean_square);

/* Speech of the `n` spans in [from, to), in s of their sound. */
float rh_speech_within(const rh_speech_span *s, size_t n, float from, float to);

#endif
