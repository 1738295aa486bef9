/* places.c - who may connect when there are many: the idle and the slow give way. */
#include <string.h>
#include <unistd.h>
#include "loop_internal.h"

static const int64_t TELL_EVERY_US = 60LL * 1000000;

void net_trouble(rh_net *net, const char *line)
{
    if (net->told_us && net->core.now_us - net->told_us < TELL_EVERY_US)
        return;
    net->told_us = net->core.now_us;
    net->core.cb.trouble(net->core.user, line);
}

bool net_make_room(rh_net *net, const uint8_t *peer_key)
{
    net_link *least = NULL;
    int64_t most = 0;
    for (net_link *l = net->links; l; l = l->next) {
        int64_t idle = net_conn_idleness(&l->conn);
        if (idle > most && (!peer_key || memcmp(l->peer_key, peer_key, sizeof l->peer_key) == 0)) {
            most = idle;
            least = l;
        }
    }
    if (!least)
        return false;
    net->n_refused++;
    net_link_close(least);
    return true;
}

static int count_of(const rh_net *net, const uint8_t *peer_key)
{
    int n = 0;
    for (const net_link *l = net->links; l; l = l->next)
        n += memcmp(l->peer_key, peer_key, sizeof l->peer_key) == 0;
    return n;
}

/* Everybody behind a proxy has its address, as 127.0.0.1, so that one may have nearly all. */
static int most_of(const rh_net *net, const net_link *l)
{
    int all = net->max_links;
    bool shared = l->loopback || (net->core.o.proxies && rh_networks_have(net->core.o.proxies, l->conn.peer));
    return shared ? all - (all > 64 ? 32 : all / 4) : all - all / 4;
}

void net_accepted(rh_net *net, int fd, const struct sockaddr_storage *peer, bool local)
{
    if (net->n_links >= net->max_links + RH_NET_RESERVE) {
        net_trouble(net, "too many connections: further ones are turned away (max_clients, or the limit of "
                         "open files)");
        if (!net_make_room(net, NULL)) {
            net->n_refused++;
            close(fd);
            return;
        }
    }
    net_link *l = net_link_new(net, fd, peer, local);
    if (!l) {
        close(fd);
        return;
    }
    l->conn.state = NET_GONE; /* not itself, while room is made */
    bool own = count_of(net, l->peer_key) > most_of(net, l);
    bool full = own || net->n_links > net->max_links;
    /* Whoever waits idly or drips gives way; where nobody does, short requests still get through. */
    if (full && !net_make_room(net, own ? l->peer_key : NULL))
        l->conn.scarce = true;
    if (full)
        net_trouble(net, "many connections: idle and slow ones are closed for new ones");
    l->conn.state = NET_IDLE;
}
