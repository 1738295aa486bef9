/* interviews.h - /v1/interviews: several questions one after the other, planned from the bank of
 * questions and from what the person pastes. Loop thread only. */
#ifndef RH_SERVER_INTERVIEWS_H
#define RH_SERVER_INTERVIEWS_H

#include "server/http.h"

void rh_want_interview(rh_http *h);
void rh_interview_new(rh_http *h);
void rh_interviews_list(rh_http *h);
void rh_interview_get(rh_http *h);
void rh_interview_delete(rh_http *h);

#endif
