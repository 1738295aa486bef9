/* receipt.c - what of a session's numbered events is on the disk: told to the session by the store's thread. */
#include "store_internal.h"

#include "rehearse/base/alloc.h"

struct rh_store_receipt {
    pthread_mutex_t lock;
    void (*news)(void *user); /* {lock} NULL: nobody listens any more */
    void *user;
    atomic_llong seq, audio;
    atomic_int n_refs;
};

rh_status rh_store_receipt_new(rh_store_receipt **out, void (*news)(void *user), void *user)
{
    rh_store_receipt *r = rh_calloc(1, sizeof *r);
    if (!r)
        return RH_ERR_NOMEM;
    pthread_mutex_init(&r->lock, NULL);
    r->news = news;
    r->user = user;
    atomic_init(&r->seq, -1);
    atomic_init(&r->audio, 0);
    atomic_init(&r->n_refs, 1);
    *out = r;
    return RH_OK;
}

rh_store_receipt *store_receipt_ref(rh_store_receipt *r)
{
    if (r)
        atomic_fetch_add(&r->n_refs, 1);
    return r;
}

void store_receipt_unref(rh_store_receipt *r)
{
    if (!r || atomic_fetch_sub(&r->n_refs, 1) != 1)
        return;
    pthread_mutex_destroy(&r->lock);
    rh_free(r);
}

void rh_store_receipt_free(rh_store_receipt *r)
{
    if (!r)
        return;
    pthread_mutex_lock(&r->lock); /* news under way is waited for */
    r->news = NULL;
    pthread_mutex_unlock(&r->lock);
    store_receipt_unref(r);
}

int64_t rh_store_receipt_seq(const rh_store_receipt *r)
{
    return (int64_t)atomic_load(&r->seq);
}

void rh_store_receipt_audio_from(rh_store_receipt *r, size_t n)
{
    atomic_store(&r->audio, (long long)n);
}

size_t rh_store_receipt_audio(const rh_store_receipt *r)
{
    return (size_t)atomic_load(&r->audio);
}

/* Sound counts only where all before it is there. The store's thread alone changes what is here. */
static void note_audio(rh_store_receipt *r, const store_op *o)
{
    long long until = o->n64 + (long long)(o->n_bytes / sizeof(int16_t)), have = atomic_load(&r->audio);
    if (o->n64 <= have && until > have)
        atomic_store(&r->audio, until);
}

void store_receipt_note(store_op *o)
{
    rh_store_receipt *r = o->receipt;
    if (!r)
        return;
    if (o->bytes)
        note_audio(r, o);
    else if ((long long)o->seq > atomic_load(&r->seq)) /* the store's thread alone writes it */
        atomic_store(&r->seq, (long long)o->seq);
    pthread_mutex_lock(&r->lock);
    if (r->news)
        r->news(r->user);
    pthread_mutex_unlock(&r->lock);
}
