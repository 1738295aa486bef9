/* server.c - the loop: sockets, connections by id, finished jobs, starting and
 * stopping. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "client.h"
#include "http.h"
#include "rehearse/alloc.h"
#include "rehearse/clock.h"
#include "rehearse/cpu.h"
#include "status_map.h"
#include "practice.h"
#include "record.h"
#include "rest_sessions.h"
#include "ws.h"

enum { TICK_US = 250000, PING_S = 30, HANGUP_S = 90, BODY_TIMEOUT_S = 30, IDLE_S = 30 };
static const int64_t EXPIRE_EVERY_US = 3600LL * 1000000;

/* ---- connections ---- */

rh_conn *rh_conn_new(rh_server *s, struct lws *wsi)
{
    /* The entry's place is the low part of the id, so that finding is one look. */
    for (int i = 0; i < s->n_conns; i++) {
        uint64_t id = ++s->next_id;
        rh_conn *c = &s->conns[id % (uint64_t)s->n_conns];
        if (c->id == 0) {
            *c = (rh_conn){.id = id, .wsi = wsi};
            return c;
        }
    }
    return NULL;
}

rh_conn *rh_conn_find(rh_server *s, uint64_t id)
{
    rh_conn *c = &s->conns[id % (uint64_t)s->n_conns];
    return id && c->id == id ? c : NULL;
}

void rh_conn_free(rh_server *s, rh_conn *c)
{
    (void)s;
    if (!c)
        return;
    rh_http_free(c->http);
    rh_ws_free(c->ws);
    *c = (rh_conn){0};
}

bool rh_ready(const rh_server *s)
{
    return s->coach && !s->stopping;
}

/* ---- callbacks ---- */

/* A refusal before the upgrade, in the words of the REST half. */
static int refuse_upgrade(struct lws *wsi, int status, const char *why)
{
    unsigned char buf[LWS_PRE + 1024];
    char body[320];
    (void)snprintf(body, sizeof body, "{\"detail\":\"%s\"}", why);
    int n = snprintf((char *)buf + LWS_PRE, 1024,
                     "HTTP/1.1 %d %s\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n"
                     "connection: close\r\n\r\n%s", status, rh_http_reason(status), strlen(body), body);
    (void)lws_write(wsi, buf + LWS_PRE, (size_t)n, LWS_WRITE_RAW);
    return -1;
}

static int confirm_upgrade(rh_server *s, struct lws *wsi, const char *to)
{
    char path[RH_MAX_PATH] = "";
    if (strcasecmp(to, "websocket") != 0)
        return 0;
    if (lws_hdr_copy(wsi, path, sizeof path, WSI_TOKEN_GET_URI) <= 0)
        return refuse_upgrade(wsi, 400, "the path is missing or too long");
    rh_route r = rh_route_match("GET", path, true);
    if (r.id == RH_ROUTE_NONE)
        return refuse_upgrade(wsi, 404, "no such WebSocket: /ws/video/{client_id}, /ws/audio/{client_id}, "
                              "/ws/combined/{client_id} and /v1/session/{session_id} exist");
    if (r.bad_param || (r.id == RH_ROUTE_WS_SESSION && !rh_session_id_valid(r.param)))
        return refuse_upgrade(wsi, 400, r.id == RH_ROUTE_WS_SESSION
                                            ? "the session id must have 1 to 64 of A-Z a-z 0-9 - _ ."
                                            : "the client id must have 1 to 128 printable characters");
    if (!r.open) {
        const char *why = "";
        int status = rh_http_access(s, wsi, &why);
        if (status)
            return refuse_upgrade(wsi, status, why);
    }
    if (s->stopping)
        return refuse_upgrade(wsi, 503, "the server is stopping");
    if (s->n_ws >= s->o.config->max_clients)
        return refuse_upgrade(wsi, 429, "too many clients: try again later or raise max_clients");
    return 0;
}

static void on_close(rh_server *s, rh_pss *pss)
{
    if (pss && pss->conn) {
        rh_conn_free(s, pss->conn);
        pss->conn = NULL;
    }
}

static int on_http(rh_server *s, struct lws *wsi, enum lws_callback_reasons why, rh_pss *pss,
                   const char *in, size_t n)
{
    rh_http *h = pss && pss->conn ? pss->conn->http : NULL;
    switch (why) {
    case LWS_CALLBACK_HTTP: return rh_http_begin(s, wsi, pss, in, n);
    case LWS_CALLBACK_HTTP_BODY: return h ? rh_http_body(h, in, n) : 0;
    case LWS_CALLBACK_HTTP_BODY_COMPLETION: return h ? rh_http_body_end(h, pss) : 0;
    case LWS_CALLBACK_HTTP_WRITEABLE: return h ? rh_http_writable(h, pss) : 0;
    default: return 0;
    }
}

static int on_ws(struct lws *wsi, enum lws_callback_reasons why, rh_pss *pss, const char *in, size_t n)
{
    rh_ws *w = pss && pss->conn ? pss->conn->ws : NULL;
    (void)wsi;
    if (!w)
        return -1;
    return why == LWS_CALLBACK_RECEIVE ? rh_ws_receive(w, in, n) : rh_ws_writable(w);
}

static int callback(struct lws *wsi, enum lws_callback_reasons why, void *user, void *in, size_t n)
{
    rh_server *s = lws_context_user(lws_get_context(wsi));
    switch (why) {
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE: return confirm_upgrade(s, wsi, in);
    case LWS_CALLBACK_HTTP:
    case LWS_CALLBACK_HTTP_BODY:
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
    case LWS_CALLBACK_HTTP_WRITEABLE: return on_http(s, wsi, why, user, in, n);
    case LWS_CALLBACK_ESTABLISHED: return rh_ws_open(s, wsi, user);
    case LWS_CALLBACK_RECEIVE:
    case LWS_CALLBACK_SERVER_WRITEABLE: return on_ws(wsi, why, user, in, n);
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_CLOSED_HTTP: on_close(s, user); return 0;
    case LWS_CALLBACK_WSI_DESTROY: s->n_sockets--; return 0;
    case LWS_CALLBACK_EVENT_WAIT_CANCELLED: rh_jobs_collect(s); return 0;
    default: return lws_callback_http_dummy(wsi, why, user, in, n);
    }
}

static int listener(struct lws *wsi, enum lws_callback_reasons why, void *user, void *in, size_t n)
{
    (void)user, (void)in, (void)n;
    if (why != LWS_CALLBACK_RAW_RX_FILE)
        return 0;
    return rh_listen_accept(lws_context_user(lws_get_context(wsi)), (int)lws_get_socket_fd(wsi));
}

/* ---- start ---- */

static const struct lws_protocols protocols[] = {
    {.name = "rehearse", .callback = callback, .per_session_data_size = sizeof(rh_pss),
     .rx_buffer_size = 64 << 10},
    {.name = "listener", .callback = listener},
    {0},
};

static const lws_retry_bo_t keepalive = {
    .secs_since_valid_ping = PING_S, .secs_since_valid_hangup = HANGUP_S,
};

static void lws_line(int level, const char *line)
{
    rh_log(level & LLL_ERR ? RH_LOG_WARN : RH_LOG_DEBUG, "libwebsockets: %s", line);
}

/* libwebsockets reads both; here it is said what is wrong with them. */
static rh_status check_tls(const rh_config *c, rh_error *err)
{
    const char *files[] = {c->tls_cert, c->tls_key};
    if (!*c->tls_cert != !*c->tls_key)
        return rh_fail(err, RH_ERR_INVAL, "https needs both tls_cert and tls_key");
    for (int i = 0; i < 2 && *c->tls_cert; i++)
        if (access(files[i], R_OK) != 0)
            return rh_fail(err, RH_ERR_IO, "%s %.100s: %s", i ? "tls_key" : "tls_cert", files[i],
                           strerror(errno));
    return RH_OK;
}

static rh_status make_context(rh_server *s, rh_error *err)
{
    const rh_config *c = s->o.config;
    bool tls = *c->tls_cert != '\0';
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = protocols,
        /* No permessage-deflate: pictures and sound hardly shrink, and libwebsockets 4.1 can be
         * brought to abort() in it by many large messages at once. */
        .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_VALIDATE_UTF8,
        .user = s,
        .gid = -1,
        .uid = -1,
        .timeout_secs = BODY_TIMEOUT_S,
        .keepalive_timeout = IDLE_S,
        .max_http_header_data = RH_MAX_HEADER_BYTES,
        .max_http_header_pool = (unsigned short)(s->n_conns < 1024 ? s->n_conns : 1024),
        .pt_serv_buf_size = 64 << 10,
        .fd_limit_per_thread = (unsigned)s->n_conns + 32,
        .retry_and_idle_policy = &keepalive,
        .server_string = "rehearse",
    };
    if (tls) {
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        info.ssl_cert_filepath = c->tls_cert;
        info.ssl_private_key_filepath = c->tls_key;
    }
    rh_status st = check_tls(c, err);
    if (st != RH_OK)
        return st;
    lws_set_log_level(LLL_ERR | LLL_WARN, lws_line);
    s->lws = lws_create_context(&info);
    s->vhost = s->lws ? lws_create_vhost(s->lws, &info) : NULL;
    if (!s->vhost && s->lws && tls)
        return rh_fail(err, RH_ERR_FORMAT, "tls_cert and tls_key are not a PEM certificate and its key");
    if (!s->vhost)
        return rh_fail(err, RH_ERR_NOMEM, "the event loop could not be set up");
    for (int i = 0; i < s->n_listen; i++) {
        lws_sock_file_fd_type fd = {.filefd = s->listen_fds[i]};
        s->listeners[i] = lws_adopt_descriptor_vhost(s->vhost, LWS_ADOPT_RAW_FILE_DESC, fd,
                                                     "listener", NULL);
        s->listen_fds[i] = -1; /* adopted: closed with its wsi, also on failure */
        if (!s->listeners[i])
            return rh_fail(err, RH_ERR_NOMEM, "the listening socket could not be set up");
    }
    return RH_OK;
}

/* Pictures and sound in: short work, all processors. Live speech and uploads:
 * few long jobs, each of which uses several threads of its engine, and niced. */
static rh_status make_pools(rh_server *s, rh_error *err)
{
    size_t clients = (size_t)s->o.config->max_clients;
    int workers = s->o.config->workers;
    int n_live = workers ? workers : s->n_cpus / 4 + 1, n_files = s->n_cpus / 8 + 1;
    rh_status st = rh_pool_new(&s->media, s, s->n_cpus, 3 * clients + RH_MAX_FRAME_JOBS, 0, err);
    if (st == RH_OK)
        st = rh_pool_new(&s->speech, s, n_live < 8 ? n_live : 8, 2 * clients + 16, 5, err);
    if (st == RH_OK)
        st = rh_pool_new(&s->files, s, n_files < 4 ? n_files : 4, RH_MAX_FILE_JOBS, RH_NICE_FILES,
                         err);
    if (st == RH_OK)
        st = rh_pool_new(&s->reports, s, n_files < 4 ? n_files : 4, 3 * clients + 16, 5, err);
    return st;
}

static rh_status open_store(rh_server *s, rh_error *err)
{
    char path[4096 + 16];
    (void)snprintf(path, sizeof path, "%s/sessions.db", s->o.config->data_dir);
    return rh_store_open(&s->store, path, err);
}

rh_status rh_server_new(rh_server **out, const rh_server_options *o, rh_error *err)
{
    rh_server *s = rh_calloc(1, sizeof *s);
    if (!s)
        return rh_fail(err, RH_ERR_NOMEM, "server: out of memory");
    s->o = *o;
    s->n_cpus = rh_cpu_count();
    s->n_conns = o->config->max_clients + RH_SPARE_CONNECTIONS;
    s->started = rh_unix_time();
    s->started_us = rh_now_us();
    pthread_mutex_init(&s->done_lock, NULL);
    json_object_seed(0); /* before any thread makes objects */
    s->conns = rh_calloc((size_t)s->n_conns, sizeof *s->conns);
    rh_status st = s->conns ? RH_OK : rh_fail(err, RH_ERR_NOMEM, "server: out of memory");
    if (st == RH_OK)
        st = rh_site_new(&s->site, o->web_dir, err);
    if (st == RH_OK)
        st = rh_listen(s, err);
    if (st == RH_OK)
        st = open_store(s, err);
    if (st == RH_OK)
        st = make_context(s, err);
    if (st == RH_OK)
        st = make_pools(s, err);
    if (st == RH_OK)
        st = rh_watch_start(s, err);
    if (st == RH_OK)
        *out = s;
    else
        rh_server_free(s);
    return st;
}

int rh_server_port(const rh_server *s)
{
    return s->port;
}

/* Tells all work that nobody waits for it any more. */
static void cancel_all(rh_server *s)
{
    atomic_store(&s->cancel_all, true);
    for (int i = 0; s->conns && i < s->n_conns; i++) {
        const rh_conn *c = &s->conns[i];
        if (c->http && c->http->cancel)
            atomic_store(c->http->cancel, true);
        if (c->ws && c->ws->stream)
            atomic_store(&c->ws->stream->cancel, true);
    }
    rh_streams_cancel(s);
}

void rh_server_free(rh_server *s)
{
    if (!s)
        return;
    cancel_all(s);
    if (s->loading)
        pthread_join(s->loader, NULL);
    rh_pool_free(s->media);
    rh_pool_free(s->speech);
    rh_pool_free(s->files);
    rh_pool_free(s->reports);
    if (s->lws) {
        rh_jobs_collect(s);
        lws_context_destroy(s->lws); /* closes what is open */
    }
    rh_practices_free(s);
    rh_records_free(s);
    rh_uploads_free(s);
    rh_store_close(s->store);
    for (int i = 0; i < s->n_listen; i++)
        if (s->listen_fds[i] >= 0)
            close(s->listen_fds[i]);
    rh_watch_stop(s);
    rh_coach_free(s->coach);
    rh_site_free(s->site);
    pthread_mutex_destroy(&s->done_lock);
    rh_free(s->conns);
    rh_free(s);
}

/* ---- loading the models beside the running loop ---- */

typedef struct {
    rh_job job;
    rh_server *server;
    rh_coach *coach;
    rh_error err;
} load_job;

static void loaded(rh_server *s, rh_job *base)
{
    load_job *j = (load_job *)base;
    pthread_join(s->loader, NULL);
    s->loading = false;
    if (!j->coach) {
        s->load_failed = true;
        s->load_error = j->err;
        rh_server_stop(s);
    } else {
        s->coach = j->coach;
        const rh_asr_model *m = rh_coach_asr(s->coach);
        if (m) {
            rh_asr_model_info i = rh_asr_model_describe(m);
            rh_log(RH_LOG_INFO, "speech: whisper %s on %s, engine %s, %d threads", i.size, i.device,
                   i.engine, i.n_threads);
        }
        rh_log(RH_LOG_INFO, "faces: %s; ready after %.1f s", rh_coach_faces(s->coach) ? "on cpu" : "off",
               (double)(rh_now_us() - s->started_us) / 1e6);
    }
    rh_free(j);
}

static void *load(void *arg)
{
    load_job *j = arg;
    if (rh_coach_load(&j->coach, &j->server->o.coach, &j->err) != RH_OK)
        j->coach = NULL;
    /* Two clients at once must not wait for the second set of networks; more than a few would delay
     * the start of a large machine. What fails here fails again, and is told, when it is needed. */
    int n = j->server->n_cpus < 4 ? j->server->n_cpus : 4;
    if (j->coach && rh_coach_faces(j->coach))
        (void)rh_face_model_prepare(rh_coach_faces(j->coach), n, NULL);
    rh_job_finished(j->server, &j->job);
    return NULL;
}

static rh_status start_loading(rh_server *s, rh_error *err)
{
    load_job *j = rh_calloc(1, sizeof *j);
    if (!j)
        return rh_fail(err, RH_ERR_NOMEM, "server: out of memory");
    j->job.done = loaded;
    j->server = s;
    int e = pthread_create(&s->loader, NULL, load, j);
    if (e) {
        rh_free(j);
        return rh_fail(err, RH_ERR_NOMEM, "cannot start a thread: %s", strerror(e));
    }
    s->loading = true;
    return RH_OK;
}

/* ---- run and stop ---- */

void rh_server_stop(rh_server *s)
{
    atomic_fetch_add(&s->stop_calls, 1);
    lws_cancel_service(s->lws);
}

static void begin_stop(rh_server *s)
{
    s->stopping = true;
    s->stop_by_us = rh_now_us() + (int64_t)RH_STOP_GRACE_S * 1000000;
    for (int i = 0; i < s->n_listen; i++)
        lws_set_timeout(s->listeners[i], PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_ASYNC);
    for (int i = 0; i < s->n_conns; i++)
        if (s->conns[i].ws)
            rh_ws_close(s->conns[i].ws, 1001);
}

static bool busy(const rh_server *s)
{
    for (int i = 0; i < s->n_conns; i++)
        if (s->conns[i].ws || s->conns[i].http)
            return true;
    return rh_records_busy(s);
}

/* What the loop does between events, four times a second. */
static void tick(lws_sorted_usec_list_t *sul)
{
    rh_server *s = lws_container_of(sul, rh_server, tick);
    int64_t now = rh_now_us();
    for (int i = 0; i < s->n_conns; i++) {
        if (s->conns[i].ws)
            rh_ws_tick(s->conns[i].ws, now);
        if (s->conns[i].http)
            rh_http_tick(s->conns[i].http);
    }
    rh_practices_tick(s, now);
    rh_records_tick(s, now);
    rh_unfinished_tick(s, now);
    if (now >= s->expire_at_us) {
        s->expire_at_us = now + EXPIRE_EVERY_US;
        rh_sessions_expire(s);
    }
    if (!s->stopping && rh_watch_changed(s)) {
        rh_log(RH_LOG_INFO, "a watched file changed: starting anew");
        s->reload = true;
        rh_server_stop(s);
    }
    lws_sul_schedule(s->lws, 0, &s->tick, tick, TICK_US);
}

rh_status rh_server_run(rh_server *s, rh_error *err)
{
    rh_status st = start_loading(s, err);
    if (st != RH_OK)
        return st;
    lws_sul_schedule(s->lws, 0, &s->tick, tick, TICK_US);
    for (;; s->n_turns++) {
        if (lws_service(s->lws, 0) < 0)
            return rh_fail(err, RH_ERR_IO, "the event loop failed");
        int calls = atomic_load(&s->stop_calls);
        if (calls && !s->stopping)
            begin_stop(s);
        if (s->stopping && (!busy(s) || calls > 1 + (int)s->reload || rh_now_us() > s->stop_by_us))
            break;
    }
    lws_sul_cancel(&s->tick);
    if (s->load_failed) {
        *err = s->load_error;
        return err->code;
    }
    return s->reload ? RH_AGAIN : RH_OK;
}
