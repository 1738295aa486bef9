/* owners.c - which sessions this node has, and since which epoch.
 *
 * Whoever takes a session counts its epoch up. All that is written of it afterwards is written only while that is
 * still its epoch (store_fence()): a node that comes back from the dead changes nothing, and learns that it has lost
 * the session. On the store's thread but for what rh_store_standing() reads. */
#include "store_internal.h"

#include <stdio.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "unique.h"

enum { N_BUCKETS = sizeof((store_owners){0}).buckets / sizeof(store_owned *), BEAT_US = 2000000, AGAIN_US = 500000 };

/* ---- the table ---- */

static store_owned **place(rh_store *s, const char *id)
{
    uint32_t hash = 2166136261u;
    for (const char *c = id; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    store_owned **at = &s->owners.buckets[hash % N_BUCKETS];
    while (*at && strcmp((*at)->id, id) != 0)
        at = &(*at)->next;
    return at;
}

static void set_standing(rh_store *s, store_owned *o, rh_standing to)
{
    pthread_mutex_lock(&s->owners.lock);
    o->standing = to;
    pthread_mutex_unlock(&s->owners.lock);
}

rh_status store_owners_set(rh_store *s, const char *id, int64_t epoch, rh_error *err)
{
    store_owned **at = place(s, id), *o = *at;
    if (!o) {
        o = rh_calloc(1, sizeof *o);
        if (!o)
            return rh_fail(err, RH_ERR_NOMEM, "store: out of memory");
        strcpy(o->id, id);
        pthread_mutex_lock(&s->owners.lock);
        *at = o;
        pthread_mutex_unlock(&s->owners.lock);
    }
    o->epoch = epoch;
    o->fenced_in = 0;
    set_standing(s, o, RH_STANDING_OURS);
    return RH_OK;
}

int64_t store_owners_epoch(rh_store *s, const char *id)
{
    const store_owned *o = *place(s, id);
    return o && o->standing == RH_STANDING_OURS ? o->epoch : -1;
}

void store_owners_note(rh_store *s, const char *id, rh_standing standing)
{
    store_owned *o = *place(s, id);
    if (o)
        set_standing(s, o, standing);
}

void store_owners_forget(rh_store *s, const char *id)
{
    pthread_mutex_lock(&s->owners.lock);
    store_owned **at = place(s, id), *o = *at;
    if (o)
        *at = o->next;
    pthread_mutex_unlock(&s->owners.lock);
    rh_free(o);
}

void store_owners_open(rh_store *s)
{
    pthread_mutex_init(&s->owners.lock, NULL);
    store_unique(s->node);
}

void store_owners_close(rh_store *s)
{
    for (size_t i = 0; i < N_BUCKETS; i++)
        while (s->owners.buckets[i])
            store_owners_forget(s, s->owners.buckets[i]->id);
    pthread_mutex_destroy(&s->owners.lock);
}

rh_standing rh_store_standing(rh_store *s, const char *id)
{
    pthread_mutex_lock(&s->owners.lock);
    const store_owned *o = *place(s, id);
    rh_standing standing = o ? o->standing : RH_STANDING_OURS;
    pthread_mutex_unlock(&s->owners.lock);
    return standing;
}

bool rh_store_is_shared(const rh_store *s)
{
    return s->db->engine->shared;
}

/* ---- the fence ---- */

/* What has become of a session whose epoch is another. */
static rh_status look(rh_store *s, store_owned *o, rh_error *err)
{
    int n = 0;
    rh_status st = store_do(s->db, RH_SQL_SESSION_THERE, "look", &n, err, VALUES(T(o->id)));
    if (st == RH_OK)
        set_standing(s, o, n ? RH_STANDING_TAKEN : RH_STANDING_DELETED);
    return st == RH_OK ? RH_END : st;
}

rh_status store_fence(rh_store *s, const char *id, rh_error *err)
{
    store_owned *o = *place(s, id);
    if (!o || (o->standing == RH_STANDING_OURS && o->fenced_in == s->n_transactions))
        return RH_OK; /* nobody has it yet, or it was asked already */
    if (o->standing != RH_STANDING_OURS)
        return RH_END;
    int64_t n = 0;
    rh_status st = store_write(s->db, RH_SQL_FENCE, "fence", &n, err, VALUES(R(rh_unix_time()), T(id), N(o->epoch)));
    if (st == RH_OK && n == 0)
        return look(s, o, err);
    o->fenced_in = st == RH_OK ? s->n_transactions : o->fenced_in;
    return st;
}

/* ---- this node lives ---- */

/* Sessions of which nothing is written just now may have been taken too. */
static rh_status look_at_ours(rh_store *s, rh_error *err)
{
    store_query *q = store_use(s->db, RH_SQL_OWNED, VALUES(T(s->node)));
    store_step step;
    uint64_t round = ++s->owners.n_rounds;
    while ((step = store_query_step(q)) == STORE_ROW) {
        store_owned *o = *place(s, store_query_text(q, 0));
        if (o && o->epoch == store_query_value(q, 1).whole)
            o->seen_in = round;
    }
    rh_status st = store_query_end(q, step, "look", err);
    for (size_t i = 0; st == RH_OK && i < N_BUCKETS; i++)
        for (store_owned *o = s->owners.buckets[i]; o && st == RH_OK; o = o->next) {
            if (o->standing != RH_STANDING_OURS || o->seen_in == round)
                continue;
            s->n_transactions++; /* it has ended, or is another's: the fence tells */
            st = store_fence(s, o->id, err);
            st = st == RH_END ? RH_OK : st;
        }
    s->n_transactions++;
    return st;
}

rh_status store_beat(rh_store *s, rh_error *err)
{
    rh_status st = store_do(s->db, RH_SQL_BEAT, "beat", NULL, err, VALUES(T(s->node), T(s->name)));
    if (st == RH_OK && !s->backlog && !s->db->in_doubt) /* else the fence tells, when that is written */
        st = look_at_ours(s, err);
    s->beat_at_us = rh_now_us() + (st == RH_OK ? BEAT_US : AGAIN_US);
    return st;
}

/* Of what is owed to clients nothing goes earlier for it: the row stays as long as it has sessions. */
void store_leave(rh_store *s)
{
    if (store_do(s->db, RH_SQL_LEFT, "node", NULL, NULL, VALUES(T(s->node))) == RH_OK)
        (void)store_do(s->db, RH_SQL_LEAVE, "node", NULL, NULL, VALUES(T(s->node)));
}

rh_status store_register(rh_store *s, const char *name, rh_error *err)
{
    (void)snprintf(s->name, sizeof s->name, "%s", name);
    rh_status st = store_do(s->db, RH_SQL_BEATS_FORGET, "node", NULL, err, NULL, 0);
    if (st == RH_OK)
        st = store_do(s->db, RH_SQL_BEAT, "node", NULL, err, VALUES(T(s->node), T(s->name)));
    s->beat_at_us = rh_now_us() + BEAT_US;
    return st;
}
