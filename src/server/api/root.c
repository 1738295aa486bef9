/* root.c - what the server is, how it is, and its page. */
#include "api.h"

#include <stdio.h>
#include <string.h>
#include "rehearse/base/clock.h"
#include "rehearse/store/store.h"
#include "server/llm_job.h"

static bool wants_page(const rh_http *h)
{
    return strstr(h->accept, "text/html") != NULL;
}

void rh_root(rh_http *h)
{
    rh_http_header(h, "vary", "accept");
    if (wants_page(h) && rh_site_dir(h->server->site)) {
        rh_site_serve(h->server->site, h, "/index.html");
        return;
    }
    rh_http_json(h, 200,
                 json_pack("{s:s, s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}}", "status", "running",
                           "service", "Interview Coaching API", "version", h->server->o.version, "endpoints", "health",
                           "/health", "analyze_audio", "/api/analyze-audio", "analyze_frame", "/api/analyze-frame",
                           "video_ws", "/ws/video/{client_id}", "audio_ws", "/ws/audio/{client_id}", "combined_ws",
                           "/ws/combined/{client_id}", "websocket_video", "/ws/video/{client_id}", "websocket_audio",
                           "/ws/audio/{client_id}", "websocket_combined", "/ws/combined/{client_id}"));
}

static json_t *speech_health(const rh_model_set *c)
{
    const rh_asr_model *m = c ? c->asr : NULL;
    if (!m)
        return json_null();
    rh_asr_model_info i = rh_asr_model_describe(m);
    return json_pack("{s:s, s:s, s:s, s:s, s:b, s:i}", "model", i.size, "engine", i.engine, "device", i.device,
                     "precision", i.precision ? i.precision : "", "multilingual", (int)i.multilingual, "threads",
                     i.n_threads);
}

void rh_health(rh_http *h)
{
    const rh_server *s = h->server;
    bool faces = s->models && s->models->faces, speech = s->models && s->models->asr;
    bool well = faces && speech && !rh_stopping(s);
    json_t *o = json_pack("{s:s, s:{s:b, s:b}, s:s, s:f, s:i, s:o, s:f}", "status", well ? "healthy" : "unhealthy",
                          "components", "head_pose_detector", (int)faces, "speech_analyzer", (int)speech, "version",
                          s->o.version, "uptime_s", (double)(rh_now_us() - s->started_us) / 1e6, "clients", s->n_ws,
                          "speech", speech_health(s->models), "timestamp", rh_unix_time());
    rh_http_header(h, "cache-control", "no-store");
    rh_http_json(h, well ? 200 : 503, o);
}

void rh_live(rh_http *h)
{
    rh_http_header(h, "cache-control", "no-store");
    rh_http_json(h, 200, json_pack("{s:s}", "status", "live"));
}

/* Why no new session should come here; NULL: one may. */
static const char *not_ready(const rh_server *s, rh_error *why)
{
    if (rh_stopping(s))
        return "stopping";
    if (!rh_ready(s))
        return "loading";
    return s->store && rh_store_health(s->store, why) != RH_OK ? "store" : NULL;
}

void rh_ready_for_more(rh_http *h)
{
    rh_error why = {0};
    const char *reason = not_ready(h->server, &why);
    rh_http_header(h, "cache-control", "no-store");
    if (reason)
        rh_http_header(h, "retry-after", "2");
    rh_http_json(h, reason ? 503 : 200,
                 json_pack("{s:s, s:s*}", "status", reason ? reason : "ready", "detail", why.msg[0] ? why.msg : NULL));
}

void rh_capabilities(rh_http *h)
{
    rh_http_header(h, "cache-control", "no-store");
    rh_http_json(h, 200, json_pack("{s:o}", "llm", rh_llm_capability(h->server)));
}

void rh_signin(rh_http *h)
{
    const rh_server *s = h->server;
    json_t *oidc = s->oidc ? rh_oidc_page(s->oidc) : NULL;
    rh_http_header(h, "cache-control", "no-store");
    rh_http_json(h, 200, json_pack("{s:b, s:o?}", "tokens", (int)(*s->o.config->tokens != 0), "oidc", oidc));
}

void rh_me(rh_http *h)
{
    const rh_person *p = &h->who;
    rh_http_header(h, "cache-control", "no-store");
    rh_http_json(h, 200, json_pack("{s:s?, s:s}", "name", *p->name ? p->name : NULL, "role", rh_role_name(p->role)));
}

void rh_page(rh_http *h)
{
    rh_site_serve(h->server->site, h, h->path);
}
