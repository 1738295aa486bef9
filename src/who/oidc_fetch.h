/* oidc_fetch.h - one GET, of an issuer. */
#ifndef RH_OIDC_FETCH_H
#define RH_OIDC_FETCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include "rehearse/base/buf.h"
#include "rehearse/base/status.h"

/* https://..., or http:// of this machine by its name or address. */
bool oidc_url_good(const char *url);

/* The body of a reply of 200; *body is to be freed with rh_buf_done() also where it fails. Follows nothing. RH_ERR_IO,
 * RH_ERR_NOMEM. */
rh_status oidc_fetch(const char *url, const atomic_bool *cancel, rh_buf *body, rh_error *err);

#endif
