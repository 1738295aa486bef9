/* rest_jobs.h - work that REST requests wait for. Loop thread only. */
#ifndef RH_REST_JOBS_H
#define RH_REST_JOBS_H

#include "server/http.h"

bool rh_wants_page(const rh_http *h);
bool rh_refuse_unready(rh_http *h); /* true: answered 503 */

/* The body has arrived: check it, start the job (or reply with what is wrong). */
void rh_start_audio_job(rh_http *h);
void rh_start_frame_job(rh_http *h);

#endif
