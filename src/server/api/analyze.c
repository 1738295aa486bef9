/* analyze.c - a recording or a picture by POST, and its analysis in the reply. */
#include "api.h"
#include "file_job.h"
#include "terms_field.h"
#include "text_field.h"

#include <string.h>
#include <strings.h>
#include "server/media_bytes.h"
#include "rehearse/base/alloc.h"
#include "rehearse/media/audio.h"
#include "rehearse/base/clock.h"
#include "rehearse/report/analysis_json.h"
#include "rehearse/session/hearing.h"

/* ---- POST /api/analyze-audio ---- */

typedef struct {
    rh_file_job base;
    char *reference, *language, *question, *kind;
    rh_terms *terms;
    json_t *result;
} audio_job;

static void audio_run(rh_job *base, rh_worker *w)
{
    audio_job *j = (audio_job *)base;
    rh_audio audio = {0};
    rh_analysis a = {0};
    rh_error *err = &j->base.err;
    rh_hearing_options o = {.language = j->language,
                            .reference = j->reference,
                            .question = j->question,
                            .question_kind = j->kind,
                            .terms = j->terms,
                            .cancel = &j->base.cancel};
    rh_status st = rh_file_job_audio(&j->base, &audio);
    if (st == RH_OK)
        st = rh_analyze_recording(w->server->models, audio.samples, audio.n, &o, &a, err);
    rh_audio_done(&audio);
    j->result = st == RH_OK ? rh_analysis_json(&a) : NULL;
    rh_analysis_done(&a);
    err->code = st;
}

static void audio_free(audio_job *j)
{
    json_decref(j->result);
    rh_free(j->reference);
    rh_free(j->language);
    rh_free(j->question);
    rh_free(j->kind);
    rh_terms_free(j->terms);
    rh_free(j);
}

static void audio_done(rh_server *s, rh_job *base)
{
    audio_job *j = (audio_job *)base;
    rh_http *h = rh_file_job_end(&j->base);
    (void)s;
    if (h && j->result)
        rh_http_json(h, 200, json_incref(j->result));
    else if (h)
        rh_http_fail(h, &j->base.err);
    audio_free(j);
}

void rh_audio_wanted(rh_http *h)
{
    if (h->content_type[0])
        rh_want_upload(h);
    else
        rh_http_error(h, 422, "field \"audio\" is missing: send a multipart form with an audio file");
}

/* *text: NULL where there is none. False: replied what is wrong with it. */
static bool text_field(rh_http *h, const char *name, const char **text)
{
    rh_error err;
    const rh_field *f = rh_form_field(h, name);
    const char *given = rh_form_text(h, name);
    size_t n = !f ? 0 : f->file ? strlen(given) : f->value.len;
    *text = n ? given : NULL;
    if (!n || rh_text_field_check(name, given, n, &err) == RH_OK)
        return true;
    rh_http_error(h, 400, "%s", err.msg);
    return false;
}

void rh_analyze_audio(rh_http *h)
{
    rh_field *f = rh_form_field(h, "audio");
    if (!f) {
        rh_http_error(h, 422, "field \"audio\" is missing: send the audio file as form field \"audio\"");
        return;
    }
    if (rh_field_size(f) == 0) {
        rh_http_error(h, 400, "the audio file is empty: send a WAV, MP3, M4A, WebM, OGG or FLAC file");
        return;
    }
    const char *reference = rh_form_text(h, "reference_text"), *language = rh_form_text(h, "language");
    const char *question, *kind;
    rh_terms *terms = NULL;
    if (!text_field(h, "question", &question) || !text_field(h, "kind", &kind) ||
        !rh_terms_field(h, "key_terms", &terms))
        return;
    audio_job *j = rh_calloc(1, sizeof *j);
    if (!j) {
        rh_terms_free(terms);
        rh_http_error(h, 503, "out of memory");
        return;
    }
    j->base.job = (rh_job){.run = audio_run, .done = audio_done};
    j->reference = reference && *reference ? rh_strdup(reference) : NULL;
    j->language = language && *language ? rh_strdup(language) : NULL;
    j->question = question ? rh_strdup(question) : NULL;
    j->kind = kind ? rh_strdup(kind) : NULL;
    j->terms = terms;
    if (!rh_file_job_start(&j->base, h, f))
        audio_free(j);
}

/* ---- POST /api/analyze-frame ---- */

typedef struct {
    rh_job job;
    rh_buf body;
    size_t n_held;
    bool is_picture, annotate; /* is_picture: the body is the picture itself */
    float fov_deg;
    rh_model_set *models;
    json_t *result;
    rh_error err;
} frame_job;

static void frame_run(rh_job *base, rh_worker *w)
{
    frame_job *j = (frame_job *)base;
    j->err.code = rh_measure_alone(w, j->models, j->body.data, j->body.len, j->is_picture, j->annotate, j->fov_deg,
                                   &j->result, &j->err);
}

static void frame_done(rh_server *s, rh_job *base)
{
    frame_job *j = (frame_job *)base;
    rh_conn *c = rh_conn_find(s, base->conn);
    s->n_frame_jobs--;
    s->count.n_frames++;
    rh_upload_release(s, &j->n_held);
    if (c && c->http) {
        if (j->result)
            rh_http_json(c->http, 200, json_incref(j->result));
        else
            rh_http_fail(c->http, &j->err);
    }
    json_decref(j->result);
    rh_buf_done(&j->body);
    rh_free(j);
}

void rh_frame_wanted(rh_http *h)
{
    rh_want_body(h, false, RH_MAX_FRAME_BODY_BYTES);
}

void rh_analyze_frame(rh_http *h)
{
    rh_server *s = h->server;
    char flag[8];
    frame_job *j = s->n_frame_jobs < RH_MAX_FRAME_JOBS ? rh_calloc(1, sizeof *j) : NULL;
    if (h->body.len == 0) {
        rh_http_error(h, 400, "field \"frame\" is missing: send {\"frame\": \"data:image/jpeg;base64,...\"}");
        rh_free(j);
        return;
    }
    if (!j) {
        rh_http_header(h, "retry-after", "1");
        rh_http_error(h, 429, "%d pictures already wait: try again in a moment", RH_MAX_FRAME_JOBS);
        return;
    }
    j->job = (rh_job){.run = frame_run, .done = frame_done, .conn = h->id};
    j->models = s->models;
    j->is_picture = strncasecmp(h->content_type, "image/", 6) == 0;
    j->annotate = rh_query(h, "annotate", flag, sizeof flag) && strcmp(flag, "1") == 0;
    j->fov_deg = rh_query_number(h, "fov");
    j->body = h->body;
    rh_buf_init(&h->body, 0);
    j->n_held = h->n_held;
    h->n_held = 0;
    s->n_frame_jobs++;
    if (rh_pool_submit(s->media, &j->job) != RH_OK) {
        j->job.conn = 0;
        frame_done(s, &j->job);
        rh_http_error(h, 429, "too many pictures at once: try again in a moment");
    }
}
