/* input.h - a file named on the command line, a pipe or "-" (standard input) among them. */
#ifndef RH_CLI_INPUT_H
#define RH_CLI_INPUT_H

#include <stddef.h>
#include "rehearse/base/status.h"

typedef struct {
    const char *path; /* may be opened as often as one likes */
    int fd;           /* keeps `own` alive; -1 = none */
    char own[32];
} rh_cli_input;

/* `name` is borrowed. A name that cannot be opened is left to whoever opens it to complain of. */
rh_status rh_cli_input_open(rh_cli_input *in, const char *name, rh_error *err);
void rh_cli_input_close(rh_cli_input *in);

#endif
