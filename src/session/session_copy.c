/* session_copy.c - the sound of a session in a store that several servers share, so that another one can go on with it.
 *
 * The spool keeps it for this server to work with, and gives it to the store as it gives it to the disk elsewhere. */
#include <stdint.h>
#include "rehearse/base/alloc.h"
#include "session_internal.h"

static rh_status put(void *user, size_t at, const int16_t *samples, size_t n)
{
    rh_session *s = user;
    return rh_store_audio(s->store, s->o.id, at, samples, n, s->receipt);
}

static void cut(void *user, size_t at)
{
    rh_session *s = user;
    (void)rh_store_audio_cut(s->store, s->o.id, at); /* too much waits: what comes after it counts all the same */
}

static size_t kept(void *user)
{
    const rh_session *s = user;
    return s->receipt ? rh_store_receipt_audio(s->receipt) : 0;
}

/* A piece that was there. What it says of a moment counts, and what was lost before it is silence. */
static rh_status take(void *user, size_t at, const int16_t *samples, size_t n, rh_error *err)
{
    rh_spool *spool = user;
    size_t gap = at > spool->n ? at - spool->n : 0;
    rh_spool_cut(spool, at);
    float *x = rh_calloc(gap + n + 1, sizeof *x);
    if (!x)
        return rh_fail(err, RH_ERR_NOMEM, "session: out of memory");
    for (size_t i = 0; i < n; i++)
        x[gap + i] = (float)samples[i] / 32767.0f;
    rh_status st = rh_spool_append(spool, x, gap + n, err);
    rh_free(x);
    return st;
}

bool rh_session_shared(const rh_session *s)
{
    return s->store && rh_store_is_shared(s->store) && s->o.from != RH_SESSION_FILE && !s->o.unkept;
}

rh_status rh_session_fetch_sound(rh_session *s, rh_error *err)
{
    return rh_store_audio_read(s->store, s->o.id, take, &s->spool, err);
}

void rh_session_copy_sound(rh_session *s)
{
    if (s->receipt)
        rh_store_receipt_audio_from(s->receipt, s->spool.n);
    if (s->o.from == RH_SESSION_LIVE || s->o.from == RH_SESSION_LEGACY)
        rh_spool_copy_to(&s->spool, &(rh_spool_copy){.put = put, .cut = cut, .kept = kept, .user = s});
}
