/* A practice session on real models: live events, resume after a crash, report, recordings. */
#include <setjmp.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <ctype.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "folder.h"
#include "model_set.h"
#include "rehearse/base/alloc.h"
#include "rehearse/media/audio.h"
#include "rehearse/session/session.h"
#include "rehearse/report/report.h"
#include "session/session_internal.h"

enum { RATE = 16000, PIECE = RATE / 10 };

static const char said[] = "ask not what your country can do for you ask what you can do for your country";
static rh_model_set *models;
static rh_audio jfk;
static const char *folder;
static char db[128], media[128];

typedef struct {
    int partials, finals, faces, metrics, reports;
    char text[4096]; /* finals joined */
    double last_end;
    double cue_t; /* of the first cue, 0 = none */
} heard;

static void on_face(void *user, const rh_face *f, double t, double unix_time, const rh_error *remark)
{
    heard *h = user;
    (void)remark;
    assert_true(f->t_us >= 0 && t >= 0 && unix_time > t);
    h->faces++;
}

static void fold_into(char *dst, size_t size, const char *src)
{
    size_t n = strlen(dst);
    if (n && n + 1 < size)
        dst[n++] = ' ';
    for (; *src && n + 1 < size; src++)
        if (isalpha((unsigned char)*src) || *src == ' ')
            dst[n++] = (char)tolower((unsigned char)*src);
    dst[n] = '\0';
}

static void on_event(void *user, const json_t *e)
{
    heard *h = user;
    const char *type = json_string_value(json_object_get(e, "type"));
    h->partials += strcmp(type, "transcript.partial") == 0;
    h->metrics += strcmp(type, "metrics") == 0;
    h->reports += strcmp(type, "report") == 0;
    if (strcmp(type, "cue") == 0 && h->cue_t <= 0)
        h->cue_t = json_number_value(json_object_get(e, "t"));
    if (strcmp(type, "transcript.final") != 0)
        return;
    h->finals++;
    fold_into(h->text, sizeof h->text, json_string_value(json_object_get(e, "text")));
    double start = json_number_value(json_object_get(e, "start"));
    assert_true(start >= h->last_end - 0.3);
    h->last_end = json_number_value(json_object_get(e, "end"));
}

static void feed(rh_session *s, const float *x, size_t from, size_t to)
{
    rh_error err;
    for (size_t i = from; i < to; i += PIECE) {
        size_t n = to - i < PIECE ? to - i : PIECE;
        int64_t t_us = (int64_t)(i * 1000000 / RATE);
        assert_int_equal(rh_session_feed(s, x + i, n, t_us, &err), RH_OK);
        while (rh_session_work(s, &err) == RH_OK)
            ;
    }
}

static void feed_all(rh_session *s, size_t from, size_t to)
{
    feed(s, jfk.samples, from, to);
}

static rh_session *open_session_from(rh_store *store, const char *id, rh_session_source from, heard *h)
{
    rh_session *s = NULL;
    rh_error err;
    rh_session_options o = {.id = id,
                            .from = from,
                            .question = "Why?",
                            .language = "en",
                            .spool_dir = media,
                            .emit = on_event,
                            .saw = on_face,
                            .user = h};
    assert_int_equal(rh_session_new(&s, models, store, &o, &err), RH_OK);
    return s;
}

static rh_session *open_session(rh_store *store, const char *id, heard *h)
{
    return open_session_from(store, id, RH_SESSION_LIVE, h);
}

static json_t *finish(rh_session *s)
{
    json_t *report = NULL;
    rh_error err;
    rh_status st = rh_report_session(s, NULL, NULL, &report, &err);
    if (st != RH_OK)
        print_error("%s\n", err.msg);
    assert_int_equal(st, RH_OK);
    rh_session_free(s);
    return report;
}

static void report_says_it(const json_t *report)
{
    char text[4096] = "";
    size_t i;
    json_t *line;
    json_array_foreach(json_object_get(report, "transcript"), i, line)
        fold_into(text, sizeof text, json_string_value(json_object_get(line, "text")));
    assert_non_null(strstr(text, said));
}

static void finals_are_the_transcript_and_lead_to_a_report(void **state)
{
    (void)state;
    heard h = {0};
    rh_store *store = NULL;
    assert_int_equal(rh_store_open(&store, db, NULL), RH_OK);
    rh_session *s = open_session(store, "live", &h);
    feed_all(s, 0, jfk.n);
    assert_true(s->said.n_phones > 20); /* its words have their sounds, as a recording's */
    json_t *report = finish(s), *kept = NULL;
    assert_non_null(strstr(h.text, said));
    assert_true(h.partials >= 1 && h.finals >= 1 && h.metrics >= 8 && h.reports == 1);
    report_says_it(report);
    json_t *scores = json_object_get(report, "scores");
    assert_true(json_number_value(json_object_get(scores, "clarity")) > 50);
    json_decref(report);
    assert_int_equal(rh_store_get(store, "live", &kept, NULL), RH_OK);
    assert_string_equal(json_string_value(json_object_get(kept, "state")), "done");
    assert_true(json_is_null(json_object_get(kept, "media"))); /* not asked for, not kept */
    json_decref(kept);
    char spool[256];
    (void)snprintf(spool, sizeof spool, "%s/live.pcm", media);
    assert_int_not_equal(access(spool, F_OK), 0);
    rh_store_close(store);
}

static void killed_session_goes_on_where_it_was(void **state)
{
    (void)state;
    heard h = {0};
    rh_store *store = NULL;
    assert_int_equal(rh_store_open(&store, db, NULL), RH_OK);
    rh_session *s = open_session(store, "broken", &h);
    size_t half = (size_t)(6.1 * RATE);
    feed_all(s, 0, half);
    rh_session_free(s); /* as after a kill: nothing was finished */
    rh_store_close(store);
    assert_int_equal(rh_store_open(&store, db, NULL), RH_OK);
    s = open_session(store, "broken", &h);
    int64_t have_us = rh_session_audio_us(s);
    assert_true(have_us > 6000000 && have_us <= 6100000);
    /* the client sends a little twice; it is dropped */
    feed_all(s, half - RATE, jfk.n);
    json_t *report = finish(s);
    assert_non_null(strstr(h.text, said));
    report_says_it(report);
    double length = json_number_value(json_object_get(report, "duration_s"));
    assert_true(length > 10.9 && length < 11.2);
    json_decref(report);
    rh_store_close(store);
}

/* What a person was told is what the report says, though those who made the words are gone and the sound alone would
 * give others. */
static void words_told_before_a_kill_stand(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        rh_session_source from;
        bool goes_on;
    } ways[] = {{"taken", RH_SESSION_LIVE, true}, {"left", RH_SESSION_RECOVERED, false}};
    for (size_t i = 0; i < 2; i++) {
        heard h = {0};
        rh_store *store = NULL;
        size_t part = (size_t)(8.2 * RATE);
        assert_int_equal(rh_store_open(&store, db, NULL), RH_OK);
        rh_session *s = open_session(store, ways[i].id, &h);
        feed_all(s, 0, part);
        assert_true(h.finals >= 1);
        rh_session_free(s);
        s = open_session_from(store, ways[i].id, ways[i].from, &h);
        json_t *first = json_array_get(s->segments, 0);
        assert_non_null(strstr(json_string_value(json_object_get(first, "text")), "fellow Americans"));
        json_object_set_new(first, "text", json_string("And so my yellow Americans"));
        if (ways[i].goes_on)
            feed_all(s, part, jfk.n);
        json_t *report = finish(s), *line;
        char text[4096] = "";
        size_t k;
        json_array_foreach(json_object_get(report, "transcript"), k, line)
            fold_into(text, sizeof text, json_string_value(json_object_get(line, "text")));
        print_message("%s\n", text);
        assert_non_null(
            strstr(text, ways[i].goes_on ? "what you can do for your country" : "your country can do for you"));
        assert_non_null(strstr(text, "my yellow americans"));
        json_decref(report);
        rh_store_close(store);
    }
}

static void a_text_that_should_be_said_is_followed_whatever_was_told(void **state)
{
    (void)state;
    rh_session *s = NULL;
    rh_error err;
    rh_session_options o = {.id = "read",
                            .language = "en",
                            .reference = "And so my fellow Americans, ask not what your country can do for you."};
    assert_int_equal(rh_session_new(&s, models, NULL, &o, &err), RH_OK);
    feed_all(s, 0, jfk.n);
    assert_true(json_array_size(s->segments) >= 2);
    json_t *report = finish(s);
    report_says_it(report);
    assert_non_null(
        json_object_get(json_array_get(json_object_get(json_object_get(report, "analysis"), "words"), 0), "what"));
    json_decref(report);
}

static void feed_silence(rh_session *s, size_t from, size_t to)
{
    static const float nothing[PIECE];
    rh_error err;
    for (size_t i = from; i < to; i += PIECE) {
        assert_int_equal(rh_session_feed(s, nothing, PIECE, (int64_t)(i * 1000000 / RATE), &err), RH_OK);
        while (rh_session_work(s, &err) == RH_OK)
            ;
    }
}

/* A final can be kept before the last of its sound is: the client has that, and sends it again. */
static void a_final_whose_sound_comes_again_is_told_once(void **state)
{
    (void)state;
    heard h = {0};
    rh_store *store = NULL;
    char spool[256];
    assert_int_equal(rh_store_open(&store, db, NULL), RH_OK);
    rh_session *s = open_session(store, "ahead", &h);
    feed_all(s, 0, jfk.n);
    feed_silence(s, jfk.n, jfk.n + RATE);
    char all[sizeof h.text];
    strcpy(all, h.text);
    assert_non_null(strstr(all, said));
    rh_session_free(s);
    rh_store_close(store);
    (void)snprintf(spool, sizeof spool, "%s/ahead.pcm", media);
    size_t have = 8 * RATE; /* in the middle of the last final */
    assert_int_equal(truncate(spool, (off_t)(have * sizeof(int16_t))), 0);
    assert_int_equal(rh_store_open(&store, db, NULL), RH_OK);
    s = open_session(store, "ahead", &h);
    feed_all(s, have, jfk.n);
    feed_silence(s, jfk.n, jfk.n + 3 * RATE);
    json_t *report = finish(s);
    assert_string_equal(h.text, all);
    report_says_it(report);
    json_decref(report);
    rh_store_close(store);
}

/* Who goes on at any moment behind the last final hears the end of its last word, and makes no words of it. */
static void nothing_is_heard_behind_the_last_word(void **state)
{
    (void)state;
    rh_store *store = NULL;
    for (int i = 0; i < 2; i++) {
        char id[32], all[4096];
        heard h = {0};
        (void)snprintf(id, sizeof id, "behind-%d", i);
        assert_int_equal(rh_store_open(&store, db, NULL), RH_OK);
        rh_session *s = open_session(store, id, &h);
        feed_all(s, 0, jfk.n);
        feed_silence(s, jfk.n, jfk.n + RATE);
        strcpy(all, h.text);
        rh_session_free(s);
        rh_store_close(store);
        assert_int_equal(rh_store_open(&store, db, NULL), RH_OK);
        s = open_session(store, id, &h);
        feed_silence(s, jfk.n + RATE, jfk.n + (size_t)(2 + 3 * i) * RATE);
        json_decref(finish(s));
        assert_string_equal(h.text, all);
        rh_store_close(store);
    }
}

/* Whether very soft speech is heard depends on how loud the speech before it was: who goes on knows that too. */
static void who_goes_on_finds_the_same_voice(void **state)
{
    enum { PHRASE = 37000, EACH = PHRASE + 3 * RATE / 2 };
    static const float gain[] = {1, 0.1f, 0.0178f};
    static float x[3 * EACH];
    heard h[2] = {0};
    rh_store *store = NULL;
    (void)state;
    for (size_t i = 0; i < 3 * EACH; i++)
        x[i] = i % EACH < PHRASE ? gain[i / EACH] * jfk.samples[i % EACH] : 0;
    for (int killed = 0; killed < 2; killed++) {
        const char *id = killed ? "soft-killed" : "soft";
        assert_int_equal(rh_store_open(&store, db, NULL), RH_OK);
        rh_session *s = open_session(store, id, &h[killed]);
        feed(s, x, 0, 2 * EACH);
        assert_int_equal(h[killed].finals, 2);
        if (killed) {
            rh_session_free(s);
            s = open_session(store, id, &h[killed]);
        }
        feed(s, x, 2 * EACH, 3 * EACH);
        json_decref(finish(s));
        rh_store_close(store);
    }
    assert_string_equal(h[0].text, h[1].text);
}

static void recording_without_a_face_has_the_timeline_of_its_voice(void **state)
{
    (void)state;
    heard h = {0};
    rh_session *s = NULL;
    rh_error err;
    rh_session_options o = {
        .id = "file", .from = RH_SESSION_FILE, .language = "en", .emit = on_event, .saw = on_face, .user = &h};
    assert_int_equal(rh_session_new(&s, models, NULL, &o, &err), RH_OK);
    assert_int_equal(rh_session_recording(s, "tests/fixtures/jfk_3s_video.mp4", NULL, &err), RH_OK);
    json_t *report = finish(s), *timeline = json_object_get(report, "timeline");
    assert_int_equal(h.reports, 1);
    assert_true(json_array_size(json_object_get(timeline, "loudness_db")) >= 3);
    assert_int_equal(json_array_size(json_object_get(timeline, "eye_contact")), 0); /* nothing was judged */
    assert_true(json_array_size(json_object_get(report, "transcript")) >= 1);
    json_decref(report);
    assert_int_equal(rh_session_new(&s, models, NULL, &o, &err), RH_OK);
    assert_int_equal(rh_session_recording(s, "tests/fixtures/README.md", NULL, &err), RH_ERR_FORMAT);
    rh_session_free(s);
}

static void silence_is_a_session_without_words(void **state)
{
    (void)state;
    heard h = {0};
    static float quiet[PIECE];
    rh_error err;
    rh_session *s = open_session(NULL, "quiet", &h);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(rh_session_feed(s, quiet, PIECE, i * 100000, &err), RH_OK);
        (void)rh_session_work(s, &err);
    }
    json_t *report = finish(s);
    assert_int_equal(h.finals, 0);
    assert_int_equal(json_array_size(json_object_get(report, "transcript")), 0);
    assert_int_equal(json_array_size(json_object_get(report, "keep")), 0);
    json_decref(report);
}

typedef struct {
    rh_session *s;
    int ended;
    double p; /* of the end */
    bool goes_on;
} speaker;

/* Goes on while the last words of the answer are decoded. */
static void on_turn(void *user, const json_t *e)
{
    speaker *p = user;
    rh_error err;
    const char *type = json_string_value(json_object_get(e, "type"));
    if (strcmp(type, "turn.ended") == 0) {
        p->ended++;
        p->p = json_number_value(json_object_get(e, "probability"));
    }
    if (p->goes_on && strcmp(type, "transcript.final") == 0 && json_number_value(json_object_get(e, "end")) > 9.5) {
        p->goes_on = false;
        assert_int_equal(rh_session_feed(p->s, jfk.samples + RATE / 2, RATE, 15000000, &err), RH_OK);
    }
}

static int turns_ended(bool goes_on)
{
    static const float nothing[4 * RATE];
    speaker p = {.goes_on = goes_on};
    rh_error err;
    rh_session_options o = {
        .id = "turn", .language = "en", .turns = true, .patience_s = 1.8, .emit = on_turn, .user = &p};
    assert_int_equal(rh_session_new(&p.s, models, NULL, &o, &err), RH_OK);
    assert_int_equal(rh_session_feed(p.s, jfk.samples, jfk.n, 0, &err), RH_OK);
    assert_int_equal(rh_session_feed(p.s, nothing, 4 * RATE, 11000000, &err), RH_OK);
    while (rh_session_work(p.s, &err) == RH_OK)
        ;
    rh_session_free(p.s);
    assert_false(p.goes_on && goes_on);
    return p.ended;
}

static void who_goes_on_during_a_decode_has_not_ended(void **state)
{
    (void)state;
    assert_int_equal(turns_ended(false), 1);
    assert_int_equal(turns_ended(true), 0);
}

/* JFK's answer and silence, in pieces of `piece` samples: how likely its end was. */
static double end_heard_in(size_t piece)
{
    static float sound[15 * RATE];
    speaker p = {.p = -1};
    rh_error err;
    rh_session_options o = {
        .id = "end", .language = "en", .turns = true, .patience_s = 1.8, .emit = on_turn, .user = &p};
    memcpy(sound, jfk.samples, jfk.n * sizeof *sound);
    assert_int_equal(rh_session_new(&p.s, models, NULL, &o, &err), RH_OK);
    for (size_t at = 0; at < sizeof sound / sizeof *sound; at += piece) {
        assert_int_equal(rh_session_feed(p.s, sound + at, piece, (int64_t)at * 1000000 / RATE, &err), RH_OK);
        while (rh_session_work(p.s, &err) == RH_OK)
            ;
    }
    rh_session_free(p.s);
    assert_int_equal(p.ended, 1);
    return p.p;
}

/* What the turn model says changes with how much of the pause it hears, so that must not depend on when it is asked. */
static void an_end_is_as_likely_however_late_it_is_looked_at(void **state)
{
    (void)state;
    double soon = end_heard_in(RATE / 10), late = end_heard_in(15 * RATE / 2);
    if (fabs(soon - late) > 0.01)
        fail_msg("%.3f in pieces of 0.1 s, %.3f of 7.5 s", soon, late);
}

typedef struct {
    rh_session *s;
    atomic_bool over;
} judge;

static void *ask_again_and_again(void *arg)
{
    judge *j = arg;
    while (!atomic_load(&j->over)) {
        rh_session_judge(j->s);
        sched_yield();
    }
    return NULL;
}

static void an_end_is_as_likely_whoever_asks_the_turn_model(void **state)
{
    (void)state;
    static const float nothing[PIECE];
    double alone = end_heard_in(PIECE);
    speaker p = {.p = -1};
    rh_error err;
    rh_session_options o = {
        .id = "asked", .language = "en", .turns = true, .patience_s = 1.8, .emit = on_turn, .user = &p};
    assert_int_equal(rh_session_new(&p.s, models, NULL, &o, &err), RH_OK);
    judge j = {.s = p.s};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, ask_again_and_again, &j), 0);
    for (size_t i = 0; i < 15 * RATE; i += PIECE) {
        const float *x = i + PIECE <= jfk.n ? jfk.samples + i : nothing;
        assert_int_equal(rh_session_feed(p.s, x, PIECE, (int64_t)(i * 1000000 / RATE), &err), RH_OK);
        while (rh_session_recognise(p.s, &err) == RH_OK)
            if (rh_session_untold(p.s))
                rh_session_tell(p.s);
        (void)rh_session_judge_wait_us(p.s);
    }
    atomic_store(&j.over, true);
    pthread_join(thread, NULL);
    rh_session_free(p.s);
    assert_int_equal(p.ended, 1);
    if (fabs(p.p - alone) > 0.01)
        fail_msg("%.3f, asked beside it %.3f", alone, p.p);
}

/* Where no turn is told, only pauses so long that the recogniser does not join what follows are for the turn model. */
static void the_turn_model_is_asked_where_its_answer_is_needed(void **state)
{
    (void)state;
    static const float nothing[PIECE];
    heard h = {0};
    rh_error err;
    size_t end = 0;
    bool waited = false;
    rh_session *s = open_session(NULL, "seldom", &h);
    for (size_t i = 0; i < jfk.n + 4 * RATE; i += PIECE) {
        bool voice = i + PIECE <= jfk.n;
        assert_int_equal(
            rh_session_feed(s, voice ? jfk.samples + i : nothing, PIECE, (int64_t)(i * 1000000 / RATE), &err), RH_OK);
        while (rh_session_recognise(s, &err) == RH_OK)
            if (rh_session_untold(s))
                rh_session_tell(s);
        assert_false(s->ending.answered); /* nobody has asked */
        waited = waited || (voice && s->ending.waits && s->ending.pause);
        if (!voice && end == 0 && s->ending.waits && rh_session_judge_wait_us(s) >= 0)
            end = i;
    }
    assert_true(waited);
    assert_true(end > jfk.n + 3 * RATE / 2 && end < jfk.n + 3 * RATE);
    rh_session_judge(s);
    assert_true(s->ending.answered && s->ending.p >= 0);
    assert_null(s->ending.sound);
    assert_true(rh_session_judge_wait_us(s) < 0);
    rh_session_free(s);
}

/* Decoded by one step, told by another; and where that does not come, by whatever follows. */
static void what_is_decoded_is_told_by_a_step_of_its_own(void **state)
{
    (void)state;
    heard h = {0};
    rh_error err;
    int told = 0;
    rh_session *s = open_session(NULL, "steps", &h);
    for (size_t i = 0; i < jfk.n; i += PIECE) {
        size_t n = jfk.n - i < PIECE ? jfk.n - i : PIECE;
        assert_int_equal(rh_session_feed(s, jfk.samples + i, n, (int64_t)(i * 1000000 / RATE), &err), RH_OK);
        while (rh_session_recognise(s, &err) == RH_OK) {
            int before = h.finals;
            if (!rh_session_untold(s))
                continue;
            if (told++ % 2)
                break; /* nobody comes to tell it */
            rh_session_tell(s);
            assert_true(h.finals > before);
            assert_false(rh_session_untold(s));
        }
    }
    assert_true(told > 0);
    while (!rh_session_untold(s) && rh_session_recognise(s, &err) == RH_OK)
        ;
    json_decref(finish(s));
    assert_non_null(strstr(h.text, said));
}

/* A decode may have to wait for other people's: the pause in which a cue may come is found meanwhile. */
static void a_cue_comes_in_a_pause_that_no_decode_has_seen(void **state)
{
    (void)state;
    static const float nothing[PIECE];
    enum { FROM = 10 * RATE };
    heard h = {0};
    rh_error err;
    bool decodes;
    rh_session *s = open_session(NULL, "pause", &h);
    feed_all(s, 0, FROM); /* in the last words */
    s->timeline.last_face = 10;
    s->timeline.last_present = 5.9; /* out of the picture for so long that it is due, and no longer */
    for (size_t i = FROM; i < FROM + 2 * RATE && h.cue_t <= 0; i += PIECE) {
        const float *x = i + PIECE <= jfk.n ? jfk.samples + i : nothing;
        assert_int_equal(rh_session_feed(s, x, PIECE, (int64_t)(i * 1000000 / RATE), &err), RH_OK);
        (void)rh_session_look(s, &decodes);
    }
    printf("cue at %.1f s\n", h.cue_t);
    assert_true(h.cue_t > 10.4 && h.cue_t < 11.5);
    rh_session_free(s);
}

static int load(void **state)
{
    (void)state;
    rh_error err = {0};
    if (!(folder = test_folder()))
        return -1;
    (void)snprintf(db, sizeof db, "%s/sessions.db", folder);
    (void)snprintf(media, sizeof media, "%s/media", folder);
    if (!(models = load_model_set(true)))
        return -1;
    return rh_audio_read_file(&jfk, "tests/fixtures/jfk.flac", 60, &err) == RH_OK ? 0 : -1;
}

static int unload(void **state)
{
    rh_audio_done(&jfk);
    rh_model_set_free(models);
    return test_folder_remove(state);
}

int main(void)
{
    json_set_alloc_funcs(rh_alloc, rh_free);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finals_are_the_transcript_and_lead_to_a_report),
        cmocka_unit_test(killed_session_goes_on_where_it_was),
        cmocka_unit_test(words_told_before_a_kill_stand),
        cmocka_unit_test(a_text_that_should_be_said_is_followed_whatever_was_told),
        cmocka_unit_test(a_final_whose_sound_comes_again_is_told_once),
        cmocka_unit_test(nothing_is_heard_behind_the_last_word),
        cmocka_unit_test(who_goes_on_finds_the_same_voice),
        cmocka_unit_test(recording_without_a_face_has_the_timeline_of_its_voice),
        cmocka_unit_test(silence_is_a_session_without_words),
        cmocka_unit_test(who_goes_on_during_a_decode_has_not_ended),
        cmocka_unit_test(an_end_is_as_likely_however_late_it_is_looked_at),
        cmocka_unit_test(an_end_is_as_likely_whoever_asks_the_turn_model),
        cmocka_unit_test(the_turn_model_is_asked_where_its_answer_is_needed),
        cmocka_unit_test(what_is_decoded_is_told_by_a_step_of_its_own),
        cmocka_unit_test(a_cue_comes_in_a_pause_that_no_decode_has_seen),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
