/* client.c - people by the name in the path. Sockets of the same name belong to
 * the same client; the name goes when its last socket has closed. */
#include "client.h"

#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"

rh_client *rh_client_ref(rh_server *s, const char *name)
{
    for (rh_client *c = s->clients; c; c = c->next)
        if (strcmp(c->name, name) == 0) {
            c->refs++;
            return c;
        }
    rh_client *c = rh_calloc(1, sizeof *c + strlen(name) + 1);
    if (!c)
        return NULL;
    strcpy(c->name, name);
    c->refs = 1;
    c->since = rh_unix_time();
    c->next = s->clients;
    s->clients = c;
    return c;
}

void rh_client_unref(rh_server *s, rh_client *c)
{
    if (!c || --c->refs > 0)
        return;
    for (rh_client **p = &s->clients; *p; p = &(*p)->next)
        if (*p == c) {
            *p = c->next;
            break;
        }
    rh_free(c);
}
