/* cors.h - which pages may call, before any handler runs. Loop thread only. */
#ifndef RH_CORS_H
#define RH_CORS_H

#include "http.h"

/* Adds the reply's CORS headers and refuses who may not be here. True: a reply has been given. */
bool rh_cors_guard(rh_http *h);
/* Answers OPTIONS. */
void rh_cors_preflight(rh_http *h);

#endif
