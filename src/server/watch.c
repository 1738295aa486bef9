/* watch.c - `--reload`: notices that the program, its config or a model changed. */
#include <string.h>
#include <sys/stat.h>
#include "rehearse/base/alloc.h"
#include "server_internal.h"

enum { MAX_WATCHED = 16 };

typedef struct {
    struct timespec mtime[MAX_WATCHED];
    off_t size[MAX_WATCHED];
    int n, quiet_ticks;
    bool dirty;
} watched;

static bool look(rh_server *s, watched *w)
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

/* Called a few times a second. A change counts once nothing moved for two calls:
 * a linker writes its output in several steps. */
bool rh_watch_changed(rh_server *s)
{
    watched *w = s->watch;
    if (!w)
        return false;
    if (look(s, w)) {
        w->dirty = true;
        w->quiet_ticks = 0;
        return false;
    }
    return w->dirty && ++w->quiet_ticks >= 2;
}

void rh_watch_stop(rh_server *s)
{
    rh_free(s->watch);
    s->watch = NULL;
}
