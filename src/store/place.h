/* place.h - a store that somebody has in hand as a whole: its database, its folder, its media (upkeep.h). */
#ifndef RH_STORE_PLACE_H
#define RH_STORE_PLACE_H

#include <jansson.h>
#include "db.h"
#include "rehearse/store/folder_lock.h"
#include "rehearse/store/upkeep.h"

enum { STORE_PATH = 4096 };

typedef struct {
    bool shared; /* a database that keeps media as rows */
    store_db *db;
    char folder[STORE_PATH], media[STORE_PATH]; /* no '/' at the end */
    rh_folder_lock *lock;
} store_place;

/* What can be said without opening it. RH_ERR_NOTFOUND `must_be`: there is no store in the folder. */
rh_status store_place_find(store_place *p, const rh_store_place *at, bool must_be, rh_error *err);
/* RH_ERR_LIMIT a server has the folder. */
rh_status store_place_lock(store_place *p, const char *who, rh_error *err);
rh_status store_place_open(store_place *p, const rh_store_place *at, bool as_it_is, rh_error *err);
/* RH_ERR_LIMIT a server uses the database. */
rh_status store_place_idle(store_place *p, rh_error *err);
bool store_same_folder(const char *a, const char *b);
void store_place_close(store_place *p); /* zeroed is fine */

/* ---- what else they share ---- */

/* {id: {state, media}} of all sessions, and of jobs of none. store_run.c. */
rh_status store_files(store_db *d, json_t **out, rh_error *err);

/* sweep.c: a file of the media folder that is ours. id: RH_SESSION_ID_MAX + 1. Its ending, a constant; NULL: it is not. */
const char *store_media_ending(const char *file, char *id);
/* Whether the session of that row (NULL: there is none) still needs it. */
bool store_media_needed(const json_t *row, const char *file, const char *ending);

#endif
