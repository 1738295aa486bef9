/* conn_state.c - states of a connection, and bytes on their way out. */
#include "net_internal.h"

void net_conn_touch(rh_net_conn *c)
{
    if (c->dirty)
        return;
    c->dirty = true;
    c->next_dirty = c->core->dirty;
    c->core->dirty = c;
}

void net_conn_enter(rh_net_conn *c, net_state state)
{
    c->state = state;
    c->since_us = c->window_us = c->core->now_us;
    c->n_window = 0;
    net_conn_touch(c);
}

void rh_net_close(rh_net_conn *c)
{
    if (c->state != NET_GONE)
        net_conn_enter(c, NET_GONE);
}

void net_conn_finish(rh_net_conn *c)
{
    if (c->state != NET_GONE && c->state != NET_LINGER && c->state != NET_FLUSH)
        net_conn_enter(c, NET_FLUSH);
}

void net_conn_send(rh_net_conn *c, const void *bytes, size_t n)
{
    if (!c->out.n) {
        c->taken_us = c->out_window_us = c->core->now_us;
        c->n_out_window = 0;
    }
    if (net_out_add(&c->out, bytes, n) != RH_OK)
        rh_net_close(c);
    net_conn_touch(c);
}
