/* server.h - HTTP and WebSocket face of the program.
 *
 * One loop thread owns the sockets; recognition and face measurement run on
 * fixed pools (docs/threads.md). Messages and replies: docs/api.md; limits:
 * docs/limits.md.
 * Threads: all calls from one thread, but rh_server_stop() from any, also from
 * a signal handler. */
#ifndef RH_SERVER_H
#define RH_SERVER_H

#include <stdbool.h>
#include "rehearse/session/model_set.h"
#include "rehearse/config/config.h"
#include "rehearse/base/status.h"

typedef struct rh_server rh_server;

typedef struct {
    const rh_config *config;     /* host, port, limits, origins, ... */
    rh_model_set_options models; /* loaded in the background while the port already answers */
    const char *version;
    const char *web_dir;      /* the practice page; NULL = beside the program */
    const char *const *watch; /* NULL-terminated paths; a change ends rh_server_run() with
                                 RH_AGAIN; NULL = none */
} rh_server_options;          /* all borrowed until rh_server_free() */

/* Binds the port. RH_ERR_IO taken or not allowed; RH_ERR_INVAL option out of range. */
rh_status rh_server_new(rh_server **out, const rh_server_options *o, rh_error *err);
int rh_server_port(const rh_server *s);
/* Serves until stopped: RH_OK; RH_AGAIN a watched file changed: start anew. Fails
 * when the models cannot be loaded. */
rh_status rh_server_run(rh_server *s, rh_error *err);
/* First call: finish what is running, then close. Second call: at once. */
void rh_server_stop(rh_server *s);
/* Ends all work (its results stay in the data folder) and frees. False: a thread still loads the
 * models and can't be told to end. Everything is kept and closed; only _exit() or exec() may follow. */
bool rh_server_free(rh_server *s);

#endif
