/* followups.c - chooses what to ask; rules and limits: docs/scoring.md, Follow-ups. */
#include "followups_internal.h"
#include "asked.h"

#include <stdio.h>
#include <string.h>
#include "rehearse/base/alloc.h"

enum { MIN_WORDS = 4, SHORT_WORDS = 25, STORY_WORDS = 30, MAX_WORDS = 4000, MAX_ASKS = 4 };

const char *rh_followup_name(rh_followup_kind kind)
{
    static const char *const names[RH_FOLLOWUP_KINDS] = {"off_question", "short",   "number", "own_part",
                                                         "result",       "action",  "task",   "situation",
                                                         "example",      "mention", "detail"};
    return (unsigned)kind < RH_FOLLOWUP_KINDS ? names[kind] : "none";
}

/* ---- the second sentence ---- */

typedef struct {
    const char *text;
    unsigned unless; /* told */
} second_part;

static const second_part SECONDS[ASKS][MAX_ASKS] = {
    [ASK_MORE] = {{"Can you tell me more about that?", 0},
                  {"Can you go into that a little more?", 0},
                  {"What should I know about that?", 0}},
    [ASK_NUMBER] = {{"Can you put a number on that?", TOLD_MEASURE},
                    {"By how much, roughly?", TOLD_MEASURE},
                    {"How did you measure that?", TOLD_MEASURE},
                    {"What was the figure before, and what afterwards?", TOLD_MEASURE}},
    [ASK_OWN_PART] = {{"Which part of that was yours?", TOLD_ROLE},
                      {"What did you do yourself?", TOLD_ROLE},
                      {"Who did what, and what fell to you?", TOLD_ROLE}},
    [ASK_RESULT] = {{"What came of it?", TOLD_OUTCOME},
                    {"How did it turn out in the end?", TOLD_OUTCOME},
                    {"What happened after that?", TOLD_OUTCOME},
                    {"What did that lead to?", TOLD_OUTCOME}},
    [ASK_ACTION] = {{"What exactly did you do about that?", 0},
                    {"What was the first thing you did?", 0},
                    {"How did you handle that yourself?", 0}},
    [ASK_TASK] = {{"What was the goal behind that?", TOLD_ROLE | TOLD_WHY}, {"Whose idea was that?", TOLD_ROLE}},
    [ASK_SITUATION] = {{"When and where was that?", TOLD_WHEN}, {"Where were you working then?", TOLD_WHEN}},
    [ASK_EXAMPLE] = {{"Can you tell me about a time when that showed?", TOLD_EXAMPLE},
                     {"Can you give me an example of that?", TOLD_EXAMPLE},
                     {"When did that last make a difference?", TOLD_EXAMPLE},
                     {"What is the best example of that?", TOLD_EXAMPLE}},
    [ASK_INTEREST] = {{"What have you done in that direction so far?", TOLD_EXAMPLE},
                      {"How did that interest come about?", TOLD_WHY},
                      {"Where has that shown in your work so far?", TOLD_EXAMPLE}},
    [ASK_LIKING] = {{"What is it that you enjoy about that?", TOLD_WHY},
                    {"When did you last get to do that?", TOLD_EXAMPLE},
                    {"Where has that shown in your work so far?", TOLD_EXAMPLE}},
    [ASK_LIKED] = {{"What is it that appeals to you there?", TOLD_WHY}, {"How did that come about?", TOLD_WHY}},
    [ASK_WISH] = {{"What have you done towards that so far?", 0},
                  {"What draws you to that?", TOLD_WHY},
                  {"What would be your first step?", 0}},
    [ASK_WEAKNESS] = {{"What are you doing about it?", TOLD_REMEDY},
                      {"When did that last get in your way?", TOLD_EXAMPLE}},
    [ASK_PROJECT] = {{"What was the hardest part of it?", TOLD_HARD},
                     {"What was your own part there?", TOLD_ROLE},
                     {"What surprised you there?", 0}},
    [ASK_MY_PROJECT] = {{"What was the hardest part of it?", TOLD_HARD},
                        {"What did you learn from that?", TOLD_LEARNED},
                        {"What would you do differently there today?", TOLD_DIFFERENT}},
    [ASK_WORK] = {{"What was the hardest thing about it?", TOLD_HARD},
                  {"What would you change about it today?", TOLD_DIFFERENT}},
    [ASK_GROUP] = {{"What was your own part there?", TOLD_ROLE | TOLD_DEEDS},
                   {"What was the hardest thing you had to do there?", TOLD_HARD},
                   {"What did you learn there?", TOLD_LEARNED}},
    [ASK_CHARGE] = {{"What was the hardest part of that?", TOLD_HARD},
                    {"What did you change about that?", 0},
                    {"What did you learn from that?", TOLD_LEARNED}},
    [ASK_INVOLVED] = {{"What exactly do you do there?", TOLD_ROLE},
                      {"What have you learned there so far?", TOLD_LEARNED}},
    [ASK_ROLE] = {{"What was the hardest decision you had to make in that role?", TOLD_HARD},
                  {"What did you change in that role?", 0},
                  {"What did that role teach you?", TOLD_LEARNED}},
    [ASK_ROLE_NOW] = {{"What has been the hardest decision in that role so far?", TOLD_HARD},
                      {"What have you changed in that role?", 0},
                      {"What has that role taught you?", TOLD_LEARNED}},
    [ASK_POST] = {{"What does a difficult day there look like?", TOLD_HARD},
                  {"What do you like most about it?", TOLD_WHY},
                  {"What have you learned there so far?", TOLD_LEARNED}},
    [ASK_STUDY] = {{"Which project there are you proudest of?", TOLD_EXAMPLE},
                   {"What drew you to that subject?", TOLD_WHY}},
    [ASK_TERM] = {{"What is the hardest thing you have done with it?", TOLD_HARD},
                  {"Where did it reach its limits?", TOLD_HARD},
                  {"Why did you choose it over the alternatives?", TOLD_WHY}},
    [ASK_TIME_THERE] = {{"What did you take away from that?", TOLD_LEARNED},
                        {"What was the hardest part of that?", TOLD_HARD},
                        {"What are you proudest of from that time?", 0}},
    [ASK_SHARE] = {{"What was your own part in that?", TOLD_ROLE},
                   {"What was the hardest part of that?", TOLD_HARD},
                   {"What did you take away from that?", TOLD_LEARNED}},
    [ASK_DETAIL] = {{"How did you go about that?", TOLD_HOW},
                    {"What was the hardest part of that?", TOLD_HARD},
                    {"What did you pay most attention to?", 0},
                    {"What took the most time?", 0}},
    [ASK_MADE] = {{"How did you go about that?", TOLD_HOW},
                  {"What was the hardest part of that?", TOLD_HARD},
                  {"What did you pay most attention to?", 0},
                  {"What would you do differently today?", TOLD_DIFFERENT}},
    [ASK_DETAIL_NOW] = {{"What is the hardest part of that?", TOLD_HARD},
                        {"What do you pay most attention to?", 0},
                        {"What have you learned from that so far?", TOLD_LEARNED}},
    [ASK_SOUGHT] = {{"What were you looking for?", 0},
                    {"What did you pay most attention to?", 0},
                    {"How did you go about that?", TOLD_HOW}},
    [ASK_DUTY] = {{"What was the hardest part of that?", TOLD_HARD}, {"How much time did you have for that?", 0}},
    [ASK_STEP] = {{"What made you decide that?", TOLD_WHY}, {"How did that come about?", TOLD_WHY}},
    [ASK_RELATION] = {{"How does that relate to my question?", 0}, {"Can we come back to my question?", 0}},
};

/* ---- what was told ---- */

/* A star: the word may go on. */
static const struct {
    unsigned bit;
    const char *phrases;
} CUES[] = {
    {TOLD_HARD, "hard*|difficult*|challeng*|struggl*|tough*|tricky|toughest"},
    {TOLD_LEARNED, "learn*|taught me|lesson*|taught us|takeaway*"},
    {TOLD_DIFFERENT, "differently|next time|hindsight|should have|would have"},
    {TOLD_WHY, "because|reason*|since|so that|why|cause|in order to"},
    {TOLD_MEASURE, "measured|percent"},
    {TOLD_ROLE,
     "my part|supposed to|captain|president|my role|my job|i was responsible|my task|my responsibility|i was in charge|i myself|"
     "my responsibilities|my goal|asked me to|i was asked|i had to|i did|i was supposed"},
    {TOLD_EXAMPLE, "for example|for instance|one time|last year|last summer|last week|shown|last semester|last month|"
                   "there was a time|an example|when i was|one day"},
    {TOLD_REMEDY, "working on|improv*|overcome*|trying|tried|i try|practic*|getting better|better at|learn*|so now|"
                  "i've started|i started"},
    {TOLD_WHEN, "last|ago|semester*|summer*|year*|during|internship|college|high school|company|job|class|when i|"
                "when we|in my|at my"},
    {TOLD_OUTCOME,
     "result*|in the end|ended up|worked out|work out|turned out|success*|finally|eventually|happy|"
     "pleased|were able to|was able to|went well|went really well|it worked|outcome*|won|managed to|"
     "we got|got through|after that|passed|instead of|came first|came second|came third|and now|so now|now we|now he|now she|now they|again|loved|"
     "changed his mind|changed her mind|agreed|fine with|switched to|went with|better than before|on time|in time"},
    {TOLD_HOW,
     "step*|first i|what i did|first we|what we did|then i|then we|i decided|and then|we split|by using|with the help"},
};

/* The phrase up to the bar is said from token `i` on. */
static bool cue_at(const finder *f, size_t i, const char *phrase)
{
    for (; *phrase && *phrase != '|'; i++) {
        size_t len = strcspn(phrase, " |*");
        bool begins = phrase[len] == '*';
        if (i >= f->n || strncmp(f->t[i].key, phrase, len) != 0 || (!begins && f->t[i].key[len]))
            return false;
        phrase += len + begins;
        phrase += *phrase == ' ';
    }
    return true;
}

static bool is_said(const finder *f, const char *phrases)
{
    for (const char *p = phrases; *p; p += *p == '|') {
        for (size_t i = 0; i < f->n; i++)
            if (f->t[i].key[0] == *p && cue_at(f, i, p))
                return true;
        p += strcspn(p, "|");
    }
    return false;
}

static void note_told(finder *f)
{
    for (size_t k = 0; k < sizeof CUES / sizeof *CUES; k++)
        if (is_said(f, CUES[k].phrases))
            f->told |= CUES[k].bit;
}

/* ---- candidates ---- */

static bool was_asked(const rh_followup_context *about, const char *text)
{
    for (size_t i = 0; i < about->n_asked; i++)
        if (about->asked[i] && strstr(about->asked[i], text))
            return true;
    return false;
}

/* "built the prototype with a 3D printer" has said how. */
static bool says_with_what(const finder *f, const candidate *c)
{
    for (size_t i = c->first; i < c->end; i++)
        if (strcmp(f->t[i].key, "with") == 0)
            return true;
    return false;
}

/* A second sentence that was not asked and not answered; which of them comes first depends on the words. */
static const second_part *second_for(const finder *f, const candidate *c, const rh_followup_context *about,
                                     const rh_followup *out, size_t n_out)
{
    const second_part *all = SECONDS[c->ask];
    size_t n = 0, turn = 0;
    unsigned answered = f->told | (says_with_what(f, c) ? TOLD_HOW : 0);
    while (n < MAX_ASKS && all[n].text)
        n++;
    for (size_t k = 0; k < strlen(c->lead); k++)
        turn += (unsigned char)c->lead[k];
    for (size_t k = 0; k < n; k++) {
        const second_part *s = &all[(turn + k) % n];
        bool taken = ((answered | f->asked) & s->unless) || was_asked(about, s->text);
        for (size_t m = 0; m < n_out; m++)
            taken = taken || strstr(out[m].text, s->text);
        if (!taken)
            return s;
    }
    return NULL;
}

static bool overlaps(const finder *f, const candidate *c, const rh_followup *out, size_t n_out)
{
    float start = f->words[f->t[c->first].word].start, end = f->words[f->t[c->end - 1].word].end;
    for (size_t m = 0; m < n_out; m++)
        if (*out[m].quote && start < out[m].end && end > out[m].start)
            return true;
    return false;
}

static bool put(finder *f, const candidate *c, const rh_followup_context *about, rh_followup *out, size_t n_out)
{
    rh_followup *o = &out[n_out];
    if (was_asked(about, c->lead) || overlaps(f, c, out, n_out))
        return false;
    for (size_t m = 0; m < n_out; m++)
        if (out[m].kind == c->kind || (out[m].kind == RH_FOLLOWUP_OWN_PART && c->we))
            return false; /* whose part it was comes first */
    const second_part *second = second_for(f, c, about, out, n_out);
    if (!second)
        return false;
    *o = (rh_followup){
        .kind = c->kind, .start = f->words[f->t[c->first].word].start, .end = f->words[f->t[c->end - 1].word].end};
    (void)snprintf(o->text, sizeof o->text, "%s %s", c->lead, second->text);
    if (!rh_tokens_put(f->words, f->t, c->first, c->end, false, o->quote, sizeof o->quote))
        return false;
    f->asked |= second->unless & ~(unsigned)(TOLD_WHY | TOLD_EXAMPLE); /* of two things, two reasons */
    return true;
}

static void choose(finder *f, const rh_followup_context *about, rh_followup *out, size_t *n)
{
    while (*n < RH_FOLLOWUPS) {
        candidate *best = NULL;
        for (size_t i = 0; i < f->n_list; i++)
            if (f->list[i].weight > 0 && (!best || f->list[i].weight > best->weight))
                best = &f->list[i];
        if (!best)
            return;
        if (put(f, best, about, out, *n))
            ++*n;
        best->weight = 0;
    }
}

/* ---- the whole ---- */

/* A short answer is asked for more, by the best that it named. */
static void find_short(finder *f)
{
    candidate *best = NULL;
    if (f->n >= SHORT_WORDS)
        return;
    for (size_t i = 0; i < f->n_list; i++)
        if (!best || f->list[i].weight > best->weight)
            best = &f->list[i];
    if (!best || best->kind == RH_FOLLOWUP_NUMBER || f->n_list == MAX_CANDIDATES)
        return;
    candidate more = *best;
    more.kind = RH_FOLLOWUP_SHORT;
    more.ask = ASK_MORE;
    more.weight = 95;
    f->list[f->n_list++] = more;
}

rh_status rh_followups_find(const rh_analysis *a, const rh_followup_context *context, rh_followup out[RH_FOLLOWUPS],
                            size_t *n, rh_error *err)
{
    static const rh_followup_context nothing = {0};
    const rh_followup_context *about = context ? context : &nothing;
    const rh_word_list *words = &a->said.words[RH_WORDS_CLEAN];
    size_t n_words = words->n < MAX_WORDS ? words->n : MAX_WORDS;
    rh_token *t = NULL;
    finder *f = rh_calloc(1, sizeof *f);
    size_t found = 0;
    *n = 0;
    if (!f || rh_tokens_of(words->at, n_words, a->said.fillers, a->said.n_fillers, &t, &f->n) != RH_OK) {
        rh_free(f);
        return rh_fail(err, RH_ERR_NOMEM, "follow-ups: out of memory");
    }
    f->words = words->at;
    f->t = t;
    f->language = &a->language;
    f->story =
        f->n >= STORY_WORDS && (rh_asks_for_story(about->question, about->question_kind) || a->language.n_star >= 3);
    if (!*a->other_language && rh_tongue_of(a->said.language)->has_structure && f->n >= MIN_WORDS) {
        note_told(f);
        rh_find_deeds(f);
        rh_find_claims(f);
        rh_find_mentions(f);
        if (!f->story ||
            f->deeds_i + f->acts + f->told_of == 0) /* who tells what they did answers, in whatever words */
            rh_find_off_question(f, about->question);
        find_short(f);
        choose(f, about, out, &found);
    }
    rh_free(t);
    rh_free(f);
    *n = found;
    return RH_OK;
}
