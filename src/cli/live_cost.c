#include "live_cost.h"

#include <math.h>
#include <string.h>
#include "rehearse/asr/transcriber.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/base/file.h"
#include "rehearse/config/config.h"
#include "rehearse/media/audio.h"
#include "rehearse/vision/face_tracker.h"

enum { RATE = 16000, LOOK_MS = 30, MAX_S = 60, PICTURES = 50, WARM = 5, STEP_US = 100000, QUIET_S = 3 };

typedef struct {
    rh_transcriber *t;
    const float *sound;
    size_t n, fed;
    double now; /* s, simulated */
    int64_t encode_us, decode_us;
    double last_word_s, final_at;
} live;

static void take(live *l)
{
    rh_heard h;
    while (rh_transcriber_next(l->t, &h) == RH_OK) {
        l->encode_us += h.transcript->encode_us;
        l->decode_us += h.transcript->decode_us;
        if (h.final && h.transcript->n_words) {
            l->final_at = l->now;
            l->last_word_s = (double)h.transcript->words[h.transcript->n_words - 1].end;
        }
    }
}

/* Sound up to now goes in; a decode takes the time it takes. */
static rh_status look(live *l, rh_error *err)
{
    size_t until = (size_t)(l->now * RATE) < l->n ? (size_t)(l->now * RATE) : l->n;
    rh_status st = until > l->fed ? rh_transcriber_feed(l->t, l->sound + l->fed, until - l->fed, err) : RH_OK;
    l->fed = until;
    int64_t from = rh_now_us();
    if (st == RH_OK)
        st = rh_transcriber_work(l->t, NULL, err);
    l->now += st == RH_OK ? (double)(rh_now_us() - from) * 1e-6 : LOOK_MS * 1e-3;
    if (st == RH_OK)
        take(l);
    return st == RH_AGAIN ? RH_OK : st;
}

rh_status rh_live_speech_cost(rh_live_cost *out, rh_asr_model *model, const rh_vad_model *vad, const char *path,
                              rh_error *err)
{
    rh_audio a = {0};
    live l = {0};
    rh_transcriber_options o = rh_transcriber_options_default();
    o.language = "en";
    o.verbatim = true; /* as practice has it */
    o.sounds = true;
    rh_status st = rh_audio_read_file(&a, path, MAX_S, err);
    float *sound = st == RH_OK ? rh_calloc(a.n + QUIET_S * RATE, sizeof *sound) : NULL;
    if (st == RH_OK && !sound)
        st = rh_fail(err, RH_ERR_NOMEM, "out of memory");
    if (st == RH_OK)
        st = rh_transcriber_new(&l.t, model, vad, &o, err);
    if (st == RH_OK) {
        memcpy(sound, a.samples, a.n * sizeof *sound);
        l.sound = sound;
        l.n = a.n + QUIET_S * RATE;
    }
    int64_t cpu = rh_process_cpu_us();
    while (st == RH_OK && l.now < (double)l.n / RATE)
        st = look(&l, err);
    cpu = rh_process_cpu_us() - cpu;
    if (st == RH_OK && l.final_at == 0)
        st = rh_fail(err, RH_ERR_FORMAT, "no speech was heard in the sample %s", path);
    if (st == RH_OK) {
        double all = (double)(l.encode_us + l.decode_us);
        out->speech_share = (double)cpu * 1e-6 / ((double)a.n / RATE);
        out->encoder_part = all > 0 ? (double)l.encode_us / all : 0.5;
        out->final_s = fmax(l.final_at - l.last_word_s, RH_LIVE_PAUSE_S);
    }
    rh_transcriber_free(l.t);
    rh_free(sound);
    rh_audio_done(&a);
    return st;
}

static rh_status push_pictures(rh_face_tracker *t, const rh_buf *picture, double *seconds, rh_error *err)
{
    rh_face f = {0};
    rh_status st = RH_OK;
    int64_t from = 0;
    for (int i = 0; i < WARM + PICTURES && st == RH_OK; i++) {
        if (i == WARM)
            from = rh_process_cpu_us();
        st = rh_face_tracker_push_bytes(t, picture->data, picture->len, 1 + (int64_t)i * STEP_US, &f, err);
    }
    if (st == RH_OK && !f.present)
        st = rh_fail(err, RH_ERR_FORMAT, "no face was found in the sample picture");
    *seconds = (double)(rh_process_cpu_us() - from) * 1e-6 / PICTURES;
    return st;
}

rh_status rh_live_face_cost(double *seconds, const char *models_dir, const char *path, rh_error *err)
{
    char cache[4096];
    rh_face_model *m = NULL;
    rh_face_tracker *t = NULL;
    rh_buf picture;
    rh_buf_init(&picture, 1 << 20);
    rh_status st = rh_file_read(path, &picture, err);
    if (st == RH_OK)
        st = rh_face_model_load(&m, models_dir, rh_config_cache_dir(cache, sizeof cache) ? cache : NULL, err);
    rh_face_options o = rh_face_options_default();
    if (st == RH_OK)
        st = rh_face_tracker_new(&t, m, &o, err);
    if (st == RH_OK)
        st = push_pictures(t, &picture, seconds, err);
    rh_face_tracker_free(t);
    rh_face_model_free(m);
    rh_buf_done(&picture);
    return st;
}
