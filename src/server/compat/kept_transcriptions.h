/* kept_transcriptions.h - transcriptions with background=true: taken in, done as jobs of the background, asked for and
 * deleted by their ids. Loop thread only. */
#ifndef RH_KEPT_TRANSCRIPTIONS_H
#define RH_KEPT_TRANSCRIPTIONS_H

#include "server/http.h"

/* The form with the recording `f` has arrived: 202 when all is kept. */
void rh_transcription_accept(rh_http *h, rh_field *f);

/* What the fields of the request ask for, as it is kept with the job; NULL: replied what is wrong with one. */
json_t *rh_transcription_wanted(rh_http *h);
/* A name for a new one, of at most RH_SESSION_ID_MAX bytes. */
void rh_transcription_name(char *out, size_t cap);

void rh_transcriptions_list(rh_http *h);
void rh_transcription_get(rh_http *h);
void rh_transcription_content(rh_http *h);
void rh_transcription_delete(rh_http *h);

#endif
