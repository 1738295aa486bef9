/* metrics.c - GET /metrics in the text format of Prometheus. */
#include "api.h"
#include "sessions.h"

#include <stdio.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"

static void metric(rh_buf *b, const char *name, const char *type, const char *help, double value)
{
    (void)rh_buf_printf(b, "# HELP rehearse_%s %s\n# TYPE rehearse_%s %s\nrehearse_%s %.15g\n", name, help, name, type,
                        name, value);
}

static void add_latency(rh_buf *b, const rh_histogram *h, const char *name, const char *help)
{
    uint64_t sum = 0;
    (void)rh_buf_printf(b, "# HELP rehearse_%s %s\n# TYPE rehearse_%s histogram\n", name, help, name);
    for (int i = 0; i < RH_HISTOGRAM_STEPS; i++) {
        sum += h->n[i];
        (void)rh_buf_printf(b, "rehearse_%s_bucket{le=\"%g\"} %llu\n", name, rh_histogram_edge_s[i],
                            (unsigned long long)sum);
    }
    sum += h->n[RH_HISTOGRAM_STEPS];
    (void)rh_buf_printf(b,
                        "rehearse_%s_bucket{le=\"+Inf\"} %llu\nrehearse_%s_sum %.6f\n"
                        "rehearse_%s_count %llu\n",
                        name, (unsigned long long)sum, name, h->sum_s, name, (unsigned long long)sum);
}

void rh_metrics(rh_http *h)
{
    const rh_server *s = h->server;
    const rh_counters *c = &s->count;
    rh_buf b;
    rh_buf_init(&b, 64 << 10);
    metric(&b, "up", "gauge", "1 when the models are loaded.", rh_ready(s));
    metric(&b, "uptime_seconds", "gauge", "Since the start.", (double)(rh_now_us() - s->started_us) / 1e6);
    metric(&b, "clients", "gauge", "Open WebSockets.", s->n_ws);
    metric(&b, "connections", "gauge", "Open connections.", rh_net_count(s->net));
    metric(&b, "requests_total", "counter", "HTTP requests.", (double)c->n_requests);
    metric(&b, "messages_total", "counter", "WebSocket messages.", (double)c->n_messages);
    metric(&b, "errors_total", "counter", "Requests and messages that could not be used.", (double)c->n_errors);
    metric(&b, "frames_total", "counter", "Pictures measured.", (double)c->n_frames);
    metric(&b, "frames_skipped_total", "counter", "Pictures that gave way to newer ones.", (double)c->n_frames_skipped);
    metric(&b, "audio_seconds_total", "counter", "Sound taken in.", c->audio_s);
    metric(&b, "audio_results_total", "counter", "Results of live speech.", (double)c->n_audio_results);
    metric(&b, "recordings_total", "counter", "Uploaded recordings worked on.", (double)c->n_files);
    metric(&b, "recordings_waiting", "gauge", "Uploaded recordings not done yet.", s->n_file_jobs + s->n_waiting);
    metric(&b, "held_back_total", "counter", "Times a client had to wait before sending on.", (double)c->n_held_back);
    metric(&b, "connections_refused_total", "counter", "Connections over the limit.", (double)rh_net_refused(s->net));
    metric(&b, "media_queue", "gauge", "Jobs waiting for the media pool.", (double)rh_pool_waiting(s->media));
    metric(&b, "speech_queue", "gauge", "Jobs waiting for the speech pool.", (double)rh_pool_waiting(s->speech));
    metric(&b, "upload_bytes", "gauge", "Memory held by uploads.", (double)s->upload_bytes);
    metric(&b, "resident_memory_bytes", "gauge", "Memory of the process.", (double)rh_resident_bytes());
    metric(&b, "cpu_seconds_total", "counter", "Processor time of the process.", (double)rh_process_cpu_us() / 1e6);
    add_latency(&b, &c->video_latency, "video_reply_seconds", "From a picture's arrival to its reply.");
    add_latency(&b, &c->speech_latency, "speech_result_seconds", "Time one live recognition took.");
    rh_http_reply(h, 200, "text/plain; version=0.0.4; charset=utf-8", b.data ? b.data : "", b.len);
    rh_buf_done(&b);
}
