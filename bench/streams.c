/* streams [--model PATH] [--threads N] [--streams N] [--rounds N] [--every N] - two streams side by
 * side against one after the other.
 *
 * The same LibriSpeech utterances through one model of the native engine: by one stream, which
 * has all threads, and by several at once, which the engine gives one encoder thread each and
 * whose decoder steps it joins. Rounds alternate, so that a busy machine slows both. Prints wall
 * and processor time of each round and the medians' ratio; the texts must be equal. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include "paths.h"
#include "rehearse/asr/asr.h"
#include "rehearse/media/audio.h"
#include "rehearse/base/clock.h"

enum { MAX_FILES = 256, MAX_STREAMS = 16, MAX_ROUNDS = 64 };

typedef struct {
    rh_audio sound[MAX_FILES];
    char *text[MAX_FILES];
    int n;
    rh_asr_stream *streams[MAX_STREAMS];
    atomic_int next, wrong;
} work;

typedef struct {
    work *w;
    int stream;
} member;

static void check(rh_status st, const rh_error *err)
{
    if (st < 0) {
        fprintf(stderr, "streams: %s\n", err->msg);
        exit(1);
    }
}

static void read_sound(work *w, int every)
{
    char path[4096], line[4096], name[4200];
    rh_error err;
    FILE *f = fopen(bench_data("librispeech/refs.tsv", path, sizeof path), "r");
    for (int i = 0; f && fgets(line, sizeof line, f) && w->n < MAX_FILES; i++) {
        if (i % every)
            continue;
        line[strcspn(line, "\t")] = '\0';
        (void)snprintf(name, sizeof name, "librispeech/audio/%s.flac", line);
        check(rh_audio_read_file(&w->sound[w->n++], bench_data(name, path, sizeof path), 60.0, &err), &err);
    }
    if (f)
        fclose(f);
}

static void *run_stream(void *arg)
{
    const member *m = arg;
    work *w = m->w;
    rh_error err;
    rh_transcript t;
    rh_asr_params p = rh_asr_params_default();
    p.language = "en";
    rh_transcript_init(&t);
    for (int i; (i = atomic_fetch_add(&w->next, 1)) < w->n;) {
        check(rh_asr_transcribe(w->streams[m->stream], w->sound[i].samples, w->sound[i].n, &p, &t, &err), &err);
        if (!w->text[i])
            w->text[i] = strdup(t.text);
        else if (strcmp(w->text[i], t.text) != 0)
            atomic_fetch_add(&w->wrong, 1);
    }
    rh_transcript_done(&t);
    return NULL;
}

static double run(work *w, int n_streams, double *cpu_s)
{
    pthread_t threads[MAX_STREAMS];
    member members[MAX_STREAMS];
    int64_t start = rh_now_us(), cpu = rh_process_cpu_us();
    atomic_store(&w->next, 0);
    for (int i = 0; i < n_streams; i++) {
        members[i] = (member){w, i};
        if (i > 0 && pthread_create(&threads[i], NULL, run_stream, &members[i]) != 0)
            exit(1);
    }
    run_stream(&members[0]);
    for (int i = 1; i < n_streams; i++)
        pthread_join(threads[i], NULL);
    *cpu_s = (double)(rh_process_cpu_us() - cpu) / 1e6;
    return (double)(rh_now_us() - start) / 1e6;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static int compare(work *w, int n_streams, int rounds)
{
    double ratio[MAX_ROUNDS], cpu_one, cpu_many;
    (void)run(w, 1, &cpu_one); /* caches, kernels of each length */
    (void)run(w, n_streams, &cpu_many);
    for (int r = 0; r < rounds; r++) {
        double one = run(w, 1, &cpu_one), many = run(w, n_streams, &cpu_many);
        ratio[r] = one / many;
        printf("round=%d one_after_the_other_s=%.2f cpu_s=%.2f %d_streams_s=%.2f cpu_s=%.2f "
               "ratio=%.3f\n",
               r + 1, one, cpu_one, n_streams, many, cpu_many, ratio[r]);
        fflush(stdout);
    }
    qsort(ratio, (size_t)rounds, sizeof *ratio, by_value);
    printf("files=%d rounds=%d median_ratio=%.3f texts_differ=%d\n", w->n, rounds, ratio[rounds / 2],
           atomic_load(&w->wrong));
    return atomic_load(&w->wrong) ? 1 : 0;
}

int main(int argc, char **argv)
{
    static work w;
    char path[4200], cache[4200];
    rh_error err;
    rh_asr_model *m = NULL;
    rh_asr_model_options o = rh_asr_model_options_default();
    int n_streams = 2, rounds = 3, every = 3;
    (void)snprintf(path, sizeof path, "%s/ggml-base.bin", bench_models_dir());
    o.engine = RH_ENGINE_NATIVE;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--model") == 0)
            (void)snprintf(path, sizeof path, "%s", argv[i + 1]);
        else if (strcmp(argv[i], "--threads") == 0)
            o.n_threads = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--streams") == 0)
            n_streams = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--rounds") == 0)
            rounds = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--every") == 0)
            every = atoi(argv[i + 1]);
    }
    if (n_streams < 1 || n_streams > MAX_STREAMS || rounds < 1 || rounds > MAX_ROUNDS || every < 1) {
        fprintf(stderr, "streams: 1 to %d streams, 1 to %d rounds, every file from 1\n", MAX_STREAMS, MAX_ROUNDS);
        return 2;
    }
    read_sound(&w, every);
    (void)snprintf(cache, sizeof cache, "%s/..", bench_models_dir());
    o.cache_dir = cache;
    check(rh_asr_model_load(&m, path, &o, &err), &err);
    for (int i = 0; i < n_streams; i++)
        check(rh_asr_stream_new(&w.streams[i], m, &err), &err);
    int failed = compare(&w, n_streams, rounds);
    for (int i = 0; i < n_streams; i++)
        rh_asr_stream_free(w.streams[i]);
    rh_asr_model_free(m);
    for (int i = 0; i < w.n; i++) {
        rh_audio_done(&w.sound[i]);
        free(w.text[i]);
    }
    return failed;
}
