/* transcription.c - see transcription.h. */
#include "transcription.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "rehearse/asr/transcript_format.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/json.h"
#include "rehearse/media/audio.h"
#include "server/api/terms_field.h"

enum { HOPS_A_S = 100 };
enum { AS_JSON, AS_TEXT, AS_SRT, AS_VTT, AS_VERBOSE, N_FORMS };

static const struct {
    const char *name, *type;
} reply_forms[N_FORMS] = {[AS_JSON] = {"json", "application/json"},
                          [AS_TEXT] = {"text", "text/plain; charset=utf-8"},
                          [AS_SRT] = {"srt", "application/x-subrip; charset=utf-8"},
                          [AS_VTT] = {"vtt", "text/vtt; charset=utf-8"},
                          [AS_VERBOSE] = {"verbose_json", "application/json"}};

const char *rh_transcription_type(int form)
{
    return reply_forms[form].type;
}

static int form_of(const char *name)
{
    int form = 0;
    while (form < N_FORMS && strcmp(name, reply_forms[form].name) != 0)
        form++;
    return form;
}

/* ---- the model's names ---- */

/* whisper-1 is what the official clients ask for by default; the other name says what it is. */
void rh_model_own_name(const rh_server *s, char *out, size_t cap)
{
    (void)snprintf(out, cap, "whisper-%s", rh_asr_model_describe(s->models->asr).size);
}

bool rh_model_is_served(const rh_server *s, const char *name)
{
    char own[64];
    rh_model_own_name(s, own, sizeof own);
    return strcmp(name, "whisper-1") == 0 || strcmp(name, own) == 0 || strcmp(name, own + strlen("whisper-")) == 0;
}

void rh_model_missing(rh_http *h, const char *name)
{
    char own[64];
    rh_model_own_name(h->server, own, sizeof own);
    rh_http_error_at(h, 404, "model", "model_not_found",
                     "there is no model \"%.60s\": this server has whisper-1 and "
                     "%s, which are the same",
                     name, own);
}

/* ---- what is asked for ---- */

bool rh_transcription_flag(rh_http *h, const char *name, bool *out)
{
    const char *f = rh_form_text(h, name);
    *out = f && (strcasecmp(f, "true") == 0 || strcmp(f, "1") == 0);
    if (!f || !*f || *out || strcasecmp(f, "false") == 0 || strcmp(f, "0") == 0)
        return true;
    rh_http_error_at(h, 400, name, NULL, "%s must be true or false", name);
    return false;
}

static bool read_form(rh_http *h, int *form)
{
    const char *f = rh_form_text(h, "response_format");
    *form = f && *f ? form_of(f) : AS_JSON;
    if (*form < N_FORMS)
        return true;
    rh_http_error_at(h, 400, "response_format", NULL, "response_format must be json, text, srt, verbose_json or vtt");
    return false;
}

static const char granularities[] = "timestamp_granularities";

static bool read_granularities(rh_http *h, rh_transcription_options *o)
{
    for (int i = 0; i < h->n_fields; i++) {
        const rh_field *f = &h->fields[i];
        if (strncmp(f->name, granularities, sizeof granularities - 1) != 0 || !f->value.len)
            continue;
        bool both = strcmp(f->value.data, "word,segment") == 0; /* where a name can be given but once */
        bool word = both || strcmp(f->value.data, "word") == 0;
        bool segment = both || strcmp(f->value.data, "segment") == 0;
        o->words |= word;
        o->segments |= segment;
        if (!word && !segment) {
            rh_http_error_at(h, 400, f->name, NULL, "%s must be word or segment", granularities);
            return false;
        }
    }
    o->segments |= !o->words;
    return true;
}

static bool read_prompt(rh_http *h, rh_transcription_options *o)
{
    const char *f = rh_form_text(h, "prompt");
    json_t *text = f ? json_string(f) : NULL; /* NULL too when it is not UTF-8 */
    if (f && !text) {
        rh_http_error_at(h, 400, "prompt", NULL, "prompt must be text in UTF-8");
        return false;
    }
    json_decref(text);
    o->prompt = f && *f ? rh_strdup(f) : NULL;
    return true;
}

static bool read_hotwords(rh_http *h, rh_transcription_options *o)
{
    const char *f = rh_form_text(h, "hotwords");
    if (!rh_terms_field(h, "hotwords", &o->terms))
        return false;
    o->hotwords = f && *f ? rh_strdup(f) : NULL;
    return true;
}

bool rh_transcription_read(rh_http *h, rh_transcription_options *o)
{
    const char *language = rh_form_text(h, "language"), *heat = rh_form_text(h, "temperature");
    char *end = NULL;
    const char *model = rh_form_text(h, "model");
    if (model && *model && !rh_model_is_served(h->server, model)) {
        rh_model_missing(h, model);
        return false;
    }
    rh_error err;
    if (language && *language && rh_asr_model_language(h->server->models->asr, language, o->language, &err) != RH_OK) {
        rh_http_error_at(h, 400, "language", NULL, "%s", err.msg);
        return false;
    }
    o->temperature = heat && *heat ? strtod(heat, &end) : 0;
    if ((end && *end) || !(o->temperature >= 0 && o->temperature <= 1)) {
        rh_http_error_at(h, 400, "temperature", NULL, "temperature must be a number from 0 to 1");
        return false;
    }
    return read_granularities(h, o) && read_form(h, &o->form) && read_prompt(h, o) && read_hotwords(h, o);
}

void rh_transcription_clear(rh_transcription_options *o)
{
    rh_free(o->prompt);
    rh_free(o->hotwords);
    rh_terms_free(o->terms);
    *o = (rh_transcription_options){0};
}

json_t *rh_transcription_json(const rh_transcription_options *o)
{
    return json_pack("{s:s, s:f, s:b, s:b, s:s*, s:s*, s:s*}", "response_format", reply_forms[o->form].name,
                     "temperature", o->temperature, "words", o->words, "segments", o->segments, "language",
                     o->language[0] ? o->language : NULL, "prompt", o->prompt, "hotwords", o->hotwords);
}

rh_status rh_transcription_of(rh_transcription_options *o, const json_t *data, rh_error *err)
{
    const char *prompt = rh_json_str(data, "prompt"), *hotwords = rh_json_str(data, "hotwords");
    *o = (rh_transcription_options){.temperature = rh_json_num(data, "temperature"),
                                    .form = form_of(rh_json_str(data, "response_format")),
                                    .words = json_is_true(json_object_get(data, "words")),
                                    .segments = json_is_true(json_object_get(data, "segments"))};
    (void)snprintf(o->language, sizeof o->language, "%s", rh_json_str(data, "language"));
    o->form = o->form < N_FORMS ? o->form : AS_JSON;
    o->prompt = *prompt ? rh_strdup(prompt) : NULL;
    if (*prompt && !o->prompt)
        return rh_fail(err, RH_ERR_NOMEM, "out of memory");
    return *hotwords ? rh_terms_read("hotwords", hotwords, &o->terms, err) : RH_OK;
}

/* ---- the work ---- */

rh_status rh_transcription_run(const rh_model_set *m, const rh_transcription_options *o, const rh_audio *audio,
                               const atomic_bool *cancel, rh_recording_hook hook, void *user, rh_transcript *out,
                               rh_error *err)
{
    rh_asr_stream *stream = NULL;
    rh_asr_params p = rh_asr_params_default();
    p.language = o->language[0] ? o->language : NULL;
    p.prompt = o->prompt;
    p.terms = o->terms;
    p.temperature = (float)o->temperature;
    p.cancel = cancel;
    rh_status st = rh_asr_stream_new(&stream, m->asr, err);
    if (st == RH_OK)
        st = rh_recording_pieces(stream, m->vad, audio->samples, audio->n, &p, NULL, hook, user, out, NULL, NULL, err);
    rh_asr_stream_free(stream);
    return st;
}

static rh_status put_json(rh_buf *reply, json_t *take)
{
    char *text = take ? json_dumps(take, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    rh_status st = text ? rh_buf_puts(reply, text) : RH_ERR_NOMEM;
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

static json_t *verbose(const rh_transcription_options *o, const rh_transcript *t, double audio_s)
{
    json_t *r = rh_transcript_json(t, audio_s);
    if (!r)
        return NULL;
    (void)json_object_set_new(r, "task", json_string("transcribe"));
    complete_segments(r, t);
    if (!o->words)
        (void)json_object_del(r, "words");
    if (!o->segments)
        (void)json_object_del(r, "segments");
    return r;
}

rh_status rh_transcription_reply(const rh_transcription_options *o, const rh_transcript *t, double audio_s,
                                 rh_buf *reply)
{
    if (o->form == AS_SRT)
        return rh_transcript_srt(t, reply);
    if (o->form == AS_VTT)
        return rh_transcript_vtt(t, reply);
    if (o->form == AS_VERBOSE)
        return put_json(reply, verbose(o, t, audio_s));
    char *text = rh_transcript_plain(t);
    rh_status st = !text                ? RH_ERR_NOMEM
                   : o->form == AS_TEXT ? rh_buf_printf(reply, "%s\n", text)
                                        : put_json(reply, json_pack("{s:s, s:{s:s, s:i}}", "text", text, "usage",
                                                                    "type", "duration", "seconds", (int)ceil(audio_s)));
    rh_free(text);
    return st;
}
