/* oidc.h - people known by an OpenID Connect issuer.
 *
 * A thread of its own fetches what the issuer says of itself and its keys: at the start, every hour, and when a token
 * names a key that is not known, at most every RH_OIDC_AGAIN_S. Until it has them nobody is let in.
 * Threads: any but for _new and _free. */
#ifndef RH_OIDC_H
#define RH_OIDC_H

#include <jansson.h>
#include "rehearse/base/status.h"
#include "rehearse/who/person.h"

enum {
    RH_OIDC_EVERY_S = 3600, /* keys are fetched anew */
    RH_OIDC_AGAIN_S = 10,   /* at the soonest, for a key that is not known, or after a failure */
    RH_OIDC_ANSWER_BYTES = 512 << 10,
    RH_OIDC_FETCH_S = 10,
    RH_OIDC_ORIGIN = 280, /* bytes */
};

typedef struct rh_oidc rh_oidc;

typedef struct {
    const char *issuer;     /* https://..., or http://... of this machine */
    const char *client_id;  /* ours, at the issuer */
    const char *audience;   /* "" = client_id */
    const char *scope;      /* what the page asks for */
    const char *name_claim; /* whose value is a person's name here: "sub" */
    const char *role_claim; /* "realm_access.roles": texts, among them rehearse-owner, rehearse-mentor; "" = all are
                                 members */
} rh_oidc_options;

/* Borrows the options' texts. `trouble` (may be NULL) is told, from its thread, that the issuer can't be had.
 * RH_ERR_INVAL, RH_ERR_NOMEM. */
rh_status rh_oidc_new(rh_oidc **out, const rh_oidc_options *o, void (*trouble)(const char *line), rh_error *err);
void rh_oidc_free(rh_oidc *o); /* NULL is fine */

/* Whose token that is. RH_AGAIN: its key is being fetched, ask again in a second; RH_ERR_INVAL: it is not good. *why:
 * a constant. */
rh_status rh_oidc_person(rh_oidc *o, const char *token, rh_person *out, const char **why);

/* What the page needs for signing in: {issuer, client_id, scope, authorization_endpoint, token_endpoint,
 * end_session_endpoint?}; NULL: the issuer has not answered yet. Owned by the caller. */
json_t *rh_oidc_page(rh_oidc *o);
/* " https://host:port" of the token endpoint, for the page's policy; "" while it is not known, or too long. */
void rh_oidc_origin(rh_oidc *o, char out[RH_OIDC_ORIGIN]);

#endif
