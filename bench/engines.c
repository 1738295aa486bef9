/* engines [--model PATH] [--engine native|whisper.cpp] [--device cpu|cuda] [--threads N]
 *         [--streams N] [--file F] [--every N] [--times N] [--plain 1] [--texts FILE]
 *         [--pcm DIR] - one engine, one model, several streams at once.
 *
 * The LibriSpeech utterances, or one file, go through N streams, each of which takes the next
 * file when it is done. Prints seconds of sound a second, the time a file took (median, 95 %,
 * longest), the encoder's mean time for a file and the decoder's for a step, which are what
 * counts with made-up weights. Loading, and a first round of all files, in which kernels and
 * work space are made, are timed apart.
 * --plain 1 is for made-up weights: one decode a window of 30 s, without times.
 * --texts writes what was heard (id, tab, text) for bench/wer.py; --pcm the sound as raw f32,
 * so that other programs hear the same samples. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include "paths.h"
#include "rehearse/asr/asr.h"
#include "rehearse/media/audio.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/base/stats.h"

enum { MAX_FILES = 512, MAX_STREAMS = 64, MAX_TIMES = 100, MAX_RUNS = MAX_FILES * MAX_TIMES };

typedef struct {
    char *name, *text; /* the last text heard */
    rh_audio sound;
} file;

typedef struct {
    file files[MAX_FILES];
    int n_files, times;
    rh_asr_params params;
    atomic_int next;
    float took_ms[MAX_RUNS];
    atomic_llong encode_us, decode_us, steps;
} work;

typedef struct {
    work *w;
    rh_asr_stream *stream;
} member;

typedef struct {
    rh_asr_model_options model;
    char path[4200];
    const char *file, *texts, *pcm;
    int streams, every, times, plain;
} options;

static void check(rh_status st, const rh_error *err)
{
    if (st < 0) {
        fprintf(stderr, "engines: %s\n", err->msg);
        exit(1);
    }
}

static void read_file(work *w, const char *name, const char *path)
{
    rh_error err;
    file *f = &w->files[w->n_files++];
    f->name = strdup(name);
    check(rh_audio_read_file(&f->sound, path, 3600.0, &err), &err);
}

static void read_set(work *w, int every)
{
    char path[4096], line[4096], name[4200];
    FILE *f = fopen(bench_data("librispeech/refs.tsv", path, sizeof path), "r");
    for (int i = 0; f && fgets(line, sizeof line, f) && w->n_files < MAX_FILES; i++) {
        if (i % every)
            continue;
        line[strcspn(line, "\t")] = '\0';
        (void)snprintf(name, sizeof name, "librispeech/audio/%s.flac", line);
        read_file(w, line, bench_data(name, path, sizeof path));
    }
    if (f)
        fclose(f);
}

static void write_pcm(const work *w, const char *dir)
{
    char path[4200];
    for (int i = 0; i < w->n_files; i++) {
        const file *f = &w->files[i];
        (void)snprintf(path, sizeof path, "%s/%s.f32", dir, f->name);
        FILE *out = fopen(path, "wb");
        if (!out || fwrite(f->sound.samples, sizeof *f->sound.samples, f->sound.n, out) != f->sound.n ||
            fclose(out) != 0) {
            perror(path);
            exit(1);
        }
    }
}

static void write_texts(const work *w, const char *path)
{
    FILE *out = fopen(path, "w");
    for (int i = 0; out && i < w->n_files; i++)
        fprintf(out, "%s\t%s\n", w->files[i].name, w->files[i].text ? w->files[i].text : "");
    if (!out || fclose(out) != 0) {
        perror(path);
        exit(1);
    }
}

static void *run_stream(void *arg)
{
    const member *m = arg;
    work *w = m->w;
    rh_error err;
    rh_transcript t;
    rh_transcript_init(&t);
    for (int i; (i = atomic_fetch_add(&w->next, 1)) < w->n_files * w->times;) {
        file *f = &w->files[i % w->n_files];
        int64_t from = rh_now_us();
        check(rh_asr_transcribe(m->stream, f->sound.samples, f->sound.n, &w->params, &t, &err), &err);
        w->took_ms[i] = (float)(rh_now_us() - from) / 1e3f;
        atomic_fetch_add(&w->encode_us, t.encode_us);
        atomic_fetch_add(&w->decode_us, t.decode_us);
        atomic_fetch_add(&w->steps, t.n_steps);
        if (i < w->n_files) {
            free(f->text);
            f->text = strdup(t.text);
        }
    }
    rh_transcript_done(&t);
    return NULL;
}

static double run(work *w, member *members, int n)
{
    pthread_t threads[MAX_STREAMS];
    atomic_store(&w->next, 0);
    atomic_store(&w->encode_us, 0);
    atomic_store(&w->decode_us, 0);
    atomic_store(&w->steps, 0);
    int64_t from = rh_now_us();
    for (int i = 1; i < n; i++)
        if (pthread_create(&threads[i], NULL, run_stream, &members[i]) != 0)
            exit(1);
    run_stream(&members[0]);
    for (int i = 1; i < n; i++)
        pthread_join(threads[i], NULL);
    return (double)(rh_now_us() - from) / 1e6;
}

static void print(work *w, const rh_asr_model *m, int streams, const double s[3], double cpu_s)
{
    rh_asr_model_info info = rh_asr_model_describe(m);
    int n = w->n_files * w->times;
    double sound = 0;
    for (int i = 0; i < w->n_files; i++)
        sound += w->times * (double)w->files[i].sound.n / RH_ASR_RATE_HZ;
    rh_sort_floats(w->took_ms, (size_t)n);
    long long steps = atomic_load(&w->steps);
    printf("engine=%s device=%s model=%s encoder=%s streams=%d files=%d sound_s=%.0f load_s=%.2f "
           "first_s=%.2f wall_s=%.2f speed=%.0f cpu_s=%.1f median_ms=%.0f p95_ms=%.0f max_ms=%.0f "
           "encode_ms=%.1f step_ms=%.2f steps=%lld resident_mb=%zu\n",
           info.engine, info.device, info.size, info.precision, streams, n, sound, s[0], s[1], s[2], sound / s[2],
           cpu_s, (double)w->took_ms[n / 2], (double)w->took_ms[n * 95 / 100], (double)w->took_ms[n - 1],
           (double)atomic_load(&w->encode_us) / 1e3 / n,
           (double)atomic_load(&w->decode_us) / 1e3 / (double)(steps ? steps : 1), steps, rh_resident_bytes() >> 20);
}

static options parse(int argc, char **argv)
{
    options o = {.model = rh_asr_model_options_default(), .streams = 1, .every = 1, .times = 1};
    (void)snprintf(o.path, sizeof o.path, "%s/ggml-base.bin", bench_models_dir());
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
        if (strcmp(name, "--model") == 0)
            (void)snprintf(o.path, sizeof o.path, "%s", value);
        else if (strcmp(name, "--engine") == 0)
            o.model.engine = strcmp(value, "native") == 0 ? RH_ENGINE_NATIVE : RH_ENGINE_WHISPER_CPP;
        else if (strcmp(name, "--device") == 0)
            o.model.device = strcmp(value, "cpu") == 0 ? RH_DEVICE_CPU : RH_DEVICE_CUDA;
        else if (strcmp(name, "--threads") == 0)
            o.model.n_threads = atoi(value);
        else if (strcmp(name, "--streams") == 0)
            o.streams = atoi(value);
        else if (strcmp(name, "--file") == 0)
            o.file = value;
        else if (strcmp(name, "--every") == 0)
            o.every = atoi(value);
        else if (strcmp(name, "--times") == 0)
            o.times = atoi(value);
        else if (strcmp(name, "--plain") == 0)
            o.plain = atoi(value);
        else if (strcmp(name, "--texts") == 0)
            o.texts = value;
        else if (strcmp(name, "--pcm") == 0)
            o.pcm = value;
        else
            o.streams = 0;
    }
    if (o.streams < 1 || o.streams > MAX_STREAMS || o.every < 1 || o.times < 1 || o.times > MAX_TIMES) {
        fprintf(stderr,
                "engines: 1 to %d streams, every file from 1, 1 to %d times; options are in the "
                "first lines of bench/engines.c\n",
                MAX_STREAMS, MAX_TIMES);
        exit(2);
    }
    return o;
}

int main(int argc, char **argv)
{
    static work w;
    static member members[MAX_STREAMS];
    char cache[4200];
    rh_error err;
    rh_asr_model *m = NULL;
    options o = parse(argc, argv);
    w.params = rh_asr_params_default();
    w.params.language = "en";
    w.params.fallback = w.params.timestamps = w.params.word_times = o.plain == 0;
    if (o.file)
        read_file(&w, "file", o.file);
    else
        read_set(&w, o.every);
    if (o.pcm)
        write_pcm(&w, o.pcm);
    (void)snprintf(cache, sizeof cache, "%s/..", bench_models_dir());
    o.model.cache_dir = cache;
    int64_t from = rh_now_us();
    check(rh_asr_model_load(&m, o.path, &o.model, &err), &err);
    double seconds[3] = {(double)(rh_now_us() - from) / 1e6};
    for (int i = 0; i < o.streams; i++) {
        members[i].w = &w;
        check(rh_asr_stream_new(&members[i].stream, m, &err), &err);
    }
    w.times = 1;
    seconds[1] = run(&w, members, o.streams);
    w.times = o.times;
    int64_t cpu = rh_process_cpu_us();
    seconds[2] = run(&w, members, o.streams);
    print(&w, m, o.streams, seconds, (double)(rh_process_cpu_us() - cpu) / 1e6);
    if (o.texts)
        write_texts(&w, o.texts);
    for (int i = 0; i < o.streams; i++)
        rh_asr_stream_free(members[i].stream);
    rh_asr_model_free(m);
    for (int i = 0; i < w.n_files; i++) {
        rh_audio_done(&w.files[i].sound);
        free(w.files[i].name);
        free(w.files[i].text);
    }
    return 0;
}
