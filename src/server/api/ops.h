/* ops.h - endpoints for operators and programmers: /metrics, /openapi.json,
 * /docs, and the OpenAI-compatible ones. Loop thread only. */
#ifndef RH_OPS_H
#define RH_OPS_H

#include "server/http.h"

void rh_metrics(rh_http *h);
void rh_openapi(rh_http *h);
void rh_docs(rh_http *h);

/* openai.c */
void rh_models(rh_http *h, const char *only); /* NULL: all */
void rh_start_transcription(rh_http *h);

#endif
