/* rest.c - the REST half of the seed's protocol. */
#include "rest_jobs.h"
#include "rest_sessions.h"
#include "ops.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "rehearse/base/clock.h"

bool rh_wants_page(const rh_http *h)
{
    return strstr(h->accept, "text/html") != NULL;
}

static void root(rh_http *h)
{
    rh_http_header(h, "vary", "accept");
    if (rh_wants_page(h) && rh_site_dir(h->server->site)) {
        rh_site_serve(h->server->site, h, "/index.html");
        return;
    }
    rh_http_json(h, 200, json_pack(
        "{s:s, s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}}",
        "status", "running", "service", "Interview Coaching API",
        "version", h->server->o.version, "endpoints",
        "health", "/health", "analyze_audio", "/api/analyze-audio",
        "analyze_frame", "/api/analyze-frame", "video_ws", "/ws/video/{client_id}",
        "audio_ws", "/ws/audio/{client_id}", "combined_ws", "/ws/combined/{client_id}",
        "websocket_video", "/ws/video/{client_id}", "websocket_audio", "/ws/audio/{client_id}",
        "websocket_combined", "/ws/combined/{client_id}"));
}

static json_t *speech_health(const rh_coach *c)
{
    const rh_asr_model *m = c ? rh_coach_asr(c) : NULL;
    if (!m)
        return json_null();
    rh_asr_model_info i = rh_asr_model_describe(m);
    return json_pack("{s:s, s:s, s:s, s:s, s:b, s:i}", "model", i.size, "engine", i.engine,
                     "device", i.device, "precision", i.precision ? i.precision : "",
                     "multilingual", (int)i.multilingual, "threads", i.n_threads);
}

static void health(rh_http *h)
{
    const rh_server *s = h->server;
    bool faces = s->coach && rh_coach_faces(s->coach), speech = s->coach && rh_coach_asr(s->coach);
    bool well = faces && speech && !rh_stopping(s);
    json_t *o = json_pack(
        "{s:s, s:{s:b, s:b}, s:s, s:f, s:i, s:o, s:f}",
        "status", well ? "healthy" : "unhealthy",
        "components", "head_pose_detector", (int)faces, "speech_analyzer", (int)speech,
        "version", s->o.version, "uptime_s", (double)(rh_now_us() - s->started_us) / 1e6,
        "clients", s->n_ws, "speech", speech_health(s->coach), "timestamp", rh_unix_time());
    rh_http_header(h, "cache-control", "no-store");
    rh_http_json(h, well ? 200 : 503, o);
}

bool rh_refuse_unready(rh_http *h)
{
    if (rh_ready(h->server))
        return false;
    rh_http_header(h, "retry-after", "1");
    rh_http_error(h, 503, rh_stopping(h->server) ? "the server is stopping"
                                              : "the models are still loading: try again in a second");
    return true;
}

static void want_body(rh_http *h, bool form, size_t max)
{
    rh_error err;
    h->max_body = max;
    if (rh_refuse_unready(h))
        return;
    if (h->content_length > (int64_t)max + RH_MAX_FIELD_BYTES)
        rh_http_error_at(h, 413, form ? "file" : NULL, NULL, "the upload is larger than %zu MB", max >> 20);
    else if (rh_body_open(h, form, &err) != RH_OK)
        rh_http_fail(h, &err);
}

void rh_rest_start(rh_http *h)
{
    switch (h->route.id) {
    case RH_ROUTE_ROOT: root(h); break;
    case RH_ROUTE_HEALTH: health(h); break;
    case RH_ROUTE_STATIC: rh_site_serve(h->server->site, h, h->path); break;
    case RH_ROUTE_ANALYZE_AUDIO:
        if (!h->content_type[0])
            rh_http_error(h, 422, "field \"audio\" is missing: send a multipart form with an audio file");
        else
            want_body(h, true, (size_t)h->server->o.config->max_upload_mb << 20);
        break;
    case RH_ROUTE_ANALYZE_FRAME: want_body(h, false, RH_MAX_FRAME_BODY_BYTES); break;
    case RH_ROUTE_SESSION_UPLOAD:
        want_body(h, true, (size_t)h->server->o.config->max_upload_mb << 20);
        break;
    case RH_ROUTE_SESSIONS:
    case RH_ROUTE_SESSION:
    case RH_ROUTE_SESSION_DELETE:
    case RH_ROUTE_SESSION_REPORT:
    case RH_ROUTE_SESSION_TRANSCRIPT:
    case RH_ROUTE_SESSION_MEDIA:
    case RH_ROUTE_EXPORT: break; /* when the request is whole */
    case RH_ROUTE_TRANSCRIPTIONS:
        want_body(h, true, (size_t)h->server->o.config->max_upload_mb << 20);
        break;
    case RH_ROUTE_METRICS: rh_metrics(h); break;
    case RH_ROUTE_OPENAPI: rh_openapi(h); break;
    case RH_ROUTE_DOCS: rh_docs(h); break;
    case RH_ROUTE_MODELS: rh_models(h, NULL); break;
    case RH_ROUTE_MODEL: rh_models(h, h->route.param); break;
    default: rh_http_error(h, 404, "no such endpoint: GET / lists them"); break;
    }
}

void rh_rest_finish(rh_http *h)
{
    switch (h->route.id) {
    case RH_ROUTE_ANALYZE_AUDIO: rh_start_audio_job(h); break;
    case RH_ROUTE_ANALYZE_FRAME: rh_start_frame_job(h); break;
    case RH_ROUTE_SESSION_UPLOAD: rh_sessions_upload(h); break;
    case RH_ROUTE_SESSIONS:
    case RH_ROUTE_SESSION:
    case RH_ROUTE_SESSION_DELETE:
    case RH_ROUTE_SESSION_REPORT:
    case RH_ROUTE_SESSION_TRANSCRIPT:
    case RH_ROUTE_SESSION_MEDIA:
    case RH_ROUTE_EXPORT: rh_sessions_ask(h); break;
    case RH_ROUTE_TRANSCRIPTIONS: rh_start_transcription(h); break;
    default: rh_http_error(h, 404, "no such endpoint: GET / lists them"); break;
    }
}
