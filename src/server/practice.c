#include "practice.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "rehearse/alloc.h"
#include "rehearse/clock.h"

typedef struct {
    rh_job job;
    rh_practice *p;
    rh_sound *sounds; /* feed */
    char *picture;    /* frame */
    size_t n_picture;
    int64_t t_us;
    bool calibrate;
    rh_status st;
    rh_error err;
} task;

/* ---- events, from any thread ---- */

static bool may_be_dropped(const json_t *event)
{
    const char *type = json_string_value(json_object_get(event, "type"));
    return strcmp(type, "face") == 0 || strcmp(type, "metrics") == 0 ||
           strcmp(type, "transcript.partial") == 0;
}

static void on_event(void *user, const json_t *event)
{
    rh_practice *p = user;
    char *text = json_dumps(event, JSON_COMPACT | JSON_REAL_PRECISION(9));
    if (!text)
        return;
    pthread_mutex_lock(&p->lock);
    if (p->events.len < RH_MAX_EVENT_BYTES / 2 || !may_be_dropped(event))
        (void)rh_buf_add(&p->events, text, strlen(text) + 1);
    pthread_mutex_unlock(&p->lock);
    free(text);
}

/* What has gathered goes to the connection. While there is none, it waits: finals
 * and cues are told after a resume. */
static void deliver(rh_practice *p)
{
    if (!p->live)
        return;
    pthread_mutex_lock(&p->lock);
    rh_buf events = p->events;
    rh_buf_init(&p->events, RH_MAX_EVENT_BYTES);
    pthread_mutex_unlock(&p->lock);
    for (size_t i = 0; p->live && i < events.len; i += strlen(events.data + i) + 1)
        rh_live_send(p->live, events.data + i);
    rh_buf_done(&events);
}

void rh_practice_error(rh_practice *p, const char *detail)
{
    json_t *e = json_pack("{s:s, s:s}", "type", "error", "detail", detail);
    if (e)
        on_event(p, e);
    json_decref(e);
}

/* ---- life ---- */

rh_practice *rh_practice_find(rh_server *s, const char *id)
{
    for (rh_practice *p = s->practices; p; p = p->next)
        if (strcmp(p->id, id) == 0)
            return p;
    return NULL;
}

static void free_sounds(rh_sound *s)
{
    while (s) {
        rh_sound *next = s->next;
        rh_free(s);
        s = next;
    }
}

static void destroy(rh_practice *p)
{
    for (rh_practice **at = &p->server->practices; *at; at = &(*at)->next)
        if (*at == p) {
            *at = p->next;
            break;
        }
    rh_session_free(p->session);
    rh_resampler_free(p->resampler);
    free_sounds(p->sound_head);
    rh_free(p->picture);
    json_decref(p->start);
    rh_buf_done(&p->events);
    pthread_mutex_destroy(&p->lock);
    rh_free(p);
}

void rh_practices_free(rh_server *s)
{
    while (s->practices)
        destroy(s->practices);
}

static const char *text_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    return text && *text ? text : NULL;
}

static void make_token(char *token)
{
    unsigned char bytes[RH_TOKEN_LEN / 2];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        memset(bytes, (int)(rh_now_us() & 0xff), sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        (void)snprintf(token + 2 * i, 3, "%02x", bytes[i]);
}

/* ---- jobs ---- */

static void submit(rh_practice *p, rh_pool *pool, task *t, void (*run)(rh_job *, rh_worker *),
                   void (*done)(rh_server *, rh_job *), bool *flag)
{
    t->p = p;
    t->job = (rh_job){.run = run, .done = done};
    if (rh_pool_submit(pool, &t->job) != RH_OK) { /* full: the next tick tries again */
        if (t->sounds) {
            rh_sound *last = t->sounds;
            while (last->next)
                last = last->next;
            last->next = p->sound_head;
            p->sound_head = t->sounds;
            if (!p->sound_tail)
                p->sound_tail = last;
        }
        rh_free(t->picture);
        rh_free(t);
        return;
    }
    *flag = true;
    p->n_jobs++;
}

static void over(task *t)
{
    rh_practice *p = t->p;
    p->n_jobs--;
    free_sounds(t->sounds);
    rh_free(t->picture);
    rh_free(t);
    rh_practice_pump(p);
}

static void open_run(rh_job *job, rh_worker *w)
{
    task *t = (task *)job;
    rh_practice *p = t->p;
    const json_t *m = p->start;
    (void)w;
    rh_session_options o = {.id = p->id,
                            .client = text_of(m, "client"),
                            .question = text_of(m, "question"),
                            .kind = text_of(m, "kind"),
                            .language = text_of(m, "language"),
                            .reference = text_of(m, "reference_text"),
                            .face_hz = (float)json_number_value(json_object_get(m, "face_hz")),
                            .spool_dir = p->media_dir,
                            .keep_media = json_is_true(json_object_get(m, "keep_media")),
                            .live = true,
                            .emit = on_event,
                            .user = p};
    t->st = rh_session_new(&p->session, p->server->coach, p->server->store, &o, &t->err);
}

static void tell_ready(rh_practice *p)
{
    json_t *e = json_pack("{s:s, s:s, s:s, s:I, s:i}", "type", "ready", "session", p->id, "resume", p->token,
                          "audio_us", (json_int_t)rh_session_audio_us(p->session), "resume_for_s",
                          RH_SESSION_RESUME_S);
    if (e)
        on_event(p, e);
    json_decref(e);
}

static void open_done(rh_server *s, rh_job *job)
{
    task *t = (task *)job;
    rh_practice *p = t->p;
    (void)s;
    p->opening = false;
    if (t->st == RH_OK) {
        tell_ready(p);
    } else {
        rh_practice_error(p, t->err.msg);
        p->failed = true;
    }
    over(t);
}

rh_status rh_practice_new(rh_practice **out, rh_server *s, const char *id, json_t *start, rh_error *err)
{
    int rate = (int)json_integer_value(json_object_get(start, "sample_rate"));
    if (!json_object_get(start, "sample_rate"))
        rate = RH_ASR_RATE_HZ;
    if (rate < RH_AUDIO_MIN_RATE_HZ || rate > RH_AUDIO_MAX_RATE_HZ)
        return rh_fail(err, RH_ERR_INVAL, "sample_rate %d is outside %d to %d", rate,
                       RH_AUDIO_MIN_RATE_HZ, RH_AUDIO_MAX_RATE_HZ);
    rh_practice *p = rh_calloc(1, sizeof *p);
    task *t = rh_calloc(1, sizeof *t);
    if (!p || !t) {
        rh_free(p);
        rh_free(t);
        return rh_fail(err, RH_ERR_NOMEM, "out of memory");
    }
    p->server = s;
    p->rate_hz = rate;
    p->start = json_incref(start);
    (void)snprintf(p->id, sizeof p->id, "%s", id);
    (void)snprintf(p->media_dir, sizeof p->media_dir, "%s/media", s->o.config->data_dir);
    make_token(p->token);
    pthread_mutex_init(&p->lock, NULL);
    rh_buf_init(&p->events, RH_MAX_EVENT_BYTES);
    p->next = s->practices;
    s->practices = p;
    submit(p, s->media, t, open_run, open_done, &p->opening);
    if (!p->opening) {
        destroy(p);
        return rh_fail(err, RH_ERR_LIMIT, "the server is busy: try again in a moment");
    }
    *out = p;
    return RH_OK;
}

/* 16-bit or float bytes as floats of the client's rate. */
static float *samples_of(const rh_sound *s, size_t *n)
{
    *n = s->n / (s->is_float ? sizeof(float) : sizeof(int16_t));
    float *x = rh_alloc_array(*n + 1, sizeof *x);
    for (size_t i = 0; x && i < *n; i++) {
        int16_t v = 0;
        if (s->is_float) {
            memcpy(&x[i], s->bytes + 4 * i, sizeof x[i]);
            if (!isfinite(x[i]))
                x[i] = 0;
        } else {
            memcpy(&v, s->bytes + 2 * i, sizeof v);
            x[i] = (float)v / 32768.0f;
        }
    }
    return x;
}

static rh_status feed_one(rh_practice *p, const rh_sound *sound, rh_error *err)
{
    size_t n = 0, n_out = 0;
    float *x = samples_of(sound, &n);
    const float *y = x;
    rh_status st = x ? RH_OK : RH_ERR_NOMEM;
    n_out = n;
    if (st == RH_OK && p->rate_hz != RH_ASR_RATE_HZ && !p->resampler)
        st = rh_resampler_new(&p->resampler, p->rate_hz, RH_ASR_RATE_HZ, err);
    if (st == RH_OK && p->resampler && n)
        st = rh_resampler_feed(p->resampler, x, n, &y, &n_out);
    if (st == RH_OK && n_out)
        st = rh_session_feed(p->session, y, n_out, sound->t_us, err);
    rh_free(x);
    return st;
}

static void feed_run(rh_job *job, rh_worker *w)
{
    task *t = (task *)job;
    (void)w;
    while (t->sounds) {
        t->st = feed_one(t->p, t->sounds, &t->err);
        if (t->st == RH_ERR_LIMIT && !t->p->resampler)
            return; /* what is left goes back and waits */
        rh_sound *next = t->sounds->next;
        rh_free(t->sounds);
        t->sounds = next;
    }
}

static size_t bytes_of(const rh_sound *s)
{
    size_t n = 0;
    for (; s; s = s->next)
        n += s->n;
    return n;
}

static void feed_done(rh_server *s, rh_job *job)
{
    task *t = (task *)job;
    rh_practice *p = t->p;
    (void)s;
    p->feeding = false;
    p->work_due = true;
    if (t->sounds) { /* in front of what came since */
        rh_sound *last = t->sounds;
        while (last->next)
            last = last->next;
        last->next = p->sound_head;
        if (!p->sound_tail)
            p->sound_tail = last;
        p->sound_head = t->sounds;
        t->sounds = NULL;
    } else if (t->st != RH_OK) {
        rh_practice_error(p, t->err.msg);
    }
    p->sound_bytes = bytes_of(p->sound_head);
    over(t);
}

static void frame_run(rh_job *job, rh_worker *w)
{
    task *t = (task *)job;
    (void)w;
    if (t->calibrate)
        rh_session_calibrate(t->p->session);
    t->st = rh_session_frame(t->p->session, t->picture, t->n_picture, t->t_us, &t->err);
}

static void frame_done(rh_server *s, rh_job *job)
{
    task *t = (task *)job;
    s->count.n_frames++;
    t->p->measuring = false;
    if (t->st != RH_OK)
        rh_practice_error(t->p, t->err.msg);
    over(t);
}

static void work_run(rh_job *job, rh_worker *w)
{
    task *t = (task *)job;
    (void)w;
    t->st = rh_session_work(t->p->session, &t->err);
}

static void work_done(rh_server *s, rh_job *job)
{
    task *t = (task *)job;
    (void)s;
    t->p->working = false;
    t->p->work_due |= t->st == RH_OK; /* there may be more */
    if (t->st < 0)
        rh_practice_error(t->p, t->err.msg);
    over(t);
}

static void finish_run(rh_job *job, rh_worker *w)
{
    task *t = (task *)job;
    json_t *report = NULL;
    (void)w;
    t->st = rh_session_finish(t->p->session, &t->p->cancel, &report, &t->err);
    json_decref(report);
}

static void finish_done(rh_server *s, rh_job *job)
{
    task *t = (task *)job;
    rh_practice *p = t->p;
    s->count.n_audio_results++;
    p->finishing = false;
    p->finished = true;
    if (t->st != RH_OK)
        rh_practice_error(p, t->err.msg);
    over(t);
}

/* ---- what runs when ---- */

static void pump_sound(rh_practice *p)
{
    if (p->feeding || !p->sound_head)
        return;
    task *t = rh_calloc(1, sizeof *t);
    if (!t)
        return;
    t->sounds = p->sound_head;
    p->sound_head = p->sound_tail = NULL;
    submit(p, p->server->media, t, feed_run, feed_done, &p->feeding);
}

static void pump_picture(rh_practice *p)
{
    if (p->measuring || !p->picture)
        return;
    task *t = rh_calloc(1, sizeof *t);
    if (!t)
        return;
    t->picture = p->picture;
    t->n_picture = p->n_picture;
    t->t_us = p->picture_us;
    t->calibrate = p->calibrate;
    p->picture = NULL;
    p->calibrate = false;
    submit(p, p->server->media, t, frame_run, frame_done, &p->measuring);
}

static void pump_work(rh_practice *p)
{
    if (p->working || !p->work_due)
        return;
    task *t = rh_calloc(1, sizeof *t);
    if (!t)
        return;
    p->work_due = false;
    submit(p, p->server->speech, t, work_run, work_done, &p->working);
    if (!p->working)
        p->work_due = true;
}

static void pump_finish(rh_practice *p)
{
    bool quiet = !p->feeding && !p->working && !p->measuring && !p->sound_head && !p->picture;
    task *t = quiet ? rh_calloc(1, sizeof *t) : NULL;
    if (t)
        submit(p, p->server->speech, t, finish_run, finish_done, &p->finishing);
}

void rh_practice_pump(rh_practice *p)
{
    bool ended = p->finished || p->failed;
    if (p->session && !ended && !p->finishing && !p->server->stopping) {
        pump_sound(p);
        pump_picture(p);
        if (p->finish_wanted)
            pump_finish(p);
        else
            pump_work(p);
    }
    deliver(p);
    if (p->live)
        rh_live_hold_back(p->live, p->sound_bytes > RH_MAX_SOUND_BYTES);
    if (!ended || p->n_jobs)
        return;
    rh_live *live = p->live;
    bool failed = p->failed;
    destroy(p);
    if (live) {
        rh_live_leave(live);
        rh_live_close(live, failed ? 1008 : 1000);
    }
}

void rh_practice_attach(rh_practice *p, rh_live *live)
{
    p->live = live;
    p->broken_at_us = rh_now_us();
    if (!live || !p->session)
        return;
    if (!p->feeding) { /* sound starts anew where the server stands */
        rh_resampler_free(p->resampler);
        p->resampler = NULL;
    }
    tell_ready(p);
    deliver(p);
}

void rh_practice_sound(rh_practice *p, rh_sound *take)
{
    take->next = NULL;
    if (p->sound_tail)
        p->sound_tail->next = take;
    else
        p->sound_head = take;
    p->sound_tail = take;
    p->sound_bytes += take->n;
    rh_practice_pump(p);
}

void rh_practice_picture(rh_practice *p, char *take, size_t n, int64_t t_us)
{
    if (p->picture)
        p->server->count.n_frames_skipped++;
    rh_free(p->picture);
    p->picture = take;
    p->n_picture = n;
    p->picture_us = t_us;
    rh_practice_pump(p);
}

void rh_practice_finish(rh_practice *p)
{
    p->finish_wanted = true;
    rh_practice_pump(p);
}

void rh_practices_tick(rh_server *s, int64_t now_us)
{
    for (rh_practice *p = s->practices, *next; p; p = next) {
        next = p->next;
        int64_t alone_us = p->live ? 0 : now_us - p->broken_at_us;
        if (alone_us > (int64_t)RH_SESSION_RESUME_S * 1000000)
            p->finish_wanted = true;
        rh_practice_pump(p);
    }
}
