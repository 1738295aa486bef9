/* phone_head.c - see phone_head.h. */
#include "phone_head.h"

#include <math.h>
#include "rehearse/asr/asr.h"

_Static_assert((int)PHONE_HEAD_SOUNDS == (int)RH_ASR_PHONES, "one table of sounds");

enum { SILENCE = 0, SILENCE_ENDS = 8 /* positions */, LANES = 16 };

/* In sums of their own, which compilers make vectors of. */
static float weighed(const int8_t *w, const float *x)
{
    float lanes[LANES] = {0}, sum = 0.0f;
    for (int j = 0; j < PHONE_HEAD_STATE; j += LANES)
        for (int k = 0; k < LANES; k++)
            lanes[k] += (float)w[j + k] * x[j + k];
    for (int k = 0; k < LANES; k++)
        sum += lanes[k];
    return sum;
}

static void run_one(const float *state, uint8_t *cost)
{
    float logit[PHONE_HEAD_SOUNDS], most = -INFINITY;
    for (int k = 0; k < PHONE_HEAD_SOUNDS; k++) {
        logit[k] = weighed(phone_head_weights[k], state) * phone_head_scale[k] + phone_head_bias[k];
        most = fmaxf(most, logit[k]);
    }
    float total = 0.0f;
    for (int k = 0; k < PHONE_HEAD_SOUNDS; k++)
        total += expf(logit[k] - most);
    for (int k = 0; k < PHONE_HEAD_SOUNDS; k++)
        cost[k] = (uint8_t)fminf(255.0f, roundf(RH_ASR_PHONE_COST_A_NAT * (most + logf(total) - logit[k])));
}

void phone_head_run(const float *states, size_t n, uint8_t *cost)
{
    for (size_t i = 0; i < n; i++)
        run_one(states + i * PHONE_HEAD_STATE, cost + i * PHONE_HEAD_SOUNDS);
}

static float silence_at(const float *state)
{
    uint8_t cost[PHONE_HEAD_SOUNDS];
    run_one(state, cost);
    return expf((float)-cost[SILENCE] / RH_ASR_PHONE_COST_A_NAT);
}

void phone_head_presence(const float *states, size_t n, float *presence)
{
    for (size_t i = 0; i < n; i++)
        presence[i] = 0.0f;
    for (size_t i = 0; i < n; i++) {
        float here = 1.0f - silence_at(states + i * PHONE_HEAD_STATE);
        size_t from = i > SILENCE_ENDS ? i - SILENCE_ENDS : 0, to = i + SILENCE_ENDS < n ? i + SILENCE_ENDS + 1 : n;
        for (size_t k = from; k < to; k++)
            presence[k] = fmaxf(presence[k], here);
    }
}
