/* candidates.c - what there is to ask about, as it is found. */
#include "followups_internal.h"

#include <stdio.h>

void rh_add_candidate(finder *f, rh_followup_kind kind, ask_kind ask, float weight, const char *opening, size_t first,
                      size_t end)
{
    char said[RH_FOLLOWUP_QUOTE];
    candidate *c = &f->list[f->n_list];
    if (f->n_list == MAX_CANDIDATES || !rh_tokens_put(f->words, f->t, first, end, opening != NULL, said, sizeof said))
        return;
    *c = (candidate){.kind = kind, .ask = ask, .first = first, .end = end, .weight = weight};
    if (opening)
        (void)snprintf(c->lead, sizeof c->lead, "%s %s.", opening, said);
    else
        (void)snprintf(c->lead, sizeof c->lead, "You said \"%s\".", said);
    f->n_list++;
}
