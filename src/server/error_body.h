/* error_body.h - what an error reply says. Pure; threads: any. */
#ifndef RH_ERROR_BODY_H
#define RH_ERROR_BODY_H

#include "rehearse/base/buf.h"

/* JSON text of malloc(), NULL without memory: {"detail": ...}, and for a path under /v1 beside it
 * "error" as OpenAI's clients read it. `param`: the field at fault, `code`: a name for programs;
 * both may be NULL. */
char *rh_error_body(const char *path, int status, const char *param, const char *code, const char *msg);

#endif
