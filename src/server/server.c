/* server.c - sockets, connections by id, and what a server is made of. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "client.h"
#include "error_body.h"
#include "http.h"
#include "rehearse/alloc.h"
#include "rehearse/clock.h"
#include "rehearse/cpu.h"
#include "status_map.h"
#include "practice.h"
#include "record.h"
#include "rest_sessions.h"
#include "ws.h"

enum { PING_S = 30, HANGUP_S = 90, BODY_TIMEOUT_S = 30, IDLE_S = 30 };

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
    return s->coach && !rh_stopping(s);
}

/* ---- callbacks ---- */

/* A refusal before the upgrade, in the words of the REST half. */
static int refuse_upgrade(struct lws *wsi, int status, const char *why)
{
    unsigned char buf[LWS_PRE + 1024];
    char path[RH_MAX_PATH] = "";
    (void)lws_hdr_copy(wsi, path, sizeof path, WSI_TOKEN_GET_URI);
    char *said = rh_error_body(path, status, NULL, NULL, why);
    const char *body = said ? said : "{}";
    int n = snprintf((char *)buf + LWS_PRE, 1024,
                     "HTTP/1.1 %d %s\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n"
                     "connection: close\r\n\r\n%s", status, rh_http_reason(status), strlen(body), body);
    (void)lws_write(wsi, buf + LWS_PRE, (size_t)n, LWS_WRITE_RAW);
    free(said);
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
    if (rh_stopping(s))
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
        (void)rh_server_free(s);
    return st;
}

int rh_server_port(const rh_server *s)
{
    return s->port;
}
