/* media.h - files that belong to sessions and outlast the server that made them: recordings that wait for their
 * analysis, kept sound.
 *
 * With a database file they are files of the media folder. Where several servers share a database they are rows of
 * it, in pieces of RH_MEDIA_PIECE bytes, and the folder of each server holds only what that one works on. They go
 * with their session (rh_store_delete()). Threads: any that may wait. */
#ifndef RH_STORE_MEDIA_H
#define RH_STORE_MEDIA_H

#include "rehearse/store/store.h"

enum { RH_MEDIA_PIECE = 1 << 20 };

/* The file <dir>/<name> of that session, which may come later, is whole: it is kept. In a database when this returns
 * RH_OK; the file has gone then. */
rh_status rh_media_keep(rh_store *s, const char *dir, const char *name, const char *session, rh_error *err);
/* <dir>/<name> can be read. RH_ERR_NOTFOUND; RH_ERR_IO. */
rh_status rh_media_fetch(rh_store *s, const char *dir, const char *name, rh_error *err);
/* It is read no more, and is kept. */
void rh_media_release(rh_store *s, const char *dir, const char *name);
/* It is wanted no more. */
void rh_media_remove(rh_store *s, const char *dir, const char *name);

typedef struct {
    uint64_t size;
    double modified; /* Unix time */
} rh_media_info;
/* RH_ERR_NOTFOUND. */
rh_status rh_media_look(rh_store *s, const char *dir, const char *name, rh_media_info *out, rh_error *err);
/* Its bytes from `at` on, `n` of them; no more of it is in memory at a time. RH_ERR_IO it is shorter, or has gone. */
rh_status rh_media_read(rh_store *s, const char *dir, const char *name, uint64_t at, void *out, size_t n,
                        rh_error *err);

#endif
