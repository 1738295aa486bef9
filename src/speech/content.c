/* content.c - is it an answer, and how good a one? Rules over its words: whether it speaks of what was
 * asked, has the parts of an answer, says how many and who, tells the speaker's own part, and is neither
 * too short nor too long. It reads words, not meaning; limits: docs/scoring.md, Content. */
#include "content.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "language_internal.h"
#include "rehearse/base/alloc.h"
#include "asked.h"
#include "score_rules.h"
#include "word_order.h"

static const float ON_LOSS_MOST = 75.0f; /* what is no answer keeps at most 40 */

static float ramp(float v, float from, float to, float points)
{
    float share = (v - from) / (to - from);
    return points * fminf(fmaxf(share, 0.0f), 1.0f);
}

static void take(rh_score *s, const char *name, float value, const char *unit, float points)
{
    if (!(points > -0.05f))
        rh_score_add_part(s, name, value, unit, points);
}

static const char *advice_of(const char *part)
{
    static const struct {
        const char *part, *advice;
    } all[] = {
        {"answers the question", "Say in your first sentence what the question asked for, then prove it."},
        {"sentences", "Speak in whole sentences, one thought each."},
        {"result", "End with what came of it, with a number if you have one."},
        {"what was done", "Say what you did, step by step, with \"I\"."},
        {"setting", "Begin with where and when it was, in one sentence."},
        {"reason or example", "Give a reason or an example: \"because\", \"for example\"."},
        {"numbers and names", "Name one number, one tool or one person: how many, how long, by how much."},
        {"hedges", "Leave out \"maybe\" and \"I think\" where you do know."},
        {"vague words", "Put the thing itself in the place of \"stuff\" and \"a lot of\"."},
        {"own part", "Credit the team once, then tell what you decided and did."},
        {"too short", "Add one example: what happened, what you did, what came of it."},
        {"too long", "Aim at one to two minutes; the interviewer will ask for more."},
        {"repetition", "Say each thing once."},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i].part, part) == 0)
            return all[i].advice;
    return "";
}

/* ---- parts ---- */

/* Running English: a quarter of it is made of a few small words, and they stand in an order. Words in any order do
 * not. */
static void judge_sentences(const rh_key *keys, size_t n, rh_score *s)
{
    static const char core[] =
        "a and at but for he i in is it me my of on so that the they this to was we were with you";
    size_t small = 0, broken = rh_words_out_of_order(keys, n);
    for (size_t i = 0; i < n; i++)
        small += rh_word_in(keys[i], core);
    float share = (float)small / (float)n, per_100 = 100.0f * (float)broken / (float)n;
    float scattered = ramp(share, 0.17f, 0.09f, -ON_LOSS_MOST);
    float disordered = broken >= 3 ? ramp(per_100, 2.5f, 3.5f, -ON_LOSS_MOST) : 0.0f;
    if (disordered < scattered)
        take(s, "sentences", per_100, "pairs out of order in a hundred words", disordered);
    else
        take(s, "sentences", share, "share of small words", scattered);
}

static void judge_topic(const rh_key *keys, size_t n, const char *question, rh_score *s)
{
    int hits = rh_topic_hits(keys, n, question);
    float wanted = fminf(fmaxf((float)n / 25.0f, 1.0f), 3.0f); /* different words of the topic */
    take(s, "answers the question", (float)hits, "words of its topic", ramp((float)hits, wanted, 0.0f, -ON_LOSS_MOST));
}

static bool gives_reason(const rh_key *keys, size_t n)
{
    static const char signs[] = "because|for example|for instance|such as|so that|that is why|that's why|the reason|"
                                "when i|which is why|since i|i've|therefore";
    for (size_t i = 0; i < n; i++)
        if (rh_phrase_at(keys, n, i, signs))
            return true;
    return false;
}

static void judge_structure(const rh_language *l, const rh_key *keys, size_t n, bool story, rh_score *s)
{
    const int *at = l->star_sentence;
    if (!story) {
        bool reasoned = gives_reason(keys, n) || at[RH_STAR_ACTION] >= 0 || at[RH_STAR_RESULT] >= 0;
        take(s, "reason or example", 0, "", reasoned ? 0.0f : -10.0f);
        return;
    }
    take(s, "result", 0, "found", at[RH_STAR_RESULT] >= 0 ? 0.0f : -14.0f);
    take(s, "what was done", 0, "found", at[RH_STAR_ACTION] >= 0 ? 0.0f : -14.0f);
    take(s, "setting", 0, "found", at[RH_STAR_SITUATION] >= 0 || at[RH_STAR_TASK] >= 0 ? 0.0f : -8.0f);
}

static void judge_wording(const rh_language *l, rh_score *s)
{
    take(s, "numbers and names", l->concreteness, "in a hundred words", ramp(l->concreteness, 1.5f, 0.0f, -10.0f));
    take(s, "hedges", l->hedges_per_100, "in a hundred words", ramp(l->hedges_per_100, 1.5f, 6.0f, -16.0f));
    take(s, "vague words", l->weak_per_100, "in a hundred words", ramp(l->weak_per_100, 3.0f, 9.0f, -14.0f));
    float own = l->n_i + l->n_we >= 4 ? ramp(l->i_share, 0.35f, 0.05f, -12.0f) : 0.0f;
    if (l->n_i + l->n_we == 0)
        own = -15.0f;
    take(s, "own part", l->i_share, "share of \"I\"", own);
    if (l->variety > 0.0f)
        take(s, "repetition", l->variety, "different words", ramp(l->variety, 0.58f, 0.35f, -15.0f));
}

static void judge_length(size_t n, rh_score *s)
{
    float words = (float)n;
    take(s, "too short", words, "words", ramp(words, 60.0f, 30.0f, -15.0f) + ramp(words, 30.0f, 8.0f, -45.0f));
    take(s, "too long", words, "words", ramp(words, 380.0f, 700.0f, -25.0f));
}

static void close_content(rh_score *s)
{
    float total = 100.0f, worst = -2.0f;
    const char *advice = "Your answer has what an answer needs: keep its shape.";
    for (int i = 0; i < s->n_parts; i++) {
        total += s->parts[i].points;
        if (s->parts[i].points < worst) {
            worst = s->parts[i].points;
            advice = advice_of(s->parts[i].name);
        }
    }
    s->known = true;
    s->value = fminf(fmaxf(total, 0.0f), 100.0f);
    (void)snprintf(s->advice, sizeof s->advice, "%s", advice);
}

rh_status rh_content_judge(const rh_speech_input *in, const rh_language *l, const char *question, const char *kind,
                           rh_score *out, rh_error *err)
{
    rh_score s = {0};
    size_t n = 0;
    if (!rh_tongue_of(in->language)->has_structure || l->n_words == 0 || (in->reference && in->reference[0])) {
        *out = s;
        return RH_OK;
    }
    rh_key *keys = rh_calloc(in->n_words + 1, sizeof *keys);
    if (!keys)
        return rh_fail(err, RH_ERR_NOMEM, "content: out of memory");
    for (size_t i = 0; i < in->n_words; i++) {
        rh_word_key(in->words[i].text, keys[n]);
        n += keys[n][0] != '\0';
    }
    const rh_key *k = (const rh_key *)keys;
    if (n > 0) {
        judge_sentences(k, n, &s);
        judge_topic(k, n, question, &s);
        judge_structure(l, k, n, rh_asks_for_story(question, kind), &s);
        judge_wording(l, &s);
        judge_length(n, &s);
        close_content(&s);
    }
    rh_free(keys);
    *out = s;
    return RH_OK;
}
