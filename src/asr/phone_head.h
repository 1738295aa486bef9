/* phone_head.h - which sound of English is heard at each position of the encoder's output: a linear layer on
 * that of Whisper base (phone_head_table.c, written by tools/train_phones). */
#ifndef PHONE_HEAD_H
#define PHONE_HEAD_H

#include <stddef.h>
#include <stdint.h>

enum { PHONE_HEAD_SOUNDS = 40, PHONE_HEAD_STATE = 512 };

/* Value of weight j of sound k: weights[k][j] * scale[k]. */
extern const int8_t phone_head_weights[PHONE_HEAD_SOUNDS][PHONE_HEAD_STATE];
extern const float phone_head_scale[PHONE_HEAD_SOUNDS], phone_head_bias[PHONE_HEAD_SOUNDS];

/* states[n][PHONE_HEAD_STATE] -> cost[n][PHONE_HEAD_SOUNDS] as rh_asr_phones() gives it. */
void phone_head_run(const float *states, size_t n, uint8_t *cost);

/* How much each position counts where the output is pooled, 0 to 1: 1 less the least probability of silence within 0.16 s
 * of it. So of a silence its ends count alone, and a long one says no more than a short one. */
void phone_head_presence(const float *states, size_t n, float *presence);

#endif
