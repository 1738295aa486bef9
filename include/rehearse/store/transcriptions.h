/* transcriptions.h - recordings that are only to be written down: jobs of no session, of kind "transcription"
 * (jobs.h). Their results stay until they are deleted. Threads: any that may wait. */
#ifndef RH_STORE_TRANSCRIPTIONS_H
#define RH_STORE_TRANSCRIPTIONS_H

#include "rehearse/store/store.h"

/* `data`: object kept as it is: how it is to be done, and whose it is (person). Its recording is the media file
 * <id>.upload. On the disk when this returns RH_OK. RH_ERR_BUSY `most` jobs wait already. */
rh_status rh_store_transcription_new(rh_store *s, const char *id, const json_t *data, int most, rh_error *err);
/* Its data with id, state (queued, running, done, failed), created, progress ([0,1]), error and result (texts or null).
 * RH_ERR_NOTFOUND. */
rh_status rh_store_transcription(rh_store *s, const char *id, json_t **out, rh_error *err);
/* Array of them without results, newest first. `person`: NULL = everybody's; `after`: those before that one in time;
 * NULL = from the newest on. */
rh_status rh_store_transcriptions(rh_store *s, const char *person, int limit, const char *after, json_t **out,
                                  rh_error *err);
/* Deletes one with its recording in the media folder; whoever works on it loses it. RH_ERR_NOTFOUND. */
rh_status rh_store_transcription_erase(rh_store *s, const char *media_dir, const char *id, rh_error *err);
/* Those that were over before `unix_time`. */
rh_status rh_store_transcriptions_expire(rh_store *s, const char *media_dir, double unix_time, int *n, rh_error *err);

#endif
