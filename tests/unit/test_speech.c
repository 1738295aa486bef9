/* Scores and counts from tables of words: no sound needed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/speech/scores.h"
#include "speech/score_tables.h"
#include "speech/speech_internal.h"

enum { MAX_WORDS = 400 };

typedef struct {
    rh_word words[MAX_WORDS];
    char text[MAX_WORDS * 24];
    rh_speech_input in;
} speech;

/* Words of `text` at `wpm`, each with probability p, evenly spaced. */
static void say(speech *s, const char *text, float wpm, float p)
{
    memset(s, 0, sizeof *s);
    snprintf(s->text, sizeof s->text, "%s", text);
    float step = 60.0f / wpm;
    size_t n = 0;
    for (char *save = NULL, *w = strtok_r(s->text, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
        s->words[n] = (rh_word){w, (float)n * step, (float)n * step + step, p, (1 - p) / 2, 3 * (1 - p), false};
        n++;
    }
    s->in.words = s->words;
    s->in.n_words = n;
    s->in.duration_s = (double)((float)n * step);
    s->in.speech_s = s->in.duration_s;
}

static rh_speech_report measured(const speech *s)
{
    rh_speech_report r;
    rh_speech_report_init(&r);
    rh_error e;
    assert_int_equal(rh_speech_measure(&s->in, &r, &e), RH_OK);
    return r;
}

static const char *const answer = "I led a team of five people, and we moved the whole system in three months. "
                                  "It was hard at first, but every week we talked about what went well.";

static void confidence_is_the_measured_chance_of_the_words(void **state)
{
    (void)state;
    static const float chances[][2] = {{0.0f, 0.08f}, {0.25f, 0.28f}, {0.5f, 0.5f}, {0.85f, 0.83f}, {1.0f, 0.99f}};
    for (size_t i = 0; i < sizeof chances / sizeof *chances; i++) {
        speech s;
        say(&s, answer, 140, chances[i][0]);
        rh_speech_report r = measured(&s);
        assert_float_equal(r.confidence, chances[i][1], 0.001f);
        rh_speech_report_done(&r);
    }
}

static void silence_is_a_reading_with_a_reason(void **state)
{
    (void)state;
    speech s = {0};
    s.in.duration_s = 5.0;
    rh_speech_report r = measured(&s);
    assert_false(r.spoken);
    assert_non_null(strstr(r.reason, "There was no speech in the recording: check"));
    assert_false(r.fluency.known);
    rh_speech_report_done(&r);
}

static void laughter_alone_is_no_answer(void **state)
{
    (void)state;
    speech s;
    say(&s, "Ha ha! Haha, heh, hehehe.", 150, 0.97f);
    rh_speech_report r = measured(&s);
    assert_false(r.spoken);
    assert_non_null(strstr(r.reason, "laughter"));
    rh_speech_report_done(&r);
    s.in.reference = "Ha ha! Haha, heh, hehehe.";
    r = measured(&s);
    assert_true(r.spoken);
    rh_speech_report_done(&r);
    static const char *const said[] = {"He.", "Ha ha, yes.", "Her.", "Hat.", "H."};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        say(&s, said[i], 150, 0.97f);
        r = measured(&s);
        assert_true(r.spoken);
        rh_speech_report_done(&r);
    }
}

static void good_speech_lands_high(void **state)
{
    (void)state;
    speech s;
    say(&s, answer, 150, 0.97f);
    rh_speech_report r = measured(&s);
    assert_true(r.fluency.value > 85 && r.clarity.value > 85 && r.pronunciation.value > 85);
    assert_int_equal(r.n_words, 30);
    assert_true(fabsf(r.pace_wpm - 150) < 1);
    rh_speech_report_done(&r);
}

static void score_is_the_sum_of_its_parts(void **state)
{
    (void)state;
    speech s;
    say(&s, answer, 90, 0.8f);
    rh_speech_report r = measured(&s);
    const rh_score *all[] = {&r.fluency, &r.clarity, &r.pronunciation, &r.prosody, &r.pace, &r.hesitation, &r.overall};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        float sum = 100;
        for (int i = 0; i < all[k]->n_parts; i++)
            sum += all[k]->parts[i].points;
        assert_true(fabsf(sum - all[k]->value) < 0.01f);
        assert_true(strlen(all[k]->advice) > 10);
    }
    rh_speech_report_done(&r);
}

static void slower_unsure_or_chopped_speech_scores_lower(void **state)
{
    (void)state;
    speech s;
    say(&s, answer, 150, 0.97f);
    rh_speech_report good = measured(&s);
    say(&s, answer, 75, 0.97f);
    rh_speech_report slow = measured(&s);
    say(&s, answer, 150, 0.6f);
    rh_speech_report unsure = measured(&s);
    say(&s, answer, 150, 0.97f);
    for (size_t i = 0, cut = 0; i < s.in.n_words; i++) {
        cut += i % 3 == 2;
        s.words[i].start += (float)cut * 0.7f;
        s.words[i].end += (float)cut * 0.7f;
    }
    rh_speech_report chopped = measured(&s);
    assert_true(slow.pace.value < good.pace.value - 20);
    assert_true(chopped.fluency.value < good.fluency.value - 10);
    assert_int_equal((int)chopped.timing.n_pauses, 10);
    assert_true(unsure.clarity.value < good.clarity.value - 6);
    assert_true(unsure.pronunciation.value < good.pronunciation.value - 6);
    assert_true(slow.overall.value < good.overall.value);
    rh_speech_report_done(&good);
    rh_speech_report_done(&slow);
    rh_speech_report_done(&unsure);
    rh_speech_report_done(&chopped);
}

/* `answer` with so long a pause behind its first sentence. */
static float fluency_with_pause_between(float pause_s)
{
    speech s;
    say(&s, answer, 160, 0.5f); /* who is not fluent: what the learned part takes shows */
    bool behind = false;
    for (size_t i = 0; i < s.in.n_words; i++) {
        s.words[i].start += behind ? pause_s : 0.0f;
        s.words[i].end += behind ? pause_s : 0.0f;
        behind |= strchr(s.words[i].text, '.') != NULL;
    }
    s.in.duration_s += (double)pause_s;
    rh_speech_report r = measured(&s);
    float value = r.fluency.value;
    rh_speech_report_done(&r);
    return value;
}

static void a_pause_between_sentences_is_no_matter_of_flow(void **state)
{
    (void)state;
    assert_float_equal(fluency_with_pause_between(1.9f), fluency_with_pause_between(0.7f), 0.01f);
    assert_true(fluency_with_pause_between(6.0f) < fluency_with_pause_between(1.9f) - 5);
}

/* 115 to 170 words a minute are all as good; haste gains nothing in any score. */
static void pace_is_a_plateau(void **state)
{
    (void)state;
    static const struct {
        float wpm, at_least, at_most;
    } paces[] = {{60, 0, 60},     {80, 60, 80},  {100, 85, 98}, {118, 100, 100}, {145, 100, 100},
                 {168, 100, 100}, {200, 85, 96}, {225, 55, 85}, {270, 0, 55}};
    float even = 0;
    for (size_t i = 0; i < sizeof paces / sizeof *paces; i++) {
        speech s;
        say(&s, answer, paces[i].wpm, 0.97f);
        rh_speech_report r = measured(&s);
        if (!(r.pace.value >= paces[i].at_least && r.pace.value <= paces[i].at_most))
            fail_msg("at %g words a minute: pace %g", (double)paces[i].wpm, (double)r.pace.value);
        even = paces[i].at_least >= 100 ? fmaxf(even, r.overall.value) : even;
        if (paces[i].wpm > 190)
            assert_true(r.overall.value < even);
        rh_speech_report_done(&r);
    }
}

static bool has_part(const rh_score *s, const char *name)
{
    for (int i = 0; i < s->n_parts; i++)
        if (strcmp(s->parts[i].name, name) == 0)
            return true;
    return false;
}

/* A loop of the recogniser is not haste, and a mumbled text is not left out. */
static void rules_ask_the_sound_too(void **state)
{
    (void)state;
    enum { N = 400 };
    static float level[N], f0[N];
    speech s;
    say(&s, "you can tell that you can tell that you can tell that you can tell that you can tell that", 900, 0.9f);
    rh_speech_report r = measured(&s);
    assert_true(has_part(&r.fluency, "very fast speech"));
    rh_speech_report_done(&r);
    for (size_t i = 0; i < N; i++) { /* two syllables a second */
        level[i] = -20.0f - 20.0f * fabsf(sinf((float)i * 3.14159f / 50.0f));
        f0[i] = 120;
    }
    rh_contour c = {
        .n = N, .level_db = level, .f0_hz = f0, .voicing = f0, .change_db = level, .noise_db = -60, .speech_db = -20};
    s.in.contour = &c;
    r = measured(&s);
    assert_false(has_part(&r.fluency, "very fast speech"));
    rh_speech_report_done(&r);

    say(&s, "one", 60, 0.9f);
    s.in.reference = "one two three four five six";
    r = measured(&s);
    assert_true(has_part(&r.pronunciation, "words left out"));
    rh_speech_report_done(&r);
    say(&s, "wontufree forfisix", 30, 0.9f); /* as many syllables as the text has, in two words */
    s.in.reference = "one two three four five six";
    s.in.contour = &c;
    r = measured(&s);
    assert_true(r.completeness < 0.5f && r.timing.n_syllables_heard >= 5);
    assert_false(has_part(&r.pronunciation, "words left out"));
    rh_speech_report_done(&r);
}

static void fillers_are_counted_by_word_and_cost_only_when_many(void **state)
{
    (void)state;
    speech s;
    say(&s, "Um, I like it so much. Uh, um, right.", 120, 0.95f);
    rh_speech_report r = measured(&s);
    assert_int_equal(r.filler_words_count, 3);
    assert_int_equal(r.fillers[RH_FILLER_UM], 2);
    assert_int_equal(r.fillers[RH_FILLER_UH], 1);
    rh_speech_report_done(&r);
    const rh_filler heard[] = {{RH_FILLER_LIKE, 1, 1.3f, 1, 0, 1, NULL},
                               {RH_FILLER_UM, 2, 2.4f, 1, 1, 0, NULL},
                               {RH_FILLER_LIKE, 3, 3.2f, 1, 2, 1, NULL}};
    s.in.fillers = heard;
    s.in.n_fillers = 3;
    s.in.fillers_known = true;
    r = measured(&s);
    assert_int_equal(r.filler_words_count, 3);
    assert_int_equal(r.fillers[RH_FILLER_LIKE], 2);
    rh_speech_report_done(&r);
}

static void many_fillers_cost_and_a_few_do_not(void **state)
{
    (void)state;
    speech s;
    say(&s, answer, 150, 0.97f);
    rh_speech_report none = measured(&s);
    rh_filler heard[8];
    for (size_t i = 0; i < 8; i++)
        heard[i] = (rh_filler){.kind = RH_FILLER_UM, .start = (float)i, .end = (float)i + 0.3f, .p = 1};
    s.in.fillers = heard;
    s.in.fillers_known = true;
    s.in.n_fillers = 1; /* five a minute */
    rh_speech_report few = measured(&s);
    s.in.n_fillers = 8;
    rh_speech_report many = measured(&s);
    assert_true(none.fluency.value - few.fluency.value < 4);
    assert_true(none.hesitation.value - few.hesitation.value < 8);
    assert_true(many.hesitation.value < none.hesitation.value - 40);
    assert_true(many.fluency.value < none.fluency.value - 15);
    assert_true(many.overall.value < none.overall.value - 3);
    assert_non_null(strstr(many.fluency.advice, "Fillers"));
    rh_speech_report_done(&none);
    rh_speech_report_done(&few);
    rh_speech_report_done(&many);
}

/* A voice by how its sound is rated, of three stretches: the whole is judged by each as long as it lasts. */
static void each_stretch_counts_by_its_length(void **state)
{
    (void)state;
    static float well[RH_SOUND_INPUTS], badly[RH_SOUND_INPUTS];
    const rh_score_model *m = &rh_score_models[RH_RATING_PROSODIC];
    float power = 0.0f, third[3];
    for (size_t i = 0; i < RH_SOUND_INPUTS; i++)
        power += m->sound[i] * m->sound[i];
    for (size_t i = 0; i < RH_SOUND_INPUTS; i++) {
        well[i] = (95.0f - m->sound_offset) * m->sound[i] / power;
        badly[i] = (35.0f - m->sound_offset) * m->sound[i] / power;
    }
    speech s;
    say(&s, answer, 150, 0.7f);
    float end = s.in.words[s.in.n_words - 1].end;
    for (size_t k = 0; k < 3; k++) { /* badly in none, in a fifth, in all of it */
        const float at = end * (k == 0 ? 1.0f : k == 1 ? 0.8f : 0.0f);
        const rh_pooled g[] = {{.start = 0, .end = at, .x = well, .n = RH_SOUND_INPUTS},
                               {.start = at, .end = end, .x = badly, .n = RH_SOUND_INPUTS}};
        const rh_speech_segment seg = {.end = end, .n_words = s.in.n_words, .pooled = g, .n_pooled = 2};
        s.in.segments = &seg;
        s.in.n_segments = 1;
        s.in.model = "base";
        rh_speech_report r = measured(&s);
        third[k] = r.prosody.value;
        rh_speech_report_done(&r);
    }
    assert_true(third[0] > third[1] + 1 && third[1] > third[2] + 10);
    assert_true(third[0] - third[1] < third[1] - third[2]);
}

/* A voice that the raters would give `rating` of 100 for everything, by its sound: Kaczmarz' rows in turn. */
static void sound_rated(float rating, float pooled[RH_SOUND_INPUTS])
{
    memset(pooled, 0, RH_SOUND_INPUTS * sizeof *pooled);
    for (int turn = 0; turn < 1000; turn++) {
        const rh_score_model *m = &rh_score_models[turn % RH_RATINGS];
        float power = 0.0f, is = m->sound_offset;
        for (size_t i = 0; i < RH_SOUND_INPUTS; i++) {
            power += m->sound[i] * m->sound[i];
            is += m->sound[i] * pooled[i];
        }
        for (size_t i = 0; i < RH_SOUND_INPUTS; i++)
            pooled[i] += (rating - is) * m->sound[i] / power;
    }
}

/* Noise has a rule of clarity, hesitations one of flow. */
static void noise_leaves_the_other_scores_alone(void **state)
{
    (void)state;
    enum { N = 1200 };
    static float pooled[RH_SOUND_INPUTS], level[N], f0[N];
    speech s;
    sound_rated(30, pooled);
    say(&s, answer, 150, 0.7f);
    for (size_t i = 0; i < N; i++) {
        level[i] = i % 25 < 6 ? -60.0f : -20.0f;
        f0[i] = 120.0f + 40.0f * sinf((float)i / 40.0f);
    }
    rh_contour c = {
        .n = N, .level_db = level, .f0_hz = f0, .voicing = f0, .change_db = level, .noise_db = -60, .speech_db = -20};
    const rh_pooled whole = {.end = 12, .x = pooled, .n = RH_SOUND_INPUTS};
    rh_speech_segment seg = {.end = 12, .n_words = s.in.n_words, .pooled = &whole, .n_pooled = 1};
    s.in.segments = &seg;
    s.in.n_segments = 1;
    s.in.model = "base";
    s.in.contour = &c;
    rh_speech_report plain = measured(&s);
    c.noise_db = -35; /* 15 dB below the speech */
    rh_speech_report noisy = measured(&s);
    c.noise_db = -60;
    rh_filler heard[3];
    for (size_t i = 0; i < 3; i++)
        heard[i] = (rh_filler){.kind = RH_FILLER_UM, .start = (float)i, .end = (float)i + 0.3f, .p = 1};
    s.in.fillers = heard;
    s.in.fillers_known = true;
    s.in.n_fillers = 3;
    rh_speech_report hesitant = measured(&s);
    assert_true(plain.prosody.value < 90 && plain.pronunciation.value < 95);
    assert_float_equal(noisy.fluency.value, plain.fluency.value, 0.01);
    assert_float_equal(noisy.prosody.value, plain.prosody.value, 0.01);
    assert_float_equal(noisy.pronunciation.value, plain.pronunciation.value, 0.01);
    assert_true(noisy.clarity.value < plain.clarity.value);
    assert_float_equal(hesitant.prosody.value, plain.prosody.value, 0.01);
    assert_true(hesitant.fluency.value < plain.fluency.value);
    rh_speech_report_done(&plain);
    rh_speech_report_done(&noisy);
    rh_speech_report_done(&hesitant);
}

/* Somebody who is not fluent: what raters heard of the flow counts once, beside pauses that are counted. */
static void pauses_and_what_was_heard_of_them_count_once(void **state)
{
    (void)state;
    speech s;
    float broken_up[2], even[2];
    for (int k = 0; k < 2; k++) { /* sure and unsure words */
        say(&s, answer, 150, k ? 0.5f : 0.97f);
        rh_speech_report r = measured(&s);
        even[k] = r.fluency.value;
        rh_speech_report_done(&r);
        for (size_t i = 0, cut = 0; i < s.in.n_words; i++) {
            cut += i % 5 == 4;
            s.words[i].start += (float)cut * 0.9f;
            s.words[i].end += (float)cut * 0.9f;
        }
        r = measured(&s);
        broken_up[k] = r.fluency.value;
        float sum = 100.0f;
        for (int i = 0; i < r.fluency.n_parts; i++)
            sum += r.fluency.parts[i].points;
        assert_true(has_part(&r.fluency, "pauses inside clauses"));
        assert_float_equal(fmaxf(sum, 0.0f), r.fluency.value, 0.5);
        rh_speech_report_done(&r);
    }
    assert_true(broken_up[0] < even[0] - 8 && broken_up[1] < even[1]);
    assert_true(even[1] - broken_up[1] < even[0] - broken_up[0]);
}

/* Two words and ten minutes of the same delivery are judged alike. */
static void length_does_not_decide(void **state)
{
    (void)state;
    static speech shorter, longer;
    say(&shorter, "Yes, certainly.", 120, 0.95f);
    rh_speech_report two = measured(&shorter);
    assert_true(two.fluency.known && two.fluency.value > 60 && two.fluency.value <= 100);
    assert_true(two.pronunciation.value > 60);
    say(&longer, answer, 150, 0.95f);
    rh_speech_report once = measured(&longer);
    size_t n = longer.in.n_words;
    for (size_t k = n; k + n <= MAX_WORDS; k += n)
        for (size_t i = 0; i < n; i++) {
            longer.words[k + i] = longer.words[i];
            longer.words[k + i].start += (float)k * 0.4f;
            longer.words[k + i].end += (float)k * 0.4f;
            longer.in.n_words = k + n;
        }
    longer.in.duration_s = (double)longer.in.n_words * 0.4;
    rh_speech_report many = measured(&longer);
    assert_true(fabsf(many.fluency.value - once.fluency.value) < 3);
    assert_true(fabsf(many.pronunciation.value - once.pronunciation.value) < 3);
    rh_speech_report_done(&two);
    rh_speech_report_done(&once);
    rh_speech_report_done(&many);
}

static void reference_shows_missed_added_and_replaced(void **state)
{
    (void)state;
    speech s;
    say(&s, "We call it beer now.", 120, 0.9f);
    s.in.reference = "WE ALWAYS CALL IT BEAR";
    rh_speech_report r = measured(&s);
    assert_true(r.has_reference);
    assert_int_equal(r.n_missed, 1);
    assert_int_equal(r.n_replaced, 1);
    assert_int_equal(r.n_added, 1);
    assert_int_equal(r.n_word_scores, 6);
    assert_int_equal(r.word_scores[1].what, RH_MISSED);
    assert_string_equal(r.word_scores[1].expected, "always");
    assert_int_equal(r.word_scores[4].what, RH_MISPRONOUNCED); /* most letters are the same */
    assert_string_equal(r.word_scores[4].heard, "beer");
    assert_true(fabsf(r.word_scores[4].start - 1.5f) < 0.001f);
    assert_int_equal(r.word_scores[5].what, RH_ADDED);
    assert_true(fabsf(r.completeness - 0.8f) < 0.001f);
    rh_speech_report_done(&r);
}

static void the_sound_tells_a_bad_word_from_another(void **state)
{
    (void)state;
    speech s;
    say(&s, "We call it water.", 120, 0.95f);
    rh_word forced[] = {{"We", 0, 0.4f, 0.99f, 0.001f, 0, false},
                        {"call", 0.5f, 0.9f, 0.9f, 0.05f, 0, false},
                        {"it", 1, 1.3f, 0.95f, 0.02f, 0, false},
                        {"what.", 1.5f, 2, 0.02f, 0.9f, 0, false}};
    s.in.reference = "We call it what";
    s.in.forced = forced;
    s.in.n_forced = 4;
    rh_speech_report r = measured(&s);
    assert_int_equal(r.word_scores[3].what, RH_MISPRONOUNCED);
    assert_int_equal(r.n_replaced, 1);
    assert_int_equal(r.n_mispronounced, 1);
    assert_true(r.word_scores[3].score < 50);
    rh_speech_report_done(&r);
    forced[3].p = 1e-6f; /* nothing in the sound speaks for it */
    r = measured(&s);
    assert_int_equal(r.word_scores[3].what, RH_REPLACED);
    assert_int_equal(r.n_mispronounced, 0);
    rh_speech_report_done(&r);
}

static void spellings_of_one_word_are_no_difference(void **state)
{
    (void)state;
    static const struct {
        const char *said, *reference;
        int same;
    } pairs[] = {
        {"Mr. Gray counseled the color center", "mister grey counselled the colour centre", 1},
        {"We organized the traveling", "we organised the travelling", 1},
        {"The wise four fire", "the wize for fier", 0},
        {"this desert", "thiz dessert", 0},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        speech s;
        say(&s, pairs[i].said, 100, 0.9f);
        s.in.reference = pairs[i].reference;
        rh_speech_report r = measured(&s);
        if ((r.n_missed + r.n_added + r.n_replaced == 0) != pairs[i].same)
            fail_msg("\"%s\" and \"%s\"", pairs[i].said, pairs[i].reference);
        rh_speech_report_done(&r);
    }
}

static void digits_match_spelled_numbers_both_ways(void **state)
{
    (void)state;
    static const struct {
        const char *said, *reference;
    } same[] = {
        {"3227", "THREE TWO TWO SEVEN"},
        {"I am 23.", "I AM TWENTY THREE"},
        {"It has 1,250 parts", "it has one thousand two hundred fifty parts"},
        {"three two two seven", "3227"},
        {"twenty-one days", "21 days"},
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        speech s;
        say(&s, same[i].said, 100, 0.9f);
        s.in.reference = same[i].reference;
        rh_speech_report r = measured(&s);
        if (r.n_missed + r.n_added + r.n_replaced != 0)
            fail_msg("\"%s\" differs from \"%s\"", same[i].said, same[i].reference);
        rh_speech_report_done(&r);
    }
}

static void forced_words_lend_their_score(void **state)
{
    (void)state;
    speech s;
    say(&s, "We call it bear.", 120, 0.95f);
    s.words[1].p = s.words[3].p = 0.05f; /* understood only with the help of the text, or not at all */
    rh_word forced[] = {{"We", 0, 0.4f, 0.99f, 0.001f, 0, false},
                        {"call", 0.5f, 0.9f, 0.9f, 0.05f, 0, false},
                        {"it", 1, 1.3f, 0.02f, 0.9f, 0, false},
                        {"bear.", 1.5f, 2, 0.02f, 0.9f, 0, false}};
    s.in.reference = "We call it bear";
    s.in.forced = forced;
    s.in.n_forced = 4;
    rh_speech_report r = measured(&s);
    assert_true(r.word_scores[0].score > 90);
    assert_true(r.word_scores[1].score > 80);
    assert_true(r.word_scores[2].score > 80); /* forced behind a wrong text, but clear without it */
    assert_true(r.word_scores[3].score < 30);
    rh_speech_report_done(&r);
}

static void compared(const char *said, const char *reference, int missed, int added, int replaced)
{
    speech s;
    say(&s, said, 120, 0.9f);
    s.in.reference = reference;
    rh_speech_report r = measured(&s);
    if (r.n_missed != missed || r.n_added != added || r.n_replaced != replaced)
        fail_msg("\"%s\" against \"%s\": %d missed, %d added, %d replaced", said, reference, r.n_missed, r.n_added,
                 r.n_replaced);
    rh_speech_report_done(&r);
}

static void texts_are_split_as_unicode_says(void **state)
{
    (void)state;
    static const char said[] = "And so, my fellow Americans, ask not what your country can do.";
    static const char *const texts[] = {
        "And\xc2\xa0so, my\xc2\xa0"
        "fellow\xe2\x80\xaf"
        "Americans, ask not\xe2\x80\x83what your\xe3\x80\x80"
        "country can do.",
        "And so\xe2\x80\x94my fellow Americans\xe2\x80\xa6"
        "ask not what your country\xe2\x80\x93"
        "can do",
        "And so,my fellow Americans,ask not what your country can do",
        "And so--my fellow Americans.Ask not what your country can do!",
        "And so my fellow\xe2\x80\xa8"
        "Americans\r\n\task not what your coun\xc2\xadtry can do",
        "\xef\xbc\xa1nd so\xef\xbc\x8cmy fellow Americans\xe3\x80\x82"
        "ask not what your country can do\xef\xbc\x81",
        "\xef\xbb\xbf\xe2\x80\x9c"
        "And so\xe2\x80\x9d my fellow Americans, ask not what your country can do.",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        compared(said, texts[i], 0, 0, 0);
    compared("It's a well-known e.g. for the U.S. army.",
             "It\xe2\x80\x99s a well\xe2\x80\x91known e.g. for the U.S. army", 0, 0, 0);
    compared("A caf\xc3\xa9.", "a CAFE\xcc\x81", 0, 0, 0);
}

static void numbers_have_one_form(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"We grew 25% last year.", "We grew twenty-five percent last year"},
        {"We grew 25% last year.", "We grew 25 percent last year"},
        {"We grew 25% last year.", "we grew 25 per cent last year"},
        {"It costs $25.", "It costs twenty-five dollars"},
        {"It costs $3.50 a piece.", "It costs three dollars and fifty cents a piece"},
        {"It costs $3 million.", "it costs three million dollars"},
        {"It costs \xc2\xa3"
         "5 or 5 \xe2\x82\xac.",
         "it costs five pounds or five euros"},
        {"The 1st, the 2nd and the 23rd.", "the first, the second and the twenty-third"},
        {"It began in 1995 and ended in 2005.", "It began in nineteen ninety-five and ended in two thousand and five"},
        {"Meet at 10:30 a.m.", "meet at ten thirty am"},
        {"Meet at 10:00.", "meet at ten o'clock"},
        {"It is 5 km and 3.5 kg.", "it is five kilometres and three point five kilograms"},
        {"We had 1,200 people.", "we had one thousand two hundred people"},
        {"We had 205.", "We had two hundred and five."},
        {"We had 100 people.", "we had a hundred people"},
        {"R&D is 20\xc2\xb0.", "R and D is twenty degrees"},
        {"Room 101.", "room one oh one"},
        {"I am 100% sure.", "I am a hundred percent sure"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        compared(pairs[i][0], pairs[i][1], 0, 0, 0);
        compared(pairs[i][1], pairs[i][0], 0, 0, 0);
    }
    compared("We grew 25% last year.", "We grew thirty-five percent last year", 0, 0, 1);
}

static void an_unrelated_text_was_not_said(void **state)
{
    (void)state;
    speech s;
    say(&s,
        "And so, my fellow Americans, ask not what your country can do for you, ask what you can do for your country.",
        120, 0.95f);
    s.in.reference =
        "The quick brown fox jumps over the lazy dog while seven wizards quietly mix a bright potion for the king.";
    rh_speech_report r = measured(&s);
    assert_true(r.completeness < 0.1f);
    rh_speech_report_done(&r);
}

static void reference_text_takes_sentence_case(void **state)
{
    (void)state;
    char *t = rh_reference_text("  I THINK I'M  FINE\n");
    assert_string_equal(t, " I think I'm fine.");
    rh_free(t);
    t = rh_reference_text("Is Paris big?");
    assert_string_equal(t, " Is Paris big?");
    rh_free(t);
}

static void reference_is_followed_from_piece_to_piece(void **state)
{
    (void)state;
    const char *reference = "We call it bear. It lives in\nthe woods, and we like it.";
    speech s;
    size_t bytes = 99;
    say(&s, "We call a bear. It lifts in", 120, 0.9f);
    assert_int_equal(rh_reference_reached(reference, s.words, s.in.n_words, &bytes, NULL), RH_OK);
    assert_int_equal(bytes, strlen("We call it bear. It lives in"));
    say(&s, "the wood", 120, 0.9f);
    assert_int_equal(rh_reference_reached(reference + bytes, s.words, 2, &bytes, NULL), RH_OK);
    assert_int_equal(bytes, strlen("\nthe"));
    assert_int_equal(rh_reference_reached("", s.words, 2, &bytes, NULL), RH_OK);
    assert_int_equal(bytes, 0);
}

static void bad_input_is_refused(void **state)
{
    (void)state;
    speech s;
    rh_error e;
    rh_speech_report r;
    rh_speech_report_init(&r);
    say(&s, "a b", 100, 0.9f);
    s.words[1].start = NAN;
    assert_int_equal(rh_speech_measure(&s.in, &r, &e), RH_ERR_INVAL);
    say(&s, "a b", 100, 0.9f);
    s.words[0].p = 1.5f;
    assert_int_equal(rh_speech_measure(&s.in, &r, &e), RH_ERR_INVAL);
    say(&s, "a b", 100, 0.9f);
    rh_speech_segment seg = {.first_word = 1, .n_words = 2};
    s.in.segments = &seg;
    s.in.n_segments = 1;
    assert_int_equal(rh_speech_measure(&s.in, &r, &e), RH_ERR_INVAL);
    assert_false(r.spoken);
}

static void every_failed_allocation_is_reported(void **state)
{
    (void)state;
    speech s;
    say(&s, "Um, we call it beer now.", 60, 0.9f);
    for (size_t i = 3; i < s.in.n_words; i++) {
        s.words[i].start += 1;
        s.words[i].end += 1;
    }
    s.in.reference = "We call it a bear";
    rh_speech_report r;
    rh_speech_report_init(&r);
    long n = 1;
    for (;; n++) {
        rh_alloc_fail_at(n);
        rh_status st = rh_speech_measure(&s.in, &r, NULL);
        rh_alloc_fail_at(0);
        if (st == RH_OK)
            break;
        assert_int_equal(st, RH_ERR_NOMEM);
        assert_false(r.spoken);
    }
    assert_true(n > 8);
    rh_speech_report_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(confidence_is_the_measured_chance_of_the_words),
        cmocka_unit_test(silence_is_a_reading_with_a_reason),
        cmocka_unit_test(laughter_alone_is_no_answer),
        cmocka_unit_test(good_speech_lands_high),
        cmocka_unit_test(score_is_the_sum_of_its_parts),
        cmocka_unit_test(slower_unsure_or_chopped_speech_scores_lower),
        cmocka_unit_test(a_pause_between_sentences_is_no_matter_of_flow),
        cmocka_unit_test(pace_is_a_plateau),
        cmocka_unit_test(rules_ask_the_sound_too),
        cmocka_unit_test(fillers_are_counted_by_word_and_cost_only_when_many),
        cmocka_unit_test(many_fillers_cost_and_a_few_do_not),
        cmocka_unit_test(each_stretch_counts_by_its_length),
        cmocka_unit_test(noise_leaves_the_other_scores_alone),
        cmocka_unit_test(pauses_and_what_was_heard_of_them_count_once),
        cmocka_unit_test(length_does_not_decide),
        cmocka_unit_test(reference_shows_missed_added_and_replaced),
        cmocka_unit_test(the_sound_tells_a_bad_word_from_another),
        cmocka_unit_test(spellings_of_one_word_are_no_difference),
        cmocka_unit_test(digits_match_spelled_numbers_both_ways),
        cmocka_unit_test(forced_words_lend_their_score),
        cmocka_unit_test(reference_is_followed_from_piece_to_piece),
        cmocka_unit_test(reference_text_takes_sentence_case),
        cmocka_unit_test(texts_are_split_as_unicode_says),
        cmocka_unit_test(numbers_have_one_form),
        cmocka_unit_test(an_unrelated_text_was_not_said),
        cmocka_unit_test(bad_input_is_refused),
        cmocka_unit_test(every_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
