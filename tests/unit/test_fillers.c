/* Fillers and disfluencies from tables: clean words, words of a verbatim decode, curves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/speech/fillers.h"

enum { STEPS = 1000, MAX_WORDS = 64 };
#define assert_near(a, b, tol) assert_true(fabs((double)(a) - (double)(b)) <= (tol))

typedef struct {
    char text[1000];
    rh_word words[MAX_WORDS];
    size_t n;
} said;

/* "word@start-end word@start-end"; without times, half a second each. */
static void say(said *s, const char *text)
{
    memset(s, 0, sizeof *s);
    assert_true(strlen(text) < sizeof s->text);
    strcpy(s->text, text);
    float at = 0.5f;
    for (char *w = strtok(s->text, " "); w; w = strtok(NULL, " ")) {
        rh_word *o = &s->words[s->n++];
        char *times = strchr(w, '@');
        *o = (rh_word){.text = w, .start = at, .end = at + 0.4f, .p = 0.9f};
        if (times) {
            *times = '\0';
            assert_int_equal(sscanf(times + 1, "%f-%f", &o->start, &o->end), 2);
        }
        at = o->end + 0.1f;
    }
}

typedef struct {
    float f0[STEPS], level[STEPS], change[STEPS];
    rh_contour c;
} curves;

static void voice(curves *v, float from, float to, float change)
{
    for (int i = (int)(from * 100.0f + 0.5f); i < (int)(to * 100.0f + 0.5f); i++) {
        v->f0[i] = 110.0f;
        v->level[i] = -20.0f;
        v->change[i] = change;
    }
}

/* Silence but for the voices, "start-end:change start-end:change", in s and dB. */
static void hear(curves *v, const char *voices)
{
    memset(v, 0, sizeof *v);
    for (int i = 0; i < STEPS; i++) {
        v->level[i] = -70.0f;
        v->change[i] = 1.0f;
    }
    v->c = (rh_contour){.n = STEPS,
                        .f0_hz = v->f0,
                        .voicing = v->f0,
                        .level_db = v->level,
                        .change_db = v->change,
                        .noise_db = -70.0f,
                        .speech_db = -20.0f};
    float from, to, change;
    for (int n = 0; sscanf(voices, " %f-%f:%f%n", &from, &to, &change, &n) == 3; voices += n)
        voice(v, from, to, change);
    assert_string_equal(voices, "");
}

static rh_disfluencies find(const said *clean, const said *verbatim, const curves *v)
{
    rh_speech_input in = {.words = clean->words, .n_words = clean->n, .contour = v ? &v->c : NULL};
    rh_disfluencies d = {0};
    assert_int_equal(rh_disfluencies_find(&in, verbatim ? verbatim->words : NULL, verbatim ? verbatim->n : 0, &d, NULL),
                     RH_OK);
    return d;
}

static int count_word_fillers(const char *text)
{
    static said s;
    say(&s, text);
    rh_disfluencies d = find(&s, NULL, NULL);
    int n = (int)d.n_fillers;
    rh_disfluencies_done(&d);
    return n;
}

static int fillers_of(const rh_disfluencies *d, rh_filler_kind kind)
{
    int n = 0;
    for (size_t i = 0; i < d->n_fillers; i++)
        n += d->fillers[i].kind == kind;
    return n;
}

static int disfluencies_of(const rh_disfluencies *d, rh_disfluency_kind kind)
{
    int n = 0;
    for (size_t i = 0; i < d->n_disfluencies; i++)
        n += d->disfluencies[i].kind == kind;
    return n;
}

static int count_disfluencies(const char *text, rh_disfluency_kind kind)
{
    static said s;
    say(&s, text);
    rh_disfluencies d = find(&s, NULL, NULL);
    int n = disfluencies_of(&d, kind);
    rh_disfluencies_done(&d);
    return n;
}

static void spellings_of_hesitation_are_known(void **state)
{
    (void)state;
    assert_int_equal(rh_hesitation_of("Um,"), RH_FILLER_UM);
    assert_int_equal(rh_hesitation_of("ummmm..."), RH_FILLER_UM);
    assert_int_equal(rh_hesitation_of("uhm"), RH_FILLER_UM);
    assert_int_equal(rh_hesitation_of("Uhh"), RH_FILLER_UH);
    assert_int_equal(rh_hesitation_of("er"), RH_FILLER_ER);
    assert_int_equal(rh_hesitation_of("Hmm."), RH_FILLER_HMM);
    assert_int_equal(rh_hesitation_of("mm"), RH_SOUND_HMM);
    const char *const words[] = {"u",  "m",  "h",  "her", "hum",    "umbrella", "me",     "e",
                                 "eh", "ah", "oh", "mhm", "uh-huh", "",         "hermit", "mum"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (rh_hesitation_of(words[i]) >= 0)
            fail_msg("%s taken for a hesitation", words[i]);
}

static void a_voice_confirms_and_times_the_second_decode(void **state)
{
    (void)state;
    static said clean, verbatim;
    static curves v;
    say(&clean, "I@0.5-0.8 agree.@0.8-1.2 We@3.0-3.3 went.@3.3-3.8");
    say(&verbatim, "I@0.5-0.8 agree.@0.8-1.2 Um,@1.8-2.0 we@3.0-3.3 went.@3.3-3.8");
    hear(&v, "0.5-1.2:4 1.9-2.4:1.5 3.0-3.8:4");
    rh_disfluencies d = find(&clean, &verbatim, &v);
    assert_int_equal(d.n_fillers, 1);
    assert_int_equal(d.fillers[0].kind, RH_FILLER_UM);
    assert_near(d.fillers[0].start, 1.9, 0.011);
    assert_near(d.fillers[0].end, 2.25, 0.2);
    assert_int_equal(d.fillers[0].after_word, 1);
    assert_int_equal(d.fillers[0].n_words, 0);
    assert_string_equal(d.verbatim, "I agree. um, We went.");
    rh_disfluencies_done(&d);
}

/* "what um uh": the first is heard, the second only follows from the first. */
static void a_clean_word_of_no_probability_is_no_filler(void **state)
{
    (void)state;
    static said clean;
    say(&clean, "what um uh");
    clean.words[2].p = 0.01f;
    rh_disfluencies d = find(&clean, NULL, NULL);
    assert_int_equal(d.n_fillers, 1);
    assert_int_equal(d.fillers[0].kind, RH_FILLER_UM);
    rh_disfluencies_done(&d);
}

static void the_surer_decode_counts_for_a_word_of_both(void **state)
{
    (void)state;
    static said clean, verbatim;
    static curves v;
    say(&clean, "I@0.5-0.8 agree.@0.8-1.2 Um,@1.3-2.5 we@3.0-3.3 went.@3.3-3.8");
    say(&verbatim, "I@0.5-0.8 agree.@0.8-1.2 Um,@2.6-2.8 we@3.0-3.3 went.@3.3-3.8");
    verbatim.words[2].p = 0.1f;
    hear(&v, "0.5-1.2:4");
    voice(&v, 1.9f, 2.4f, 3.5f); /* no calm one: doubt would refuse it */
    voice(&v, 3.0f, 3.8f, 4.0f);
    rh_disfluencies d = find(&clean, &verbatim, &v);
    assert_int_equal(d.n_fillers, 1);
    assert_int_equal(d.fillers[0].n_words, 1);
    assert_near(d.fillers[0].start, 1.9, 0.011);
    rh_disfluencies_done(&d);
}

static void without_a_voice_a_doubtful_one_is_refused(void **state)
{
    (void)state;
    static said clean, verbatim;
    static curves v;
    say(&clean, "I@0.5-0.8 agree.@0.8-1.2 We@3.0-3.3 went.@3.3-3.8");
    say(&verbatim, "I@0.5-0.8 agree.@0.8-1.2 Um,@1.8-2.0 we@3.0-3.3 went.@3.3-3.8");
    hear(&v, "0.5-1.2:4 3.0-3.8:4");
    rh_disfluencies d = find(&clean, &verbatim, &v);
    assert_int_equal(d.n_fillers, 0);
    rh_disfluencies_done(&d);
    voice(&v, 1.9f, 2.1f, 7.0f); /* a restless sound, and a decoder that guesses */
    verbatim.words[2].p = 0.3f;
    d = find(&clean, &verbatim, &v);
    assert_int_equal(d.n_fillers, 0);
    rh_disfluencies_done(&d);
}

static void a_run_is_counted_by_its_sound(void **state)
{
    (void)state;
    static said clean, verbatim;
    static curves v;
    say(&clean, "Well@0.5-0.9 uh,@1.0-1.1 uh,@1.1-1.1 uh,@1.1-1.1 uh,@1.1-1.1 then@4.0-4.3");
    say(&verbatim, "Well@0.5-0.9 uh,@1.0-1.4 uh,@1.4-2.0 uh,@2.0-3.9 then@4.0-4.3");
    hear(&v, "0.5-0.9:4");
    for (int k = 0; k < 5; k++)
        voice(&v, 1.2f + 0.5f * (float)k, 1.4f + 0.5f * (float)k, 1.5f);
    voice(&v, 4.0f, 4.3f, 4.0f);
    rh_disfluencies d = find(&clean, &verbatim, &v);
    assert_int_equal(fillers_of(&d, RH_FILLER_UH), 5);
    assert_near(d.fillers[4].start, 3.2, 0.02);
    rh_disfluencies_done(&d);
}

static void a_still_voice_apart_is_a_filler_unless_a_word_is_there(void **state)
{
    (void)state;
    static said clean;
    static curves v;
    say(&clean, "Yes@0.5-0.9 sir.@4.0-4.4");
    hear(&v, "0.5-0.9:5 2.0-2.5:1.2 4.0-4.4:5");
    rh_disfluencies d = find(&clean, NULL, &v);
    assert_int_equal(d.n_fillers, 1);
    assert_near(d.fillers[0].start, 2.0, 0.011);
    rh_disfluencies_done(&d);
    say(&clean, "Yes@0.5-0.9 oh@2.0-2.5 sir.@4.0-4.4");
    d = find(&clean, NULL, &v);
    assert_int_equal(d.n_fillers, 0);
    rh_disfluencies_done(&d);
}

/* The recogniser writes no hesitation, so the next word begins where that did. */
static void a_word_that_has_a_voice_of_its_own_hides_none(void **state)
{
    (void)state;
    static said clean;
    static curves v;
    say(&clean, "Yes@0.5-0.9 sir.@1.9-3.1");
    hear(&v, "0.5-0.9:5 2.0-2.5:1.2 2.8-3.1:5");
    rh_disfluencies d = find(&clean, NULL, &v);
    assert_int_equal(d.n_fillers, 1);
    assert_near(d.fillers[0].start, 2.0, 0.011);
    assert_int_equal(d.fillers[0].after_word, 0);
    rh_disfluencies_done(&d);
}

/* A voice may fall by three semitones as it dies away; one that is raised means something. */
static void a_falling_voice_hesitates_unless_it_is_raised(void **state)
{
    (void)state;
    static said clean;
    static curves v;
    for (int raised = 0; raised < 2; raised++) {
        say(&clean, "Yes@0.5-0.9 sir.@4.0-4.4");
        hear(&v, "0.5-0.9:5 2.0-2.5:1.2 4.0-4.4:5");
        for (int i = 200; i < 250; i++) {
            v.f0[i] = 130.0f - 0.4f * (float)(i - 200);
            v.level[i] += raised ? 6.0f : 0.0f;
        }
        rh_disfluencies d = find(&clean, NULL, &v);
        assert_int_equal(d.n_fillers, raised ? 0 : 1);
        rh_disfluencies_done(&d);
    }
}

/* None of the run is in the clean words: its neighbours reach over it there. */
static void a_run_that_only_the_verbatim_decode_has_lies_between_its_neighbours(void **state)
{
    (void)state;
    static said clean, verbatim;
    static curves v;
    say(&clean, "the@0.5-2.0 end@2.0-3.2 came@3.3-3.6");
    say(&verbatim, "the@0.5-0.9 uh,@1.0-1.5 uh,@1.5-1.6 uh,@1.6-1.7 end@2.8-3.2 came@3.3-3.6");
    hear(&v, "0.5-0.9:5 1.6-1.75:1.5 2.8-3.6:5");
    rh_disfluencies d = find(&clean, &verbatim, &v);
    assert_int_equal(fillers_of(&d, RH_FILLER_UH), 1);
    assert_near(d.fillers[0].start, 1.6, 0.02);
    rh_disfluencies_done(&d);
}

/* What comes long after the last of them is speech that the decoder passed over. */
static void a_run_ends_with_a_long_silence(void **state)
{
    (void)state;
    static said clean, verbatim;
    static curves v;
    say(&clean, "Well@0.5-0.9 uh,@1.0-9.0");
    say(&verbatim, "Well@0.5-0.9 uh,@1.0-1.4 uh,@1.4-2.0 uh,@2.0-3.9");
    hear(&v, "0.5-0.9:4");
    for (int k = 0; k < 3; k++)
        voice(&v, 1.2f + 1.1f * (float)k, 1.4f + 1.1f * (float)k, 2.8f);
    for (int k = 0; k < 4; k++)
        voice(&v, 5.0f + 0.5f * (float)k, 5.2f + 0.5f * (float)k, 4.0f);
    rh_disfluencies d = find(&clean, &verbatim, &v);
    assert_int_equal(fillers_of(&d, RH_FILLER_UH), 3);
    rh_disfluencies_done(&d);
    v.c.noise_db = -35.0f; /* other people speak too */
    d = find(&clean, &verbatim, &v);
    assert_int_equal(fillers_of(&d, RH_FILLER_UH), 1);
    rh_disfluencies_done(&d);
}

static void an_unsure_run_is_one_calm_voice_at_most(void **state)
{
    (void)state;
    static const struct {
        float p, change;
        int n;
    } cases[] = {{0.35f, 1.5f, 1}, {0.35f, 6.0f, 0}, {0.2f, 1.5f, 0}};
    static said clean, verbatim;
    static curves v;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        say(&clean, "than@0.5-0.9 the@0.9-1.2 other@2.2-2.6 one@2.6-3.0");
        say(&verbatim, "than@0.5-0.9 the@0.9-1.2 uh,@1.3-1.4 uh,@1.9-1.9 uh,@1.9-1.9 other@2.2-2.6 one@2.6-3.0");
        for (int k = 2; k < 5; k++)
            verbatim.words[k].p = cases[i].p;
        hear(&v, "0.5-1.2:5");
        voice(&v, 1.35f, 1.5f, cases[i].change);
        voice(&v, 2.2f, 3.0f, 5.0f);
        rh_disfluencies d = find(&clean, &verbatim, &v);
        assert_int_equal(d.n_fillers, cases[i].n);
        rh_disfluencies_done(&d);
    }
}

/* The clean decode wrote it among its own stammer, where it counts for nothing. */
static void a_written_hesitation_hides_no_still_voice(void **state)
{
    (void)state;
    static said clean;
    static curves v;
    say(&clean, "Yes@0.5-0.9 mm.@1.9-2.5 sir.@4.0-4.4");
    clean.words[1].p = 0.01f;
    hear(&v, "0.5-0.9:5 2.0-2.5:1.2 4.0-4.4:5");
    rh_disfluencies d = find(&clean, NULL, &v);
    assert_int_equal(d.n_fillers, 1);
    assert_near(d.fillers[0].start, 2.0, 0.011);
    rh_disfluencies_done(&d);
}

static void a_sound_that_was_told_stays_and_counts_once(void **state)
{
    (void)state;
    static said clean;
    static curves v;
    rh_filler told[] = {{.kind = RH_FILLER_UH, .start = 2.1f, .end = 2.4f, .p = 0.5f},
                        {.kind = RH_FILLER_UM, .start = 5.0f, .end = 5.3f, .p = 0.6f, .after_word = 1},
                        {.kind = RH_FILLER_LIKE, .start = 0.5f, .end = 0.9f, .after_word = -1, .n_words = 1}};
    say(&clean, "Yes@0.5-0.9 sir.@4.0-4.4");
    hear(&v, "0.5-0.9:5 2.0-2.5:1.2 4.0-4.4:5");
    rh_speech_input in = {.words = clean.words, .n_words = clean.n, .contour = &v.c, .fillers = told, .n_fillers = 3};
    rh_disfluencies d = {0};
    assert_int_equal(rh_disfluencies_find(&in, NULL, 0, &d, NULL), RH_OK);
    assert_int_equal(d.n_fillers, 2);
    assert_near(d.fillers[0].start, 2.0, 0.011);
    assert_int_equal(d.fillers[1].kind, RH_FILLER_UM);
    assert_string_equal(d.verbatim, "Yes uh, sir. um,");
    rh_disfluencies_done(&d);
}

static void a_decode_that_strays_is_not_believed(void **state)
{
    (void)state;
    static said clean, verbatim;
    static curves v;
    hear(&v, "0.2-5.0:4");
    say(&clean, "We built the whole thing again in four weeks.");
    say(&verbatim, "Uh, let me um, think. Okay, uh, thanks.");
    rh_disfluencies d = find(&clean, &verbatim, &v);
    assert_int_equal(d.n_fillers, 0);
    assert_string_equal(d.verbatim, "We built the whole thing again in four weeks.");
    rh_disfluencies_done(&d);
}

static void words_are_fillers_by_their_place_only(void **state)
{
    (void)state;
    assert_int_equal(count_word_fillers("It was, like, really late."), 1);
    assert_int_equal(count_word_fillers("I like tea. It looks like rain, and I felt like, a king."), 0);
    assert_int_equal(count_word_fillers("We're just, you know, there for it."), 1);
    assert_int_equal(count_word_fillers("Do you know the way? As you know, we won."), 0);
    assert_int_equal(count_word_fillers("It works, I mean, most of the time."), 1);
    assert_int_equal(count_word_fillers("That is what I mean by it."), 0);
    assert_int_equal(count_word_fillers("This kind of work. A sort of tree."), 0);
    assert_int_equal(count_word_fillers("It was, sort of, late."), 1);
    assert_int_equal(count_word_fillers("We left early, right? Then it rained."), 1);
    assert_int_equal(count_word_fillers("Turn right at the end. You are right."), 0);
    assert_int_equal(count_word_fillers("It was, basically, done. It actually worked."), 1);
    assert_int_equal(count_word_fillers("So we went home. All is well."), 0);
}

static void a_single_opening_word_is_plain_english(void **state)
{
    (void)state;
    assert_int_equal(count_word_fillers("I mean, he persisted."), 0);
    assert_int_equal(count_word_fillers("I mean, he, you know, persisted."), 2);
}

static void disfluencies_are_told_from_emphasis(void **state)
{
    (void)state;
    assert_int_equal(count_disfluencies("I went to the the office.", RH_DISFLUENCY_REPETITION), 1);
    assert_int_equal(count_disfluencies("I was in a in a meeting.", RH_DISFLUENCY_REPETITION), 1);
    assert_int_equal(
        count_disfluencies("It was very very good. No, no, no. I know that that is so.", RH_DISFLUENCY_REPETITION), 0);
    assert_int_equal(count_disfluencies("We had had it. More words, words, words.", RH_DISFLUENCY_REPETITION), 0);
    assert_int_equal(count_disfluencies("A wind drove puffy white, puffy white clouds off.", RH_DISFLUENCY_REPETITION),
                     1);
    assert_int_equal(count_disfluencies("Remember: never give up, never give up.", RH_DISFLUENCY_REPETITION), 0);
    assert_int_equal(count_disfluencies("We need better tools, better tools, and time.", RH_DISFLUENCY_REPETITION), 0);
    assert_int_equal(count_disfluencies("They left puffy white. Puffy white clouds came.", RH_DISFLUENCY_REPETITION),
                     0);
    assert_int_equal(count_disfluencies("Mon- Montreal is cold.", RH_DISFLUENCY_CUT_OFF), 1);
    assert_int_equal(count_disfluencies("A well-known man.", RH_DISFLUENCY_CUT_OFF), 0);
    assert_int_equal(count_disfluencies("We had, we went to town.", RH_DISFLUENCY_REPAIR), 1);
    assert_int_equal(count_disfluencies("We saw it, we saw it. I came. I won.", RH_DISFLUENCY_REPAIR), 0);
}

static void what_the_text_says_twice_is_no_accident(void **state)
{
    (void)state;
    static said s;
    say(&s, "Anybody can bank bank bank, they say.");
    rh_speech_input in = {.words = s.words, .n_words = s.n, .reference = "ANYBODY CAN BANK BANK BANK THEY SAY"};
    rh_disfluencies d = {0};
    assert_int_equal(rh_disfluencies_find(&in, NULL, 0, &d, NULL), RH_OK);
    assert_int_equal(disfluencies_of(&d, RH_DISFLUENCY_REPETITION), 0);
    rh_disfluencies_done(&d);
    in.reference = "Anybody can bank bank, they say.";
    say(&s, "Anybody can bank bank, they they say.");
    in.n_words = s.n;
    assert_int_equal(rh_disfluencies_find(&in, NULL, 0, &d, NULL), RH_OK);
    assert_int_equal(disfluencies_of(&d, RH_DISFLUENCY_REPETITION), 1);
    assert_string_equal(d.disfluencies[0].text, "they");
    rh_disfluencies_done(&d);
}

static void a_held_vowel_is_drawn(void **state)
{
    (void)state;
    static said clean;
    static curves v;
    say(&clean, "And@0.5-1.3 then@1.5-1.9");
    hear(&v, "0.55-1.25:1 1.5-1.9:5");
    rh_disfluencies d = find(&clean, NULL, &v);
    assert_int_equal(disfluencies_of(&d, RH_DISFLUENCY_PROLONGATION), 1);
    assert_int_equal(d.n_fillers, 0);
    assert_int_equal(d.disfluencies[0].after_word, -1);
    assert_string_equal(d.disfluencies[0].text, "And");
    rh_disfluencies_done(&d);
}

static void a_disfluency_holds_its_words(void **state)
{
    (void)state;
    static said clean, verbatim;
    say(&clean, "I was in a meeting.");
    say(&verbatim, "I was in a in a meeting.");
    rh_disfluencies d = find(&clean, &verbatim, NULL);
    assert_int_equal(d.n_disfluencies, 1);
    assert_string_equal(d.disfluencies[0].text, "in a");
    rh_disfluencies_done(&d);
}

static void nothing_said_and_no_memory_are_survived(void **state)
{
    (void)state;
    static said none, clean, verbatim;
    static curves v;
    hear(&v, "");
    rh_disfluencies d = find(&none, NULL, &v);
    assert_int_equal(d.n_fillers, 0);
    assert_string_equal(d.verbatim, "");
    rh_disfluencies_done(&d);
    say(&clean, "We had it.");
    say(&verbatim, "We um, had it.");
    rh_speech_input in = {.words = clean.words, .n_words = clean.n, .contour = &v.c};
    rh_status st = RH_ERR_NOMEM;
    for (long k = 1; st != RH_OK; k++) {
        assert_in_range(k, 1, 30);
        rh_alloc_fail_at(k);
        st = rh_disfluencies_find(&in, verbatim.words, verbatim.n, &d, NULL);
        rh_alloc_fail_at(0);
        assert_true(st == RH_OK || (st == RH_ERR_NOMEM && d.fillers == NULL));
    }
    rh_disfluencies_done(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings_of_hesitation_are_known),
        cmocka_unit_test(a_voice_confirms_and_times_the_second_decode),
        cmocka_unit_test(the_surer_decode_counts_for_a_word_of_both),
        cmocka_unit_test(without_a_voice_a_doubtful_one_is_refused),
        cmocka_unit_test(a_clean_word_of_no_probability_is_no_filler),
        cmocka_unit_test(a_run_is_counted_by_its_sound),
        cmocka_unit_test(a_still_voice_apart_is_a_filler_unless_a_word_is_there),
        cmocka_unit_test(a_word_that_has_a_voice_of_its_own_hides_none),
        cmocka_unit_test(a_falling_voice_hesitates_unless_it_is_raised),
        cmocka_unit_test(a_run_that_only_the_verbatim_decode_has_lies_between_its_neighbours),
        cmocka_unit_test(a_run_ends_with_a_long_silence),
        cmocka_unit_test(an_unsure_run_is_one_calm_voice_at_most),
        cmocka_unit_test(a_written_hesitation_hides_no_still_voice),
        cmocka_unit_test(a_sound_that_was_told_stays_and_counts_once),
        cmocka_unit_test(a_decode_that_strays_is_not_believed),
        cmocka_unit_test(words_are_fillers_by_their_place_only),
        cmocka_unit_test(a_single_opening_word_is_plain_english),
        cmocka_unit_test(disfluencies_are_told_from_emphasis),
        cmocka_unit_test(what_the_text_says_twice_is_no_accident),
        cmocka_unit_test(a_held_vowel_is_drawn),
        cmocka_unit_test(a_disfluency_holds_its_words),
        cmocka_unit_test(nothing_said_and_no_memory_are_survived),
    };
    return cmocka_run_group_tests_name("fillers", tests, NULL, NULL);
}
