/* analyze.c - a recording or a picture by POST, and its analysis in the reply. */
#include "api.h"

#include <string.h>
#include <strings.h>
#include "server/legacy/media_bytes.h"
#include "rehearse/base/alloc.h"
#include "rehearse/media/audio.h"
#include "rehearse/base/clock.h"
#include "rehearse/report/analysis_json.h"
#include "rehearse/session/hearing.h"

/* ---- POST /api/analyze-audio ---- */

typedef struct {
    rh_job job;
    rh_incoming *file; /* as it came */
    char *reference, *language;
    double max_s;
    rh_model_set *models;
    atomic_bool cancel; /* any thread */
    json_t *result;
    rh_error err;
    double audio_s;
} audio_job;

static void audio_run(rh_job *base, rh_worker *w)
{
    (void)w;
    audio_job *j = (audio_job *)base;
    rh_audio audio = {0};
    rh_status st = atomic_load(&j->cancel)
                       ? rh_fail(&j->err, RH_ERR_CANCELED, "canceled")
                       : rh_incoming_audio(j->file, j->max_s, &audio, &j->err);
    if (st == RH_OK) {
        rh_hearing_options o = {.language = j->language, .reference = j->reference,
                                .cancel = &j->cancel};
        j->audio_s = (double)audio.n / RH_ASR_RATE_HZ;
        rh_analysis a = {0};
        st = rh_analyze_recording(j->models, audio.samples, audio.n, &o, &a, &j->err);
        j->result = st == RH_OK ? rh_analysis_json(&a) : NULL;
        rh_analysis_done(&a);
        rh_audio_done(&audio);
    }
    j->err.code = st;
}

static void audio_done(rh_server *s, rh_job *base)
{
    audio_job *j = (audio_job *)base;
    rh_conn *c = rh_conn_find(s, base->conn);
    s->n_file_jobs--;
    s->count.n_files++;
    s->count.audio_s += j->audio_s;
    rh_incoming_free(j->file);
    if (c && c->http) {
        c->http->cancel = NULL;
        if (j->result)
            rh_http_json(c->http, 200, json_incref(j->result));
        else
            rh_http_fail(c->http, &j->err);
    }
    json_decref(j->result);
    rh_free(j->reference);
    rh_free(j->language);
    rh_free(j);
}

static rh_status start_audio(rh_http *h, rh_field *f, rh_error *err)
{
    rh_server *s = h->server;
    const char *reference = rh_form_text(h, "reference_text");
    const char *language = rh_form_text(h, "language");
    audio_job *j = rh_calloc(1, sizeof *j);
    if (!j)
        return rh_fail(err, RH_ERR_NOMEM, "out of memory");
    j->job = (rh_job){.run = audio_run, .done = audio_done, .conn = h->id};
    j->models = s->models;
    j->max_s = s->o.config->max_audio_s;
    j->reference = reference && *reference ? rh_strdup(reference) : NULL;
    j->language = language && *language ? rh_strdup(language) : NULL;
    atomic_init(&j->cancel, false);
    j->file = f->file; /* from now on the job's */
    f->file = NULL;
    s->n_file_jobs++;
    h->cancel = &j->cancel;
    if (rh_pool_submit(s->files, &j->job) == RH_OK)
        return RH_OK;
    h->cancel = NULL;
    j->job.conn = 0;
    audio_done(s, &j->job);
    return rh_fail(err, RH_ERR_LIMIT, "busy");
}

void rh_audio_wanted(rh_http *h)
{
    if (h->content_type[0])
        rh_want_upload(h);
    else
        rh_http_error(h, 422, "field \"audio\" is missing: send a multipart form with an audio file");
}

void rh_analyze_audio(rh_http *h)
{
    rh_error err;
    rh_field *f = rh_form_field(h, "audio");
    if (!f) {
        rh_http_error(h, 422, "field \"audio\" is missing: send the audio file as form field \"audio\"");
    } else if (rh_field_size(f) == 0) {
        rh_http_error(h, 400, "the audio file is empty: send a WAV, MP3, M4A, WebM, OGG or FLAC file");
    } else if (h->server->n_file_jobs >= RH_MAX_FILE_JOBS ||
               start_audio(h, f, &err) == RH_ERR_LIMIT) {
        rh_http_header(h, "retry-after", "5");
        rh_http_error(h, 429, "%d recordings already wait: try again in a moment", RH_MAX_FILE_JOBS);
    } else if (!h->cancel) {
        rh_http_fail(h, &err);
    }
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
    j->err.code = rh_measure_alone(w, j->models, j->body.data, j->body.len, j->is_picture,
                                   j->annotate, j->fov_deg, &j->result, &j->err);
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
