/* sound_source.c - sound and words that somebody else recognised, put into a session.
 *
 * A socket's sound has breaks (a client that sends only while somebody speaks), the
 * session has none: each break is kept as a pair, sample of the source and sample of
 * the session, by which the times of words are put right. */
#include "rehearse/base/alloc.h"
#include "rehearse/speech/fillers.h"
#include "rounding.h"
#include "session_internal.h"

enum { RATE = RH_ASR_RATE_HZ, LATE = RATE * 3 / 2 }; /* a network may hold sound back for so long */

typedef struct {
    size_t source, session;
} joint;

struct rh_sound_source {
    rh_session *s;
    joint *joints;        /* {s->feed_lock}, as all below; rising */
    size_t n_joints, cap;
    size_t n;             /* samples so far */
};

rh_status rh_sound_source_new(rh_sound_source **out, rh_session *s, rh_error *err)
{
    rh_sound_source *src = rh_calloc(1, sizeof *src);
    if (!src)
        return rh_fail(err, RH_ERR_NOMEM, "session: out of memory");
    src->s = s;
    *out = src;
    return RH_OK;
}

void rh_sound_source_free(rh_sound_source *src)
{
    if (!src)
        return;
    pthread_mutex_lock(&src->s->feed_lock);
    if (src->s->speaker == src)
        src->s->speaker = NULL;
    pthread_mutex_unlock(&src->s->feed_lock);
    rh_free(src->joints);
    rh_free(src);
}

static rh_status add_joint(rh_sound_source *src)
{
    if (src->n_joints == src->cap) {
        size_t cap = src->cap ? src->cap * 2 : 8;
        joint *p = rh_realloc(src->joints, cap * sizeof *p);
        if (!p)
            return RH_ERR_NOMEM;
        src->joints = p;
        src->cap = cap;
    }
    src->joints[src->n_joints++] = (joint){src->n, src->s->spool.n};
    return RH_OK;
}

static void take(rh_sound_source *src, const float *samples, size_t n, int64_t t_us)
{
    rh_session *s = src->s;
    int64_t began = t_us * RATE / 1000000 - (int64_t)n; /* it came when its last sample was heard */
    size_t at = began > 0 ? (size_t)began : 0;
    bool anew = src->n_joints == 0, gap = at > s->spool.n + (anew ? 0 : LATE);
    rh_status st = gap ? rh_session_take_silence(s, at, NULL) : RH_OK;
    if (st == RH_OK && (anew || gap))
        st = add_joint(src);
    if (st == RH_OK)
        st = rh_session_take_sound(s, samples, n, NULL);
    if (st == RH_OK)
        src->n += n;
}

void rh_sound_source_sound(rh_sound_source *src, const float *samples, size_t n, int64_t t_us)
{
    rh_session *s = src->s;
    pthread_mutex_lock(&s->feed_lock);
    if (!s->speaker)
        s->speaker = src;
    if (s->speaker == src)
        take(src, samples, n, t_us);
    double end = (double)s->spool.n / RATE;
    pthread_mutex_unlock(&s->feed_lock);
    rh_session_advance(s, end, false);
}

/* {feed_lock} */
static double in_session(const rh_sound_source *src, double t)
{
    size_t i = src->n_joints;
    while (i > 1 && (double)src->joints[i - 1].source / RATE > t + 1e-3)
        i--;
    if (i == 0)
        return t;
    return t + ((double)src->joints[i - 1].session - (double)src->joints[i - 1].source) / RATE;
}

typedef struct {
    const rh_sound_source *src;
    double from_s;
} shift;

static float shifted(void *user, float t)
{
    const shift *m = user;
    return (float)in_session(m->src, m->from_s + (double)t);
}

static const char *filler_at(const rh_speech_input *in, const rh_word *w)
{
    float middle = (w->start + w->end) / 2;
    for (size_t i = 0; i < in->n_fillers; i++)
        if (middle >= in->fillers[i].start && middle <= in->fillers[i].end)
            return in->fillers[i].kind;
    return NULL;
}

static json_t *words_of(const rh_speech_input *in, shift *m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < in->n_words; i++) {
        const rh_word *w = &in->words[i];
        json_array_append_new(list, json_pack("{s:s, s:f, s:f, s:f, s:s*}", "word", w->text, "start",
                                              rh_round((double)shifted(m, w->start), 1000), "end",
                                              rh_round((double)shifted(m, w->end), 1000), "probability",
                                              rh_round((double)w->p, 1000), "filler", filler_at(in, w)));
    }
    return list;
}

static bool is_written(const rh_speech_input *in, const rh_speech_filler *f)
{
    for (size_t i = 0; i < in->n_words; i++) {
        float middle = (in->words[i].start + in->words[i].end) / 2;
        if (middle >= f->start && middle <= f->end && rh_filler_sound(in->words[i].text) >= 0)
            return true;
    }
    return false;
}

/* Its fillers were heard, not written: put among the words they say what was said. */
static rh_status copy_second(rh_session *s, const rh_speech_input *in, shift *m)
{
    rh_status st = RH_OK;
    for (size_t i = 0, k = 0; (i < in->n_words || k < in->n_fillers) && st == RH_OK;) {
        bool filler = k < in->n_fillers && (i == in->n_words || in->fillers[k].start < in->words[i].start);
        rh_word um = {0};
        if (filler) {
            const rh_speech_filler *f = &in->fillers[k++];
            if (rh_filler_sound(f->kind) < 0 || is_written(in, f))
                continue; /* it is there already */
            um = (rh_word){.text = f->kind, .start = f->start, .end = f->end, .p = 1};
        }
        rh_speech_input one = {.words = filler ? &um : &in->words[i++], .n_words = 1};
        st = rh_speech_table_copy(&s->second, &one, shifted, m);
    }
    return st;
}

void rh_sound_source_speech(rh_sound_source *src, const rh_speech_input *in, const char *text, double from_s)
{
    rh_session *s = src->s;
    shift m = {src, from_s};
    pthread_mutex_lock(&s->feed_lock);
    if (src->n_joints > 0 && in->n_words > 0) { /* else it was another's turn */
        json_t *words = words_of(in, &m);
        double start = (double)shifted(&m, in->words[0].start);
        double end = (double)shifted(&m, in->words[in->n_words - 1].end);
        rh_session_keep_segment(s, text, start, end, words);
        s->whole = s->whole && rh_speech_table_copy(&s->table, in, shifted, &m) == RH_OK &&
                   copy_second(s, in, &m) == RH_OK;
        (void)snprintf(s->heard_language, sizeof s->heard_language, "%s", in->language ? in->language : "");
        json_decref(words);
    }
    pthread_mutex_unlock(&s->feed_lock);
}

void rh_sound_source_forget(rh_sound_source *src, double from_s)
{
    rh_session *s = src->s;
    pthread_mutex_lock(&s->feed_lock);
    if (s->speaker == src && src->n_joints > 0)
        rh_spool_cut(&s->spool, (size_t)(in_session(src, from_s) * RATE));
    src->n_joints = src->n = 0;
    pthread_mutex_unlock(&s->feed_lock);
}
