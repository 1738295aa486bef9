/* pipe.h - what comes through a pipe, as a file that can be sought.
 *
 * Files are read more than once (sound and pictures are separate), and MP4 keeps its table of
 * contents at the end. Threads: any. */
#ifndef RH_PIPE_H
#define RH_PIPE_H

#include "rehearse/base/status.h"

/* When *fd cannot be sought: reads it to its end into a temporary file without a name, closes it,
 * and puts the file, at its start, in its place. Else does nothing. RH_ERR_LIMIT more than 4 GB;
 * RH_ERR_IO; on failure *fd stays as it was. */
rh_status rh_pipe_to_file(int *fd, rh_error *err);

#endif
