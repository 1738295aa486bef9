/* uploads.h - recordings that come bit by bit, from clients that may come back: what is kept is known to the byte.
 *
 * The bytes are the media file <id>.upload: in the folder, or in a shared database in its pieces, so that any server
 * can go on. With the last of them the upload becomes what it is for, in the same transaction: a session (its id is
 * the upload's) whose recording is to be analysed, or a transcription; from then on its row only tells that all has
 * come. Threads: any that may wait. */
#ifndef RH_STORE_UPLOADS_H
#define RH_STORE_UPLOADS_H

#include "rehearse/store/store.h"

typedef struct {
    int most;           /* unfinished ones, */
    int64_t most_bytes; /* and all that they will have */
} rh_upload_room;

/* `data`: object kept as it is; of it "for" is "session" or "transcription", "wanted" that one's meta or data, "person"
 * whose it is. It goes `keep_s` after its last byte. RH_ERR_BUSY there are too many. */
rh_status rh_store_upload_new(rh_store *s, const char *id, int64_t length, double keep_s, const json_t *data,
                              const rh_upload_room *room, rh_error *err);
/* Its data with id, person, length, kept, expires (Unix time), left_s. RH_ERR_NOTFOUND; RH_END its time is over. */
rh_status rh_store_upload(rh_store *s, const char *id, json_t **out, rh_error *err);
/* The bytes from `at` on, on the disk when this returns RH_OK. RH_ERR_INVAL `at` is not what is kept; RH_ERR_LIMIT more
 * than its length; RH_ERR_NOTFOUND, RH_END as above; RH_ERR_IO. */
rh_status rh_store_upload_add(rh_store *s, const char *media_dir, const char *id, int64_t at, const char *bytes,
                              size_t n, double keep_s, rh_error *err);
/* What has come of it goes, but not what a whole one has become. RH_ERR_NOTFOUND. */
rh_status rh_store_upload_delete(rh_store *s, const char *media_dir, const char *id, rh_error *err);
/* Those whose time is over. */
rh_status rh_store_uploads_expire(rh_store *s, const char *media_dir, int *n, rh_error *err);

#endif
