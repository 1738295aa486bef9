/* star.c - the parts of a STAR answer.
 *
 * Each sentence collects the weights of the cue phrases it holds, and a little
 * from its place: situations open an answer, results close it. From 1 the part
 * counts as present; a sentence takes the part it has most evidence for.
 * It finds the usual wordings, not meaning: docs/scoring.md lists the limits. */
#include "language_internal.h"

#include <ctype.h>
#include <string.h>

static const rh_phrase SITUATION[] = {
    {"when i was", 1},         {"while i was", 1},        {"when we were", 1},
    {"at the time", 1},        {"last year", 1},          {"last month", 0.8f},
    {"last summer", 1},        {"in my last", 1},         {"in my previous", 1},
    {"in my current", 1},      {"at my last", 1},         {"at my previous", 1},
    {"at my current", 1},      {"in my first", 0.8f},     {"i was working", 1},
    {"we were working", 1},    {"i worked at", 1},        {"i worked as", 1},
    {"i work at", 0.8f},       {"i was a", 0.6f},         {"years ago", 1},
    {"months ago", 1},         {"a year ago", 1},         {"one time", 0.8f},
    {"the situation", 1},      {"the background", 0.8f},  {"the context", 0.8f},
    {"there was", 0.6f},       {"there were", 0.5f},      {"we had a", 0.6f},
    {"the problem was", 0.8f}, {"we were facing", 1},     {"faced with", 0.8f},
    {"back in", 0.6f},         {"during my", 0.8f},       {"during a", 0.5f},
    {"our team was", 0.6f},    {"the company was", 0.8f}, {"the project was", 0.6f},
    {"last winter", 1},        {"last spring", 1},        {"last autumn", 1},
    {"last fall", 1},          {"last week", 0.8f},       {"when i joined", 1},
    {"i inherited", 1},        {"when i started", 1},     {"when we started", 0.8f},
    {"for example", 0.4f},     {"i remember", 0.6f},      {"was behind schedule", 0.8f},
};
static const rh_phrase TASK[] = {
    {"my job was", 1},        {"my task", 1},         {"my role", 1},
    {"my goal", 1},           {"our goal", 1},        {"the goal", 1},
    {"my responsibility", 1}, {"responsible for", 1}, {"i was asked", 1},
    {"i was tasked", 1},      {"i was assigned", 1},  {"i was supposed to", 1},
    {"i had to", 1},          {"we had to", 1},       {"i needed to", 1},
    {"we needed to", 1},      {"needed to", 0.8f},    {"had to", 0.6f},
    {"the challenge", 0.8f},  {"the objective", 1},   {"the task", 1},
    {"it was my job", 1},     {"it was up to me", 1}, {"i wanted to", 0.6f},
    {"the aim", 0.8f},        {"deadline", 0.5f},     {"the target", 0.6f},
    {"i was expected", 1},    {"expected me to", 1},  {"i was told to", 1},
    {"asked me to", 1},       {"i was in charge", 1}, {"was to", 0.4f},
};
static const rh_phrase ACTION[] = {
    {"i decided", 1},
    {"we decided", 0.8f},
    {"i started", 0.8f},
    {"i began", 0.8f},
    {"so i", 0.6f},
    {"then i", 0.8f},
    {"i then", 0.8f},
    {"first i", 0.8f},
    {"i also", 0.4f},
    {"what i did", 1},
    {"the first thing i did", 1},
    {"my approach", 1},
    {"i set up", 1},
    {"i reached out", 1},
    {"i sat down", 0.8f},
    {"i worked with", 0.8f},
    {"i talked to", 1},
    {"i spoke", 0.8f},
    {"after that", 0.4f},
    {"step by step", 0.8f},
    {"i made sure", 1},
    {"i took", 0.6f},
    {"i suggested", 1},
    {"i asked", 0.8f},
    {"i put together", 1},
};
static const rh_phrase RESULT[] = {
    {"as a result", 1},     {"the result", 1},      {"the results", 1},    {"in the end", 1},
    {"the outcome", 1},     {"ended up", 0.8f},     {"eventually", 0.6f},  {"finally", 0.5f},
    {"resulted in", 1},     {"led to", 0.8f},       {"which meant", 0.5f}, {"able to", 0.5f},
    {"successfully", 0.8f}, {"success", 0.6f},      {"successful", 0.6f},  {"on time", 0.8f},
    {"under budget", 1},    {"since then", 0.8f},   {"i learned", 0.8f},   {"i learnt", 0.8f},
    {"taught me", 0.8f},    {"the feedback", 0.8f}, {"happy with", 0.8f},  {"percent", 0.6f},
    {"increased", 0.4f},    {"decreased", 0.4f},    {"reduced", 0.4f},     {"improved", 0.4f},
    {"saved", 0.6f},        {"doubled", 0.6f},      {"grew", 0.5f},        {"went from", 0.6f},
    {"dropped", 0.5f},      {"we won", 0.8f},       {"was promoted", 1},   {"still use", 0.6f},
    {"thanks to", 0.6f},    {"won", 0.8f},          {"went up", 0.8f},     {"went down", 0.8f},
    {"thanked", 0.8f},      {"first place", 0.6f},  {"second place", 0.6f}, {"renewed", 0.6f},
    {"fell by", 0.8f},      {"rose by", 0.8f},      {"halved", 0.6f},
};
static const struct {
    const rh_phrase *cues;
    size_t n;
} PARTS[RH_STAR_PARTS] = {
    {SITUATION, sizeof SITUATION / sizeof SITUATION[0]},
    {TASK, sizeof TASK / sizeof TASK[0]},
    {ACTION, sizeof ACTION / sizeof ACTION[0]},
    {RESULT, sizeof RESULT / sizeof RESULT[0]},
};
static const float OPENING = 0.3f, CLOSING = 0.3f;  /* weight of a sentence's place */
static const float DEED = 0.6f, STRONG_DEED = 1.0f; /* "I rewrote ...", with a strong verb */
static const float NEXT_DEED = 0.4f;                /* "I profiled it, split it and removed ..." */
static const float COUNTS_FROM = 1.0f;
enum { MIN_WORDS = 25 }; /* a shorter answer has no structure to look for */

static float cue_weight(const rh_key *keys, size_t n, size_t i, int part)
{
    float best = 0.0f;
    for (size_t k = 0; k < PARTS[part].n; k++) {
        const rh_phrase *p = &PARTS[part].cues[k];
        if (p->weight > best && rh_phrase_at(keys, n, i, p, 1))
            best = p->weight;
    }
    return best;
}

/* "I rewrote", "we then automated": a deed, unless the verb only needs or has. */
static float deed_weight(const rh_key *keys, size_t n, size_t i)
{
    static const char *const no_deed[] = {"felt",     "had",      "knew",    "liked",  "needed",
                                          "realised", "realized", "thought", "wanted", "worked"};
    bool me = strcmp(keys[i], "i") == 0, us = strcmp(keys[i], "we") == 0;
    if (!me && !us)
        return 0.0f;
    size_t v = i + 1;
    if (v + 1 < n && (!strcmp(keys[v], "then") || !strcmp(keys[v], "also") ||
                      !strcmp(keys[v], "quickly") || !strcmp(keys[v], "personally")))
        v++;
    if (v >= n || RH_WORD_IN(keys[v], no_deed) ||
        !(rh_is_past_tense(keys[v]) || rh_is_strong_verb(keys[v])))
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

void rh_star_find(const rh_speech_input *in, const rh_key *keys, rh_language *l)
{
    for (int part = 0; part < RH_STAR_PARTS; part++)
        l->star_sentence[part] = -1;
    for (size_t i = 0; i < l->n_sentences; i++)
        l->sentences[i].part = RH_STAR_NONE;
    if (l->n_words < MIN_WORDS)
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
