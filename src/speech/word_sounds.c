/* word_sounds.c - what a word's sounds tell of it. */
#include "rehearse/speech/phones.h"
#include "rehearse/speech/scores.h"

static const float WELL_UNDERSTOOD = 75.0f;

bool rh_word_is_understood(const rh_word_score *w)
{
    return w->what == RH_SAID && w->score >= WELL_UNDERSTOOD;
}

const rh_phone_said *rh_word_worst_sound(const rh_word_score *w)
{
    const rh_phone_said *worst = NULL;
    for (size_t i = 0; i < w->n_phones; i++)
        if (rh_phone_is_off(&w->phones[i], rh_word_is_understood(w)) && (!worst || w->phones[i].margin < worst->margin))
            worst = &w->phones[i];
    return worst;
}
