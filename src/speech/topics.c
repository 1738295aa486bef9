/* topics.c - an answer that is not about what was asked is asked how it relates to the question. */
#include <string.h>
#include "asked.h"
#include "followups_internal.h"
#include "rehearse/base/alloc.h"

static bool is_off(const finder *f, const char *question)
{
    rh_key *keys = rh_calloc(f->n + 1, sizeof *keys);
    for (size_t i = 0; keys && i < f->n; i++)
        memcpy(keys[i], f->t[i].key, sizeof *keys);
    bool off = keys && rh_is_off_question((const rh_key *)keys, f->n, question);
    rh_free(keys);
    return off;
}

void rh_find_off_question(finder *f, const char *question)
{
    rh_noun_phrase p;
    if (!question || !is_off(f, question))
        return;
    static const char light[] = "do give have made make making take taking"; /* "make a difference" names no subject */
    for (size_t i = 0; i < f->n; i++)
        if ((f->t[i].pos & RH_POS_DETERMINER) && !(i && rh_word_in(f->t[i - 1].key, light)) &&
            rh_noun_phrase_at(f->t, f->n, i, "of for", &p) && !rh_is_vague(f->t, &p)) {
            rh_add_candidate(f, RH_FOLLOWUP_OFF_QUESTION, ASK_RELATION, 100, "You talked about", i, p.end);
            return;
        }
}
