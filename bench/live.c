/* live [--sessions N] [--workers N] [--threads N] [--files N] [--cpu 1] [--first-come 1] [--session 1] [--texts FILE] -
 * latency and accuracy of live recognition.
 *
 * Each session speaks LibriSpeech utterances one after the other, a second of
 * room noise between them. Time is simulated: sound arrives at the rate of
 * speech, a decode takes as long as it really took here (run alone, with
 * `threads` threads), and a job waits for one of `workers` workers, those due first
 * first as in the server (with --first-come 1 in the order they came, also what needs no
 * decode), so that a minute is measured in seconds. --session 1: with all that live sessions
 * of the server ask for. What this leaves out: memory traffic of
 * decodes that run at the same time. With --cpu 1 a decode takes its processor
 * time, for machines that are busy with other things (use one thread then).
 *   first_partial: from an utterance's first speech to the first text shown of it
 *   final: from its last speech to the moment its last word is final
 * First and last speech are where voice activity finds them in the file alone. */
#include <math.h>
#include <string.h>
#include "paths.h"
#include "rehearse/base/alloc.h"
#include "rehearse/media/audio.h"
#include "rehearse/base/clock.h"
#include "rehearse/base/cpu.h"
#include "rehearse/asr/transcriber.h"
#include "rehearse/asr/vad.h"

enum { RATE = 16000, GAP = RATE, MAX_FILES = 256, MAX_SESSIONS = 64, POLL_MS = 30 };

typedef struct {
    char id[64];
    size_t from, to;              /* samples of the session */
    double onset, end;            /* s of the session: first and last speech */
    double first_text, last_text; /* when shown; 0 = never */
    char text[2048];
} utterance;

typedef struct {
    rh_transcriber *t;
    float *sound;
    size_t n, fed;
    utterance u[MAX_FILES];
    int n_u;
    double next;       /* time of its next look, or since when its job waits */
    double due;        /* of the job */
    bool waits;        /* the job, for a worker */
    double partial_at; /* of the last partial */
    bool done;
} session;

typedef struct {
    double v[16384];
    int n;
} series;

static series first_partials, finals, intervals, decodes;
static double free_at[MAX_SESSIONS]; /* workers */
static bool cpu_clock, first_come;

static int64_t clock_us(void)
{
    return cpu_clock ? rh_process_cpu_us() : rh_now_us();
}

static void note(series *s, double v)
{
    if (s->n < 16384)
        s->v[s->n++] = v;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double quantile(series *s, double q)
{
    if (s->n == 0)
        return 0;
    qsort(s->v, (size_t)s->n, sizeof *s->v, by_value);
    return s->v[(int)(q * (s->n - 1) + 0.5)];
}

static void check(rh_status st, const rh_error *err)
{
    if (st < 0) {
        fprintf(stderr, "live: %s\n", err->msg);
        exit(1);
    }
}

/* Names of the utterances, in the order of refs.tsv. */
static int read_names(char names[][64], int max)
{
    char path[4096], line[4096];
    FILE *f = fopen(bench_data("librispeech/refs.tsv", path, sizeof path), "r");
    int n = 0;
    while (f && n < max && fgets(line, sizeof line, f)) {
        char *tab = strchr(line, '\t');
        if (tab && tab - line < 64) {
            *tab = '\0';
            strcpy(names[n++], line);
        }
    }
    if (f)
        fclose(f);
    return n;
}

static void append(session *s, const char *id, const rh_vad_model *vad)
{
    char path[4096], name[128];
    rh_error err;
    rh_audio a;
    (void)snprintf(name, sizeof name, "librispeech/audio/%s.flac", id);
    check(rh_audio_read_file(&a, bench_data(name, path, sizeof path), 60, &err), &err);
    rh_speech_span *spans = NULL;
    size_t n_spans = 0;
    check(rh_vad_spans(vad, a.samples, a.n, &spans, &n_spans, &err), &err);
    s->sound = realloc(s->sound, (s->n + a.n + GAP) * sizeof *s->sound);
    memcpy(s->sound + s->n, a.samples, a.n * sizeof *a.samples);
    for (size_t i = 0; i < GAP; i++)
        s->sound[s->n + a.n + i] = 2e-4f * ((float)rand() / (float)RAND_MAX - 0.5f);
    if (n_spans > 0) {
        utterance *u = &s->u[s->n_u++];
        *u = (utterance){.from = s->n, .to = s->n + a.n + GAP};
        strcpy(u->id, id);
        /* Spans are padded by 64 ms. */
        u->onset = (double)s->n / RATE + fmax(0, (double)spans[0].start / RATE + 0.064);
        u->end = (double)s->n / RATE + (double)spans[n_spans - 1].end / RATE - 0.064;
    }
    s->n += a.n + GAP;
    rh_free(spans);
    rh_audio_done(&a);
}

static utterance *at(session *s, double t)
{
    for (int i = 0; i < s->n_u; i++)
        if (t < (double)s->u[i].to / RATE)
            return &s->u[i];
    return &s->u[s->n_u - 1];
}

static void take(session *s, double now)
{
    rh_heard h;
    while (rh_transcriber_next(s->t, &h) == RH_OK) {
        if (h.transcript->n_words == 0)
            continue;
        utterance *u = at(s, (double)h.transcript->words[0].end);
        if (u->first_text == 0) {
            u->first_text = now;
            note(&first_partials, now - u->onset);
        }
        if (!h.final) {
            if (now - s->partial_at < 5)
                note(&intervals, now - s->partial_at);
            s->partial_at = now;
            continue;
        }
        u->last_text = now;
        for (int i = 0; i < h.transcript->n_words; i++) {
            const rh_asr_word *w = &h.transcript->words[i];
            utterance *to = at(s, (double)w->end - 0.05);
            size_t n = strlen(to->text);
            (void)snprintf(to->text + n, sizeof to->text - n, "%s%.*s", n ? " " : "", (int)w->text_len,
                           h.transcript->text + w->text_off);
        }
    }
}

static void feed(session *s, double now)
{
    size_t until = (size_t)(now * RATE);
    rh_error err = {0};
    until = until < s->n ? until : s->n;
    if (until > s->fed)
        check(rh_transcriber_feed(s->t, s->sound + s->fed, until - s->fed, &err), &err);
    s->fed = until;
}

/* What the session has to do, from `now` on; returns how long it took. */
static double work(session *s, double now)
{
    rh_error err = {0};
    feed(s, now);
    int64_t from = clock_us();
    rh_status st = s->fed == s->n && now > (double)s->n / RATE + 1
                       ? (s->done = true, rh_transcriber_finish(s->t, NULL, &err))
                       : rh_transcriber_work(s->t, NULL, &err);
    check(st, &err);
    double took = (double)(clock_us() - from) / 1e6;
    s->waits = false;
    if (st == RH_OK)
        take(s, now + took);
    s->next = st == RH_OK ? now + took : now + POLL_MS / 1e3;
    return st == RH_OK ? took : 0;
}

/* A look at what is due: what needs no decode is done, else it waits for a worker. */
static void look(session *s)
{
    bool long_work;
    feed(s, s->next);
    (void)rh_transcriber_due(s->t);
    int64_t us = rh_transcriber_may_wait_us(s->t, &long_work);
    bool all = s->fed == s->n && s->next > (double)s->n / RATE + 1;
    s->waits = long_work || all || first_come;
    s->due = first_come ? s->next : s->next + (double)us / 1e6;
    if (!s->waits)
        (void)work(s, s->next);
}

static void simulate(session *s, int n_sessions, int n_workers)
{
    for (;;) {
        session *first = NULL, *urgent = NULL;
        int w = 0;
        for (int i = 1; i < n_workers; i++)
            if (free_at[i] < free_at[w])
                w = i;
        for (int i = 0; i < n_sessions; i++)
            if (!s[i].done && !s[i].waits && (!first || s[i].next < first->next))
                first = &s[i];
        double soonest = INFINITY;
        for (int i = 0; i < n_sessions; i++)
            if (s[i].waits)
                soonest = fmin(soonest, fmax(s[i].next, free_at[w]));
        for (int i = 0; i < n_sessions; i++)
            if (s[i].waits && s[i].next <= soonest && (!urgent || s[i].due < urgent->due))
                urgent = &s[i];
        if (!first && !urgent)
            return;
        if (first && (!urgent || first->next <= soonest)) {
            look(first);
            continue;
        }
        double took = work(urgent, soonest);
        if (took > 0) {
            note(&decodes, took);
            free_at[w] = soonest + took;
        }
    }
}

static void write_texts(const char *path, const session *s)
{
    FILE *f = fopen(path, "w");
    for (int i = 0; f && i < s->n_u; i++)
        fprintf(f, "%s\t%s\n", s->u[i].id, s->u[i].text);
    if (f)
        fclose(f);
}

static int option(int argc, char **argv, const char *name, int otherwise)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return atoi(argv[i + 1]);
    return otherwise;
}

int main(int argc, char **argv)
{
    static char names[MAX_FILES][64];
    static session sessions[MAX_SESSIONS];
    int n_sessions = option(argc, argv, "--sessions", 1);
    int n_workers = option(argc, argv, "--workers", n_sessions > 1 ? rh_cpu_count() : 1);
    int n_files = read_names(names, option(argc, argv, "--files", MAX_FILES));
    cpu_clock = option(argc, argv, "--cpu", 0) != 0;
    first_come = option(argc, argv, "--first-come", 0) != 0;
    char path[4096];
    rh_error err;
    rh_asr_model *model = NULL;
    rh_vad_model *vad = NULL;
    rh_asr_model_options o = rh_asr_model_options_default();
    o.n_threads = option(argc, argv, "--threads", n_sessions > 1 ? 1 : 0);
    (void)snprintf(path, sizeof path, "%s/silero_vad_openvino_16k.onnx", bench_models_dir());
    check(rh_vad_model_load(&vad, path, &err), &err);
    (void)snprintf(path, sizeof path, "%s/ggml-base.bin", bench_models_dir());
    check(rh_asr_model_load(&model, path, &o, &err), &err);
    rh_transcriber_options to = rh_transcriber_options_default();
    to.language = "en";
    if (option(argc, argv, "--session", 0)) {
        to.verbatim = to.expected = to.joined = true;
        to.settle_ms = 8000;
    }
    double audio_s = 0;
    for (int i = 0; i < n_sessions && i < MAX_SESSIONS; i++) {
        check(rh_transcriber_new(&sessions[i].t, model, vad, &to, &err), &err);
        sessions[i].next = 0.13 * i; /* people do not start together */
        for (int k = 0; k < n_files; k++)
            append(&sessions[i], names[(k + 11 * i) % n_files], vad);
        audio_s += (double)sessions[i].n / RATE;
    }
    int64_t cpu = rh_process_cpu_us();
    simulate(sessions, n_sessions, n_workers);
    cpu = rh_process_cpu_us() - cpu;
    int missed = 0;
    for (int i = 0; i < n_sessions; i++)
        for (int k = 0; k < sessions[i].n_u; k++) {
            utterance *u = &sessions[i].u[k];
            missed += u->last_text == 0;
            if (getenv("VERBOSE"))
                fprintf(stderr, "%s %.2f-%.2f shown %+.2f final %+.2f %s\n", u->id, u->onset, u->end,
                        u->first_text - u->onset, u->last_text - u->end, u->text);
            if (u->last_text > 0)
                note(&finals, u->last_text - u->end);
        }
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], "--texts") == 0)
            write_texts(argv[i + 1], &sessions[0]);
    printf("live clock=%s sessions=%d workers=%d threads=%d audio_s=%.0f engine=%s first_partial_s p50=%.2f "
           "p95=%.2f final_s p50=%.2f p95=%.2f interval_s p50=%.2f p95=%.2f decode_s p50=%.3f "
           "p95=%.3f without_text=%d cpu_share=%.3f\n",
           cpu_clock ? "cpu" : "wall", n_sessions, n_workers, rh_asr_model_describe(model).n_threads, audio_s,
           rh_asr_model_describe(model).engine, quantile(&first_partials, 0.5), quantile(&first_partials, 0.95),
           quantile(&finals, 0.5), quantile(&finals, 0.95), quantile(&intervals, 0.5), quantile(&intervals, 0.95),
           quantile(&decodes, 0.5), quantile(&decodes, 0.95), missed, (double)cpu / 1e6 / audio_s);
    for (int i = 0; i < n_sessions; i++) {
        rh_transcriber_free(sessions[i].t);
        free(sessions[i].sound);
    }
    rh_asr_model_free(model);
    rh_vad_model_free(vad);
    return 0;
}
