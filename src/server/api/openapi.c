/* openapi.c - the REST endpoints as an OpenAPI document, and a page to read it. */
#include "api.h"

#include <string.h>

extern const char *const rh_openapi_text[]; /* src/server/api/openapi.json, docs.html */

void rh_openapi(rh_http *h)
{
    rh_http_reply(h, 200, "application/json", rh_openapi_text[0], strlen(rh_openapi_text[0]));
}

void rh_docs(rh_http *h)
{
    rh_http_header(h, "content-security-policy",
                   "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
                   "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    rh_http_header(h, "referrer-policy", "no-referrer");
    rh_http_reply(h, 200, "text/html; charset=utf-8", rh_openapi_text[1], strlen(rh_openapi_text[1]));
}
