/* report_internal.h - what the files of the report share of an analysis. */
#ifndef RH_REPORT_INTERNAL_H
#define RH_REPORT_INTERNAL_H

#include "rehearse/speech/analysis.h"

/* Where clean word `word` is among those that the result lists, which has words not said too. */
static inline int rh_analysis_place(const rh_analysis *a, int word)
{
    return word >= 0 && (size_t)word < a->said.words[RH_WORDS_CLEAN].n ? a->place[word] : word;
}

/* The scores of what was said, in the order in which they are told. */
enum { RH_SCORES = 8 };

static inline const rh_score *rh_score_of(const rh_speech_report *r, int i)
{
    const rh_score *const all[RH_SCORES] = {&r->overall, &r->clarity, &r->fluency,    &r->pronunciation,
                                            &r->prosody, &r->pace,    &r->hesitation, &r->content};
    return all[i];
}

static inline const char *rh_score_name(int i)
{
    static const char *const names[RH_SCORES] = {"overall", "clarity", "fluency", "pronunciation",
                                                 "prosody", "pace",    "fillers", "content"};
    return names[i];
}

static inline const char *rh_said_name(rh_said what)
{
    static const char *const names[] = {"said", "missed", "added", "replaced", "mispronounced"};
    return names[what];
}

#endif
