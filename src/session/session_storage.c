/* session_storage.c - a live session whose disk or database takes nothing for a while.
 *
 * The session goes on in memory (the spool's tail, the store's backlog); the person is told
 * when that begins and when it is over, and the report names what could not be kept. */
#include <stdio.h>
#include <string.h>
#include "rehearse/base/clock.h"
#include "session_internal.h"

static const int64_t LOOK_EVERY_US = 500000, PASSES_US = 2000000; /* shorter than this is nothing to tell */
static const double SLOW_S = 10;                                  /* so much sound that waits is a slow disk */

/* What is wrong just now, in `why`; false: nothing. */
static bool trouble(rh_session *s, rh_error *why)
{
    int disk;
    double waiting = rh_spool_trouble(&s->spool, &disk);
    if (disk)
        return rh_fail(why, RH_ERR_IO, "the disk does not take the sound (%s)", strerror(disk)) != RH_OK;
    if (waiting > SLOW_S)
        return rh_fail(why, RH_ERR_IO, "the disk is slow: %.0f s of sound wait for it", waiting) != RH_OK;
    return s->store && rh_store_health(s->store, why) != RH_OK;
}

static void send_storage(rh_session *s, const char *type, const char *detail)
{
    rh_session_send(s, json_pack("{s:s, s:s, s:s}", "type", type, "code", "storage", "detail", detail));
}

void rh_session_watch_storage(rh_session *s)
{
    int64_t now = rh_now_us();
    if (s->o.from != RH_SESSION_LIVE || now - s->storage_seen_us < LOOK_EVERY_US)
        return;
    s->storage_seen_us = now;
    rh_error why = {0};
    char detail[320];
    if (!trouble(s, &why)) {
        if (s->storage_told)
            send_storage(s, "notice", "the disk takes everything again: all that waited has been kept");
        s->storage_told = false;
        s->storage_bad_us = 0;
        return;
    }
    if (!s->storage_bad_us)
        s->storage_bad_us = now;
    if (s->storage_told || now - s->storage_bad_us < PASSES_US)
        return;
    (void)snprintf(detail, sizeof detail,
                   "nothing can be kept just now: %s. The session goes on in memory, for up to %d "
                   "minutes of sound; free some room and it is kept after all",
                   why.msg, RH_SPOOL_WAIT_S / 60);
    s->storage_told = true;
    send_storage(s, "error", detail);
}
