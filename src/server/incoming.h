/* incoming.h - a file of a form while it arrives, and until its job has used it.
 *
 *   in memory -> larger than RH_MAX_SMALL_FILE_BYTES -> <data folder>/media/<name>.part
 *
 * Pieces go to the disk by a job, one at a time and in order; while the disk is behind, its
 * connection is not read. The file goes with its rh_incoming, or becomes another by
 * rh_incoming_keep(); what a crash leaves is swept at the next start.
 * Loop thread, but where it says otherwise. */
#ifndef RH_INCOMING_H
#define RH_INCOMING_H

#include "rehearse/media/audio.h"
#include "server_internal.h"

typedef struct rh_incoming rh_incoming;

/* A piece has been written, or could not be. */
typedef void (*rh_incoming_told)(rh_server *s, uint64_t conn);

/* NULL without memory. */
rh_incoming *rh_incoming_new(rh_server *s, uint64_t conn, rh_incoming_told told);

/* Where its pieces of about RH_SINK_PIECE_BYTES go instead, in order; also what had come when its client went. */
typedef struct {
    rh_status (*take)(void *user, const char *bytes, size_t n, rh_error *err); /* pool thread */
    void (*over)(rh_server *s, void *user); /* nothing comes any more: frees `user` */
    void *user;
} rh_incoming_sink;
/* Takes `user`, but not without memory. */
rh_incoming *rh_incoming_new_to(rh_server *s, uint64_t conn, rh_incoming_told told, const rh_incoming_sink *sink);

void rh_incoming_free(rh_incoming *in); /* NULL is fine */

/* RH_ERR_BUSY too many uploads at once; RH_ERR_IO the disk; RH_ERR_NOMEM. The same as rh_incoming_fault() later. */
rh_status rh_incoming_add(rh_incoming *in, const char *bytes, size_t n, rh_error *err);
void rh_incoming_end(rh_incoming *in); /* it is whole */
size_t rh_incoming_size(const rh_incoming *in);
bool rh_incoming_full(const rh_incoming *in);                      /* no more just now, please */
bool rh_incoming_settled(const rh_incoming *in);                   /* whole and written, or at fault */
rh_status rh_incoming_fault(const rh_incoming *in, rh_error *err); /* RH_OK: none */
/* Its content as text when that is short, else "". */
const char *rh_incoming_text(const rh_incoming *in);

/* ---- once it is settled, from the thread of the job that has it ---- */

/* Decodes it; its memory is let go. */
rh_status rh_incoming_audio(rh_incoming *in, double max_s, rh_audio *out, rh_error *err);
/* It becomes the file `path` of the same folder, on the disk when this returns RH_OK. */
rh_status rh_incoming_keep(rh_incoming *in, const char *path, rh_error *err);

#endif
