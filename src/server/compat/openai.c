/* openai.c - POST /v1/audio/transcriptions and GET /v1/models as the official
 * OpenAI clients expect them (their API reference, "Audio" and "Models").
 *
 * Not here: diarisation and log-probabilities. With `stream` the text of each
 * piece of the recording (at most 30 s) is sent as soon as it is recognised. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "server/error_body.h"
#include "server/api/api.h"
#include "server/api/file_job.h"
#include "server/api/terms_field.h"
#include "rehearse/base/alloc.h"
#include "rehearse/media/audio.h"
#include "rehearse/asr/recording.h"
#include "rehearse/asr/transcript_format.h"
#include "server/status_map.h"

enum { MAX_TEXT_REPLY = 64 << 20, HOPS_A_S = 100 };

typedef enum { AS_JSON, AS_TEXT, AS_SRT, AS_VTT, AS_VERBOSE } reply_form;

typedef struct {
    rh_file_job base;
    char language[RH_ASR_LANG_LEN], *prompt;
    rh_terms *terms;
    double temperature;
    reply_form form;
    bool words, segments, stream;
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

/* whisper-1 is what the official clients ask for by default; the other name says what it is. */
static void own_name(const rh_server *s, char *out, size_t cap)
{
    (void)snprintf(out, cap, "whisper-%s", rh_asr_model_describe(s->models->asr).size);
}

static bool is_served(const rh_server *s, const char *name)
{
    char own[64];
    own_name(s, own, sizeof own);
    return strcmp(name, "whisper-1") == 0 || strcmp(name, own) == 0 || strcmp(name, own + strlen("whisper-")) == 0;
}

static void no_model(rh_http *h, const char *name)
{
    char own[64];
    own_name(h->server, own, sizeof own);
    rh_http_error_at(h, 404, "model", "model_not_found",
                     "there is no model \"%.60s\": this server has whisper-1 and "
                     "%s, which are the same",
                     name, own);
}

void rh_models(rh_http *h)
{
    const rh_server *s = h->server;
    const char *only = h->route.param[0] || h->route.bad_param ? h->route.param : NULL;
    char own[64];
    if (rh_refuse_unready(h))
        return;
    if (only && !is_served(s, only)) {
        no_model(h, only);
        return;
    }
    if (only) {
        rh_http_json(h, 200, model_object(only, s->started));
        return;
    }
    own_name(s, own, sizeof own);
    rh_http_json(h, 200,
                 json_pack("{s:s, s:[o, o]}", "object", "list", "data", model_object("whisper-1", s->started),
                           model_object(own, s->started)));
}

/* ---- the work ---- */

static rh_asr_params params_of(const transcription *j)
{
    rh_asr_params p = rh_asr_params_default();
    p.language = j->language[0] ? j->language : NULL;
    p.prompt = j->prompt;
    p.terms = j->terms;
    p.temperature = (float)j->temperature;
    p.cancel = &j->base.cancel;
    return p;
}

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
    rh_asr_stream *stream = NULL;
    const rh_model_set *m = j->base.server->models;
    rh_asr_params p = params_of(j);
    flow f = {.j = j};
    rh_buf_init(&f.text, MAX_TEXT_REPLY);
    rh_status st = rh_asr_stream_new(&stream, m->asr, &j->base.err);
    if (st == RH_OK)
        st = rh_recording_pieces(stream, m->vad, audio->samples, audio->n, &p, j->stream ? on_piece : NULL, &f, &j->t,
                                 NULL, NULL, &j->base.err);
    rh_asr_stream_free(stream);
    if (st == RH_OK && j->stream)
        send_event(j, json_pack("{s:s, s:s%}", "type", "transcript.text.done", "text", f.text.data ? f.text.data : "",
                                f.sent));
    rh_buf_done(&f.text);
    return st;
}

static rh_status put_json(transcription *j, json_t *take)
{
    char *text = take ? json_dumps(take, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    rh_status st = text ? rh_buf_puts(&j->reply, text) : RH_ERR_NOMEM;
    free(text);
    json_decref(take);
    return st;
}

/* Keys that their typed clients expect of a segment and we do not use. */
static void complete_segments(json_t *o, const rh_transcript *t)
{
    size_t i;
    json_t *seg;
    json_array_foreach(json_object_get(o, "segments"), i, seg) {
        json_t *tokens = json_array();
        const rh_asr_segment *s = &t->segments[i];
        for (int k = s->first_token; k < s->first_token + s->n_tokens; k++)
            (void)json_array_append_new(tokens, json_integer(t->tokens[k].id));
        (void)json_object_set_new(seg, "tokens", tokens);
        (void)json_object_set_new(seg, "seek", json_integer(lround((double)s->window * HOPS_A_S)));
    }
}

static rh_status form_reply(transcription *j)
{
    if (j->form == AS_SRT)
        return rh_transcript_srt(&j->t, &j->reply);
    if (j->form == AS_VTT)
        return rh_transcript_vtt(&j->t, &j->reply);
    if (j->form == AS_VERBOSE) {
        json_t *o = rh_transcript_json(&j->t, j->base.audio_s);
        if (o) {
            (void)json_object_set_new(o, "task", json_string("transcribe"));
            complete_segments(o, &j->t);
            if (!j->words)
                (void)json_object_del(o, "words");
            if (!j->segments)
                (void)json_object_del(o, "segments");
        }
        return put_json(j, o);
    }
    char *text = rh_transcript_plain(&j->t);
    rh_status st = !text                ? RH_ERR_NOMEM
                   : j->form == AS_TEXT ? rh_buf_printf(&j->reply, "%s\n", text)
                                        : put_json(j, json_pack("{s:s, s:{s:s, s:i}}", "text", text, "usage", "type",
                                                                "duration", "seconds", (int)ceil(j->base.audio_s)));
    rh_free(text);
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
    if (st == RH_OK && !j->stream && (st = form_reply(j)) != RH_OK)
        (void)rh_fail(&j->base.err, st, "out of memory");
    j->base.err.code = st;
}

/* ---- on the loop thread ---- */

static void answer(rh_http *h, transcription *j)
{
    static const char *const types[] = {"application/json", "text/plain; charset=utf-8",
                                        "application/x-subrip; charset=utf-8", "text/vtt; charset=utf-8",
                                        "application/json"};
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
        rh_http_reply(h, 200, types[j->form], j->reply.data ? j->reply.data : "", j->reply.len);
    }
    rh_http_stream_end(h);
}

static void transcription_free(transcription *j)
{
    rh_transcript_done(&j->t);
    rh_buf_done(&j->reply);
    rh_free(j->prompt);
    rh_terms_free(j->terms);
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

static bool read_form(rh_http *h, reply_form *form)
{
    static const char *const names[] = {"json", "text", "srt", "vtt", "verbose_json"};
    const char *f = rh_form_text(h, "response_format");
    *form = AS_JSON;
    for (int i = 0; f && *f && i < 5; i++)
        if (strcmp(f, names[i]) == 0) {
            *form = (reply_form)i;
            return true;
        }
    if (!f || !*f)
        return true;
    rh_http_error_at(h, 400, "response_format", NULL, "response_format must be json, text, srt, verbose_json or vtt");
    return false;
}

static bool is_true(const char *s)
{
    return s && (strcasecmp(s, "true") == 0 || strcmp(s, "1") == 0);
}

static const char granularities[] = "timestamp_granularities";

static bool read_granularities(rh_http *h, transcription *j)
{
    for (int i = 0; i < h->n_fields; i++) {
        const rh_field *f = &h->fields[i];
        if (strncmp(f->name, granularities, sizeof granularities - 1) != 0 || !f->value.len)
            continue;
        bool word = strcmp(f->value.data, "word") == 0, segment = strcmp(f->value.data, "segment") == 0;
        j->words |= word;
        j->segments |= segment;
        if (!word && !segment) {
            rh_http_error_at(h, 400, f->name, NULL, "%s must be word or segment", granularities);
            return false;
        }
    }
    j->segments |= !j->words;
    return true;
}

static bool read_stream(rh_http *h, transcription *j)
{
    const char *f = rh_form_text(h, "stream");
    j->stream = is_true(f);
    if (!f || !*f || j->stream || strcasecmp(f, "false") == 0 || strcmp(f, "0") == 0)
        return true;
    rh_http_error_at(h, 400, "stream", NULL, "stream must be true or false");
    return false;
}

static bool read_prompt(rh_http *h, transcription *j)
{
    const char *f = rh_form_text(h, "prompt");
    json_t *text = f ? json_string(f) : NULL; /* NULL too when it is not UTF-8 */
    if (f && !text) {
        rh_http_error_at(h, 400, "prompt", NULL, "prompt must be text in UTF-8");
        return false;
    }
    json_decref(text);
    j->prompt = f && *f ? rh_strdup(f) : NULL;
    return true;
}

static bool read_options(rh_http *h, transcription *j)
{
    const char *language = rh_form_text(h, "language"), *heat = rh_form_text(h, "temperature");
    char *end = NULL;
    const char *model = rh_form_text(h, "model");
    if (model && *model && !is_served(h->server, model)) {
        no_model(h, model);
        return false;
    }
    rh_error err;
    if (language && *language && rh_asr_model_language(h->server->models->asr, language, j->language, &err) != RH_OK) {
        rh_http_error_at(h, 400, "language", NULL, "%s", err.msg);
        return false;
    }
    j->temperature = heat && *heat ? strtod(heat, &end) : 0;
    if ((end && *end) || !(j->temperature >= 0 && j->temperature <= 1)) {
        rh_http_error_at(h, 400, "temperature", NULL, "temperature must be a number from 0 to 1");
        return false;
    }
    return read_granularities(h, j) && read_stream(h, j) && read_form(h, &j->form) && read_prompt(h, j) &&
           rh_terms_field(h, "hotwords", &j->terms);
}

void rh_start_transcription(rh_http *h)
{
    rh_field *f = rh_form_field(h, "file");
    if (!f || !rh_field_size(f)) {
        rh_http_error_at(h, 400, "file", NULL, "%s", f ? "the file is empty" : "form field \"file\" is missing");
        return;
    }
    transcription *j = rh_calloc(1, sizeof *j);
    if (!j) {
        rh_http_error(h, 503, "out of memory");
        return;
    }
    j->base.job = (rh_job){.run = transcription_run, .done = transcription_done};
    rh_transcript_init(&j->t);
    rh_buf_init(&j->reply, MAX_TEXT_REPLY);
    if (!read_options(h, j) || !rh_file_job_start(&j->base, h, f)) {
        transcription_free(j);
    } else if (j->stream) {
        rh_http_header(h, "cache-control", "no-cache");
        rh_http_stream(h, "text/event-stream");
    }
}
