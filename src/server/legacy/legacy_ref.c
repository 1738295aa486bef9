/* legacy_ref.c - who still uses a socket of the legacy API: its connection, and each of its jobs. */
#include "legacy.h"
#include "rehearse/base/alloc.h"

void rh_legacy_unref(rh_legacy_socket *l)
{
    if (--l->refs > 0)
        return;
    RH_LIST_REMOVE(rh_legacy_socket, l->server->legacy_sockets, l);
    rh_resampler_free(l->resampler);
    rh_legacy_source_free(l->source);
    rh_legacy_session_unref(l->session);
    rh_free(l);
}

void rh_legacy_cancel(rh_server *s)
{
    for (rh_legacy_socket *l = s->legacy_sockets; l; l = l->next)
        atomic_store(&l->cancel, true);
}
