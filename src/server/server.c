/* server.c - the callbacks of the network, and what a server is made of. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "error_body.h"
#include "http.h"
#include "llm_job.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/base/cpu.h"
#include "rehearse/who/tokens.h"
#include "server/live/live_session.h"
#include "server/legacy/legacy.h"
#include "server/api/sessions.h"
#include "routes.h"
#include "ws.h"

/* ---- callbacks of the network ---- */

static rh_conn *conn_of(const rh_net_conn *net)
{
    return rh_net_user(net);
}

static void on_request(void *user, rh_net_conn *net)
{
    rh_http_begin(user, net);
}

static void on_body(void *user, rh_net_conn *net, const char *bytes, size_t n)
{
    (void)user;
    if (conn_of(net))
        rh_http_body(conn_of(net)->http, bytes, n);
}

static void on_body_end(void *user, rh_net_conn *net)
{
    (void)user;
    if (conn_of(net))
        rh_http_body_end(conn_of(net)->http);
}

static int on_upgrade(void *user, rh_net_conn *net, const char **why)
{
    return rh_ws_admit(user, net, why);
}

static bool on_ws_open(void *user, rh_net_conn *net)
{
    return rh_ws_open(user, net);
}

static void on_ws_data(void *user, rh_net_conn *net, const char *bytes, size_t n, const rh_net_piece *piece)
{
    (void)user;
    rh_ws_receive(conn_of(net)->ws, bytes, n, piece);
}

static void on_ws_writable(void *user, rh_net_conn *net)
{
    (void)user;
    rh_ws_writable(conn_of(net)->ws);
}

static void on_over(void *user, rh_net_conn *net)
{
    rh_conn *c = conn_of(net);
    (void)user;
    if (!c)
        return;
    rh_http_free(c->http);
    rh_ws_free(c->ws);
    *c = (rh_conn){0};
}

static char *on_error_body(void *user, const rh_net_conn *net, int status, const char *why)
{
    (void)user;
    return rh_error_body(rh_net_path(net), status, NULL, NULL, why);
}

static void on_tick(void *user, int64_t now_us)
{
    rh_server_tick(user, now_us);
}

static void on_wake(void *user)
{
    rh_jobs_collect(user);
}

static void on_trouble(void *user, const char *line)
{
    (void)user;
    rh_log(RH_LOG_WARN, "%s", line);
}

/* ---- start ---- */

static rh_status make_net(rh_server *s, rh_error *err)
{
    static const rh_net_callbacks callbacks = {
        .request = on_request,
        .body = on_body,
        .body_end = on_body_end,
        .upgrade = on_upgrade,
        .ws_open = on_ws_open,
        .ws_data = on_ws_data,
        .ws_writable = on_ws_writable,
        .over = on_over,
        .error_body = on_error_body,
        .tick = on_tick,
        .wake = on_wake,
        .trouble = on_trouble,
    };
    const rh_config *c = s->o.config;
    rh_net_options o = {
        .max_connections = c->max_clients + RH_SPARE_CONNECTIONS,
        .max_header_bytes = RH_MAX_HEADER_BYTES,
        .max_discard_bytes = RH_MAX_DISCARD_BYTES,
        .max_unsent_bytes = RH_MAX_OUT_BYTES,
        .tls_cert = c->tls_cert,
        .tls_key = c->tls_key,
        .proxies = &s->proxies,
    };
    rh_status st = rh_net_new(&s->net, &o, &callbacks, s, err);
    return st == RH_OK ? rh_net_listen(s->net, c->host, c->port, &s->port, err) : st;
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
        st = rh_pool_new(&s->quick, s, 2, clients + 16, 3, err);
    if (st == RH_OK)
        st = rh_pool_new(&s->speech, s, n_live < 8 ? n_live : 8, 3 * clients + 16, 5, err);
    s->n_file_threads = n_files < 4 ? n_files : 4;
    if (st == RH_OK)
        st = rh_pool_new(&s->files, s, s->n_file_threads, 2 * RH_MAX_FILE_JOBS, RH_NICE_FILES, err);
    if (st == RH_OK)
        st = rh_pool_new(&s->reports, s, n_files < 4 ? n_files : 4, 3 * clients + 16, 5, err);
    if (st == RH_OK)
        st = rh_pool_new(&s->desk, s, RH_DESK_THREADS, 2 * clients + 64, 0, err);
    if (st == RH_OK)
        st = rh_pool_new(&s->disk, s, RH_DISK_THREADS, 2 * (size_t)s->n_conns, 0, err);
    return st;
}

static rh_status open_store(rh_server *s, rh_error *err)
{
    char path[4096 + 16], who[64];
    (void)snprintf(who, sizeof who, "rehearse serve, port %d", s->port);
    rh_status st = rh_folder_lock_take(&s->folder, s->o.config->data_dir, who, err);
    if (st != RH_OK)
        return st;
    (void)snprintf(s->media_dir, sizeof s->media_dir, "%s/media", s->o.config->data_dir);
    (void)snprintf(path, sizeof path, "%s/sessions.db", s->o.config->data_dir);
    const char *url = s->o.config->store_url;
    char host[65] = "?", name[80];
    (void)gethostname(host, sizeof host - 1);
    (void)snprintf(name, sizeof name, "%s:%d", host, s->port);
    return rh_store_open_node(&s->store, url && *url ? url : path, name, err);
}

static rh_status read_proxies(rh_server *s, rh_error *err)
{
    rh_error why;
    rh_status st = rh_networks_parse(&s->proxies, s->o.config->trusted_proxies, &why);
    return st == RH_OK ? RH_OK : rh_fail(err, st, "trusted_proxies: %s", why.msg);
}

static void oidc_trouble(const char *line)
{
    rh_log(RH_LOG_WARN, "%s", line);
}

/* By what people are known. */
static rh_status open_people(rh_server *s, rh_error *err)
{
    const rh_config *c = s->o.config;
    rh_oidc_options o = {.issuer = c->oidc_issuer,
                         .client_id = c->oidc_client_id,
                         .audience = c->oidc_audience,
                         .scope = c->oidc_scope,
                         .name_claim = c->oidc_name,
                         .role_claim = c->oidc_role};
    rh_status st = rh_tokens_check(c->tokens, err);
    return st == RH_OK && *c->oidc_issuer ? rh_oidc_new(&s->oidc, &o, oidc_trouble, err) : st;
}

rh_status rh_server_new(rh_server **out, const rh_server_options *o, rh_error *err)
{
    rh_server *s = rh_calloc(1, sizeof *s);
    if (!s)
        return rh_fail(err, RH_ERR_NOMEM, "server: out of memory");
    s->o = *o;
    s->routes = &rh_routes;
    s->n_cpus = rh_cpu_count();
    s->n_conns = o->config->max_clients + RH_SPARE_CONNECTIONS + RH_NET_RESERVE;
    s->started = rh_unix_time();
    s->started_us = rh_now_us();
    pthread_mutex_init(&s->done_lock, NULL);
    json_object_seed(0); /* before any thread makes objects */
    s->conns = rh_calloc((size_t)s->n_conns, sizeof *s->conns);
    rh_status st = s->conns ? read_proxies(s, err) : rh_fail(err, RH_ERR_NOMEM, "server: out of memory");
    if (st == RH_OK)
        st = open_people(s, err);
    if (st == RH_OK)
        st = rh_site_new(&s->site, o->web_dir, err);
    if (st == RH_OK)
        st = rh_llm_open(s, err);
    if (st == RH_OK)
        st = make_net(s, err);
    if (st == RH_OK)
        st = open_store(s, err);
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
