/* kept_transcriptions.h - transcriptions with background=true: taken in, done as jobs of the background, asked for and
 * deleted by their ids. Loop thread only. */
#ifndef RH_KEPT_TRANSCRIPTIONS_H
#define RH_KEPT_TRANSCRIPTIONS_H

#include "server/http.h"

/* The form with the recording `f` has arrived: 202 when all is kept. */
void rh_transcription_accept(rh_http *h, rh_field *f);

void rh_transcriptions_list(rh_http *h);
void rh_transcription_get(rh_http *h);
void rh_transcription_content(rh_http *h);
void rh_transcription_delete(rh_http *h);

#endif
