/* openai.c - POST /v1/audio/transcriptions and GET /v1/models as the official
 * OpenAI clients expect them (their API reference, "Audio" and "Models").
 *
 * Not here: diarisation and log-probabilities. With `stream` the text of each
 * piece of the recording (at most 30 s) is sent as soon as it is recognised. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/error_body.h"
#include "server/api/api.h"
#include "server/api/file_job.h"
#include "rehearse/base/alloc.h"
#include "kept_transcriptions.h"
#include "server/status_map.h"
#include "transcription.h"

typedef struct {
    rh_file_job base;
    rh_transcription_options o;
    bool stream;
    rh_transcript t;
    rh_buf reply;
} transcription;

/* A piece of a streamed reply on its way to the loop. */
typedef struct {
    rh_job job;
    char *text;
} piece;

/* ---- models ---- */

static json_t *model_object(const char *id, double since)
{
    return json_pack("{s:s, s:s, s:I, s:s}", "id", id, "object", "model", "created", (json_int_t)since, "owned_by",
                     "openai");
}

void rh_models(rh_http *h)
{
    const rh_server *s = h->server;
    const char *only = h->route.param[0] || h->route.bad_param ? h->route.param : NULL;
    char own[64];
    if (rh_refuse_unready(h))
        return;
    if (only && !rh_model_is_served(s, only)) {
        rh_model_missing(h, only);
        return;
    }
    if (only) {
        rh_http_json(h, 200, model_object(only, s->started));
        return;
    }
    rh_model_own_name(s, own, sizeof own);
    rh_http_json(h, 200,
                 json_pack("{s:s, s:[o, o]}", "object", "list", "data", model_object("whisper-1", s->started),
                           model_object(own, s->started)));
}

/* ---- the work ---- */

static void piece_done(rh_server *s, rh_job *base)
{
    piece *p = (piece *)base;
    rh_conn *c = rh_conn_find(s, base->conn);
    if (c && c->http && p->text)
        rh_http_stream_add(c->http, p->text, strlen(p->text));
    free(p->text);
    rh_free(p);
}

/* `event` as a server-sent event to the client. */
static void send_event(transcription *j, json_t *take)
{
    piece *p = rh_calloc(1, sizeof *p);
    char *json = json_dumps(take, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(take);
    if (p && json && asprintf(&p->text, "data: %s\n\n", json) < 0)
        p->text = NULL;
    free(json);
    if (!p)
        return;
    p->job = (rh_job){.done = piece_done, .conn = j->base.job.conn};
    rh_job_finished(j->base.server, &p->job);
}

typedef struct {
    transcription *j;
    rh_buf text; /* all so far, as the transcript has it */
    size_t sent; /* of it */
} flow;

/* Spaces at either end are the whole text's only where more follows. */
static rh_status send_delta(flow *f)
{
    size_t end = f->text.len;
    while (end > f->sent && f->text.data[end - 1] == ' ')
        end--;
    while (!f->sent && f->sent < end && f->text.data[0] == ' ') {
        memmove(f->text.data, f->text.data + 1, f->text.len--);
        end--;
    }
    if (end == f->sent)
        return RH_OK;
    send_event(f->j, json_pack("{s:s, s:s%}", "type", "transcript.text.delta", "delta", f->text.data + f->sent,
                               end - f->sent));
    f->sent = end;
    return RH_OK;
}

/* A delta a segment: their texts put together are the text of the reply that is not streamed. */
static rh_status on_piece(void *user, rh_asr_stream *stream, const rh_transcript *part, double from_s, double to_s,
                          bool is_last, rh_error *err)
{
    (void)stream, (void)from_s, (void)to_s, (void)is_last;
    flow *f = user;
    rh_status st = RH_OK;
    for (int i = 0; i < part->n_segments && st == RH_OK; i++) {
        st = rh_buf_add(&f->text, part->text + part->segments[i].text_off, part->segments[i].text_len);
        if (st == RH_OK)
            st = send_delta(f);
    }
    return st == RH_OK ? st : rh_fail(err, st, "transcript: %s", rh_status_name(st));
}

static rh_status recognise(transcription *j, const rh_audio *audio)
{
    flow f = {.j = j};
    rh_buf_init(&f.text, RH_MAX_TRANSCRIPT_REPLY);
    rh_status st = rh_transcription_run(j->base.server->models, &j->o, audio, &j->base.cancel,
                                        j->stream ? on_piece : NULL, &f, &j->t, &j->base.err);
    if (st == RH_OK && j->stream)
        send_event(j, json_pack("{s:s, s:s%}", "type", "transcript.text.done", "text", f.text.data ? f.text.data : "",
                                f.sent));
    rh_buf_done(&f.text);
    return st;
}

static void transcription_run(rh_job *base, rh_worker *w)
{
    (void)w;
    transcription *j = (transcription *)base;
    rh_audio audio = {0};
    rh_status st = rh_file_job_audio(&j->base, &audio);
    if (st == RH_OK)
        st = recognise(j, &audio);
    rh_audio_done(&audio);
    if (st == RH_OK && !j->stream && (st = rh_transcription_reply(&j->o, &j->t, j->base.audio_s, &j->reply)) != RH_OK)
        (void)rh_fail(&j->base.err, st, "out of memory");
    j->base.err.code = st;
}

/* ---- on the loop thread ---- */

static void answer(rh_http *h, transcription *j)
{
    int status = rh_status_http(j->base.err.code);
    status = status == 415 ? 400 : status;
    const char *param = status < 500 ? "file" : NULL;
    if (j->base.err.code != RH_OK && h->streaming) { /* the same body as an event: "type" first */
        char *body = rh_error_body(h->path, status, param, NULL, j->base.err.msg), *event = NULL;
        int n = body ? asprintf(&event, "data: {\"type\":\"error\",%s\n\n", body + 1) : -1;
        if (n > 0)
            rh_http_stream_add(h, event, (size_t)n);
        free(n > 0 ? event : NULL);
        free(body);
    } else if (j->base.err.code != RH_OK) {
        rh_http_error_at(h, status, param, NULL, "%s", j->base.err.msg);
    } else if (!h->streaming) {
        rh_http_reply(h, 200, rh_transcription_type(j->o.form), j->reply.data ? j->reply.data : "", j->reply.len);
    }
    rh_http_stream_end(h);
}

static void transcription_free(transcription *j)
{
    rh_transcript_done(&j->t);
    rh_buf_done(&j->reply);
    rh_transcription_clear(&j->o);
    rh_free(j);
}

static void transcription_done(rh_server *s, rh_job *base)
{
    transcription *j = (transcription *)base;
    rh_http *h = rh_file_job_end(&j->base);
    (void)s;
    if (h)
        answer(h, j);
    transcription_free(j);
}

void rh_start_transcription(rh_http *h)
{
    rh_field *f = rh_form_field(h, "file");
    bool background = false;
    if (!f || !rh_field_size(f)) {
        rh_http_error_at(h, 400, "file", NULL, "%s", f ? "the file is empty" : "form field \"file\" is missing");
        return;
    }
    if (!rh_transcription_flag(h, "background", &background))
        return;
    if (background) {
        rh_transcription_accept(h, f);
        return;
    }
    transcription *j = rh_calloc(1, sizeof *j);
    if (!j) {
        rh_http_error(h, 503, "out of memory");
        return;
    }
    j->base.job = (rh_job){.run = transcription_run, .done = transcription_done};
    rh_transcript_init(&j->t);
    rh_buf_init(&j->reply, RH_MAX_TRANSCRIPT_REPLY);
    if (!rh_transcription_read(h, &j->o) || !rh_transcription_flag(h, "stream", &j->stream) ||
        !rh_file_job_start(&j->base, h, f)) {
        transcription_free(j);
    } else if (j->stream) {
        rh_http_header(h, "cache-control", "no-cache");
        rh_http_stream(h, "text/event-stream");
    }
}
