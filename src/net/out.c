/* out.c - a queue of bytes in pieces, so that a long reply is neither moved nor joined. */
#include <string.h>
#include "net_internal.h"
#include "rehearse/base/alloc.h"

enum { LEAST_CHUNK = 2 << 10, MOST_CHUNK = 256 << 10 };

rh_status net_out_add(net_out *o, const void *bytes, size_t n)
{
    const char *p = bytes;
    while (n) {
        net_chunk *t = o->tail;
        if (!t || t->n == t->cap) {
            size_t cap = n < LEAST_CHUNK ? LEAST_CHUNK : n > MOST_CHUNK ? MOST_CHUNK : n;
            net_chunk *fresh = rh_alloc(sizeof *fresh + cap);
            if (!fresh)
                return RH_ERR_NOMEM;
            *fresh = (net_chunk){.cap = cap};
            if (t)
                t->next = fresh;
            else
                o->head = fresh;
            o->tail = t = fresh;
        }
        size_t k = t->cap - t->n < n ? t->cap - t->n : n;
        memcpy(t->bytes + t->n, p, k);
        t->n += k;
        o->n += k;
        p += k;
        n -= k;
    }
    return RH_OK;
}

void net_out_sent(net_out *o, size_t n)
{
    o->n -= n;
    while (o->head && (n || o->head->at == o->head->n)) {
        net_chunk *h = o->head;
        size_t k = h->n - h->at < n ? h->n - h->at : n;
        h->at += k;
        n -= k;
        if (h->at < h->n)
            break;
        o->head = h->next;
        if (!o->head)
            o->tail = NULL;
        rh_free(h);
    }
}

void net_out_done(net_out *o)
{
    net_out_sent(o, o->n);
}
