/* tokens.h - the setting `tokens`: bearer tokens, separated by commas.
 *
 *   SECRET                          somebody without a name, who is an owner
 *   anna:member:SECRET              named, with a role
 *   anna:member:sha256:64 DIGITS    the same, known by the SHA-256 of its secret alone
 *
 * Secrets are compared in a time that does not tell how much was right. Messages name entries by their number.
 * Pure; threads: any. */
#ifndef RH_TOKENS_H
#define RH_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include "rehearse/base/status.h"
#include "rehearse/who/person.h"

enum { RH_TOKEN_SECRET_LEN = 40, RH_SHA256_HEX_LEN = 64 };

/* Whether every entry can be used. RH_ERR_INVAL: an entry with a name, but an unknown role, a bad name, or no secret;
 * or one name with two roles. */
rh_status rh_tokens_check(const char *list, rh_error *err);

/* Whose token `given` is; false: nobody's. */
bool rh_tokens_find(const char *list, const char *given, rh_person *out);

/* A new secret of random letters and digits, and the entry to be put into `tokens`. RH_ERR_INVAL a bad name or role;
 * RH_ERR_IO no random numbers; RH_ERR_LIMIT `entry` is too short. */
rh_status rh_token_make(const char *name, const char *role, char secret[RH_TOKEN_SECRET_LEN + 1], char *entry,
                        size_t size, rh_error *err);

/* SHA-256 of a text in hexadecimal digits; false: the system has none. */
bool rh_sha256_hex(const char *text, char out[RH_SHA256_HEX_LEN + 1]);

#endif
