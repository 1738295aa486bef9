/* acceptance.c - see acceptance.h. */
#include "acceptance.h"

#include <stdio.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/store/media.h"
#include "server/background.h"
#include "sessions.h"

typedef struct {
    rh_job job;
    const rh_acceptance *becomes;
    char id[RH_SESSION_ID_MAX + 1];
    json_t *wanted;
    rh_incoming *file;
    rh_error err;
} acceptance;

static void acceptance_free(acceptance *a)
{
    rh_incoming_free(a->file);
    json_decref(a->wanted);
    rh_free(a);
}

static void accept_run(rh_job *job, rh_worker *w)
{
    acceptance *a = (acceptance *)job;
    rh_server *s = w->server;
    char path[RH_MAX_FILE_PATH];
    rh_recording_path(s, a->id, path, sizeof path);
    const char *name = strrchr(path, '/') + 1;
    rh_status st = rh_incoming_keep(a->file, path, &a->err);
    if (st == RH_OK)
        st = rh_media_keep(s->store, s->media_dir, name, a->id, &a->err);
    if (st == RH_OK)
        st = a->becomes->keep(s, a->id, a->wanted, &a->err);
    if (st != RH_OK)
        rh_media_remove(s->store, s->media_dir, name);
    a->err.code = st;
}

static void accept_done(rh_server *s, rh_job *job)
{
    acceptance *a = (acceptance *)job;
    rh_conn *c = rh_conn_find(s, job->conn);
    rh_http *h = c ? c->http : NULL;
    if (a->err.code == RH_OK)
        rh_background_look(s, 0);
    if (h && a->err.code == RH_OK)
        rh_http_json(h, 202, a->becomes->told(a->id, a->wanted));
    else if (h)
        rh_http_fail_to_keep(h, &a->err);
    acceptance_free(a);
}

void rh_accept(rh_http *h, rh_field *f, const char *id, json_t *wanted, const rh_acceptance *becomes)
{
    acceptance *a = wanted ? rh_calloc(1, sizeof *a) : NULL;
    if (!a) {
        json_decref(wanted);
        rh_http_error(h, 503, "out of memory"); /* where nothing was replied yet */
        return;
    }
    *a = (acceptance){.job = {.run = accept_run, .done = accept_done, .conn = h->id},
                      .becomes = becomes,
                      .wanted = wanted,
                      .file = f->file}; /* from now on the job's */
    f->file = NULL;
    (void)snprintf(a->id, sizeof a->id, "%s", id);
    if (rh_pool_submit(h->server->desk, &a->job) != RH_OK) {
        acceptance_free(a);
        rh_http_too_many(h, "5");
    }
}
