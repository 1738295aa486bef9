/* fillers_found.c - what the rules have found, and where a verbatim word lies among the clean ones. */
#include "fillers_internal.h"

void rh_add_filler(rh_filler_search *f, rh_filler filler)
{
    if (f->out->n_fillers < f->cap_fillers)
        f->out->fillers[f->out->n_fillers++] = filler;
}

void rh_add_weak_filler(rh_filler_search *f, rh_filler filler)
{
    if (f->out->n_fillers < f->cap_fillers)
        f->weak[f->out->n_fillers] = true;
    rh_add_filler(f, filler);
}

void rh_add_disfluency(rh_filler_search *f, rh_disfluency disfluency)
{
    if (f->out->n_disfluencies < f->cap_disfluencies)
        f->out->disfluencies[f->out->n_disfluencies++] = disfluency;
}

int rh_clean_before(const rh_filler_search *f, size_t i)
{
    for (size_t k = i + 1; k-- > 0;)
        if (f->verbatim_pair[k] >= 0)
            return f->verbatim_pair[k];
    return -1;
}
