/* file_job.h - a recording of a request that is read and recognised on the pool for files while its
 * request waits: the first member of an endpoint's job. Loop thread, but where it says otherwise. */
#ifndef RH_FILE_JOB_H
#define RH_FILE_JOB_H

#include "server/http.h"

typedef struct {
    rh_job job; /* `run` and `done`: the endpoint's */
    rh_server *server;
    rh_incoming *file;
    double audio_s;
    atomic_bool cancel; /* any thread */
    rh_error err;       /* the running job's */
} rh_file_job;

/* Submits the job with the file of `f`. False: too many wait, which is replied; the job stays the caller's. */
bool rh_file_job_start(rh_file_job *j, rh_http *h, rh_field *f);
/* Pool thread: all samples. RH_ERR_CANCELED; as rh_incoming_audio(). */
rh_status rh_file_job_audio(rh_file_job *j, rh_audio *out);
/* It has run. The request that waits; NULL: it has gone. */
rh_http *rh_file_job_end(rh_file_job *j);

#endif
