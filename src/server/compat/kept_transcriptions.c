/* kept_transcriptions.c - see kept_transcriptions.h. Their shape is that of what OpenAI's API does in the background
 * (its reference, "Videos" and "Responses"): an object with id and status, its content by itself, DELETE. */
#include "kept_transcriptions.h"

#include <stdio.h>
#include <string.h>
#include "rehearse/base/json.h"
#include "rehearse/base/random.h"
#include "rehearse/store/transcriptions.h"
#include "server/api/acceptance.h"
#include "server/api/ask.h"
#include "server/background.h"
#include "transcription.h"

/* ---- taking one in ---- */

void rh_transcription_name(char *out, size_t cap)
{
    char hex[25];
    (void)rh_random_hex(hex, 12);
    (void)snprintf(out, cap, "transcription_%s", hex);
}

json_t *rh_transcription_wanted(rh_http *h)
{
    rh_transcription_options o = {0};
    bool stream = false;
    json_t *data = NULL;
    if (rh_transcription_read(h, &o) && rh_transcription_flag(h, "stream", &stream)) {
        if (stream)
            rh_http_error_at(h, 400, "stream", NULL,
                             "stream and background exclude each other: ask for the state of one in the background");
        else if (!(data = rh_transcription_json(&o)))
            rh_http_error(h, 503, "out of memory");
    }
    rh_transcription_clear(&o);
    const char *model = rh_form_text(h, "model");
    if (data)
        json_object_set_new(data, "model", json_string(model && *model ? model : "whisper-1"));
    if (data && *h->who.name)
        json_object_set_new(data, "person", json_string(h->who.name));
    return data;
}

static const char *status_of(const char *state)
{
    return strcmp(state, "running") == 0  ? "in_progress"
           : strcmp(state, "done") == 0   ? "completed"
           : strcmp(state, "failed") == 0 ? "failed"
                                          : "queued";
}

/* `row`: of the store, or what was taken in just now. */
static json_t *object_of(const char *id, const json_t *row)
{
    const char *state = rh_json_str(row, "state");
    bool over = strcmp(state, "done") == 0 || strcmp(state, "failed") == 0;
    json_t *o = json_pack("{s:s, s:s, s:s, s:b, s:s, s:s, s:i}", "id", id, "object", "audio.transcription", "status",
                          status_of(state), "background", 1, "model", rh_json_str(row, "model"), "response_format",
                          rh_json_str(row, "response_format"), "progress", (int)(100 * rh_json_num(row, "progress")));
    if (json_object_get(row, "created"))
        json_object_set_new(o, "created_at", json_integer((json_int_t)rh_json_num(row, "created")));
    if (over)
        json_object_set_new(o, "completed_at", json_integer((json_int_t)rh_json_num(row, "due")));
    if (strcmp(state, "failed") == 0)
        json_object_set_new(
            o, "error", json_pack("{s:s, s:s}", "code", "transcription_failed", "message", rh_json_str(row, "error")));
    return o;
}

static rh_status keep_transcription(rh_server *s, const char *id, const json_t *data, rh_error *err)
{
    return rh_store_transcription_new(s->store, id, data, rh_background_most(s), err);
}

void rh_transcription_accept(rh_http *h, rh_field *f)
{
    static const rh_acceptance transcription = {.keep = keep_transcription, .told = object_of};
    char id[RH_SESSION_ID_MAX + 1];
    rh_transcription_name(id, sizeof id);
    rh_accept(h, f, id, rh_transcription_wanted(h), &transcription);
}

/* ---- asking for it ---- */

static rh_status row_of(rh_ask *a, json_t **row)
{
    rh_status st = rh_store_transcription(a->server->store, a->id, row, &a->err);
    return st == RH_OK ? rh_person_finds(&a->asker, rh_json_str(*row, "person"), "transcription", a->id, &a->err) : st;
}

static json_t *result_of(const json_t *row)
{
    const char *text = rh_json_str(row, "result");
    return strstr(rh_json_str(row, "response_format"), "json") ? json_loads(text, 0, NULL) : json_string(text);
}

static rh_status get(rh_ask *a)
{
    json_t *row = NULL;
    rh_status st = row_of(a, &row);
    if (st == RH_OK) {
        json_t *o = object_of(a->id, row);
        if (json_is_string(json_object_get(row, "result")))
            json_object_set_new(o, "result", result_of(row));
        rh_ask_json(a, o);
        st = a->err.code;
    }
    json_decref(row);
    return st;
}

static rh_status content(rh_ask *a)
{
    json_t *row = NULL;
    rh_transcription_options o = {0};
    rh_status st = row_of(a, &row);
    const char *result = json_string_value(json_object_get(row, "result"));
    if (st == RH_OK && !result)
        st = rh_fail(&a->err, RH_ERR_NOTFOUND, "transcription \"%s\" is %s: there is no result %s", a->id,
                     status_of(rh_json_str(row, "state")),
                     strcmp(rh_json_str(row, "state"), "failed") ? "yet" : "of it");
    if (st == RH_OK)
        st = rh_transcription_of(&o, row, &a->err);
    char *text = st == RH_OK ? strdup(result) : NULL;
    if (text)
        rh_ask_text(a, rh_transcription_type(o.form), text);
    else if (st == RH_OK)
        st = rh_fail(&a->err, RH_ERR_NOMEM, "out of memory");
    rh_transcription_clear(&o);
    json_decref(row);
    return st;
}

static rh_status list(rh_ask *a)
{
    json_t *rows = NULL, *row;
    size_t i;
    rh_store_whose of = rh_ask_whose(a);
    rh_status st = rh_ask_range(a);
    if (st == RH_OK)
        st = rh_store_transcriptions(a->server->store, of.person, a->limit, *a->part ? a->part : NULL, &rows, &a->err);
    if (st == RH_OK) {
        json_t *all = json_array();
        json_array_foreach(rows, i, row)
            json_array_append_new(all, object_of(rh_json_str(row, "id"), row));
        rh_ask_json(a, json_pack("{s:s, s:o, s:b}", "object", "list", "data", all, "has_more",
                                 json_array_size(rows) == (size_t)a->limit));
        st = a->err.code;
    }
    json_decref(rows);
    return st;
}

static rh_status erase(rh_ask *a)
{
    json_t *row = NULL;
    rh_status st = row_of(a, &row);
    json_decref(row);
    if (st == RH_OK)
        st = rh_store_transcription_erase(a->server->store, a->server->media_dir, a->id, &a->err);
    if (st == RH_OK)
        rh_ask_json(a,
                    json_pack("{s:s, s:s, s:b}", "id", a->id, "object", "audio.transcription.deleted", "deleted", 1));
    return st;
}

static void forget(rh_server *s, const rh_ask *a)
{
    if (a->err.code == RH_OK)
        rh_background_deleted(s, a->id);
}

static void ask_about(rh_http *h, rh_status (*answer)(rh_ask *), void (*then)(rh_server *, const rh_ask *))
{
    rh_ask *a = rh_ask_new(h, answer, NULL);
    if (a) {
        (void)snprintf(a->audited, sizeof a->audited, "%s", a->id);
        a->then = then;
    }
    rh_ask_go(h, a);
}

void rh_transcriptions_list(rh_http *h)
{
    rh_ask *a = rh_ask_new(h, list, NULL);
    if (a)
        (void)rh_query(h, "after", a->part, sizeof a->part);
    rh_ask_go(h, a);
}

void rh_transcription_get(rh_http *h)
{
    ask_about(h, get, NULL);
}

void rh_transcription_content(rh_http *h)
{
    ask_about(h, content, NULL);
}

void rh_transcription_delete(rh_http *h)
{
    ask_about(h, erase, forget);
}
