/* voice_head.h - how somebody speaks, heard in what the encoder of Whisper base makes of their voice layer by layer: a
 * small convolutional network over the outputs of its layers (voice_head_table.c, written by tools/train_voice). What it
 * gives of a stretch of sound, rh_asr_pooled(), the scores are made of (speech/score_tables.h).
 *
 *   outputs of layers [n][512] each
 *     -> weighed sums, of two neighbours the mean, ReLU   [n / 2][48]
 *     -> convolution over 5 in a row, ReLU                [n / 2][48]
 *     -> convolution over 5, every second, ReLU           [n / 2][32]
 *     -> mean and deviation over time of these and of the 48 of the first step, weighed by phone_head_presence()
 */
#ifndef VOICE_HEAD_H
#define VOICE_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    VOICE_STATE = 512, /* width of the encoder */
    VOICE_DEPTH = 6,   /* layers it has */
    VOICE_SUMS = 48,
    VOICE_LAYERS = 5,      /* whose outputs are heard: */
    VOICE_FIRST_LAYER = 1, /* from here on; of the last one what follows its normalisation */
    VOICE_TAPS = 5,
    VOICE_OUT = 32,
    VOICE_HEARD = VOICE_OUT + VOICE_SUMS,
};

/* Weights in 8 bits; the value of a sum's weight for number j of a layer is layers[layer][sum][j] * scale[sum] *
 * gain[layer][j]. */
typedef struct {
    float gain[VOICE_LAYERS][VOICE_STATE];
    float scale[VOICE_SUMS], bias[VOICE_SUMS];
    float scale1[VOICE_SUMS], bias1[VOICE_SUMS];
    float scale2[VOICE_OUT], bias2[VOICE_OUT];
    int8_t layers[VOICE_LAYERS][VOICE_SUMS][VOICE_STATE];
    int8_t conv1[VOICE_TAPS][VOICE_SUMS][VOICE_SUMS]; /* [tap][in][out] */
    int8_t conv2[VOICE_TAPS][VOICE_SUMS][VOICE_OUT];
} voice_head;

extern const voice_head voice_head_table;

/* The head that models loaded from now on use: that of the table but for a benchmark, which judges each speaker by one that
 * was learnt without them. It is set before models are loaded. */
extern const voice_head *voice_head_used;

/* For learning: where what the sums are made of is written too, [VOICE_LAYERS][RH_ENC_WINDOW_HOPS / 2][VOICE_STATE], of the
 * window that was encoded last; of one stream alone, with our own kernels. NULL but for that. */
extern float *voice_head_overheard;

/* Weight j of a sum. */
float voice_head_weight(const voice_head *head, int layer, int sum, int j);

/* The weighed sums of n positions, `ld` floats from one to the next and bias included, and how much each counts (0 to 1) ->
 * pooled[2 VOICE_HEARD]. RH_ERR_NOMEM is the only failure: false. */
bool voice_head_pool(const voice_head *head, const float *sums, size_t ld, const float *presence, size_t n,
                     float pooled[2 * VOICE_HEARD]);

#endif
