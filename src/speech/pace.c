/* pace.c - the report's share of timing.h. */
#include <math.h>
#include "rehearse/base/alloc.h"
#include "rehearse/speech/timing.h"
#include "speech_internal.h"

static rh_status copy_pauses(const rh_timing *t, rh_speech_report *r)
{
    r->pauses = rh_calloc(t->n_pauses + 1, sizeof *r->pauses);
    if (!r->pauses)
        return RH_ERR_NOMEM;
    for (size_t i = 0; i < t->n_pauses; i++)
        r->pauses[i] = (rh_speech_pause){t->pauses[i].start, t->pauses[i].end,
                                         (size_t)t->pauses[i].after_word,
                                         t->pauses[i].place == RH_PAUSE_WITHIN};
    r->n_pauses = t->n_pauses;
    return RH_OK;
}

rh_status rh_measure_pace(const rh_speech_input *in, rh_speech_report *r, rh_error *err)
{
    rh_timing t = {0};
    rh_status st = rh_timing_measure(in, in->contour, &t, err);
    if (st == RH_OK && copy_pauses(&t, r) != RH_OK)
        st = rh_fail(err, RH_ERR_NOMEM, "pauses: out of memory");
    if (st == RH_OK) {
        r->n_syllables = t.n_syllables;
        r->n_syllables_heard = t.n_syllables_heard;
        /* Two words in half a second are no pace of 240: at least a second counts. */
        r->pace_wpm = 60.0f * (float)t.n_words / fmaxf(t.last_s - t.first_s, 1.0f);
        r->articulation_rate = t.articulation_rate;
        r->phonation_ratio = t.phonation_ratio;
        r->mean_run_words = (float)t.n_words / (float)(t.n_pauses + 1);
        r->pause_s = t.pause_s;
        r->longest_pause_s = t.longest_pause_s;
    }
    rh_timing_done(&t);
    return st;
}
