#include "input.h"
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "rehearse/base/pipe.h"

rh_status rh_cli_input_open(rh_cli_input *in, const char *name, rh_error *err)
{
    struct stat s;
    bool standard = strcmp(name, "-") == 0;
    *in = (rh_cli_input){.path = name, .fd = -1};
    if (!standard && (stat(name, &s) != 0 || !(S_ISFIFO(s.st_mode) || S_ISSOCK(s.st_mode))))
        return RH_OK;
    in->fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(name, O_RDONLY | O_CLOEXEC);
    if (in->fd < 0)
        return standard ? rh_fail(err, RH_ERR_IO, "standard input is closed; pipe a recording into it") : RH_OK;
    rh_status st = rh_pipe_to_file(&in->fd, err);
    (void)snprintf(in->own, sizeof in->own, "/dev/fd/%d", in->fd);
    in->path = in->own;
    return st;
}

void rh_cli_input_close(rh_cli_input *in)
{
    if (in->fd >= 0)
        close(in->fd);
    in->fd = -1;
}
