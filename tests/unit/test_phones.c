/* Sounds of words: the dictionary, and where in made-up sound they lie. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "rehearse/base/alloc.h"
#include "rehearse/speech/scores.h"
#include "rehearse/speech/word_table.h"
#include "speech/chunks.h"
#include "speech/score_tables.h"
#include "speech/sound_norms.h"

enum { MAX_STEPS = 200, SURE = 2, UNSURE = 20, NO = 120 };

static void spell(const rh_pronunciation *p, char out[256])
{
    out[0] = '\0';
    for (size_t i = 0; i < p->n; i++) {
        strcat(out, i ? " " : "");
        strcat(out, rh_phone_name(p->at[i]));
    }
}

static void assert_said(const char *word, const char *sounds)
{
    rh_pronunciation ways[RH_WAYS];
    char text[256];
    size_t n = rh_lexicon_find(word, ways);
    for (size_t i = 0; i < n; i++) {
        spell(&ways[i], text);
        if (strcmp(text, sounds) == 0)
            return;
    }
    fail_msg("%s is not said %s (%zu ways, the last %s)", word, sounds, n, n ? text : "");
}

static void words_are_found_as_written(void **state)
{
    (void)state;
    assert_said("think", "TH IH NG K");
    assert_said(" Think,", "TH IH NG K");
    assert_said("THE", "DH AH");
    assert_said("the", "DH IY");
    assert_said("don't", "D OW N T");
    assert_said("don\xE2\x80\x99t.", "D OW N T");
    assert_said("'hello'", "HH AH L OW");
    assert_said("a", "AH");
    assert_said("zurich", "Z UH R IH K");
}

static void other_words_have_no_sounds(void **state)
{
    rh_pronunciation ways[RH_WAYS];
    char long_word[300];
    (void)state;
    memset(long_word, 'a', sizeof long_word - 1);
    long_word[sizeof long_word - 1] = '\0';
    const char *const none[] = {"",
                                " ",
                                "...",
                                "qqzzx",
                                "25",
                                "fran\xC3\xA7"
                                "ais",
                                "think twice",
                                long_word,
                                "'",
                                "\xE2\x80\x99"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(rh_lexicon_find(none[i], ways), 0);
}

static int phone(const char *name)
{
    for (int p = 1; p < RH_PHONES; p++)
        if (strcmp(rh_phone_name(p), name) == 0)
            return p;
    fail_msg("no sound %s", name);
    return 0;
}

/* `n` steps more in which one sound is sure and another not far. */
static size_t sound(uint8_t *cost, size_t at, size_t n, int sure, int near)
{
    for (size_t i = at; i < at + n; i++) {
        memset(cost + i * RH_PHONES, NO, RH_PHONES);
        cost[i * RH_PHONES + (size_t)near] = UNSURE;
        cost[i * RH_PHONES + (size_t)sure] = SURE;
    }
    return at + n;
}

static size_t align(const uint8_t *cost, size_t n_steps, const char *const *texts, size_t n, rh_phone_said **out)
{
    rh_word words[8] = {{0}};
    size_t n_out;
    for (size_t i = 0; i < n; i++)
        words[i].text = texts[i];
    const rh_phone_steps steps = {.cost = cost, .n = n_steps, .start_s = 1.0f, .step_s = 0.02f};
    assert_int_equal(rh_phones_align(&steps, words, n, out, &n_out, NULL), RH_OK);
    return n_out;
}

static void a_wrong_sound_is_named(void **state)
{
    static uint8_t cost[MAX_STEPS * RH_PHONES];
    (void)state;
    size_t n = sound(cost, 0, 10, RH_PHONE_SILENCE, phone("T"));
    n = sound(cost, n, 5, phone("AY"), phone("AA"));
    n = sound(cost, n, 6, RH_PHONE_SILENCE, phone("T"));
    n = sound(cost, n, 4, phone("S"), phone("TH")); /* "I sink" for "I think" */
    n = sound(cost, n, 4, phone("IH"), phone("IY"));
    n = sound(cost, n, 3, phone("NG"), phone("N"));
    n = sound(cost, n, 4, phone("K"), phone("G"));
    n = sound(cost, n, 9, RH_PHONE_SILENCE, phone("T"));
    rh_phone_said *said;
    assert_int_equal(align(cost, n, (const char *const[]){"I", "think"}, 2, &said), 5);
    assert_int_equal(said[0].phone, phone("AY"));
    assert_float_equal(said[0].start, 1.2f, 1e-4f);
    assert_float_equal(said[0].end, 1.3f, 1e-4f);
    assert_float_equal(said[0].logp, -(float)SURE / 16, 1e-4f);
    assert_float_equal(said[0].margin, (float)(UNSURE - SURE) / 16, 1e-4f);
    assert_int_equal(said[1].phone, phone("TH"));
    assert_int_equal(said[1].word, 1);
    assert_int_equal(said[1].rival, phone("S"));
    assert_float_equal(said[1].start, 1.42f, 1e-4f);
    assert_float_equal(said[1].margin, (float)(SURE - UNSURE) / 16, 1e-4f);
    assert_int_equal(said[4].phone, phone("K"));
    assert_float_equal(said[4].end, 1.72f, 1e-4f);
    rh_free(said);
}

static rh_phone_said heard(const char *name, const char *rival, float margin, float length)
{
    return (rh_phone_said){.phone = phone(name), .rival = phone(rival), .margin = margin, .end = length};
}

static void only_clear_changes_are_told(void **state)
{
    (void)state;
    const rh_phone_said told = heard("TH", "S", -1.6f, 0.06f), vowel = heard("IY", "IH", -2.6f, 0.06f);
    assert_true(rh_phone_is_off(&told, false));
    assert_true(rh_phone_is_off(&vowel, false));
    assert_false(rh_phone_is_off(&told, true));
    const rh_phone_said sure = heard("TH", "S", -4.1f, 0.06f);
    assert_true(rh_phone_is_off(&sure, true));
    const rh_phone_said not [] = {heard("TH", "S", -1.4f, 0.06f),  heard("TH", "S", -9.0f, 0.02f),
                                  heard("IY", "IH", -2.4f, 0.06f), heard("T", "D", -9.0f, 0.06f),
                                  heard("Z", "S", -9.0f, 0.06f),   heard("TH", "IY", -9.0f, 0.06f)};
    for (size_t i = 0; i < sizeof not / sizeof *not ; i++)
        assert_false(rh_phone_is_off(&not [i], false));
    const rh_phone_said even = heard("TH", "S", 0.0f, 0.06f), good = heard("TH", "S", 3.0f, 0.06f);
    assert_float_equal(rh_phone_score(&even), 50.0f, 0.01f);
    assert_float_equal(rh_phone_score(&good), 95.26f, 0.01f);
    for (int p = 1; p < RH_PHONES; p++)
        assert_non_null(strstr(rh_phone_sound(p), " in "));
}

static void the_worst_sound_speaks_for_the_word(void **state)
{
    (void)state;
    const rh_phone_said said[] = {heard("TH", "S", -1.8f, 0.06f), heard("IH", "IY", 1.0f, 0.06f),
                                  heard("K", "G", -3.0f, 0.06f)};
    rh_word_score w = {.what = RH_MISPRONOUNCED, .score = 40.0f, .phones = said, .n_phones = 3};
    assert_ptr_equal(rh_word_worst_sound(&w), &said[2]);
    w.n_phones = 2;
    assert_ptr_equal(rh_word_worst_sound(&w), &said[0]);
    w.what = RH_SAID;
    w.score = 90.0f; /* understood: more is asked */
    assert_null(rh_word_worst_sound(&w));
    w.n_phones = 0;
    assert_null(rh_word_worst_sound(&w));
}

static float later(void *user, float t)
{
    (void)user;
    return t + 10.0f;
}

/* Two segments, the second copied into a table of its own as for a range of a session. */
static void a_word_keeps_its_sounds(void **state)
{
    (void)state;
    rh_word_table t = {0}, copy = {0};
    const rh_phone_said said[] = {{.phone = 32, .rival = 29, .word = 1, .start = 1.5f, .end = 1.6f, .margin = -3.0f},
                                  {.phone = 17, .rival = 18, .word = 1, .start = 1.6f, .end = 1.7f, .margin = 2.0f}};
    const rh_word i = {.start = 1.0f, .end = 1.4f, .p = 0.9f}, think = {.start = 1.5f, .end = 1.9f, .p = 0.9f};
    for (int k = 0; k < 2; k++) {
        assert_int_equal(rh_word_table_segment(&t, (float)k, (float)k + 1, "I think"), RH_OK);
        assert_int_equal(rh_word_table_word(&t, RH_WORDS_CLEAN, &i, "I", 1), RH_OK);
        assert_int_equal(rh_word_table_word(&t, RH_WORDS_CLEAN, &think, "think", 5), RH_OK);
        assert_int_equal(rh_word_table_phones(&t, false, said, 2), RH_OK);
    }
    assert_int_equal(rh_word_table_copy(&copy, &t, 1, 2, later, NULL), RH_OK);
    const rh_speech_input in = rh_word_table_input(&copy, NULL, 20.0);
    rh_speech_report r;
    rh_speech_report_init(&r);
    assert_int_equal(rh_speech_measure(&in, &r, NULL), RH_OK);
    assert_int_equal(r.n_word_scores, 2);
    assert_int_equal(r.word_scores[0].n_phones, 0);
    assert_int_equal(r.word_scores[1].n_phones, 2);
    assert_float_equal(r.word_scores[1].phones[0].start, 11.5f, 1e-4f);
    assert_string_equal(rh_phone_name(r.word_scores[1].phones[0].phone), "TH");
    rh_speech_report_done(&r);
    rh_word_table_done(&copy);
    rh_word_table_done(&t);
}

static void a_word_is_taken_as_it_was_said(void **state)
{
    static uint8_t cost[MAX_STEPS * RH_PHONES];
    (void)state;
    size_t n = sound(cost, 0, 4, phone("DH"), phone("D"));
    n = sound(cost, n, 4, phone("IY"), phone("IH"));
    n = sound(cost, n, 4, phone("EH"), phone("AE"));
    n = sound(cost, n, 4, phone("N"), phone("M"));
    n = sound(cost, n, 4, phone("D"), phone("T"));
    rh_phone_said *said;
    assert_int_equal(align(cost, n, (const char *const[]){"the", "end"}, 2, &said), 5);
    assert_int_equal(said[1].phone, phone("IY"));
    assert_true(said[1].margin > 0);
    rh_free(said);
}

static void an_unknown_word_takes_its_room(void **state)
{
    static uint8_t cost[MAX_STEPS * RH_PHONES];
    (void)state;
    size_t n = sound(cost, 0, 12, phone("Z"), phone("S"));
    n = sound(cost, n, 5, phone("AY"), phone("AA"));
    rh_phone_said *said;
    assert_int_equal(align(cost, n, (const char *const[]){"qqzzx", "I"}, 2, &said), 1);
    assert_int_equal(said[0].word, 1);
    assert_float_equal(said[0].start, 1.24f, 1e-4f);
    rh_free(said);
}

static void more_sounds_than_steps_are_none(void **state)
{
    static uint8_t cost[MAX_STEPS * RH_PHONES];
    (void)state;
    size_t n = sound(cost, 0, 3, phone("AY"), phone("AA"));
    rh_phone_said *said;
    assert_int_equal(align(cost, n, (const char *const[]){"think"}, 1, &said), 0);
    rh_free(said);
    assert_int_equal(align(cost, 0, (const char *const[]){"think"}, 1, &said), 0);
    assert_null(said);
    assert_int_equal(align(cost, n, NULL, 0, &said), 0);
    assert_null(said);
}

/* ---- sounds in the scores ---- */

enum { SAID_WORDS = 4, SAID_SOUNDS = 12 };

/* "I think so too", said at once; the encoder's output is the same in all tests. */
typedef struct {
    rh_word words[SAID_WORDS];
    rh_phone_said sounds[SAID_SOUNDS];
    float pooled[RH_SOUND_INPUTS];
    rh_pooled whole;
    rh_speech_segment segment;
    rh_speech_input in;
} sentence;

/* Sound i lies `off[i]` deviations from how good speakers say it. */
static void say(sentence *s, const float *off, size_t n_sounds)
{
    static const char *const texts[SAID_WORDS] = {"I", "think", "so", "too"};
    static const char *const names[SAID_SOUNDS] = {"AY", "TH", "IH", "NG", "K", "S", "OW", "T", "UW", "TH", "IH", "NG"};
    *s = (sentence){0};
    for (size_t i = 0; i < SAID_WORDS; i++)
        s->words[i] = (rh_word){.text = texts[i],
                                .start = 0.3f * (float)i,
                                .end = 0.3f * (float)(i + 1),
                                .p = 0.9f,
                                .p_rival = 0.02f,
                                .entropy = 0.2f};
    for (size_t i = 0; i < n_sounds; i++) {
        int p = phone(names[i]);
        const rh_sound_norm *n = rh_sound_norms[p];
        s->sounds[i] = (rh_phone_said){.phone = p,
                                       .rival = phone("S"),
                                       .word = i * SAID_WORDS / SAID_SOUNDS,
                                       .start = 0.1f * (float)i,
                                       .end = 0.1f * (float)(i + 1),
                                       .logp = n[RH_NORM_LOGP].mean + off[i] * n[RH_NORM_LOGP].deviation,
                                       .margin = n[RH_NORM_MARGIN].mean + off[i] * n[RH_NORM_MARGIN].deviation};
    }
    /* a voice that is rated 90 of 100 by its sound */
    const rh_score_model *m = &rh_score_models[RH_RATING_ACCURACY];
    float power = 0.0f;
    for (int i = 0; i < RH_SOUND_INPUTS; i++)
        power += m->sound[i] * m->sound[i];
    for (int i = 0; i < RH_SOUND_INPUTS; i++)
        s->pooled[i] = (90.0f - m->sound_offset) * m->sound[i] / power;
    s->whole = (rh_pooled){.end = 1.2f, .x = s->pooled, .n = RH_SOUND_INPUTS};
    s->segment = (rh_speech_segment){
        .end = 1.2f, .n_words = SAID_WORDS, .n_phones = n_sounds, .pooled = &s->whole, .n_pooled = 1};
    s->in = (rh_speech_input){.words = s->words,
                              .n_words = SAID_WORDS,
                              .segments = &s->segment,
                              .n_segments = 1,
                              .phones = s->sounds,
                              .n_phones = n_sounds,
                              .duration_s = 1.2,
                              .model = "base"};
}

static rh_chunk measured(const rh_speech_input *in)
{
    rh_speech_report r;
    rh_chunk *chunks;
    size_t n;
    rh_speech_report_init(&r);
    assert_int_equal(rh_speech_measure(in, &r, NULL), RH_OK);
    assert_int_equal(rh_chunks_measure(in, &r, &chunks, &n, NULL), RH_OK);
    assert_int_equal(n, 1);
    rh_chunk out = chunks[0];
    rh_free(chunks);
    rh_speech_report_done(&r);
    return out;
}

static void sounds_are_measured_by_those_of_good_speakers(void **state)
{
    static const float off[SAID_SOUNDS] = {0.5f, -3.0f, 0.5f, 0.5f, 0.5f, -20.0f, 0.5f, 0.5f, 0.5f, -1.0f, -1.0f, 0.5f};
    sentence s;
    (void)state;
    say(&s, off, SAID_SOUNDS);
    rh_chunk c = measured(&s.in);
    assert_true(c.has_phones);
    /* no sound counts for more than -8 */
    assert_float_equal(c.x[RH_F_PHONE_LOGP], (8 * 0.5f - 3 - 8 - 2) / 12, 0.01f);
    assert_float_equal(c.x[RH_F_PHONE_MARGIN], (8 * 0.5f - 3 - 8 - 2) / 12, 0.01f);
    assert_float_equal(c.x[RH_F_PHONE_LOGP_LOW], (-8 - 3 - 2) / 4.0f, 0.01f);
    assert_float_equal(c.x[RH_F_PHONE_MARGIN_LOW], (-8 - 3 - 2) / 4.0f, 0.01f);
    say(&s, off, 2);
    assert_false(measured(&s.in).has_phones); /* too few to tell */
    say(&s, off, SAID_SOUNDS);
    s.segment.phones_forced = true;
    assert_false(measured(&s.in).has_phones); /* of a text's words, and there is no text */
}

static rh_speech_report scored(const rh_speech_input *in)
{
    rh_speech_report r;
    rh_speech_report_init(&r);
    assert_int_equal(rh_speech_measure(in, &r, NULL), RH_OK);
    return r;
}

static float points_of_sounds(const rh_score *s)
{
    for (int i = 0; i < s->n_parts; i++)
        if (strcmp(s->parts[i].name, "sounds of the words") == 0)
            return s->parts[i].points;
    return 0.0f;
}

static void bad_sounds_cost_pronunciation_alone(void **state)
{
    static const float good[SAID_SOUNDS] = {0.2f, 0.2f, 0.2f, 0.2f, 0.2f, 0.2f, 0.2f, 0.2f, 0.2f, 0.2f, 0.2f, 0.2f};
    static const float bad[SAID_SOUNDS] = {-2, -4, -1, -2, -3, -4, -1, -2, -2, -5, -2, -3};
    sentence s;
    (void)state;
    say(&s, good, SAID_SOUNDS);
    rh_speech_report well = scored(&s.in);
    say(&s, bad, SAID_SOUNDS);
    rh_speech_report badly = scored(&s.in);
    assert_true(well.pronunciation.value - badly.pronunciation.value > 0.2f);
    assert_true(well.clarity.value - badly.clarity.value > 0.2f);
    assert_float_equal(badly.fluency.value, well.fluency.value, 0.01f);
    assert_float_equal(badly.prosody.value, well.prosody.value, 0.01f);
    assert_float_equal(badly.pace.value, well.pace.value, 0.01f);
    assert_true(points_of_sounds(&badly.pronunciation) < points_of_sounds(&well.pronunciation));
    assert_float_equal(points_of_sounds(&badly.fluency), 0, 0.01f);
    rh_speech_report_done(&well);
    rh_speech_report_done(&badly);
}

/* A voice as young as `young` says (0 to 1), with the same rating by its sound. */
static void make_young(sentence *s, float young)
{
    const rh_score_model *m = &rh_score_models[RH_RATING_ACCURACY];
    double sounds = 0, both = 0, age = (double)m->young_offset, across = 0;
    for (int i = 0; i < RH_SOUND_INPUTS; i++) {
        sounds += (double)m->sound[i] * (double)m->sound[i];
        both += (double)m->sound[i] * (double)m->young[i];
        age += (double)m->young[i] * (double)s->pooled[i];
    }
    for (int i = 0; i < RH_SOUND_INPUTS; i++) {
        double d = (double)m->young[i] - both / sounds * (double)m->sound[i];
        across += d * (double)m->young[i];
    }
    for (int i = 0; i < RH_SOUND_INPUTS; i++) {
        double d = (double)m->young[i] - both / sounds * (double)m->sound[i];
        s->pooled[i] += (float)(((double)young - age) / across * d);
    }
}

static float pronounced(const float *off, float young)
{
    sentence s;
    say(&s, off, SAID_SOUNDS);
    make_young(&s, young);
    s.in.reference = "I think so too";
    s.in.forced = s.words;
    s.in.n_forced = s.segment.n_forced = SAID_WORDS;
    s.segment.phones_forced = true;
    rh_speech_report r = scored(&s.in);
    float value = r.pronunciation.value;
    rh_speech_report_done(&r);
    return value;
}

static void young_voices_have_a_measure_of_their_own(void **state)
{
    static const float bad[SAID_SOUNDS] = {-2, -4, -1, -2, -3, -4, -1, -2, -2, -5, -2, -3};
    static const float good[SAID_SOUNDS] = {0.2f, 0.2f, 0.2f, 0.2f, 0.2f, 0.2f, 0.2f, 0.2f, 0.2f, 0.2f, 0.2f, 0.2f};
    (void)state;
    float grown = pronounced(bad, 0), half = pronounced(bad, 0.5f), young = pronounced(bad, 1);
    assert_true(fabsf(grown - young) > 0.2f);
    assert_true(half > fminf(grown, young) && half < fmaxf(grown, young)); /* no step between the two */
    assert_float_equal(pronounced(bad, -3), grown, 0.05f);
    assert_float_equal(pronounced(bad, 4), young, 0.05f);
    assert_true(pronounced(good, 1) > young + 1); /* and sounds count for them too */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_found_as_written),
        cmocka_unit_test(sounds_are_measured_by_those_of_good_speakers),
        cmocka_unit_test(bad_sounds_cost_pronunciation_alone),
        cmocka_unit_test(young_voices_have_a_measure_of_their_own),
        cmocka_unit_test(other_words_have_no_sounds),
        cmocka_unit_test(a_wrong_sound_is_named),
        cmocka_unit_test(only_clear_changes_are_told),
        cmocka_unit_test(the_worst_sound_speaks_for_the_word),
        cmocka_unit_test(a_word_keeps_its_sounds),
        cmocka_unit_test(a_word_is_taken_as_it_was_said),
        cmocka_unit_test(an_unknown_word_takes_its_room),
        cmocka_unit_test(more_sounds_than_steps_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
