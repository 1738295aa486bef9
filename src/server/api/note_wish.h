/* note_wish.h - what is asked for of notes, goals and links, read from JSON with limits. Pure; threads: any. */
#ifndef RH_NOTE_WISH_H
#define RH_NOTE_WISH_H

#include <jansson.h>
#include <stdbool.h>
#include "rehearse/base/status.h"

/* A text of at most `most` characters, control characters made blanks; absent or null is "". The caller frees *out
 * with rh_free(). RH_ERR_INVAL. */
rh_status rh_wish_text(const json_t *wish, const char *key, size_t most, char **out, rh_error *err);
/* The moment "t", in seconds from the start. RH_ERR_INVAL. */
rh_status rh_wish_moment(const json_t *wish, double *t, rh_error *err);
/* {"measure", "low"?, "high"?} in order, as it is kept; the caller owns *out. *param: the key at fault. RH_ERR_INVAL. */
rh_status rh_wish_goal(const json_t *wish, json_t **out, const char **param, rh_error *err);
/* A key that is true, false or absent (false). RH_ERR_INVAL. */
rh_status rh_wish_flag(const json_t *wish, const char *key, bool *out, rh_error *err);

#endif
