/* upkeep.h - a whole store in hand: brought up to date, looked through, copied into another one.
 *
 * No server may use it meanwhile: its data folder is locked, and no node of its database may have been heard of lately;
 * looking through it is possible at any time. Each call opens and closes what it needs, and waits. Threads: any. */
#ifndef RH_STORE_UPKEEP_H
#define RH_STORE_UPKEEP_H

#include <stdbool.h>
#include <stdint.h>
#include "rehearse/base/status.h"

typedef struct {
    const char *where;  /* a data folder, or the URL of a database, which stays out of all messages */
    const char *folder; /* of a database: the data folder of its server, where videos are */
} rh_store_place;

/* Older schemas become the newest. *from, *to: the versions before and now; 0 = there was none. RH_ERR_NOTFOUND a folder
 * without a store; RH_ERR_FORMAT no store, or one of a newer version; RH_ERR_LIMIT a server has the folder. */
rh_status rh_store_migrate(const rh_store_place *at, int *from, int *to, rh_error *err);

enum { RH_STORE_STUCK_S = 3600 }; /* what moves does so more often */

typedef struct {
    const char *what;   /* "database", "json", "orphan", "unfinished", "job", "file-missing", "file-left" */
    const char *about;  /* the session, job or file */
    const char *detail; /* one sentence */
} rh_store_finding;
/* Reads everything and tells what is wrong: faults of the database, rows of no session, what has not moved for an hour,
 * files that rows name and that are not there, files of an hour or older that no row needs. Changes nothing. *n (may be
 * NULL): how much was found. RH_ERR_IO it can't be read on; RH_ERR_FORMAT also an older schema. */
typedef void (*rh_store_found)(void *user, const rh_store_finding *f);
rh_status rh_store_check(const rh_store_place *at, rh_store_found found, void *user, int *n, rh_error *err);

typedef struct {
    bool resumed;                         /* an earlier copy had begun */
    int64_t n_sessions, n_files, n_bytes; /* of files */
} rh_store_copied;
/* Everything of the one into the other, which must be empty, or an unfinished copy of the same: it goes on then. Each session
 * comes in one transaction; a copy that is not whole is refused by rh_store_open(). The source stays as it is. Kept sound,
 * recordings that wait and the sound of sessions that did not end become rows or files as the target keeps them; videos
 * are files always, in `folder`. `progress` (may be NULL): [0,1].
 * RH_ERR_NOTFOUND no source; RH_ERR_INVAL the target has rows of something else, or is the source; RH_ERR_LIMIT a server
 * uses one of them; RH_ERR_FORMAT; RH_ERR_IO; RH_ERR_UNAVAILABLE. */
rh_status rh_store_copy(const rh_store_place *from, const rh_store_place *to, void (*progress)(void *user, double done),
                        void *user, rh_store_copied *out, rh_error *err);

#endif
