/* live_cues - what a live session says meanwhile, in simulated time.
 *
 * Each line of the input is a session: its name, a recording, and what the camera sees: pairs of a second and a picture,
 * from the first second on ("0;looks.jpeg;5;wall.jpeg"; nothing: no camera), parted by tabs. Sound arrives at the rate of
 * speech and four pictures a second with it; recognition takes its processor time, so that the times of what is told are
 * those of a machine that has nothing else to do, however busy this one is. One JSON object a line: "name", "cues" (second
 * and kind of each), "finals" (second it was told, end, text, fillers in it) and "views": each second what the cues go by
 * (rh_cue_view without the last three).
 * bench/cues reads it. */
#include <jansson.h>
#include <string.h>
#include "paths.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/base/cpu.h"
#include "rehearse/media/audio.h"
#include "session/session_internal.h"

enum {
    RATE = RH_ASR_RATE_HZ,
    STEP = RATE / 10,
    PICTURE_EVERY = RATE / 4,
    MAX_S = 600,
    MAX_SCENES = 64,
    PICTURE = 4 << 20
};

typedef struct {
    double from; /* s */
    unsigned char *bytes;
    size_t n;
} scene;

static struct {
    rh_model_set *models;
    double now; /* simulated */
    json_t *cues, *finals, *views;
    scene scenes[MAX_SCENES];
    int n_scenes;
} b;

static int n_fillers(const json_t *event)
{
    const json_t *word;
    size_t i;
    int n = 0;
    json_array_foreach(json_object_get(event, "words"), i, word)
        n += json_object_get(word, "filler") != NULL;
    return n;
}

static void emitted(void *user, const json_t *event)
{
    (void)user;
    const char *type = json_string_value(json_object_get(event, "type"));
    if (strcmp(type, "cue") == 0)
        json_array_append_new(b.cues, json_pack("[f, O]", json_number_value(json_object_get(event, "t")),
                                                json_object_get(event, "kind")));
    else if (strcmp(type, "transcript.final") == 0)
        json_array_append_new(b.finals, json_pack("[f, O, O, i]", b.now, json_object_get(event, "end"),
                                                  json_object_get(event, "text"), n_fillers(event)));
}

static void note_view(rh_session *s)
{
    pthread_mutex_lock(&s->lock);
    const rh_cue_view v = s->cue_view;
    pthread_mutex_unlock(&s->lock);
    json_array_append_new(b.views, json_pack("[f, b, f, f, f, f, f, i, f, f, f, f]", v.t, v.speaking, v.fast_wpm,
                                             v.slow_wpm, v.heard_s, v.fillers, v.broken_s, v.n_broken, v.pitch_sd,
                                             v.speech_db, v.looking_share, v.away_s));
}

static void read_scenes(char *list)
{
    static unsigned char bytes[PICTURE];
    char *save = NULL;
    for (int i = 0; i < b.n_scenes; i++)
        rh_free(b.scenes[i].bytes);
    b.n_scenes = 0;
    for (char *at = strtok_r(list, ";", &save); at && b.n_scenes < MAX_SCENES; at = strtok_r(NULL, ";", &save)) {
        const char *path = strtok_r(NULL, ";", &save);
        size_t n = path ? bench_read(path, bytes, sizeof bytes) : 0;
        scene *s = &b.scenes[b.n_scenes++];
        *s = (scene){.from = strtod(at, NULL), .bytes = rh_alloc(n + 1), .n = n};
        if (!s->bytes || n == 0) {
            fprintf(stderr, "live_cues: no picture at %s s\n", at);
            exit(1);
        }
        memcpy(s->bytes, bytes, n);
    }
}

static const scene *seen_at(double t)
{
    const scene *s = NULL;
    for (int i = 0; i < b.n_scenes && b.scenes[i].from <= t; i++)
        s = &b.scenes[i];
    return s;
}

/* Pictures come as the sound of their time does; the last of a long wait alone would be seen. */
static void show_pictures(rh_session *s, size_t from, size_t to)
{
    for (size_t at = (from + PICTURE_EVERY - 1) / PICTURE_EVERY * PICTURE_EVERY; at < to; at += PICTURE_EVERY) {
        const scene *see = seen_at((double)at / RATE);
        rh_error err;
        if (see)
            bench_check(rh_session_frame(s, see->bytes, see->n, (int64_t)(at * 1000000 / RATE), &err), &err);
    }
}

static void listen(rh_session *s, const rh_audio *a)
{
    rh_error err = {0};
    double busy_until = 0;
    size_t fed = 0;
    for (size_t at = STEP; at <= a->n; at += STEP) {
        double t = (double)at / RATE;
        if (busy_until > t)
            continue; /* the worker has not come back: the sound waits */
        show_pictures(s, fed, at);
        bench_check(rh_session_feed(s, a->samples + fed, at - fed, (int64_t)((double)fed * 1e6 / RATE), &err), &err);
        fed = at;
        b.now = t;
        rh_status st = RH_OK;
        while (st == RH_OK) {
            int64_t from = rh_process_cpu_us();
            st = rh_session_work(s, &err);
            if (st < 0)
                bench_check(st, &err);
            b.now += (double)(rh_process_cpu_us() - from) / 1e6;
        }
        busy_until = b.now;
        if (at % RATE == 0)
            note_view(s);
    }
}

static void hear(const char *name, const char *path)
{
    rh_audio a;
    rh_error err = {0};
    rh_session *s = NULL;
    rh_session_options o = {.id = "bench", .language = "en", .from = RH_SESSION_LIVE, .emit = emitted};
    bench_check(rh_audio_read_file(&a, path, MAX_S, &err), &err);
    bench_check(rh_session_new(&s, b.models, NULL, &o, &err), &err);
    b.cues = json_array();
    b.finals = json_array();
    b.views = json_array();
    listen(s, &a);
    rh_session_free(s);
    json_t *out = json_pack("{s:s, s:o, s:o, s:o}", "name", name, "cues", b.cues, "finals", b.finals, "views", b.views);
    json_dumpf(out, stdout, JSON_COMPACT | JSON_REAL_PRECISION(5));
    puts("");
    (void)fflush(stdout);
    json_decref(out);
    rh_audio_done(&a);
}

int main(void)
{
    static char line[1 << 16];
    char whisper[4096];
    rh_error err = {0};
    json_set_alloc_funcs(rh_alloc, rh_free);
    (void)snprintf(whisper, sizeof whisper, "%s/ggml-base.bin", bench_models_dir());
    rh_model_set_options o = {.whisper_path = whisper,
                              .models_dir = bench_models_dir(),
                              .vision = true,
                              .asr = rh_asr_model_options_default()};
    o.asr.n_threads = 1;
    bench_check(rh_model_set_load(&b.models, &o, &err), &err);
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        char *save = NULL, *name = strtok_r(line, "\t", &save), *path = strtok_r(NULL, "\t", &save),
             *scenes = strtok_r(NULL, "\t", &save);
        if (!name || !path)
            continue;
        char none[1] = "";
        read_scenes(scenes ? scenes : none);
        hear(name, path);
    }
    rh_model_set_free(b.models);
    return 0;
}
