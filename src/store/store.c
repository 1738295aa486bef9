/* store.c - the calls of the store: each becomes an operation on its thread's queue. */
#include "rehearse/store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/base/json.h"
#include "store_internal.h"

bool rh_session_id_valid(const char *id)
{
    size_t n = 0;
    for (; id && id[n]; n++) {
        char c = id[n];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                  (c == '.' && n > 0);
        if (!ok || n == RH_SESSION_ID_MAX)
            return false;
    }
    return n > 0;
}

/* ---- queued writes ---- */

static void forget_op(store_op *o)
{
    rh_free(o->text);
    rh_free(o->bytes);
    store_receipt_unref(o->receipt);
}

rh_status store_enqueue(rh_store *s, store_op o, const char *id)
{
    if (!rh_session_id_valid(id) || atomic_load(&s->n_waiting) >= RH_STORE_QUEUE) {
        forget_op(&o);
        return rh_session_id_valid(id) ? RH_ERR_LIMIT : RH_ERR_INVAL;
    }
    store_op *copy = rh_alloc(sizeof *copy);
    if (!copy) {
        forget_op(&o);
        return RH_ERR_NOMEM;
    }
    *copy = o;
    (void)snprintf(copy->id, sizeof copy->id, "%s", id);
    rh_status st = o.kind && !(copy->kind = rh_strdup(o.kind)) ? RH_ERR_NOMEM : RH_OK;
    size_t n_bytes = atomic_fetch_add(&s->waiting_bytes, o.text ? strlen(o.text) : 0);
    atomic_fetch_add(&s->n_waiting, 1);
    atomic_fetch_add(&s->audio_bytes, o.n_bytes);
    if (st == RH_OK && n_bytes > RH_STORE_WAIT_BYTES)
        st = RH_ERR_LIMIT;
    if (st == RH_OK)
        st = rh_queue_push(s->queue, copy);
    if (st != RH_OK)
        store_op_free(s, copy);
    return st;
}

static rh_status enqueue(rh_store *s, store_run run, const char *id, const char *kind, char *text, double start,
                         double end, int n)
{
    store_op o = {.run = run, .text = text, .start = start, .end = end, .n = n};
    o.kind = (char *)(uintptr_t)kind; /* copied */
    return store_enqueue(s, o, id);
}

static rh_status enqueue_json(rh_store *s, store_run run, const char *id, const char *kind, const json_t *value,
                              double start, double end, int n)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
    return text ? enqueue(s, run, id, kind, text, start, end, n) : RH_ERR_NOMEM;
}

rh_status rh_store_begin(rh_store *s, const char *id, double unix_time, const json_t *meta)
{
    const char *client = json_string_value(json_object_get(meta, "client"));
    return enqueue_json(s, store_run_begin, id, client, meta, unix_time, 0, 0);
}

rh_status rh_store_segment(rh_store *s, const char *id, int seq, double start_s, double end_s, const json_t *segment)
{
    return enqueue_json(s, store_run_segment, id, NULL, segment, start_s, end_s, seq);
}

rh_status rh_store_forget_segments(rh_store *s, const char *id)
{
    return enqueue(s, store_run_forget_segments, id, NULL, NULL, 0, 0, 0);
}

rh_status rh_store_event(rh_store *s, const char *id, const char *kind, double start_s, double end_s,
                         const json_t *detail)
{
    return enqueue_json(s, store_run_event, id, kind, detail, start_s, end_s, 0);
}

rh_status rh_store_second(rh_store *s, const char *id, int t, const json_t *measures)
{
    return enqueue_json(s, store_run_second, id, NULL, measures, 0, 0, t);
}

rh_status rh_store_end(rh_store *s, const char *id, double duration_s, const json_t *report)
{
    return report ? enqueue_json(s, store_run_end, id, NULL, report, 0, duration_s, 0)
                  : enqueue(s, store_run_end, id, NULL, NULL, 0, duration_s, 0);
}

rh_status rh_store_media(rh_store *s, const char *id, const char *file)
{
    char *name = file ? rh_strdup(file) : NULL;
    return file && !name ? RH_ERR_NOMEM : enqueue(s, store_run_media, id, NULL, name, 0, 0, 0);
}

/* ---- calls that wait ---- */

static rh_status ask_within(rh_store *s, store_op *o, int ms, json_t **out, rh_error *err)
{
    o->give_up_us = rh_now_us() + ms * (int64_t)1000;
    rh_status st = rh_queue_push(s->queue, o);
    if (st != RH_OK)
        return rh_fail(err, st == RH_END ? RH_ERR_IO : st, "store: %s",
                       st == RH_END ? "closed" : "too much waits to be written, try again");
    pthread_mutex_lock(&s->lock);
    while (!o->done)
        pthread_cond_wait(&s->answered, &s->lock);
    pthread_mutex_unlock(&s->lock);
    if (o->st != RH_OK && err)
        *err = o->err;
    if (out && o->st == RH_OK)
        *out = o->out;
    else
        json_decref(o->out);
    return o->st;
}

rh_status store_ask(rh_store *s, store_op *o, json_t **out, rh_error *err)
{
    return ask_within(s, o, RH_STORE_PATIENCE_S * 1000, out, err);
}

static rh_status no_work(rh_store *s, store_op *o, rh_error *err)
{
    (void)s, (void)o, (void)err;
    return RH_OK;
}

rh_status rh_store_flush_within(rh_store *s, int ms, rh_error *err)
{
    store_op o = {.how = STORE_FLUSH, .run = no_work};
    return ask_within(s, &o, ms, NULL, err);
}

rh_status rh_store_flush(rh_store *s, rh_error *err)
{
    return rh_store_flush_within(s, RH_STORE_PATIENCE_S * 1000, err);
}

rh_status rh_store_health(rh_store *s, rh_error *err)
{
    pthread_mutex_lock(&s->lock);
    rh_error now = s->trouble;
    pthread_mutex_unlock(&s->lock);
    if (now.code != RH_OK && err)
        *err = now;
    return now.code;
}

rh_status store_ask_page(rh_store *s, store_op *o, rh_store_page page, json_t **out, rh_error *err)
{
    if (page.limit < 1 || page.limit > RH_STORE_LIST_MAX)
        return rh_fail(err, RH_ERR_INVAL, "limit %d outside 1..%d", page.limit, RH_STORE_LIST_MAX);
    if (page.before_id && !rh_session_id_valid(page.before_id))
        return rh_fail(err, RH_ERR_INVAL, "before_id must be the id of the last one seen");
    o->n = page.limit;
    o->start = page.before > 0 ? page.before : 1e18;
    strcpy(o->id, page.before_id ? page.before_id : "");
    return store_ask(s, o, out, err);
}

void rh_store_walk_on(rh_store_walk *w, const json_t *rows, const char *time)
{
    size_t n = json_array_size(rows);
    const json_t *row = json_array_get(rows, n - 1);
    w->over = n < (size_t)w->page.limit;
    w->page.before = rh_json_num(row, time);
    (void)snprintf(w->last, sizeof w->last, "%s", rh_json_str(row, "id"));
    w->page.before_id = w->last;
}

rh_status rh_store_attempts(rh_store *s, const rh_store_whose *of, const char *question, rh_store_page page,
                            json_t **out, rh_error *err)
{
    char *name = of->client ? rh_strdup(of->client) : NULL, *text = question ? rh_strdup(question) : NULL;
    store_op o = {.how = STORE_READ,
                  .run = store_run_list,
                  .kind = name,
                  .text = text,
                  .person = of->person,
                  .reader = of->reader};
    rh_status st = (of->client && !name) || (question && !text) ? rh_fail(err, RH_ERR_NOMEM, "store: out of memory")
                                                                : store_ask_page(s, &o, page, out, err);
    rh_free(name);
    rh_free(text);
    return st;
}

rh_status rh_store_list(rh_store *s, const rh_store_whose *of, rh_store_page page, json_t **out, rh_error *err)
{
    return rh_store_attempts(s, of, NULL, page, out, err);
}

rh_status store_ask_about(rh_store *s, store_op o, const char *id, json_t **out, rh_error *err)
{
    if (!rh_session_id_valid(id))
        return rh_fail(err, RH_ERR_NOTFOUND, "no such session: an id has up to %d letters, digits, '-', '_' and '.'",
                       RH_SESSION_ID_MAX);
    (void)snprintf(o.id, sizeof o.id, "%s", id);
    return store_ask(s, &o, out, err);
}

rh_status store_erase_rows(rh_store *s, store_op *o, store_erase *erase, const char *media_dir, int *n, rh_error *err)
{
    json_t *rows = NULL, *row;
    size_t i;
    rh_status st = store_ask(s, o, &rows, err);
    *n = 0;
    json_array_foreach(rows, i, row)
        *n += erase(s, media_dir, rh_json_str(row, "id"), NULL) == RH_OK;
    json_decref(rows);
    return st;
}

rh_status rh_store_get(rh_store *s, const char *id, json_t **out, rh_error *err)
{
    return store_ask_about(s, (store_op){.how = STORE_READ, .run = store_run_get}, id, out, err);
}

rh_status rh_store_delete(rh_store *s, const char *id, json_t **media, rh_error *err)
{
    return store_ask_about(s, (store_op){.how = STORE_WRITE, .frees = true, .run = store_run_delete}, id, media, err);
}

rh_status rh_store_older(rh_store *s, double unix_time, json_t **ids, rh_error *err)
{
    store_op o = {.how = STORE_READ, .run = store_run_older, .start = unix_time};
    return store_ask(s, &o, ids, err);
}

/* ---- sessions that nobody ended ---- */

rh_status rh_store_attempt(rh_store *s, const char *id, int *attempts, rh_error *err)
{
    json_t *n = NULL;
    rh_status st =
        store_ask_about(s, (store_op){.how = STORE_WRITE, .durable = true, .run = store_run_attempt}, id, &n, err);
    *attempts = (int)json_integer_value(n);
    json_decref(n);
    return st;
}

rh_status rh_store_put_back(rh_store *s, const char *id, bool uncount, rh_error *err)
{
    return store_ask_about(s, (store_op){.how = STORE_WRITE, .fenced = true, .run = store_run_put_back, .n = uncount},
                           id, NULL, err);
}

rh_status rh_store_fail(rh_store *s, const char *id, const char *why, rh_error *err)
{
    char *text = rh_strdup(why);
    rh_status st =
        text ? store_ask_about(
                   s,
                   (store_op){.how = STORE_WRITE, .durable = true, .fenced = true, .run = store_run_fail, .text = text},
                   id, NULL, err)
             : rh_fail(err, RH_ERR_NOMEM, "store: out of memory");
    rh_free(text);
    return st;
}

rh_status rh_store_report_llm(rh_store *s, const char *id, const json_t *part, rh_error *err)
{
    char *text = json_dumps(part, JSON_COMPACT | JSON_REAL_PRECISION(9));
    rh_status st = text ? store_ask_about(s, (store_op){.how = STORE_WRITE, .run = store_run_report_llm, .text = text},
                                          id, NULL, err)
                        : rh_fail(err, RH_ERR_NOMEM, "store: out of memory");
    free(text);
    return st;
}

rh_status rh_store_files(rh_store *s, json_t **sessions, rh_error *err)
{
    store_op o = {.how = STORE_READ, .run = store_run_files};
    return store_ask(s, &o, sessions, err);
}

/* ---- open and close ---- */

/* What is not there yet would be missed, and what is written meanwhile lost. */
static rh_status refuse_unfinished(store_db *d, rh_error *err)
{
    int n = 0;
    rh_status st = store_do(d, RH_SQL_COPYING, "look", &n, err, NULL, 0);
    return st == RH_OK && n ? rh_fail(err, RH_ERR_FORMAT,
                                      "the store is a copy that is not whole: `rehearse store copy` goes on with it")
                            : st;
}

static rh_status open_store(rh_store **out, const char *path, const char *node, rh_error *err)
{
    rh_store *s = rh_calloc(1, sizeof *s);
    if (!s)
        return rh_fail(err, RH_ERR_NOMEM, "store: out of memory");
    s->backlog_end = s->unapplied = &s->backlog;
    store_owners_open(s);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->answered, NULL);
    rh_status st = store_db_open(&s->db, path, false, err);
    if (st == RH_OK)
        st = refuse_unfinished(s->db, err);
    if (st == RH_OK && node && s->db->engine->shared)
        st = store_register(s, node, err);
    if (st == RH_OK && strcmp(path, ":memory:") != 0 && !rh_store_is_url(path))
        store_reserve_open(s, path);
    if (st == RH_OK)
        st = rh_queue_new(&s->queue, RH_STORE_QUEUE, err);
    if (st == RH_OK) {
        if (pthread_create(&s->thread, NULL, store_thread, s) == 0)
            s->running = true;
        else
            st = rh_fail(err, RH_ERR_NOMEM, "store: no thread");
    }
    if (st != RH_OK)
        rh_store_close(s);
    else
        *out = s;
    return st;
}

rh_status rh_store_open(rh_store **out, const char *path, rh_error *err)
{
    return open_store(out, path, NULL, err);
}

rh_status rh_store_open_node(rh_store **out, const char *path, const char *name, rh_error *err)
{
    return open_store(out, path, name, err);
}

size_t rh_store_close(rh_store *s)
{
    if (!s)
        return 0;
    size_t n_lost = 0;
    if (s->running) {
        rh_queue_close(s->queue);
        pthread_join(s->thread, NULL);
        n_lost = s->n_lost;
    }
    store_db_close(s->db);
    rh_queue_free(s->queue);
    store_owners_close(s);
    pthread_cond_destroy(&s->answered);
    pthread_mutex_destroy(&s->lock);
    rh_free(s);
    return n_lost;
}
