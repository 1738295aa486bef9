/* live_session_jobs.c - the work of a live session on the pools: opening, sound in,
 * recognition, pictures, the report. At most one job of each kind at a time. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "live_session_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/json.h"
#include "rehearse/report/analysis_json.h"
#include "rehearse/base/clock.h"
#include "server/interview/kept.h"
#include "server/session_job.h"

enum { RATE = RH_ASR_RATE_HZ, JUMP_US = 20000, WORK_SLICE_US = 1000000, WORK_LATE_US = 1000000 };

typedef struct rh_live_job {
    rh_job job;
    rh_live_session *p;
    rh_media_item *item;
    unsigned kind;
    bool decodes;          /* of one that recognises: it is to decode */
    bool untold;           /* words have become final that nobody has been told */
    bool looked;           /* it has seen, */
    bool to_decode;        /* that there is something to decode, */
    int64_t may_wait_us;   /* and how long that may wait, */
    int64_t judge_wait_us; /* and the turn model; < 0: it has nothing to hear */
    rh_session *session;   /* of the open job, */
    rh_live_kept kept;     /* what there was of it */
    bool refused;          /* what it asks for there is not */
    rh_status st;
    rh_error err;
} live_job;

/* An event on its way from a pool thread to the loop. */
typedef struct {
    rh_job job;
    rh_live_session *p;
    uint64_t seq; /* 0: it is not kept */
    char *text;
} note;

static void note_done(rh_server *s, rh_job *base)
{
    (void)s;
    note *n = (note *)base;
    if (n->text)
        rh_live_session_deliver(n->p, n->text, strlen(n->text), n->seq);
    free(n->text);
    rh_free(n);
}

/* From whichever thread made the event; the job it belongs to ends after it, so
 * the session is still there when the loop sees the note. */
static void emit(void *user, const json_t *event)
{
    rh_live_session *p = user;
    note *n = rh_calloc(1, sizeof *n);
    if (!n)
        return;
    n->seq = (uint64_t)json_integer_value(json_object_get(event, "seq"));
    n->job.done = note_done;
    n->p = p;
    n->text = json_dumps(event, JSON_COMPACT | JSON_REAL_PRECISION(12));
    rh_job_finished(p->server, &n->job);
}

static void saw(void *user, const rh_face *f, double t, double unix_time, const rh_error *remark)
{
    json_t *event = rh_face_json(f, unix_time, remark);
    json_object_set_new(event, "type", json_string("face"));
    json_object_set_new(event, "t", rh_rounded(t, 1000));
    emit(user, event);
    json_decref(event);
}

/* When recognition is due, by what was seen last. */
static int64_t due_us(const rh_live_session *p)
{
    return p->may_wait_us ? rh_now_us() + p->may_wait_us : 0;
}

static int64_t due_of(const rh_live_session *p, unsigned kind, const rh_pool *pool)
{
    if (kind == RH_LIVE_JUDGES)
        return rh_now_us() + p->judge_wait_us;
    return pool == p->server->speech ? due_us(p) : 0;
}

static bool start(rh_live_session *p, unsigned kind, rh_pool *pool, void (*run)(rh_job *, rh_worker *),
                  void (*done)(rh_server *, rh_job *), rh_media_item *item)
{
    bool recognises = kind == RH_LIVE_RECOGNISES;
    live_job j = {.job = {.run = run, .done = done, .due_us = due_of(p, kind, pool)},
                  .p = p,
                  .kind = kind,
                  .item = item,
                  .decodes = recognises && p->decodes};
    rh_job *started = rh_pool_start(pool, &j, sizeof j);
    if (!started)
        return false;
    p->jobs |= kind;
    if (recognises)
        p->recognises = (live_job *)started;
    return true;
}

/* The job has run: another of its kind may start. */
static live_job *ran(rh_job *base)
{
    live_job *j = (live_job *)base;
    j->p->jobs &= ~j->kind;
    if (j->kind == RH_LIVE_RECOGNISES)
        j->p->recognises = NULL;
    return j;
}

static void end(live_job *j)
{
    rh_live_session *p = j->p;
    rh_free(j);
    rh_live_session_schedule(p);
    rh_live_session_release(p);
}

/* In the midst of a decode that may wait. */
static void give_way(void *user)
{
    rh_live_session *p = user;
    if (p->recogniser)
        rh_pool_give_way(p->recogniser);
}

/* ---- opening ---- */

static void open_run(rh_job *base, rh_worker *w)
{
    live_job *j = (live_job *)base;
    rh_live_session *p = j->p;
    const rh_start_message *m = &p->start;
    const char *language = m->language ? m->language : w->server->o.config->language;
    rh_session_options o = rh_session_options_of(w->server, p->id, NULL, RH_SESSION_LIVE);
    o.person = p->person;
    o.client = m->client;
    o.question = m->question;
    o.kind = m->kind;
    o.language = strcmp(language, "auto") == 0 ? NULL : language;
    o.reference = m->reference;
    o.job_ad = m->job_ad;
    o.cv = m->cv;
    o.key_terms = m->key_terms;
    o.face_hz = m->face_hz;
    o.fov_deg = m->fov_deg;
    o.keep_media = m->keep_media;
    o.keep_video = m->keep_video;
    o.interview = m->interview;
    o.question_index = m->question_index;
    o.follow_up = m->follow_up;
    o.turns = m->turns;
    o.patience_s = m->patience_s;
    o.emit = emit;
    o.saw = saw;
    o.give_way = give_way;
    o.user = p;
    o.durable = rh_live_session_durable;
    json_t *asked = NULL;
    j->st = rh_live_kept_find(&j->kept, p, &j->err);
    o.acks = j->kept.acks;
    o.token_hash = j->kept.hash;
    o.told = json_object_get(j->kept.kept, "told");
    if (j->st == RH_OK && j->kept.over)
        return;
    if (j->st == RH_OK && m->interview)
        j->st = rh_interview_question(w->server->store, p->person, m->interview, m->question_index, &asked, &j->err);
    j->refused = j->st != RH_OK;
    if (asked && !o.question) {
        o.question = json_string_value(json_object_get(asked, "text"));
        o.kind = json_string_value(json_object_get(asked, "kind"));
    }
    if (j->st == RH_OK)
        j->st = rh_session_new(&j->session, w->server->models, w->server->store, &o, &j->err);
    else if (w->server->store)
        rh_store_release(w->server->store, p->id);
    json_decref(asked);
}

/* Of a session that goes on, and whose store has not answered: its client is to come again. */
static bool passes(const live_job *j)
{
    return j->p->start.resume && (j->st == RH_ERR_BUSY || j->st == RH_ERR_IO || j->st == RH_AGAIN);
}

static void open_done(rh_server *s, rh_job *base)
{
    (void)s;
    live_job *j = ran(base);
    rh_live_session *p = j->p;
    if (j->st == RH_OK)
        rh_live_kept_adopt(p, &j->kept);
    if (j->st == RH_OK && j->kept.over) {
        rh_live_session_ready(p, true, (int64_t)(j->kept.length_s * 1e6));
        rh_live_session_over(p, 1000);
    } else if (j->st == RH_OK) {
        p->session = j->session;
        rh_live_session_ready(p, p->acks && j->kept.kept, rh_session_audio_us(p->session));
    } else {
        int code = passes(j) ? 1013 : j->refused ? 1008 : 1011;
        rh_live_session_fault(p, &j->err, code);
        rh_live_session_over(p, code);
    }
    rh_live_kept_done(&j->kept);
    end(j);
}

void rh_live_session_open(rh_live_session *p)
{
    if (!start(p, RH_LIVE_OPENS, p->server->disk, open_run, open_done, NULL)) /* it waits for the store */
        rh_live_session_over(p, 1013);
}

/* ---- sound ---- */

/* Converts the item's bytes to 16 kHz. A jump in time begins a new chunk. */
static rh_status convert(rh_live_session *p, rh_media_item *item, rh_error *err)
{
    float *x = NULL;
    size_t n = 0;
    rh_status st = rh_media_samples(item->raw, item->n, &x, &n, err);
    if (st != RH_OK || p->rate_hz == RATE) {
        if (st == RH_OK) {
            item->x = x;
            item->n_x = n;
            item->x_us = item->t_us;
        }
        return st;
    }
    int64_t expected = p->base_us + p->n_in * 1000000 / p->rate_hz;
    if (!p->resampler || item->anew || llabs(item->t_us - expected) > JUMP_US) {
        rh_resampler_free(p->resampler);
        p->resampler = NULL;
        st = rh_resampler_new(&p->resampler, p->rate_hz, RATE, err);
        p->base_us = (int64_t)(round((double)item->t_us * RATE / 1e6) * 1e6 / RATE); /* that of a sample */
        p->n_in = p->n_out = 0;
    }
    const float *y = NULL;
    size_t n_y = 0;
    if (st == RH_OK && n)
        st = rh_resampler_feed(p->resampler, x, n, &y, &n_y);
    rh_free(x);
    if (st != RH_OK)
        return st;
    item->x = rh_alloc_array(n_y + 1, sizeof *item->x);
    if (!item->x)
        return rh_fail(err, RH_ERR_NOMEM, "out of memory");
    if (n_y)
        memcpy(item->x, y, n_y * sizeof *y);
    item->n_x = n_y;
    item->x_us = p->base_us + p->n_out * 1000000 / RATE;
    p->n_in += (int64_t)n;
    p->n_out += (int64_t)n_y;
    return RH_OK;
}

/* {recognising} held: looks at what there is to recognise. */
static void see(live_job *j)
{
    j->looked = !rh_session_untold(j->p->session);
    if (!j->looked)
        return;
    j->may_wait_us = rh_session_look(j->p->session, &j->to_decode);
    j->judge_wait_us = rh_session_judge_wait_us(j->p->session);
}

/* The turn model hears how what was said ended: behind whatever is due before its answer is. */
static void judge_run(rh_job *base, rh_worker *w)
{
    rh_pool_give_way(w);
    if (!atomic_load(&w->server->cancel_all))
        rh_session_judge(((live_job *)base)->p->session);
}

static void judge_done(rh_server *s, rh_job *base)
{
    (void)s;
    end(ran(base));
}

/* Notes what a job has seen. */
static void saw_work(live_job *j)
{
    if (!j->looked)
        return;
    j->p->decodes = j->to_decode;
    j->p->may_wait_us = j->may_wait_us;
    j->p->judge_wait_us = j->judge_wait_us;
    if (j->judge_wait_us >= 0 && !(j->p->jobs & RH_LIVE_JUDGES) && j->p->state == RH_LIVE_RUNNING)
        (void)start(j->p, RH_LIVE_JUDGES, j->p->server->speech, judge_run, judge_done, NULL);
}

static void feed_run(rh_job *base, rh_worker *w)
{
    (void)w;
    live_job *j = (live_job *)base;
    if (j->item->kind == RH_ITEM_TURN_END)
        rh_session_end_turn(j->p->session);
    else if (j->item->kind != RH_ITEM_MEDIA)
        rh_session_interviewer(j->p->session, j->item->kind == RH_ITEM_INTERVIEWER_SPEAKS);
    if (j->item->kind != RH_ITEM_MEDIA)
        return;
    j->st = j->item->x ? RH_OK : convert(j->p, j->item, &j->err);
    if (j->st == RH_OK && j->item->n_x)
        j->st = rh_session_feed(j->p->session, j->item->x, j->item->n_x, j->item->x_us, &j->err);
    if (pthread_mutex_trylock(&j->p->recognising) == 0) {
        see(j);
        pthread_mutex_unlock(&j->p->recognising);
    }
}

/* What has been seen to be more urgent than what waits does not wait behind others' for its sake. */
static void hurry(rh_live_session *p)
{
    live_job *j = p->recognises;
    if (!j || (p->decodes && due_us(p) >= j->job.due_us) || !rh_pool_withdraw(p->server->speech, &j->job))
        return;
    rh_free(ran(&j->job));
}

static void pop_audio(rh_live_session *p)
{
    rh_media_item *item = p->audio_head;
    p->audio_head = item->next;
    if (!p->audio_head)
        p->audio_tail = NULL;
    p->audio_bytes -= item->n;
    rh_media_item_free(item);
    rh_conn *c = rh_conn_find(p->server, p->conn);
    if (c && c->ws) {
        c->ws->work_bytes = p->audio_bytes;
        rh_ws_hold_back(c->ws);
    }
}

static void feed_done(rh_server *s, rh_job *base)
{
    live_job *j = ran(base);
    rh_live_session *p = j->p;
    saw_work(j);
    if (j->looked)
        hurry(p);
    bool too_long = j->item->x_us >= (int64_t)(RH_SESSION_MAX_S - 1) * 1000000;
    if (j->st == RH_ERR_LIMIT && !too_long) {
        p->full = true; /* tried again when recognition has made room */
    } else {
        if (j->st < 0)
            rh_live_session_fault(p, &j->err, 0);
        if (j->st == RH_ERR_LIMIT || j->st == RH_ERR_IO) /* no more fits: the report of what there is */
            rh_live_session_go_on(p, RH_LIVE_FINISHING);
        s->count.audio_s += j->st == RH_OK ? (double)j->item->n_x / RATE : 0;
        pop_audio(p);
    }
    rh_live_session_work(p);
    end(j);
}

/* ---- recognition ---- */

static void work_run(rh_job *base, rh_worker *w)
{
    live_job *j = (live_job *)base;
    int64_t from = rh_now_us();
    pthread_mutex_lock(&j->p->recognising);
    j->p->recogniser = j->decodes ? w : NULL;
    do {
        j->st = j->decodes ? rh_session_recognise(j->p->session, &j->err) : rh_session_work(j->p->session, &j->err);
        j->untold = rh_session_untold(j->p->session);
        if (j->untold && rh_pool_waiting(w->server->speech) == 0) { /* nobody's decode waits for it */
            rh_session_tell(j->p->session);
            j->untold = false;
        }
    } while (j->st == RH_OK && j->decodes && !j->untold && rh_pool_waiting(w->server->speech) == 0 &&
             rh_now_us() - from < WORK_SLICE_US && !atomic_load(&w->server->cancel_all));
    j->p->recogniser = NULL;
    see(j);
    pthread_mutex_unlock(&j->p->recognising);
}

/* What was decoded is measured and told beside the next decode. */
static void tell_run(rh_job *base, rh_worker *w)
{
    (void)w;
    rh_live_session *p = ((live_job *)base)->p;
    pthread_mutex_lock(&p->recognising);
    rh_session_tell(p->session);
    see((live_job *)base);
    pthread_mutex_unlock(&p->recognising);
}

static void tell_done(rh_server *s, rh_job *base)
{
    (void)s;
    live_job *j = ran(base);
    saw_work(j);
    rh_live_session_work(j->p);
    end(j);
}

static void work_done(rh_server *s, rh_job *base)
{
    live_job *j = ran(base);
    rh_live_session *p = j->p;
    p->full = false;
    saw_work(j);
    if (j->st < 0)
        rh_live_session_fault(p, &j->err, 0);
    if (!j->untold || !start(p, RH_LIVE_RECOGNISES, s->quick, tell_run, tell_done, NULL))
        if (j->st == RH_OK) /* more is due: behind the others in the queue */
            rh_live_session_work(p);
    end(j);
}

void rh_live_session_work(rh_live_session *p)
{
    /* What a stopping server has not recognised is in the session, and recognised at the next start. */
    bool wanted = p->full || (p->state == RH_LIVE_RUNNING && !rh_stopping(p->server));
    if (!p->session || (p->jobs & RH_LIVE_RECOGNISES) || p->state >= RH_LIVE_ENDING || !wanted)
        return;
    (void)start(p, RH_LIVE_RECOGNISES, p->decodes ? p->server->speech : p->server->quick, work_run, work_done, NULL);
    p->decodes = true; /* until it has looked again */
    p->may_wait_us = WORK_LATE_US;
}

/* ---- pictures ---- */

static void frame_run(rh_job *base, rh_worker *w)
{
    (void)w;
    live_job *j = (live_job *)base;
    rh_live_session *p = j->p;
    int64_t t = j->item->t_us > p->last_frame_us ? j->item->t_us : p->last_frame_us + 1;
    p->last_frame_us = t;
    j->st = rh_session_frame(p->session, j->item->raw + RH_MEDIA_HEAD, j->item->n - RH_MEDIA_HEAD, t, &j->err);
    /* After the picture, so that there is a tracker also when this was the first. */
    if (atomic_exchange(&p->calibrate, false))
        rh_session_calibrate(p->session);
}

static void frame_done(rh_server *s, rh_job *base)
{
    live_job *j = ran(base);
    s->count.n_frames++;
    if (j->st < 0)
        rh_live_session_fault(j->p, &j->err, 0);
    rh_media_item_free(j->item);
    end(j);
}

/* ---- the end ---- */

static void finish_run(rh_job *base, rh_worker *w)
{
    live_job *j = (live_job *)base;
    j->st = rh_session_end(w->server, j->p->session, j->p->discard, &w->server->cancel_all, &j->err);
}

static void finish_done(rh_server *s, rh_job *base)
{
    (void)s;
    live_job *j = ran(base);
    rh_live_session *p = j->p;
    if (p->state != RH_LIVE_ENDED && rh_live_session_stands(p, RH_STANDING_TAKEN)) {
        rh_live_session_lose(p);
    } else {
        if (j->st < 0)
            rh_live_session_fault(p, &j->err, 1011);
        rh_live_session_over(p, j->st < 0 ? 1011 : 1000);
    }
    end(j);
}

void rh_live_session_schedule(rh_live_session *p)
{
    if (!p->session || p->state >= RH_LIVE_ENDING)
        return;
    if (p->audio_head && !(p->jobs & RH_LIVE_FEEDS) && !p->full)
        (void)start(p, RH_LIVE_FEEDS, p->server->media, feed_run, feed_done, p->audio_head);
    if (p->frame && !(p->jobs & RH_LIVE_LOOKS) &&
        start(p, RH_LIVE_LOOKS, p->server->media, frame_run, frame_done, p->frame))
        p->frame = NULL;
    if (p->state != RH_LIVE_FINISHING)
        return;
    if (p->full)
        rh_live_session_work(p);
    if (!p->audio_head && !p->frame && !p->jobs &&
        start(p, RH_LIVE_ENDS, p->server->reports, finish_run, finish_done, NULL))
        rh_live_session_go_on(p, RH_LIVE_ENDING);
}
