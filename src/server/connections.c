/* connections.c - who is connected, by an id that jobs can keep: it is never used twice. */
#include "server_internal.h"

rh_conn *rh_conn_new(rh_server *s, rh_net_conn *net)
{
    /* The entry's place is the low part of the id, so that finding is one look. */
    for (int i = 0; i < s->n_conns; i++) {
        uint64_t id = ++s->next_id;
        rh_conn *c = &s->conns[id % (uint64_t)s->n_conns];
        if (c->id == 0) {
            *c = (rh_conn){.id = id, .net = net};
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
