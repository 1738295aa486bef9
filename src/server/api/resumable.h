/* resumable.h - /v1/uploads: recordings that come bit by bit, by the protocol of tus 1.0 (https://tus.io/protocols/
 * resumable-upload): core, creation, expiration, termination. What they become: rehearse/store/uploads.h. */
#ifndef RH_RESUMABLE_H
#define RH_RESUMABLE_H

#include "server/http.h"

/* POST /v1/uploads: the headers, then the fields. */
void rh_upload_wanted(rh_http *h);
void rh_upload_new(rh_http *h);
/* HEAD and GET /v1/uploads/{id} */
void rh_upload_tell(rh_http *h);
/* PATCH: the headers, then all of the bytes. */
void rh_upload_more_wanted(rh_http *h);
void rh_upload_more(rh_http *h);
void rh_upload_delete(rh_http *h);

/* Of a request for such a path: what a client without PATCH means by X-HTTP-Method-Override; */
void rh_upload_method(rh_http *h);
/* what OPTIONS tells. */
void rh_upload_options(rh_http *h);

#endif
