/* star.c - the parts of a STAR answer.
 *
 * Each sentence collects the weights of the cue phrases it holds, and a little
 * from its place: situations open an answer, results close it. From 1 the part
 * counts as present; a sentence takes the part it has most evidence for.
 * It finds the usual wordings, not meaning: docs/scoring.md lists the limits. */
#include "language_internal.h"

#include <ctype.h>
#include <string.h>

/* Cue phrases of each part by weight, the heaviest first. */
enum { WEIGHTS = 6 };
static const struct {
    float weight;
    const char *phrases;
} CUES[RH_STAR_PARTS][WEIGHTS] = {
    {{1, "when i was|while i was|when we were|at the time|last year|last summer|in my last|in my previous|"
         "in my current|at my last|at my previous|at my current|i was working|we were working|i worked at|"
         "i worked as|years ago|months ago|a year ago|the situation|we were facing|last winter|last spring|"
         "last autumn|last fall|when i joined|i inherited|when i started"},
     {0.8f, "last month|in my first|i work at|one time|the background|the context|the problem was|faced with|"
            "during my|the company was|last week|when we started|was behind schedule"},
     {0.6f, "i was a|there was|we had a|back in|our team was|the project was|i remember"},
     {0.5f, "there were|during a"},
     {0.4f, "for example"}},
    {{1, "my job was|my task|my role|my goal|our goal|the goal|my responsibility|responsible for|i was asked|"
         "i was tasked|i was assigned|i was supposed to|i had to|we had to|i needed to|we needed to|the objective|"
         "the task|it was my job|it was up to me|i was expected|expected me to|i was told to|asked me to|"
         "i was in charge"},
     {0.8f, "needed to|the challenge|the aim"},
     {0.6f, "had to|i wanted to|the target"},
     {0.5f, "deadline"},
     {0.4f, "was to"}},
    {{1, "i decided|what i did|the first thing i did|my approach|i set up|i reached out|i talked to|i made sure|"
         "i suggested|i put together"},
     {0.8f, "we decided|i started|i began|then i|i then|first i|i sat down|i worked with|i spoke|step by step|"
            "i asked"},
     {0.6f, "so i|i took"},
     {0.4f, "i also|after that"}},
    {{1, "as a result|the result|the results|in the end|the outcome|resulted in|under budget|was promoted"},
     {0.8f, "ended up|led to|successfully|on time|since then|i learned|i learnt|taught me|the feedback|happy with|"
            "we won|won|went up|went down|thanked|fell by|rose by"},
     {0.6f, "eventually|success|successful|percent|saved|doubled|went from|still use|thanks to|first place|"
            "second place|renewed|halved"},
     {0.5f, "finally|which meant|able to|grew|dropped"},
     {0.4f, "increased|decreased|reduced|improved"}},
};
static const float OPENING = 0.3f, CLOSING = 0.3f;  /* weight of a sentence's place */
static const float DEED = 0.6f, STRONG_DEED = 1.0f; /* "I rewrote ...", with a strong verb */
static const float NEXT_DEED = 0.4f;                /* "I profiled it, split it and removed ..." */
static const float COUNTS_FROM = 1.0f;
enum { MIN_WORDS = 25 }; /* a shorter answer has no structure to look for */

static float cue_weight(const rh_key *keys, size_t n, size_t i, int part)
{
    for (size_t k = 0; k < WEIGHTS && CUES[part][k].phrases; k++)
        if (rh_phrase_at(keys, n, i, CUES[part][k].phrases))
            return CUES[part][k].weight;
    return 0.0f;
}

/* "I rewrote", "we then automated": a deed, unless the verb only needs or has. */
static float deed_weight(const rh_key *keys, size_t n, size_t i)
{
    static const char no_deed[] = "felt had knew liked needed realised realized thought wanted worked";
    bool me = strcmp(keys[i], "i") == 0, us = strcmp(keys[i], "we") == 0;
    if (!me && !us)
        return 0.0f;
    size_t v = i + 1;
    if (v + 1 < n && rh_word_in(keys[v], "then also quickly personally"))
        v++;
    if (v >= n || rh_word_in(keys[v], no_deed) || !(rh_is_past_tense(keys[v]) || rh_is_strong_verb(keys[v])))
        return 0.0f;
    float w = rh_is_strong_verb(keys[v]) ? STRONG_DEED : DEED;
    return us ? 0.8f * w : w;
}

/* One more verb of the same person: behind "and" or a comma. */
static bool goes_on(const rh_word *words, const rh_key *keys, size_t i)
{
    return i > 0 && (strcmp(keys[i - 1], "and") == 0 || rh_ends_clause(words[i - 1].text)) &&
           (rh_is_past_tense(keys[i]) || rh_is_strong_verb(keys[i]));
}

static void weigh_sentence(const rh_word *words, const rh_key *keys, rh_sentence *s, float place)
{
    const rh_key *own = keys + s->first_word;
    size_t n = (size_t)s->n_words;
    bool number = false, does = false;
    for (size_t i = 0; i < n; i++) {
        for (int part = 0; part < RH_STAR_PARTS; part++)
            s->evidence[part] += cue_weight(own, n, i, part);
        float deed = deed_weight(own, n, i);
        s->evidence[RH_STAR_ACTION] += does && goes_on(words + s->first_word, own, i) ? NEXT_DEED : deed;
        does = does || deed > 0.0f;
        number = number || isdigit((unsigned char)own[i][0]) || rh_is_number_word(own[i]);
    }
    if (place < 0.34f)
        s->evidence[RH_STAR_SITUATION] += OPENING;
    if (place > 0.6f) {
        s->evidence[RH_STAR_RESULT] += CLOSING;
        if (number)
            s->evidence[RH_STAR_RESULT] += CLOSING;
    }
}

static int strongest(const float *evidence)
{
    int best = 0;
    for (int part = 1; part < RH_STAR_PARTS; part++)
        if (evidence[part] > evidence[best])
            best = part;
    return evidence[best] >= COUNTS_FROM ? best : RH_STAR_NONE;
}

/* Than the sentence that carries the part so far: one that is this part first of all
 * before one that is another, then by evidence. */
static bool carries_better(const rh_language *l, int part, const rh_sentence *s)
{
    int best = l->star_sentence[part];
    if (s->evidence[part] < COUNTS_FROM)
        return false;
    if (best < 0)
        return true;
    const rh_sentence *b = &l->sentences[best];
    if ((s->part == part) != (b->part == part))
        return s->part == part;
    return s->evidence[part] > b->evidence[part];
}

void rh_star_find(const rh_speech_input *in, const rh_tongue *t, const rh_key *keys, rh_language *l)
{
    for (int part = 0; part < RH_STAR_PARTS; part++)
        l->star_sentence[part] = -1;
    for (size_t i = 0; i < l->n_sentences; i++)
        l->sentences[i].part = RH_STAR_NONE;
    if (l->n_words < MIN_WORDS || !t->has_structure)
        return;
    for (size_t i = 0; i < l->n_sentences; i++) {
        rh_sentence *s = &l->sentences[i];
        weigh_sentence(in->words, keys, s, (float)s->first_word / (float)in->n_words);
        s->part = strongest(s->evidence);
        for (int part = 0; part < RH_STAR_PARTS; part++)
            if (carries_better(l, part, s))
                l->star_sentence[part] = (int)i;
    }
    for (int part = 0; part < RH_STAR_PARTS; part++)
        l->n_star += l->star_sentence[part] >= 0;
}
