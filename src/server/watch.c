/* watch.c - `--reload`: notices that the program, its config or a model changed. A job looks at
 * the files, for their disk may be slow. */
#include <string.h>
#include <sys/stat.h>
#include "rehearse/base/alloc.h"
#include "server_internal.h"

enum { MAX_WATCHED = 16 };

typedef struct {
    rh_job job;
    bool looking, changed; /* the job is under way; what it saw */
    struct timespec mtime[MAX_WATCHED];
    off_t size[MAX_WATCHED];
    int n, n_quiet;
    bool dirty;
} watched;

static bool look(const rh_server *s, watched *w)
{
    bool changed = false;
    for (int i = 0; i < w->n; i++) {
        struct stat st;
        if (stat(s->o.watch[i], &st) != 0)
            continue; /* being replaced just now */
        if (st.st_size != w->size[i] || st.st_mtim.tv_sec != w->mtime[i].tv_sec ||
            st.st_mtim.tv_nsec != w->mtime[i].tv_nsec)
            changed = true;
        w->size[i] = st.st_size;
        w->mtime[i] = st.st_mtim;
    }
    return changed;
}

rh_status rh_watch_start(rh_server *s, rh_error *err)
{
    if (!s->o.watch)
        return RH_OK;
    watched *w = rh_calloc(1, sizeof *w);
    if (!w)
        return rh_fail(err, RH_ERR_NOMEM, "watch: out of memory");
    while (w->n < MAX_WATCHED && s->o.watch[w->n])
        w->n++;
    (void)look(s, w);
    s->watch = w;
    return RH_OK;
}

static void look_run(rh_job *job, rh_worker *worker)
{
    watched *w = (watched *)job;
    w->changed = look(worker->server, w);
}

/* A change counts once nothing moved for two looks: a linker writes its output in several steps. */
static void look_done(rh_server *s, rh_job *job)
{
    watched *w = (watched *)job;
    (void)s;
    w->looking = false;
    w->dirty |= w->changed;
    w->n_quiet = w->changed ? 0 : w->n_quiet + 1;
}

/* Called a few times a second. */
bool rh_watch_changed(rh_server *s)
{
    watched *w = s->watch;
    if (!w)
        return false;
    if (w->dirty && w->n_quiet >= 2)
        return true;
    if (!w->looking) {
        w->job = (rh_job){.run = look_run, .done = look_done};
        w->looking = rh_pool_submit(s->desk, &w->job) == RH_OK;
    }
    return false;
}

void rh_watch_stop(rh_server *s)
{
    rh_free(s->watch);
    s->watch = NULL;
}
