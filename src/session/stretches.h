/* stretches.h - where a piece of a recording is cut to be judged.
 *
 * Live sound is judged by what is heard up to a pause, a few seconds at once, and so are the
 * sentences that the scores were learned from; what the encoder makes of a sentence depends on
 * what is around it. So a longer piece is cut at its silences. */
#ifndef RH_STRETCHES_H
#define RH_STRETCHES_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    size_t from, to; /* steps of 20 ms */
} rh_stretch;

enum { RH_MOST_STRETCHES = 16 };

/* Cuts the `n` steps of a piece, `cost` as rh_asr_phones() gives it, and returns how many stretches there are:
 * at most RH_MOST_STRETCHES, 1 for all that is short. */
size_t rh_stretches_cut(const uint8_t *cost, size_t n, rh_stretch out[RH_MOST_STRETCHES]);

#endif
