#include "legacy_session.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "server/access.h"
#include "server/http.h"
#include "server/session_job.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/base/random.h"

/* Less than this is a look at the server, not a practice. */
static const double LEAST_S = 3;

struct rh_legacy_session {
    rh_legacy_session *next;
    rh_server *server;
    int refs;              /* sockets, and their work under way */
    int64_t idle_since_us; /* when the last of them went */
    bool ending;
    int64_t start_us; /* rh_now_us() at the session's zero */
    char id[RH_SESSION_ID_MAX + 1], client[RH_MAX_CLIENT_ID + 1];
    char person[RH_PERSON_NAME_MAX + 1]; /* whose it is; "" = nobody's by name */
    bool kept;
    pthread_mutex_t lock;
    rh_session *session; /* {lock} made with the first picture or sound */
    bool failed;         /* {lock} it could not be kept */
};

/* ---- whose sockets are kept ---- */

static bool on_loopback(const char *origin)
{
    const char *host = strstr(origin, "://");
    host = host ? host + 3 : origin;
    size_t n = strcspn(host, ":");
    return (n == 9 && strncmp(host, "localhost", n) == 0) || (n == 9 && strncmp(host, "127.0.0.1", n) == 0) ||
           strncmp(host, "[::1]", 5) == 0;
}

/* The sockets answer every page; but a stranger's page must not fill the disk, nor anybody
 * add to another's session where a token is asked for. */
static bool may_be_kept(rh_server *s, const rh_net_conn *net, rh_person *who)
{
    rh_visitor_text text;
    rh_visitor v = rh_http_visitor(s, net, &text);
    const char *why;
    if (rh_access_check(s->o.config, &v, who, &why) == 0)
        return who->role != RH_ROLE_MENTOR;
    return *v.origin && on_loopback(v.origin) && rh_access_is_local(&v) && rh_access_spared(s->o.config, &v);
}

/* ---- life ---- */

static void name_session(rh_legacy_session *r)
{
    char random[9];
    size_t n = 0;
    (void)rh_random_hex(random, 4);
    for (const char *c = r->client; *c && n < 40; c++)
        if (isalnum((unsigned char)*c) || *c == '-' || *c == '_')
            r->id[n++] = *c;
    if (n == 0)
        n = (size_t)snprintf(r->id, sizeof r->id, "client");
    (void)snprintf(r->id + n, sizeof r->id - n, "-%llx-%s", (unsigned long long)rh_unix_time(), random);
}

static rh_legacy_session *new_session(rh_server *s, const char *client, const char *person, bool kept)
{
    rh_legacy_session *r = rh_calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->server = s;
    r->kept = kept;
    r->start_us = rh_now_us();
    (void)snprintf(r->client, sizeof r->client, "%s", client);
    (void)snprintf(r->person, sizeof r->person, "%s", person);
    name_session(r);
    pthread_mutex_init(&r->lock, NULL);
    r->next = s->legacy_sessions;
    s->legacy_sessions = r;
    return r;
}

static void destroy(rh_legacy_session *r)
{
    rh_session_free(r->session);
    pthread_mutex_destroy(&r->lock);
    rh_free(r);
}

static void forget(rh_legacy_session *r)
{
    RH_LIST_REMOVE(rh_legacy_session, r->server->legacy_sessions, r);
    destroy(r);
}

rh_legacy_session *rh_legacy_session_ref(rh_server *s, const rh_net_conn *net, const char *client)
{
    rh_person who = {.role = RH_ROLE_OWNER};
    bool kept = strcmp(s->o.config->ws_reports, "on") == 0 && may_be_kept(s, net, &who);
    rh_legacy_session *found = NULL;
    int n = 0;
    for (rh_legacy_session *r = s->legacy_sessions; r && kept; r = r->next) {
        n += r->kept;
        if (r->kept && !r->ending && strcmp(r->client, client) == 0 && strcmp(r->person, who.name) == 0)
            found = r;
    }
    if (!found)
        found = new_session(s, client, who.name, kept && n < 2 * s->o.config->max_clients);
    if (found)
        found->refs++;
    return found;
}

void rh_legacy_session_unref(rh_legacy_session *r)
{
    if (--r->refs > 0)
        return;
    r->idle_since_us = rh_now_us();
    if (!r->kept)
        forget(r);
}

void rh_legacy_sessions_free(rh_server *s)
{
    while (s->legacy_sessions) {
        rh_legacy_session *next = s->legacy_sessions->next;
        destroy(s->legacy_sessions);
        s->legacy_sessions = next;
    }
}

bool rh_legacy_sessions_busy(const rh_server *s)
{
    return s->legacy_sessions != NULL;
}

/* ---- on pool threads ---- */

/* {lock} */
static rh_status begin(rh_legacy_session *r, bool kept, rh_error *err)
{
    rh_server *s = r->server;
    const char *language = s->o.config->language;
    rh_session_options o = rh_session_options_of(s, r->id, NULL, RH_SESSION_LEGACY);
    o.person = r->person;
    o.client = r->client;
    o.language = strcmp(language, "auto") == 0 ? NULL : language;
    o.source = "ws";
    o.unkept = !kept;
    return rh_session_new(&r->session, s->models, kept ? s->store : NULL, &o, err);
}

rh_status rh_legacy_session_source(rh_legacy_session *r, rh_legacy_source **source, const rh_face_options *faces,
                                   rh_error *err)
{
    rh_status st = RH_OK;
    pthread_mutex_lock(&r->lock);
    if (!r->session && r->kept && !r->failed && begin(r, true, err) != RH_OK) {
        r->failed = true;
        rh_log(RH_LOG_WARN, "no session is kept for client %s: %s", r->client, err->msg);
    }
    if (!r->session)
        st = begin(r, false, err);
    if (st == RH_OK && !*source)
        st = rh_legacy_source_new(source, r->session, faces, err);
    pthread_mutex_unlock(&r->lock);
    return st;
}

int64_t rh_legacy_session_time(const rh_legacy_session *r, int64_t at_us)
{
    return at_us > r->start_us ? at_us - r->start_us : 0;
}

/* ---- the end ---- */

typedef struct {
    rh_job job;
    rh_legacy_session *r;
    rh_error err;
} end_job;

static void end_run(rh_job *base, rh_worker *w)
{
    end_job *j = (end_job *)base;
    rh_session *s = j->r->session;
    j->err.code = rh_session_end(w->server, s, rh_session_length_s(s) < LEAST_S, &w->server->cancel_all, &j->err);
}

static void end_done(rh_server *s, rh_job *base)
{
    (void)s;
    end_job *j = (end_job *)base;
    if (j->err.code < 0) /* it stays in the store and is taken up at the next start */
        rh_log(RH_LOG_WARN, "no report for client %s: %s", j->r->client, j->err.msg);
    forget(j->r);
    rh_free(j);
}

static void end(rh_legacy_session *r)
{
    if (!r->session || r->failed) {
        forget(r);
        return;
    }
    end_job j = {.job = {.run = end_run, .done = end_done}, .r = r};
    r->ending = rh_pool_start(r->server->reports, &j, sizeof j); /* else tried again at the next tick */
}

void rh_legacy_sessions_tick(rh_server *s, int64_t now_us)
{
    for (rh_legacy_session *r = s->legacy_sessions, *next; r; r = next) {
        next = r->next;
        bool over = rh_stopping(s) || now_us - r->idle_since_us > (int64_t)RH_SESSION_RESUME_S * 1000000;
        if (r->refs == 0 && !r->ending && over)
            end(r);
    }
}
