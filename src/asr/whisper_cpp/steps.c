/* steps.c - remembers the distributions of a transcription. */
#include <math.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/nn/kernels.h"
#include "whisper_cpp_internal.h"

enum { FIRST_CAP = 512 };

void rh_steps_init(rh_steps *s)
{
    *s = (rh_steps){0};
    pthread_mutex_init(&s->lock, NULL);
}

void rh_steps_done(rh_steps *s)
{
    rh_free(s->steps);
    pthread_mutex_destroy(&s->lock);
}

void rh_steps_clear(rh_steps *s)
{
    s->n = 0;
    if (s->steps)
        memset(s->steps, 0, s->cap * sizeof *s->steps);
}

uint64_t rh_steps_key(uint64_t before, int32_t token)
{
    /* splitmix64: neighbouring numbers spread over all bits. */
    uint64_t z = before + 0x9e3779b97f4a7c15u * ((uint64_t)(uint32_t)token + 1);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return z ? z : 1;
}

/* The step's place, or the free one where it belongs. */
static rh_step *place(rh_step *steps, size_t cap, uint64_t key)
{
    size_t i = (size_t)key & (cap - 1);
    while (steps[i].key != 0 && steps[i].key != key)
        i = (i + 1) & (cap - 1);
    return &steps[i];
}

static bool grow(rh_steps *s)
{
    if (s->n * 2 < s->cap)
        return true;
    size_t cap = s->cap ? s->cap * 2 : FIRST_CAP;
    rh_step *steps = rh_calloc(cap, sizeof *steps);
    if (!steps)
        return false;
    for (size_t i = 0; i < s->cap; i++)
        if (s->steps[i].key)
            *place(steps, cap, s->steps[i].key) = s->steps[i];
    rh_free(s->steps);
    s->steps = steps;
    s->cap = cap;
    return true;
}

static rh_step describe(const float *logits, int n, int32_t given)
{
    rh_row_stats row;
    rh_kernels_best()->stats(logits, n, &row);
    rh_step r = {.best = row.argmax, .second = row.second};
    if (!(row.sum > 0))
        return r;
    r.p_best = 1 / row.sum;
    r.p_second = row.second >= 0 ? expf(row.second_value - row.max) / row.sum : 0;
    r.entropy = logf(row.sum) - row.sum_x / row.sum;
    r.p_given = given >= 0 ? expf(logits[given] - row.max) / row.sum : 0;
    return r;
}

void rh_steps_add(rh_steps *s, uint64_t key, const float *logits, int n, int32_t given)
{
    rh_step r = describe(logits, n, given);
    r.key = key;
    pthread_mutex_lock(&s->lock);
    if (grow(s)) {
        rh_step *to = place(s->steps, s->cap, key);
        s->n += to->key == 0;
        *to = r;
    }
    pthread_mutex_unlock(&s->lock);
}

bool rh_steps_find(rh_steps *s, uint64_t key, rh_step *out)
{
    if (!s->steps)
        return false;
    const rh_step *at = place(s->steps, s->cap, key);
    if (at->key != key)
        return false;
    *out = *at;
    return true;
}
