/* recordings.c - the analysis of a recording that was taken in (uploads.c), as a job of the background. */
#include <stdio.h>
#include <string.h>
#include "rehearse/session/videos.h"
#include "rehearse/store/media.h"
#include "server/background.h"
#include "server/session_job.h"
#include "sessions.h"

/* Its job only: not a part of the task, whose other fields the loop reads meanwhile. */
typedef struct {
    rh_task *task;
    bool measuring;
} progress;

/* Reading and faces are about two fifths of the work, recognition the rest. */
static void progressed(void *user, double done)
{
    const progress *p = user;
    double all = p->measuring ? 0.4 + 0.6 * done : 0.4 * done;
    atomic_store(&p->task->permille, (int)(1000 * all));
}

typedef char file_name[RH_SESSION_ID_MAX + sizeof ".upload"];

static void name_of(const char *id, file_name out)
{
    (void)snprintf(out, sizeof(file_name), "%s.upload", id);
}

void rh_recording_path(const rh_server *s, const char *id, char *out, size_t size)
{
    file_name name;
    name_of(id, name);
    (void)snprintf(out, size, "%s/%s", s->media_dir, name);
}

static rh_status analyse(rh_task *t, rh_error *err)
{
    rh_server *s = t->server;
    const char *id = t->claim.id;
    char path[RH_MAX_FILE_PATH];
    file_name name;
    rh_session *session = NULL;
    progress at = {.task = t};
    rh_session_options o = rh_session_options_of(s, id, t->claim.data, RH_SESSION_FILE);
    o.job_epoch = t->claim.epoch;
    o.progress = progressed;
    o.user = &at;
    name_of(id, name);
    rh_recording_path(s, id, path, sizeof path);
    rh_status st = rh_media_fetch(s->store, s->media_dir, name, err);
    if (st != RH_OK)
        return st;
    st = rh_session_new(&session, s->models, s->store, &o, err);
    if (st == RH_OK)
        st = rh_session_recording(session, path, &t->cancel, err);
    rh_error why;
    if (st == RH_OK && o.keep_video && rh_videos_take(s->media_dir, id, path, &why) != RH_OK)
        rh_log(RH_LOG_WARN, "recording %s: its video is not kept: %s", id, why.msg);
    at.measuring = true;
    if (st == RH_OK)
        st = rh_session_end(s, session, false, &t->cancel, err);
    rh_session_free(session);
    if (st == RH_OK) /* the report is kept */
        rh_media_remove(s->store, s->media_dir, name);
    else
        rh_media_release(s->store, s->media_dir, name);
    return st;
}

/* A session that has its report keeps what it has; of others nothing stays. */
static void clean(rh_server *s, const char *id)
{
    json_t *kept = NULL;
    rh_error err;
    rh_status st = rh_store_get(s->store, id, &kept, &err);
    const char *state = json_string_value(json_object_get(kept, "state"));
    if (st == RH_ERR_NOTFOUND || (state && strcmp(state, "failed") == 0))
        rh_store_remove_files(s->media_dir, id);
    if (state && strcmp(state, "failed") == 0) {
        file_name name;
        name_of(id, name);
        rh_media_remove(s->store, s->media_dir, name);
    }
    json_decref(kept);
}

const rh_task_kind rh_recording_kind = {.kind = "recording", .run = analyse, .clean = clean};
