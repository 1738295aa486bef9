/* hearing_cost - what the analysis costs beyond recognition.
 *
 *   hearing_cost [--every N] [--rounds R] [--threads N] [--part read|spontaneous|long]
 *
 * The same recordings (LibriSpeech, spontaneous clips, a long reading) are
 * recognised alone, analysed without the verbatim decode, and analysed whole, in
 * turn, so that a busy machine slows all three alike. Prints processor and wall
 * time of each and what comes on top of recognition. */
#include <jansson.h>
#include <string.h>
#include <time.h>
#include "rehearse/base/alloc.h"
#include "rehearse/report/analysis_json.h"
#include "paths.h"
#include "rehearse/media/audio.h"
#include "rehearse/base/clock.h"
#include "rehearse/session/hearing.h"
#include "rehearse/asr/recording.h"

enum { MAX_FILES = 400, VARIANTS = 3, MAX_PATH = 4200 };
enum { RECOGNITION, FEATURES, WHOLE };

static char files[MAX_FILES][MAX_PATH];
static int n_files;

typedef struct {
    double cpu_s, wall_s;
} cost;

typedef struct {
    rh_asr_model *model;
    rh_asr_stream *stream;
    rh_vad_model *vad;
    cost costs[VARIANTS];
    double sound_s;
} bench;

static double cpu_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void add_file(const char *name)
{
    char path[MAX_PATH];
    if (n_files < MAX_FILES)
        (void)snprintf(files[n_files++], MAX_PATH, "%s", bench_data(name, path, sizeof path));
}

/* The first column of a table, or "file" of a JSON line. */
static void add_list(const char *list, const char *folder, const char *ending, int every)
{
    char path[MAX_PATH], line[8192], name[MAX_PATH];
    FILE *f = fopen(bench_data(list, path, sizeof path), "r");
    for (int i = 0; f && fgets(line, sizeof line, f); i++) {
        if (i % every)
            continue;
        json_t *o = line[0] == '{' ? json_loads(line, 0, NULL) : NULL;
        line[strcspn(line, "\t\n")] = '\0';
        const char *file = o ? json_string_value(json_object_get(o, "file")) : line;
        (void)snprintf(name, sizeof name, "%s/%s%s", folder, file, ending);
        add_file(name);
        json_decref(o);
    }
    if (f)
        fclose(f);
}

static rh_status recognise(bench *b, const rh_audio *a, rh_error *err)
{
    rh_transcript t;
    rh_speech_span *spans = NULL;
    size_t n_spans = 0;
    rh_asr_params p = rh_asr_params_default();
    p.language = "en";
    rh_transcript_init(&t);
    rh_status st = rh_recording_transcribe(b->stream, b->vad, a->samples, a->n, &p, &t, &spans, &n_spans, err);
    rh_transcript_done(&t);
    free(spans);
    return st;
}

static rh_status analyse(bench *b, const rh_audio *a, bool verbatim, rh_error *err)
{
    const rh_hearing_options o = {.language = "en", .no_verbatim = !verbatim};
    rh_hearing h = {0};
    rh_analysis measured = {0};
    rh_status st = rh_hear(&h, b->stream, b->model, b->vad, a->samples, a->n, &o, err);
    if (st == RH_OK)
        st = rh_analyse(&h.words, &h.curves, NULL, 0, (double)a->n / RH_ASR_RATE_HZ, &measured, err);
    if (st == RH_OK)
        json_decref(rh_analysis_json(&measured));
    rh_analysis_done(&measured);
    rh_hearing_done(&h);
    return st;
}

static bool run(bench *b, const char *path, int variant, bool counted)
{
    rh_audio a = {0};
    rh_error err = {0};
    rh_status st = rh_audio_read_file(&a, path, 3600, &err);
    double cpu = cpu_now();
    int64_t wall = rh_now_us();
    if (st == RH_OK)
        st = variant == RECOGNITION ? recognise(b, &a, &err) : analyse(b, &a, variant == WHOLE, &err);
    if (counted) {
        b->costs[variant].cpu_s += cpu_now() - cpu;
        b->costs[variant].wall_s += (double)(rh_now_us() - wall) / 1e6;
        b->sound_s += (double)a.n / 16000.0 / VARIANTS;
    }
    rh_audio_done(&a);
    if (st != RH_OK)
        fprintf(stderr, "%s: %s\n", path, err.msg);
    return st == RH_OK;
}

static void report(const bench *b)
{
    const cost *c = b->costs;
    printf("hearing_cost files=%d sound_s=%.0f recognition_cpu_s=%.2f features_cpu_s=%.2f (+%.1f %%) "
           "whole_cpu_s=%.2f (+%.1f %%) recognition_wall_s=%.2f features_wall_s=%.2f (+%.1f %%) "
           "whole_wall_s=%.2f (+%.1f %%)\n",
           n_files, b->sound_s, c[0].cpu_s, c[1].cpu_s, 100 * (c[1].cpu_s / c[0].cpu_s - 1), c[2].cpu_s,
           100 * (c[2].cpu_s / c[0].cpu_s - 1), c[0].wall_s, c[1].wall_s, 100 * (c[1].wall_s / c[0].wall_s - 1),
           c[2].wall_s, 100 * (c[2].wall_s / c[0].wall_s - 1));
}

int main(int argc, char **argv)
{
    json_set_alloc_funcs(rh_alloc, rh_free);
    static bench b;
    char path[MAX_PATH], vad_path[MAX_PATH];
    int every = 4, rounds = 2;
    const char *part = "all";
    rh_asr_model_options options = rh_asr_model_options_default();
    options.n_threads = 1;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--every") == 0)
            every = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--rounds") == 0)
            rounds = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--threads") == 0)
            options.n_threads = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--part") == 0)
            part = argv[i + 1];
    }
    every = every > 0 ? every : 1;
    bool all = strcmp(part, "all") == 0;
    if (all || strcmp(part, "read") == 0)
        add_list("librispeech/refs.tsv", "librispeech/audio", ".flac", every);
    if (all || strcmp(part, "spontaneous") == 0)
        add_list("fillers/manifest.jsonl", "fillers", "", (every + 1) / 2);
    if (all || strcmp(part, "long") == 0)
        add_file("speech/sonnets/p001.mp3");
    (void)snprintf(path, sizeof path, "%s/ggml-base.bin", bench_models_dir());
    (void)snprintf(vad_path, sizeof vad_path, "%s/silero_vad_openvino_16k.onnx", bench_models_dir());
    rh_error err = {0};
    rh_status st = rh_asr_model_load(&b.model, path, &options, &err);
    if (st == RH_OK)
        st = rh_vad_model_load(&b.vad, vad_path, &err);
    if (st == RH_OK)
        st = rh_asr_stream_new(&b.stream, b.model, &err);
    if (st != RH_OK)
        fprintf(stderr, "%s\n", err.msg);
    /* The first round makes the kernels of each length; nobody counts it. */
    for (int r = 0; r <= rounds && st == RH_OK; r++)
        for (int i = 0; i < n_files; i++)
            for (int v = 0; v < VARIANTS; v++)
                if (!run(&b, files[i], (v + r) % VARIANTS, r > 0))
                    return 1;
    if (st == RH_OK)
        report(&b);
    rh_asr_stream_free(b.stream);
    rh_vad_model_free(b.vad);
    rh_asr_model_free(b.model);
    return st == RH_OK ? 0 : 1;
}
