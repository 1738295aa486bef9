/* point_rules.c - how far each side of an answer is from its target, in units of what listeners notice. Twelve points
 * of a score are about one such unit: so much a part takes where half of the listeners would speak of it. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "points.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/json.h"

static const double NOTICED = 12; /* points of a score */
static const double LEAST_STORY_S = 10;

static double within(double v)
{
    return fmax(0, fmin(1, v));
}

static double part_of(const rh_score *s, const char *name)
{
    for (int i = 0; i < s->n_parts; i++)
        if (strcmp(s->parts[i].name, name) == 0)
            return -(double)s->parts[i].points;
    return 0;
}

/* The longest pauses inside clauses, or of at least `least` in any place. */
static void longest_pauses(rh_point *p, const rh_timing *t, bool only_within, float least)
{
    rh_time_span *list = rh_calloc(t->n_pauses + 1, sizeof *list);
    size_t n = 0;
    for (size_t i = 0; list && i < t->n_pauses; i++)
        if ((!only_within || t->pauses[i].place == RH_PAUSE_WITHIN) && t->pauses[i].end - t->pauses[i].start >= least)
            list[n++] = (rh_time_span){t->pauses[i].start, t->pauses[i].end};
    rh_point_longest(p, list, n, "");
    rh_free(list);
}

static void add_remarks(rh_point *p, const rh_analysis *a, rh_remark_kind kind)
{
    for (size_t i = 0; i < a->language.n_remarks; i++) {
        const rh_remark *r = &a->language.remarks[i];
        if (r->kind != kind)
            continue;
        char *text = rh_analysis_term(a, r->first_word, r->n_words);
        rh_point_moment(p, r->start, r->end, text);
        rh_free(text);
    }
}

static const rh_tongue *tongue_of(const rh_analysis *a)
{
    return rh_tongue_of(a->said.language);
}

/* ---- how it was said ---- */

static bool pace(const rh_analysis *a, rh_point *p)
{
    const rh_tongue *t = tongue_of(a);
    double pace = (double)a->report.pace_wpm, loss = 100 - (double)a->report.pace.value;
    bool within_target =
        !(t->pace_low > 0) || (pace >= (double)t->pace_low - 0.5 && pace <= (double)t->pace_high + 0.5);
    bool fast = part_of(&a->report.pace, "fast") > 0 || (t->pace_low > 0 && pace > (double)t->pace_high);
    if (!a->report.pace.known || pace <= 0)
        return false;
    *p = (rh_point){.distance = loss / NOTICED,
                    .reserve = loss > 0 || !within_target ? 0 : 0.5,
                    .group = RH_POINT_PACE,
                    .praise = "A pace that is easy to follow",
                    .problem = fast ? "Slow down a little" : "Speak a little faster",
                    .advice = fast ? "Breathe at every full stop; the listener needs it more than you do."
                                   : "Decide on the next sentence before you start it, then say it in one go."};
    if (loss <= 0 && within_target) {
        p->problem = "Play with your pace";
        p->advice = "Slow down for the one sentence that matters most, and pause behind it.";
    }
    (void)snprintf(p->detail, sizeof p->detail, "You spoke %.0f %s a minute; %.0f to %.0f is easy to follow.", pace,
                   t->by_characters ? "characters" : "words", (double)t->pace_low, (double)t->pace_high);
    return true;
}

static bool broken_sentences(const rh_analysis *a, rh_point *p)
{
    const rh_timing *t = &a->report.timing;
    double n = t->n_within, loss = part_of(&a->report.fluency, "pauses inside clauses");
    if (!tongue_of(a)->openers)
        return false;
    *p = (rh_point){.distance = loss / 7,
                    .reserve = n < 1 && a->speech_s >= 15 ? 0.6 : 0,
                    .group = RH_POINT_FLOW,
                    .praise = "Sentences in one piece",
                    .problem = "Pauses in mid-sentence",
                    .advice = "Pause at the full stop instead: it sounds like thought, not like searching."};
    if (n < 1)
        (void)snprintf(p->detail, sizeof p->detail, "No pause fell inside a clause, where pauses hurt most.");
    else
        (void)snprintf(p->detail, sizeof p->detail, "%.0f pause%s fell inside a clause, where they hurt most.", n,
                       n == 1 ? "" : "s");
    longest_pauses(p, t, true, 0);
    return true;
}

static bool long_silences(const rh_analysis *a, rh_point *p)
{
    const rh_score *s = &a->report.fluency;
    double loss = part_of(s, "long silences") + part_of(s, "silence");
    if (loss <= 0)
        return false;
    *p = (rh_point){.distance = loss / NOTICED,
                    .group = RH_POINT_FLOW,
                    .praise = "",
                    .problem = "Long silences",
                    .advice = "Think first, then say a whole sentence; two seconds are enough."};
    (void)snprintf(p->detail, sizeof p->detail,
                   "The longest silence was %.1f s; up to 2 s between sentences nobody minds.",
                   (double)a->report.timing.longest_pause_s);
    longest_pauses(p, &a->report.timing, false, 2);
    return true;
}

static bool repairs(const rh_analysis *a, rh_point *p)
{
    int n = 0;
    *p = (rh_point){.distance = part_of(&a->report.fluency, "repetitions and restarts") / 9,
                    .group = RH_POINT_FLOW,
                    .praise = "",
                    .problem = "Words said twice or begun anew",
                    .advice = "Decide on the sentence before you start it, then say it slowly to its end."};
    for (size_t i = 0; i < a->said.n_disfluencies; i++) {
        const rh_disfluency *s = &a->said.disfluencies[i];
        if (s->kind == RH_DISFLUENCY_PROLONGATION)
            continue;
        n++;
        rh_point_moment(p, s->start, s->end, s->text);
    }
    (void)snprintf(p->detail, sizeof p->detail, "%d time%s a word or phrase was said twice, cut off or begun anew.", n,
                   n == 1 ? "" : "s");
    return p->distance > 0;
}

static bool fillers(const rh_analysis *a, rh_point *p)
{
    double n = a->report.filler_words_count, per_minute = (double)a->report.fillers_per_minute;
    double loss = 100 - (double)a->report.hesitation.value;
    if (!a->report.hesitation.known)
        return false;
    *p = (rh_point){.distance = loss / NOTICED,
                    .group = RH_POINT_FILLERS,
                    .praise = "Hardly any filler words",
                    .problem = "Filler words",
                    .advice = "When you feel one coming, close your mouth and pause."};
    bool long_enough = a->speech_s >= 15; /* for praise */
    p->reserve = loss > 0 ? 0 : n < 1 ? (long_enough ? 0.7 : 0.25) : (long_enough ? 0.4 : 0);
    if (n < 1)
        (void)snprintf(p->detail, sizeof p->detail, "None was heard.");
    else
        (void)snprintf(p->detail, sizeof p->detail, "%.0f filler%s, %.1f a minute; up to 5 a minute nobody minds.", n,
                       n == 1 ? "" : "s", per_minute);
    for (size_t i = 0; i < a->said.n_fillers; i++) {
        const rh_filler *f = &a->said.fillers[i];
        rh_point_moment(p, f->start, f->end, rh_filler_said(tongue_of(a), f));
    }
    return true;
}

/* What the microphone took: each has its own remedy. */
static bool sound(const rh_analysis *a, rh_point *p)
{
    static const struct {
        const char *part, *problem, *detail, *advice;
    } all[] = {
        /* by the order in which they spoil what is behind them */
        {"quiet", "Speak up or come closer", "Your voice was very quiet in the recording.",
         "Come a hand closer to the microphone, or turn its gain up."},
        {"background", "A quieter place", "The background was loud against your voice.",
         "Close the door or the window, or use a microphone near your mouth."},
        {"muffled", "Speak more clearly", "Your consonants hardly came through.",
         "Open your mouth, finish the ends of words, and face the microphone."},
        {"clipped", "Turn the microphone down", "The recording is clipped.", "Turn the microphone's gain down."},
        {"very fast speech", "Give words their time", "Syllables ran into each other.",
         "Slow down so that endings can be heard."},
    };
    const rh_score *s = &a->report.clarity;
    double worst = 0;
    if (!s->known)
        return false;
    *p = (rh_point){.group = RH_POINT_SOUND,
                    .praise = "Easy to understand",
                    .problem = "Speak more clearly",
                    .advice = "Finish the ends of words and open your mouth a little more."};
    (void)snprintf(p->detail, sizeof p->detail, "Clarity %.0f of 100.", rh_tenth((double)s->value));
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        double loss = part_of(s, all[i].part) * (i == 1   ? 1.4
                                                 : i == 4 ? 0.7
                                                          : 1); /* haste is the pace's first of all */
        if (loss <= worst)
            continue;
        worst = loss;
        p->problem = all[i].problem;
        p->advice = all[i].advice;
        (void)snprintf(p->detail, sizeof p->detail, "%s", all[i].detail);
    }
    p->distance = worst / NOTICED;
    p->reserve = worst > 0 || s->value < 88 ? 0 : 0.4;
    return true;
}

/* The sounds of the words: of learners, where the raters would say so. */
static bool sounds(const rh_analysis *a, rh_point *p)
{
    const rh_speech_report *r = &a->report;
    int n = 0;
    if (!r->pronunciation.known)
        return false;
    *p = (rh_point){.distance = fmax(0, 94 - (double)r->pronunciation.value) / (1.5 * NOTICED),
                    .group = RH_POINT_SPEECH,
                    .praise = "Clear words",
                    .problem = "Practise single words",
                    .advice = r->pronunciation.advice};
    p->reserve = r->pronunciation.value >= 95 ? 0.35 : 0;
    for (size_t i = 0; i < r->n_word_scores; i++) {
        const rh_word_score *w = &r->word_scores[i];
        if (w->score >= RH_UNCLEAR_SCORE)
            continue;
        n++;
        rh_point_moment(p, w->start, w->end, w->heard);
    }
    if (n)
        (void)snprintf(p->detail, sizeof p->detail, "Pronunciation %.0f of 100; %d word%s could be taken for another.",
                       rh_tenth((double)r->pronunciation.value), n, n == 1 ? "" : "s");
    else
        (void)snprintf(p->detail, sizeof p->detail, "Pronunciation %.0f of 100.",
                       rh_tenth((double)r->pronunciation.value));
    return true;
}

static bool melody(const rh_analysis *a, rh_point *p)
{
    double spread = (double)a->report.voice.f0_spread_st;
    if (!a->sound_known || a->report.voice.voiced_s < 5)
        return false;
    *p = (rh_point){.distance = part_of(&a->report.prosody, "melody") / NOTICED,
                    .reserve = within((spread - 6.5) / 4),
                    .group = RH_POINT_MELODY,
                    .praise = "A lively voice",
                    .problem = "Let your voice move",
                    .advice = "Stress the one word in each sentence that matters."};
    (void)snprintf(p->detail, sizeof p->detail, "Your pitch moved over %.1f semitones; lively speakers use 6 to 12.",
                   spread);
    return true;
}

static bool endings(const rh_analysis *a, rh_point *p)
{
    const rh_prosody *t = &a->report.voice;
    double statements = 0, rises = (double)t->n_rises;
    for (size_t i = 0; i < t->n_ends; i++)
        statements += !t->ends[i].question;
    /* A claim about statements needs half of them measured, and three. */
    if (statements < 3 || 2 * statements < (double)a->language.n_sentences)
        return false;
    *p = (rh_point){.distance = fmax(0, rises / statements - 0.4) / 0.2,
                    .group = RH_POINT_MELODY,
                    .praise = "Sentences that come to an end",
                    .problem = "Statements that sound like questions",
                    .advice = "Let your voice drop on the last word."};
    p->reserve = (double)t->n_falls / statements >= 0.7 ? 0.4 : 0;
    (void)snprintf(p->detail, sizeof p->detail, "%.0f of %.0f statements ended with a rising voice.", rises,
                   statements);
    for (size_t i = 0; i < t->n_ends; i++)
        if (t->ends[i].kind == RH_END_RISE && !t->ends[i].question)
            rh_point_moment(p, fmaxf(0, t->ends[i].t - 2), t->ends[i].t, NULL);
    return true;
}

/* ---- what was said ---- */

/* An answer to a question, whose content was judged. */
static bool is_answer(const rh_analysis *a)
{
    return a->report.content.known && a->said.question && *a->said.question;
}

static bool answers(const rh_analysis *a, rh_point *p)
{
    const rh_score *s = &a->report.content;
    double loss = is_answer(a) ? fmax(part_of(s, "answers the question"), part_of(s, "sentences")) : 0;
    if (loss <= 0)
        return false;
    *p = (rh_point){.distance = loss / 14,
                    .group = RH_POINT_ANSWER,
                    .praise = "",
                    .problem = "Answer the question",
                    .advice = "Say in your first sentence what the question asked for, then prove it."};
    (void)snprintf(p->detail, sizeof p->detail, "Little of what you said had to do with the question.");
    return true;
}

static bool story(const rh_analysis *a, rh_point *p)
{
    const rh_score *s = &a->report.content;
    const rh_language *l = &a->language;
    const char *missing = NULL;
    int found = 0;
    for (int i = 0; i < RH_STAR_PARTS; i++) {
        if (l->star_sentence[i] < 0)
            continue;
        const rh_sentence *at = &l->sentences[l->star_sentence[i]];
        found++;
        rh_point_moment(p, at->start, at->end, rh_star_name(i));
    }
    if (!is_answer(a) || a->speech_s < LEAST_STORY_S)
        return false;
    double result = part_of(s, "result"), deed = part_of(s, "what was done"), setting = part_of(s, "setting");
    double reason = part_of(s, "reason or example");
    if (result + deed + setting + reason <= 0 && found < 3)
        return false;
    missing = result > 0 ? "the result" : deed > 0 ? "what you did" : setting > 0 ? "where and when it was" : NULL;
    missing = missing ? missing : reason > 0 ? "a reason or an example" : NULL;
    /* Of two sentences nobody asks for their parts, nor of an answer to another question. */
    bool too_short = part_of(s, "too short") > 8, elsewhere = part_of(s, "answers the question") > 30;
    p->distance = too_short || elsewhere ? 0 : (result + deed + setting + reason) / 10;
    p->weight = 1.15;
    p->reserve = found == RH_STAR_PARTS ? 0.8 : found == 3 ? 0.5 : 0;
    p->group = RH_POINT_ANSWER;
    p->praise = "A story with a beginning and an end";
    p->problem = result > 0 ? "Say what came of it" : "Tell the whole story";
    p->advice = result > 0 ? "End with the result, with a number if you have one."
                           : "Situation and task in two sentences, what you did in four, the result in one.";
    if (missing)
        (void)snprintf(p->detail, sizeof p->detail, "One part of the answer was not found: %s.", missing);
    else
        (void)snprintf(p->detail, sizeof p->detail, "%d of the 4 parts of a story were found.", found);
    return true;
}

static bool concrete(const rh_analysis *a, rh_point *p)
{
    const rh_language *l = &a->language;
    double n = l->counts[RH_REMARK_NUMBER] + l->counts[RH_REMARK_NAME];
    if (!is_answer(a) || a->speech_s < 15)
        return false;
    *p = (rh_point){.weight = 0.8,
                    .distance = fmax(0, 1.6 - (double)l->concreteness) / 1.4,
                    .reserve = within(((double)l->concreteness - 2) / 5),
                    .group = RH_POINT_WORDING,
                    .praise = "Concrete facts",
                    .problem = "Be more concrete",
                    .advice = "Name one number, one tool or one person: how many, how long, by how much."};
    (void)snprintf(p->detail, sizeof p->detail, "%.0f number%s and name%s in your answer.", n, n == 1 ? "" : "s",
                   n == 1 ? "" : "s");
    add_remarks(p, a, RH_REMARK_NUMBER);
    return true;
}

static bool hedges(const rh_analysis *a, rh_point *p)
{
    const rh_language *l = &a->language;
    double n = l->counts[RH_REMARK_HEDGE], share = (double)l->hedges_per_100;
    /* One or two are nobody's habit. */
    double judged = 100 * (n - 1) / fmax(l->n_words, 80);
    const rh_tongue *t = tongue_of(a);
    if (!t->hedges || a->speech_s < 8)
        return false;
    *p = (rh_point){.weight = 0.9,
                    .distance = fmax(0, judged - 1.8) / 1.4,
                    .reserve = n < 1 && a->speech_s >= 30 ? 0.35 : 0,
                    .group = RH_POINT_WORDING,
                    .praise = "Said with confidence",
                    .problem = "Words that take back what you say",
                    .advice = p->words};
    (void)snprintf(p->words, sizeof p->words, "Leave out %s where you do know.", t->hedge_example);
    (void)snprintf(p->detail, sizeof p->detail, "%.0f hedging word%s, %.1f in a hundred words.", n, n == 1 ? "" : "s",
                   share);
    add_remarks(p, a, RH_REMARK_HEDGE);
    return true;
}

static bool vague(const rh_analysis *a, rh_point *p)
{
    const rh_language *l = &a->language;
    double n = l->counts[RH_REMARK_WEAK], share = (double)l->weak_per_100;
    double judged = 100 * (n - 1) / fmax(l->n_words, 80);
    const rh_tongue *t = tongue_of(a);
    if (!t->weak || a->speech_s < 8 || judged <= 3.5)
        return false;
    *p = (rh_point){.distance = (judged - 3.5) / 2,
                    .group = RH_POINT_WORDING,
                    .praise = "",
                    .problem = "Vague words",
                    .advice = p->words};
    (void)snprintf(p->words, sizeof p->words, "Put the thing itself in the place of %s.", t->weak_example);
    (void)snprintf(p->detail, sizeof p->detail, "%.0f vague word%s, %.1f in a hundred words.", n, n == 1 ? "" : "s",
                   share);
    add_remarks(p, a, RH_REMARK_WEAK);
    return true;
}

static bool own_part(const rh_analysis *a, rh_point *p)
{
    const rh_language *l = &a->language;
    double i = l->n_i, we = l->n_we;
    bool asked = a->said.question && *a->said.question && !a->report.has_reference;
    if (!asked || !tongue_of(a)->i || i + we < 5)
        return false;
    *p = (rh_point){.weight = 0.8,
                    .distance = fmax(0, 0.4 - (double)l->i_share) / 0.2,
                    .reserve = l->i_share > 0.6f ? 0.35 : 0,
                    .group = RH_POINT_ANSWER,
                    .praise = "Your own part is clear",
                    .problem = "Say what you did yourself",
                    .advice = "Credit the team once, then tell what you decided and did."};
    (void)snprintf(p->detail, sizeof p->detail,
                   tongue_of(a)->has_structure ? "You said \"I\" or \"my\" %.0f times, \"we\" or \"our\" %.0f times."
                                               : "You spoke of yourself %.0f times, of a group you were in %.0f times.",
                   i, we);
    return true;
}

static bool length(const rh_analysis *a, rh_point *p)
{
    double words = a->report.n_words;
    bool shorter = words < 150;
    if (!is_answer(a))
        return false;
    *p = (rh_point){.distance = shorter ? fmax(0, 62 - words) / 14 : fmax(0, words - 330) / 55,
                    .reserve = words >= 110 && words <= 300 ? 0.35 : 0,
                    .group = RH_POINT_ANSWER,
                    .praise = "A good length",
                    .problem = shorter ? "Say more" : "Come to the point sooner",
                    .advice = shorter ? "Add one example: what happened, what you did, what came of it."
                                      : "Aim at one to two minutes; the interviewer will ask for more."};
    (void)snprintf(p->detail, sizeof p->detail,
                   "%.0f words in %.0f seconds; most answers are best at 120 to 300 words.", words, a->speech_s);
    return true;
}

/* In the order in which ties are told. */
const rh_point_rule rh_point_rules[] = {
    answers,       rh_point_framing, rh_point_eyes, rh_point_facing, pace,    fillers, broken_sentences,
    long_silences, repairs,          sound,         melody,          endings, sounds,  length,
    story,         hedges,           vague,         concrete,        own_part};
const size_t rh_n_point_rules = sizeof rh_point_rules / sizeof *rh_point_rules;
