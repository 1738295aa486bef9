#include "place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "rehearse/store/store.h"

static rh_status too_long(rh_error *err)
{
    return rh_fail(err, RH_ERR_IO, "the path of the data folder is too long");
}

static rh_status database_path(const store_place *p, char out[STORE_PATH], rh_error *err)
{
    return snprintf(out, STORE_PATH, "%s/sessions.db", p->folder) < STORE_PATH ? RH_OK : too_long(err);
}

rh_status store_place_find(store_place *p, const rh_store_place *at, bool must_be, rh_error *err)
{
    char path[STORE_PATH];
    *p = (store_place){.shared = rh_store_is_url(at->where)};
    const char *folder = p->shared ? at->folder : at->where;
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/')
        n--;
    if (n == 0)
        return rh_fail(err, RH_ERR_INVAL, "a store is a data folder or the URL of a database, not \"\"");
    if (snprintf(p->folder, STORE_PATH, "%.*s", (int)n, folder) >= STORE_PATH ||
        snprintf(p->media, STORE_PATH, "%.*s/media", (int)n, folder) >= STORE_PATH)
        return too_long(err);
    rh_status st = database_path(p, path, err);
    if (st == RH_OK && must_be && !p->shared && access(path, F_OK) != 0)
        st = rh_fail(err, RH_ERR_NOTFOUND, "there is no store in %s: it would have a file sessions.db", p->folder);
    return st;
}

rh_status store_place_lock(store_place *p, const char *who, rh_error *err)
{
    rh_error why;
    rh_status st = rh_folder_lock_take(&p->lock, p->folder, who, &why);
    return st == RH_ERR_LIMIT ? rh_fail(err, st, "%s: stop it first", why.msg)
           : st != RH_OK      ? rh_fail(err, st, "%s", why.msg)
                              : RH_OK;
}

rh_status store_place_open(store_place *p, const rh_store_place *at, bool as_it_is, rh_error *err)
{
    char path[STORE_PATH];
    rh_status st = database_path(p, path, err);
    return st == RH_OK ? store_db_open(&p->db, p->shared ? at->where : path, as_it_is, err) : st;
}

rh_status store_place_idle(store_place *p, rh_error *err)
{
    char name[80] = "";
    store_query *q = store_use(p->db, RH_SQL_NODES_ALIVE, NULL, 0);
    store_step step = store_query_step(q);
    if (step == STORE_ROW) {
        const char *text = store_query_text(q, 0);
        (void)snprintf(name, sizeof name, "%s", text && *text ? text : "?");
    }
    rh_status st = store_query_end(q, step == STORE_ROW ? STORE_DONE : step, "look", err);
    return st == RH_OK && *name
               ? rh_fail(err, RH_ERR_LIMIT, "the database is in use by the server %s, or was 10 s ago: stop it first",
                         name)
               : st;
}

bool store_same_folder(const char *a, const char *b)
{
    char *real_a = realpath(a, NULL), *real_b = realpath(b, NULL);
    bool same = strcmp(real_a ? real_a : a, real_b ? real_b : b) == 0;
    free(real_a);
    free(real_b);
    return same;
}

void store_place_close(store_place *p)
{
    store_db_close(p->db);
    rh_folder_lock_release(p->lock);
    *p = (store_place){0};
}
