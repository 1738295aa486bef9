/* acceptance.h - a recording that came as a form and waits for its turn in the background. The reply, 202, comes when
 * its file, its row in the store and that of its job are on the disk. Loop thread only. */
#ifndef RH_ACCEPTANCE_H
#define RH_ACCEPTANCE_H

#include "server/http.h"

/* What the recording becomes. */
typedef struct {
    /* Its rows; pool thread. */
    rh_status (*keep)(rh_server *s, const char *id, const json_t *wanted, rh_error *err);
    json_t *(*told)(const char *id, const json_t *wanted); /* what the reply says */
} rh_acceptance;

/* Takes the file of `f`, and `wanted`, as what the recording named `id` is kept; NULL: replied why not, else there is no
 * memory. `becomes` is a constant. */
void rh_accept(rh_http *h, rh_field *f, const char *id, json_t *wanted, const rh_acceptance *becomes);

#endif
