/* file_job.c - see file_job.h. */
#include "file_job.h"
#include "rehearse/asr/asr.h"

bool rh_file_job_start(rh_file_job *j, rh_http *h, rh_field *f)
{
    rh_server *s = h->server;
    j->job.conn = h->id;
    j->server = s;
    j->file = f->file;
    atomic_init(&j->cancel, false);
    if (s->n_file_jobs >= RH_MAX_FILE_JOBS || rh_pool_submit(s->files, &j->job) != RH_OK) {
        rh_http_header(h, "retry-after", "5");
        rh_http_error(h, 429, "%d recordings already wait: try again in a moment", RH_MAX_FILE_JOBS);
        return false;
    }
    f->file = NULL; /* from now on the job's */
    s->n_file_jobs++;
    h->cancel = &j->cancel;
    return true;
}

rh_status rh_file_job_audio(rh_file_job *j, rh_audio *out)
{
    if (atomic_load(&j->cancel))
        return rh_fail(&j->err, RH_ERR_CANCELED, "canceled");
    rh_status st = rh_incoming_audio(j->file, j->server->o.config->max_audio_s, out, &j->err);
    j->audio_s = (double)out->n / RH_ASR_RATE_HZ;
    return st;
}

rh_http *rh_file_job_end(rh_file_job *j)
{
    rh_server *s = j->server;
    rh_conn *c = rh_conn_find(s, j->job.conn);
    s->n_file_jobs--;
    s->count.n_files++;
    s->count.audio_s += j->audio_s;
    rh_incoming_free(j->file);
    if (c && c->http)
        c->http->cancel = NULL;
    return c ? c->http : NULL;
}
