/* legacy_source.c - see legacy_source.h.
 *
 * A socket's sound has breaks (a client that sends only while somebody speaks), the
 * session has none: each break is kept as a joint, sample of the source and sample of
 * the session, by which the times of words are put right. */
#include "rehearse/session/legacy_source.h"

#include <math.h>
#include <string.h>
#include "curves.h"
#include "finals.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/array.h"
#include "session_internal.h"

enum {
    RATE = RH_ASR_RATE_HZ,
    SETTLE_MS = 2300,    /* a result at latest 4 s after the one before: some 0.5 s to decode,
                             the same to decode again where nothing is settled, and a piece of sound */
    NEW_SOUND_S = 2,     /* between two results of somebody who speaks */
    KEEP_S = 40,         /* words come no later than that after their sound was looked at */
    LATE = RATE * 3 / 2, /* a network may hold sound back for so long */
};

static const double REST_S = 0.9;

typedef struct {
    size_t source, session; /* samples */
} joint;

struct rh_legacy_source {
    rh_session *session;
    rh_legacy_source *next; /* {session->feed_lock} of the same session */
    rh_camera camera;       /* opened with the first picture */
    rh_face_options faces;
    rh_transcriber *transcriber; /* made with the first sound */
    rh_word_table said;          /* recognition's while it runs, else {lock} */
    bool recognising;            /* {lock} */
    pthread_mutex_t lock;        /* never held while sound is recognised */
    rh_curves curves;            /* {lock} of the sound fed, what may still be measured */
    float *waiting;              /* {lock} came while recognition runs, which is to end with what it began with */
    size_t n_waiting, cap_waiting;
    size_t n_fed;         /* {lock} samples */
    size_t n_looked_at;   /* of them there when recognition began, the last time */
    double measured;      /* {lock} s, the end of the last result */
    double fed_at_result; /* s, when it was given */
    joint *joints;        /* {session->feed_lock} rising */
    size_t n_joints, cap_joints;
    size_t n_kept; /* {session->feed_lock} samples of the source the session has */
};

rh_status rh_legacy_source_new(rh_legacy_source **out, rh_session *s, const rh_face_options *faces, rh_error *err)
{
    rh_legacy_source *l = rh_calloc(1, sizeof *l);
    if (!l)
        return rh_fail(err, RH_ERR_NOMEM, "source: out of memory");
    pthread_mutex_init(&l->lock, NULL);
    l->session = s;
    l->faces = *faces;
    l->said.fillers_are = RH_FILLERS_KNOWN;
    memcpy(l->said.model, s->said.model, sizeof l->said.model);
    pthread_mutex_lock(&s->feed_lock);
    l->next = s->sources;
    s->sources = l;
    pthread_mutex_unlock(&s->feed_lock);
    *out = l;
    return RH_OK;
}

void rh_legacy_source_free(rh_legacy_source *l)
{
    if (!l)
        return;
    rh_session *s = l->session;
    pthread_mutex_lock(&s->feed_lock);
    rh_legacy_source **at = &s->sources;
    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    if (s->active_source == l)
        s->active_source = NULL;
    pthread_mutex_unlock(&s->feed_lock);
    rh_face_tracker_free(l->camera.tracker);
    rh_transcriber_free(l->transcriber);
    rh_word_table_done(&l->said);
    rh_curves_done(&l->curves);
    rh_free(l->waiting);
    rh_free(l->joints);
    pthread_mutex_destroy(&l->lock);
    rh_free(l);
}

void rh_legacy_sources_free(rh_session *s)
{
    while (s->sources)
        rh_legacy_source_free(s->sources);
}

bool rh_legacy_source_kept(const rh_legacy_source *l)
{
    return !l->session->o.unkept;
}

/* ---- pictures ---- */

rh_status rh_legacy_source_frame(rh_legacy_source *l, const void *bytes, size_t n, int64_t t_us, bool calibrate,
                                 rh_face *out, rh_error *err)
{
    rh_status st = rh_camera_open(&l->camera, l->session->models->faces, &l->faces, err);
    if (st != RH_OK)
        return st;
    if (calibrate)
        rh_face_tracker_calibrate(l->camera.tracker);
    st = rh_camera_read(&l->camera, bytes, n, t_us, out, err);
    if (st == RH_OK && rh_legacy_source_kept(l))
        rh_session_note_face(l->session, out, t_us);
    return st;
}

/* ---- sound ---- */

static rh_status need_transcriber(rh_legacy_source *l, rh_error *err)
{
    const rh_model_set *m = l->session->models;
    rh_transcriber_options o = rh_transcriber_options_default();
    if (l->transcriber)
        return RH_OK;
    if (!m->asr)
        return rh_fail(err, RH_ERR_UNSUPPORTED, "no speech model is loaded");
    o.partials = false;
    o.verbatim = true;
    o.sounds = true;
    o.settle_ms = SETTLE_MS;
    o.max_behind_s = RH_LEGACY_WAIT_S;
    o.language = m->language[0] ? m->language : NULL;
    return rh_transcriber_new(&l->transcriber, m->asr, m->vad, &o, err);
}

/* {feed_lock} */
static void keep_sound(rh_legacy_source *l, const float *samples, size_t n, int64_t t_us)
{
    rh_session *s = l->session;
    int64_t began = t_us * RATE / 1000000 - (int64_t)n; /* it came when its last sample was heard */
    size_t at = began > 0 ? (size_t)began : 0;
    bool anew = l->n_joints == 0, gap = at > s->spool.n + (anew ? 0 : LATE);
    rh_status st = gap ? rh_session_take_silence(s, at, NULL) : RH_OK;
    if (st == RH_OK && (anew || gap))
        st = rh_array_reserve(&l->joints, &l->cap_joints, l->n_joints + 1, sizeof *l->joints);
    if (st == RH_OK && (anew || gap))
        l->joints[l->n_joints++] = (joint){l->n_kept, s->spool.n};
    if (st == RH_OK)
        st = rh_session_take_sound(s, samples, n, NULL);
    if (st == RH_OK)
        l->n_kept += n;
}

static void feed_session(rh_legacy_source *l, const float *samples, size_t n, int64_t t_us)
{
    rh_session *s = l->session;
    pthread_mutex_lock(&s->feed_lock);
    if (!s->active_source)
        s->active_source = l;
    if (s->active_source == l)
        keep_sound(l, samples, n, t_us);
    double end = (double)s->spool.n / RATE;
    pthread_mutex_unlock(&s->feed_lock);
    rh_session_advance(s, end);
}

/* {lock} */
static rh_status hold(rh_legacy_source *l, const float *samples, size_t n, rh_error *err)
{
    if (rh_transcriber_behind_s(l->transcriber) + (double)(l->n_waiting + n) / RATE > RH_LEGACY_WAIT_S)
        return rh_fail(err, RH_ERR_LIMIT, "more than %d s of sound wait to be recognised; send slower",
                       RH_LEGACY_WAIT_S);
    if (rh_array_reserve(&l->waiting, &l->cap_waiting, l->n_waiting + n, sizeof *l->waiting) != RH_OK)
        return rh_fail(err, RH_ERR_NOMEM, "source: out of memory");
    if (n)
        memcpy(l->waiting + l->n_waiting, samples, n * sizeof *samples);
    l->n_waiting += n;
    return RH_OK;
}

rh_status rh_legacy_source_feed(rh_legacy_source *l, const float *samples, size_t n, int64_t t_us, rh_error *err)
{
    rh_status st = need_transcriber(l, err);
    if (st != RH_OK)
        return st;
    pthread_mutex_lock(&l->lock);
    st = l->recognising ? hold(l, samples, n, err) : rh_transcriber_feed(l->transcriber, samples, n, err);
    l->n_fed += st == RH_OK ? n : 0;
    /* Without its curves speech is still recognised and measured by its words. */
    if (st == RH_OK && rh_curves_feed(&l->curves, samples, n, NULL) != RH_OK)
        rh_curves_done(&l->curves);
    pthread_mutex_unlock(&l->lock);
    if (st == RH_OK && rh_legacy_source_kept(l) && n)
        feed_session(l, samples, n, t_us);
    return st;
}

/* {feed_lock} */
static double in_session(const rh_legacy_source *l, double t)
{
    size_t i = l->n_joints;
    while (i > 1 && (double)l->joints[i - 1].source / RATE > t + 1e-3)
        i--;
    if (i == 0)
        return t;
    return t + ((double)l->joints[i - 1].session - (double)l->joints[i - 1].source) / RATE;
}

static float shifted(void *user, float t)
{
    return (float)in_session(user, (double)t);
}

/* What was recognised from second `from_s` to `to_s` belongs to the session. */
static void keep_words(rh_legacy_source *l, double from_s, double to_s)
{
    rh_session *s = l->session;
    size_t first, end;
    rh_word_table_range(&l->said, from_s, to_s, &first, &end);
    pthread_mutex_lock(&s->feed_lock);
    if (l->n_joints > 0 && first < end) { /* else it was another's turn */
        size_t i = s->said.n_segments;
        s->whole = rh_word_table_copy(&s->said, &l->said, first, end, shifted, l) == RH_OK && s->whole;
        memcpy(s->said.language, l->said.language, sizeof s->said.language);
        for (; i < s->said.n_segments; i++)
            rh_session_keep_segment(s, i, 0, (double)s->said.segments[i].end, -1);
    }
    pthread_mutex_unlock(&s->feed_lock);
}

static void forget_in_session(rh_legacy_source *l)
{
    rh_session *s = l->session;
    pthread_mutex_lock(&s->feed_lock);
    if (s->active_source == l && l->n_joints > 0)
        rh_spool_cut(&s->spool, (size_t)(in_session(l, l->measured) * RATE));
    l->n_joints = l->n_kept = 0;
    pthread_mutex_unlock(&s->feed_lock);
}

void rh_legacy_source_clear(rh_legacy_source *l)
{
    rh_word_table none = {.fillers_are = RH_FILLERS_KNOWN};
    if (rh_legacy_source_kept(l))
        forget_in_session(l);
    memcpy(none.model, l->said.model, sizeof none.model);
    if (l->transcriber)
        rh_transcriber_reset(l->transcriber);
    rh_curves_done(&l->curves);
    rh_word_table_done(&l->said);
    l->said = none;
    l->n_fed = l->n_looked_at = 0;
    l->fed_at_result = l->measured = 0;
}

/* ---- recognition ---- */

/* The end of the last final. */
static double heard_s(const rh_legacy_source *l)
{
    return l->said.n_segments ? (double)l->said.segments[l->said.n_segments - 1].end : 0;
}

static bool has_new_words(const rh_legacy_source *l)
{
    size_t i = l->said.n_segments;
    while (i > 0 && l->said.segments[i - 1].end > (float)l->measured)
        if (*l->said.segments[--i].text)
            return true;
    return false;
}

double rh_legacy_source_measured_s(const rh_legacy_source *l)
{
    return l->measured;
}

double rh_legacy_source_waiting_s(rh_legacy_source *l)
{
    pthread_mutex_lock(&l->lock);
    double s = fmax(0, (double)l->n_fed / RATE - l->measured);
    pthread_mutex_unlock(&l->lock);
    return s;
}

/* Of the first n samples. */
static bool result_due(const rh_legacy_source *l, size_t n)
{
    return has_new_words(l) &&
           ((double)n / RATE - l->fed_at_result >= NEW_SOUND_S ||
            (!rh_transcriber_speaking(l->transcriber) && rh_transcriber_quiet_s(l->transcriber) >= REST_S));
}

rh_legacy_rest rh_legacy_source_look(rh_legacy_source *l, bool *due)
{
    rh_legacy_rest rest = RH_REST_VOICED;
    *due = false;
    if (!l->transcriber)
        return RH_REST_NOTHING;
    pthread_mutex_lock(&l->lock);
    *due = !l->recognising && (rh_transcriber_due(l->transcriber) || result_due(l, l->n_fed));
    if (!l->recognising && !rh_transcriber_voiced(l->transcriber))
        rest = has_new_words(l) || rh_transcriber_speaking(l->transcriber) ? RH_REST_QUIET : RH_REST_NOTHING;
    pthread_mutex_unlock(&l->lock);
    return rest;
}

static void recognising(rh_legacy_source *l, bool yes)
{
    pthread_mutex_lock(&l->lock);
    l->recognising = yes;
    if (yes)
        l->n_looked_at = l->n_fed;
    else
        (void)rh_transcriber_feed(l->transcriber, l->waiting, l->n_waiting, NULL); /* hold() has left room */
    l->n_waiting = 0;
    pthread_mutex_unlock(&l->lock);
}

static rh_status take_finals(rh_legacy_source *l, bool *any)
{
    rh_heard h;
    rh_status st = RH_OK;
    while (st == RH_OK && rh_transcriber_next(l->transcriber, &h) == RH_OK)
        if (h.final && h.transcript->text) {
            st = rh_finals_add(&l->said, &h, NULL);
            *any = true;
        }
    return st;
}

rh_status rh_legacy_source_recognise(rh_legacy_source *l, rh_legacy_part part, const atomic_bool *cancel, rh_error *err)
{
    rh_status st = need_transcriber(l, err), taken;
    bool any = false, all = part != RH_PART_SETTLED;
    if (st != RH_OK)
        return st;
    recognising(l, true);
    do {
        st =
            all ? rh_transcriber_finish(l->transcriber, cancel, err) : rh_transcriber_work(l->transcriber, cancel, err);
        taken = take_finals(l, &any);
    } while (!all && st == RH_OK && taken == RH_OK);
    recognising(l, false);
    if (taken != RH_OK)
        return rh_fail(err, taken, "source: %s", rh_status_name(taken));
    return st == RH_OK || st == RH_AGAIN ? (any ? RH_OK : RH_AGAIN) : st;
}

/* {lock} */
static rh_status measure(rh_legacy_source *l, rh_legacy_part part, double from_s, rh_analysis *out, rh_error *err)
{
    bool all = part != RH_PART_SETTLED;
    double fed = (double)l->n_looked_at / RATE;
    if (part != RH_PART_ALL && !(all ? has_new_words(l) : result_due(l, l->n_looked_at))) {
        if (!has_new_words(l))
            rh_curves_forget(&l->curves, fmin(from_s, fed - rh_transcriber_behind_s(l->transcriber) - KEEP_S));
        return RH_AGAIN;
    }
    double until = fmax(l->measured, all ? fmax(fed, heard_s(l)) : heard_s(l));
    rh_contour c = {0};
    (void)rh_curves_part(&l->curves, from_s, until, &c, NULL);
    rh_status st = rh_analyse(&l->said, c.n ? &c : NULL, NULL, from_s, until, out, err);
    if (st != RH_OK)
        return st;
    l->measured = until;
    l->fed_at_result = fed;
    rh_curves_forget(&l->curves, from_s);
    rh_word_table_forget(&l->said, from_s - KEEP_S);
    return RH_OK;
}

rh_status rh_legacy_source_result(rh_legacy_source *l, rh_legacy_part part, double from_s, rh_analysis *out,
                                  rh_error *err)
{
    double known = l->measured;
    pthread_mutex_lock(&l->lock);
    rh_status st = measure(l, part, from_s, out, err);
    pthread_mutex_unlock(&l->lock);
    if (st == RH_OK && rh_legacy_source_kept(l))
        keep_words(l, known, l->measured);
    return st;
}
