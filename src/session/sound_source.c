/* sound_source.c - sound and words that somebody else recognised, put into a session.
 *
 * A socket's sound has breaks (a client that sends only while somebody speaks), the
 * session has none: each break is kept as a pair, sample of the source and sample of
 * the session, by which the times of words are put right. */
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/array.h"
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
    rh_status st = rh_array_reserve(&src->joints, &src->cap, src->n_joints + 1, sizeof *src->joints);
    if (st == RH_OK)
        src->joints[src->n_joints++] = (joint){src->n, src->s->spool.n};
    return st;
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

static float shifted(void *user, float t)
{
    return (float)in_session(user, (double)t);
}

void rh_sound_source_speech(rh_sound_source *src, const rh_word_table *said, double from_s, double to_s)
{
    rh_session *s = src->s;
    size_t first, end;
    rh_word_table_range(said, from_s, to_s, &first, &end);
    pthread_mutex_lock(&s->feed_lock);
    if (src->n_joints > 0 && first < end) { /* else it was another's turn */
        size_t i = s->said.n_segments;
        s->whole = rh_word_table_copy(&s->said, said, first, end, shifted, src) == RH_OK && s->whole;
        memcpy(s->said.language, said->language, sizeof s->said.language);
        for (; i < s->said.n_segments; i++)
            rh_session_keep_segment(s, i, 0);
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
