#include "stretches.h"

#include "rehearse/asr/asr.h"

/* In steps of 20 ms. */
enum {
    SHORT = 600, /* the rated sentences last 2 to 15 s: nothing so long is cut */
    MOST = 500,  /* a stretch, where there is any place to cut */
    LEAST = 100,
    PAUSE = 20,  /* live sound is final after so much silence */
    SILENT = 11, /* cost of silence where it is as likely as all sounds together */
};

/* The middle of the longest silence in [low, high), or where it comes nearest to one; how long it is. */
static size_t longest_silence(const uint8_t *cost, size_t low, size_t high, size_t *length)
{
    size_t at = low, run = 0;
    uint8_t least = UINT8_MAX;
    *length = 0;
    for (size_t i = low; i < high; i++) {
        uint8_t silence = cost[i * RH_ASR_PHONES];
        run = silence <= SILENT ? run + 1 : 0;
        if (run > *length || (*length == 0 && silence < least)) {
            at = i + 1 - (run + 1) / 2;
            *length = run;
        }
        least = silence < least ? silence : least;
    }
    return at;
}

/* Where to cut [from, to); 0 = nowhere. */
static size_t place(const uint8_t *cost, rh_stretch g)
{
    size_t length;
    if (g.to - g.from <= 2 * LEAST)
        return 0;
    size_t at = longest_silence(cost, g.from + LEAST, g.to - LEAST, &length);
    return length >= PAUSE || g.to - g.from > MOST ? at : 0;
}

size_t rh_stretches_cut(const uint8_t *cost, size_t n, rh_stretch out[RH_MOST_STRETCHES])
{
    size_t count = 1, at;
    out[0] = (rh_stretch){0, n};
    for (size_t i = 0; n > SHORT && i < count && count < RH_MOST_STRETCHES;) {
        if (!(at = place(cost, out[i]))) {
            i++;
            continue;
        }
        for (size_t k = count++; k > i + 1; k--)
            out[k] = out[k - 1];
        out[i + 1] = (rh_stretch){at, out[i].to};
        out[i].to = at;
    }
    return count;
}
