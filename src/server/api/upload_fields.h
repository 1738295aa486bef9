/* upload_fields.h - what a resumable upload is told beside its bytes, as fields of a form. Loop thread only. */
#ifndef RH_UPLOAD_FIELDS_H
#define RH_UPLOAD_FIELDS_H

#include "server/http.h"

/* Adds the pairs of Upload-Metadata (tus 1.0: name, blank, base64; commas between them), then the texts of the body's
 * JSON object, if there is one. False: replied what is wrong. */
bool rh_upload_fields(rh_http *h, const char *metadata);

#endif
