/* transcription_job.c - a transcription that was taken in (kept_transcriptions.c), as a job of the background. */
#include <string.h>
#include "rehearse/base/json.h"
#include "rehearse/store/media.h"
#include "rehearse/store/transcriptions.h"
#include "server/api/sessions.h"
#include "server/background.h"
#include "transcription.h"

typedef struct {
    rh_task *task;
    double audio_s;
} course;

static rh_status on_piece(void *user, rh_asr_stream *stream, const rh_transcript *part, double from_s, double to_s,
                          bool is_last, rh_error *err)
{
    (void)stream, (void)part, (void)from_s, (void)is_last, (void)err;
    const course *c = user;
    atomic_store(&c->task->permille, (int)(50 + 950 * to_s / c->audio_s));
    return RH_OK;
}

static rh_status transcribe(rh_task *t, const char *path, rh_error *err)
{
    rh_server *s = t->server;
    rh_transcription_options o = {0};
    rh_audio audio = {0};
    rh_transcript text;
    rh_buf reply;
    rh_transcript_init(&text);
    rh_buf_init(&reply, RH_MAX_TRANSCRIPT_REPLY);
    rh_status st = rh_transcription_of(&o, t->claim.data, err);
    if (st == RH_OK)
        st = rh_audio_read_file(&audio, path, s->o.config->max_audio_s, err);
    course c = {.task = t, .audio_s = (double)audio.n / RH_ASR_RATE_HZ};
    if (st == RH_OK)
        st = rh_transcription_run(s->models, &o, &audio, &t->cancel, on_piece, &c, &text, err);
    if (st == RH_OK && (st = rh_transcription_reply(&o, &text, c.audio_s, &reply)) != RH_OK)
        (void)rh_fail(err, st, "out of memory");
    if (st == RH_OK)
        st = rh_store_job_result(s->store, &t->claim, reply.data ? reply.data : "", err);
    rh_audio_done(&audio);
    rh_transcript_done(&text);
    rh_buf_done(&reply);
    rh_transcription_clear(&o);
    return st;
}

static rh_status run(rh_task *t, rh_error *err)
{
    const rh_server *s = t->server;
    char path[RH_MAX_FILE_PATH];
    rh_recording_path(s, t->claim.id, path, sizeof path);
    const char *name = strrchr(path, '/') + 1;
    rh_status st = rh_media_fetch(s->store, s->media_dir, name, err);
    if (st != RH_OK)
        return st;
    st = transcribe(t, path, err);
    rh_media_release(s->store, s->media_dir, name);
    return st;
}

/* The recording goes with the end of its job; where another server has that now it stays. */
static void clean(rh_server *s, const char *id)
{
    json_t *row = NULL;
    char path[RH_MAX_FILE_PATH];
    rh_status st = rh_store_transcription(s->store, id, &row, NULL);
    const char *state = rh_json_str(row, "state");
    rh_recording_path(s, id, path, sizeof path);
    if (st == RH_ERR_NOTFOUND || strcmp(state, "done") == 0 || strcmp(state, "failed") == 0)
        rh_media_remove(s->store, s->media_dir, strrchr(path, '/') + 1);
    json_decref(row);
}

const rh_task_kind rh_transcription_kind = {.kind = "transcription", .run = run, .clean = clean};
