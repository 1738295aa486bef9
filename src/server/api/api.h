/* api.h - REST endpoints: what each line of the table of routes calls. Loop thread only.
 * Those of /v1/sessions: sessions.h. */
#ifndef RH_SERVER_API_H
#define RH_SERVER_API_H

#include "server/http.h"

/* root.c */
void rh_root(rh_http *h);
void rh_health(rh_http *h);
void rh_capabilities(rh_http *h);
void rh_me(rh_http *h);             /* who asks */
void rh_signin(rh_http *h);         /* how the page lets people in */
void rh_live(rh_http *h);           /* for a balancer: the process answers; asks nothing else */
void rh_ready_for_more(rh_http *h); /* and this one: new sessions may come here */
void rh_page(rh_http *h);           /* a file of the practice page */

/* analyze.c: the REST half of the legacy API */
void rh_audio_wanted(rh_http *h);
void rh_analyze_audio(rh_http *h);
void rh_frame_wanted(rh_http *h);
void rh_analyze_frame(rh_http *h);

void rh_metrics(rh_http *h);
void rh_openapi(rh_http *h);
void rh_docs(rh_http *h);

/* compat/openai.c */
void rh_models(rh_http *h); /* all, or the one that the path names */
void rh_start_transcription(rh_http *h);

#endif
