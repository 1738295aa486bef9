/* legacy_rhythm [--ms N] [--files N] [--join N] [--breathless 1] [--noise DB] [--tempo PERCENT] [--threads N] [--cpu 1]
 * - when results of the legacy API come, and what they lack.
 *
 * A clip is `join` LibriSpeech utterances one after the other, breathless: without their
 * pauses. A client sends it in pieces of `ms` at the rate of speech, each when its sound
 * is over and the last one was answered, then 2 s of silence. Time is simulated, a
 * decode takes as long as it really took here (--cpu 1: its processor time, on a machine
 * that is busy; use one thread then).
 *   wait: while somebody speaks, from one result (or the first speech) to the next
 *   rest: from the last speech to the result that holds the last words
 *   wer, of_file: word errors of the results joined, and of the same sound as a file
 *   doubled: words said twice in a row by the results and not by the file
 *   lost: words of the reference that the results lack beyond what the file lacks
 *   bad_start: results that begin with closing punctuation */
#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <string.h>
#include <strings.h>
#include "paths.h"
#include "rehearse/base/alloc.h"
#include "rehearse/media/audio.h"
#include "rehearse/base/clock.h"
#include "rehearse/session/legacy_source.h"
#include "rehearse/base/cpu.h"
#include "rehearse/asr/recording.h"
#include "rehearse/asr/vad.h"
#include "rehearse/report/analysis_json.h"

enum { RATE = 16000, MAX_FILES = 256, MAX_CLIP = 120 * RATE, TEXT = 16384, MAX_WORDS = 2000 };

typedef struct {
    char id[64], text[2048];
} utterance;

typedef struct {
    float x[MAX_CLIP];
    size_t n, speech_end;
    char ref[TEXT];
    double first_s;
} clip;

typedef struct {
    char *w[MAX_WORDS];
    char text[TEXT];
    int n;
} word_list;

typedef struct {
    int errors, deletions;
} difference;

static rh_model_set *models;
static utterance all[MAX_FILES];
static double waits[8192], rests[MAX_FILES];
static int n_waits, n_rests, n_results, n_bad_start;
static bool cpu_clock;

static int64_t clock_us(void)
{
    return cpu_clock ? rh_process_cpu_us() : rh_now_us();
}

static void check(rh_status st, const rh_error *err)
{
    if (st < 0) {
        fprintf(stderr, "legacy_rhythm: %s\n", err->msg);
        exit(1);
    }
}

static int option(int argc, char **argv, const char *name, int otherwise)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return atoi(argv[i + 1]);
    return otherwise;
}

static int read_references(int max)
{
    char path[4096], line[4096];
    FILE *f = fopen(bench_data("librispeech/refs.tsv", path, sizeof path), "r");
    int n = 0;
    while (f && n < max && fgets(line, sizeof line, f)) {
        char *tab = strchr(line, '\t');
        if (!tab)
            continue;
        *tab = '\0';
        (void)snprintf(all[n].id, sizeof all[n].id, "%s", line);
        (void)snprintf(all[n++].text, sizeof all[0].text, "%s", tab + 1);
    }
    if (f)
        fclose(f);
    return n;
}

static void append(clip *c, const utterance *u, bool breathless)
{
    char path[4096], name[128];
    rh_error err;
    rh_audio a;
    rh_speech_span *spans = NULL;
    size_t n_spans = 0;
    (void)snprintf(name, sizeof name, "librispeech/audio/%s.flac", u->id);
    check(rh_audio_read_file(&a, bench_data(name, path, sizeof path), 60, &err), &err);
    check(rh_vad_spans(models->vad, a.samples, a.n, &spans, &n_spans, &err), &err);
    rh_speech_span whole = {0, a.n};
    for (size_t i = 0; i < (breathless ? n_spans : 1); i++) {
        const rh_speech_span *s = breathless ? &spans[i] : &whole;
        size_t n = s->end - s->start;
        if (c->n + n > MAX_CLIP)
            break;
        memcpy(c->x + c->n, a.samples + s->start, n * sizeof *c->x);
        c->n += n;
    }
    size_t have = strlen(c->ref);
    (void)snprintf(c->ref + have, sizeof c->ref - have, " %s", u->text);
    rh_free(spans);
    rh_audio_done(&a);
}

/* Another speed with the pitch that goes with it: resampled. */
static void change_tempo(clip *c, int percent)
{
    rh_resampler *r = NULL;
    rh_error err;
    const float *y;
    size_t n = 0, tail = 0;
    static float out[MAX_CLIP];
    check(rh_resampler_new(&r, RATE * percent / 100, RATE, &err), &err);
    check(rh_resampler_feed(r, c->x, c->n, &y, &n), NULL);
    n = n < MAX_CLIP ? n : MAX_CLIP;
    memcpy(out, y, n * sizeof *out);
    check(rh_resampler_feed(r, NULL, 0, &y, &tail), NULL);
    memcpy(c->x, out, n * sizeof *out);
    c->n = n;
    rh_resampler_free(r);
}

static void add_noise(clip *c, int snr_db)
{
    double power = 0;
    for (size_t i = 0; i < c->n; i++)
        power += (double)c->x[i] * (double)c->x[i];
    double level = sqrt(3 * power / (double)c->n / pow(10, snr_db / 10.0));
    for (size_t i = 0; i < c->n; i++)
        c->x[i] += (float)(level * (2.0 * rand() / RAND_MAX - 1));
}

static void find_speech(clip *c)
{
    rh_speech_span *spans = NULL;
    size_t n = 0;
    rh_error err;
    check(rh_vad_spans(models->vad, c->x, c->n, &spans, &n, &err), &err);
    c->first_s = n ? (double)spans[0].start / RATE : 0;
    c->speech_end = n ? spans[n - 1].end : c->n;
    rh_free(spans);
}

static bool take(json_t *r, char *text)
{
    const char *s = json_string_value(json_object_get(r, "transcribed_text"));
    bool some = s && *s;
    if (some) {
        size_t n = strlen(text);
        (void)snprintf(text + n, TEXT - n, "%s%s", n ? " " : "", s);
        n_bad_start += strchr(",.;:!?)]}%'", *s) != NULL;
        n_results++;
    }
    json_decref(r);
    return some;
}

static bool is_due(rh_legacy_source *l)
{
    bool due;
    (void)rh_legacy_source_look(l, &due);
    return due;
}

static rh_status result(rh_legacy_source *l, rh_legacy_part part, json_t **out, rh_error *err)
{
    rh_analysis a = {0};
    check(rh_legacy_source_recognise(l, part, NULL, err), err);
    rh_status st = rh_legacy_source_result(l, part, rh_legacy_source_measured_s(l), &a, err);
    if (st == RH_OK)
        *out = rh_analysis_json(&a);
    rh_analysis_done(&a);
    return st;
}

/* The client's side of a clip; what it heard goes to `text`. */
static void talk(const clip *c, int ms, char *text)
{
    static const float silence[60 * RATE];
    rh_legacy_source *l = NULL;
    rh_error err;
    size_t piece = (size_t)ms * RATE / 1000, end = c->n + 2 * RATE;
    double now = 0, last = c->first_s, speech_end = (double)c->speech_end / RATE, rest = 0;
    rh_session *session = NULL;
    const rh_session_options o = {.id = "x", .from = RH_SESSION_LEGACY, .unkept = true};
    const rh_face_options faces = rh_face_options_default();
    check(rh_session_new(&session, models, NULL, &o, &err), &err);
    check(rh_legacy_source_new(&l, session, &faces, &err), &err);
    for (size_t i = 0; i < end; i += piece) {
        size_t n = end - i < piece ? end - i : piece, sound = i < c->n ? c->n - i : 0;
        sound = sound < n ? sound : n;
        now = fmax(now, (double)(i + n) / RATE);
        check(rh_legacy_source_feed(l, c->x + (sound ? i : 0), sound, 0, &err), &err);
        check(rh_legacy_source_feed(l, silence, n - sound, 0, &err), &err);
        if (!is_due(l))
            continue;
        json_t *r = NULL;
        int64_t from = clock_us();
        rh_status st = result(l, RH_PART_SETTLED, &r, &err);
        now += (double)(clock_us() - from) / 1e6;
        check(st, &err);
        if (st != RH_OK || !take(r, text))
            continue;
        if (getenv("VERBOSE"))
            fprintf(stderr, "%6.2f %s\n", now, strrchr(text, ' '));
        rest = now - speech_end;
        if (now < speech_end || last < speech_end - 1)
            waits[n_waits++] = now - last;
        last = now;
    }
    json_t *r = NULL;
    check(result(l, RH_PART_ALL, &r, &err), &err);
    if (take(r, text))
        rest = 99; /* it should have come */
    rests[n_rests++] = rest;
    rh_session_free(session);
}

static void transcribe(const clip *c, char *text)
{
    rh_asr_stream *s = NULL;
    rh_error err;
    rh_transcript t;
    rh_asr_params p = rh_asr_params_default();
    p.language = "en";
    rh_transcript_init(&t);
    check(rh_asr_stream_new(&s, models->asr, &err), &err);
    check(rh_recording_transcribe(s, models->vad, c->x, c->n, &p, &t, NULL, NULL, &err), &err);
    (void)snprintf(text, TEXT, "%s", t.text ? t.text : "");
    rh_transcript_done(&t);
    rh_asr_stream_free(s);
}

/* Lower case, contractions as two words, no punctuation. */
static void split(const char *text, word_list *l)
{
    static const char *const short_forms[][2] = {{"n't", " not"},  {"'m", " am"},    {"'s", " is"},   {"'re", " are"},
                                                 {"'ll", " will"}, {"'ve", " have"}, {"'d", " would"}};
    char *o = l->text;
    for (const char *c = text; *c && o < l->text + TEXT - 8;) {
        size_t i = 0, n = sizeof short_forms / sizeof *short_forms;
        while (i < n && (strncasecmp(c, short_forms[i][0], strlen(short_forms[i][0])) != 0 ||
                         isalpha((unsigned char)c[strlen(short_forms[i][0])])))
            i++;
        if (i < n) {
            o += sprintf(o, "%s", short_forms[i][1]);
            c += strlen(short_forms[i][0]);
        } else if (*c++ != '\'') {
            *o++ = isalnum((unsigned char)c[-1]) ? (char)tolower((unsigned char)c[-1]) : ' ';
        }
    }
    *o = '\0';
    l->n = 0;
    for (char *w = strtok(l->text, " "); w && l->n < MAX_WORDS; w = strtok(NULL, " "))
        l->w[l->n++] = w;
}

static difference compare(const word_list *ref, const word_list *hyp)
{
    static difference row[MAX_WORDS + 1];
    for (int k = 0; k <= hyp->n; k++)
        row[k] = (difference){k, 0};
    for (int i = 0; i < ref->n; i++) {
        difference diagonal = row[0];
        row[0] = (difference){i + 1, i + 1};
        for (int k = 0; k < hyp->n; k++) {
            difference best = diagonal;
            best.errors += strcmp(ref->w[i], hyp->w[k]) != 0;
            if (row[k + 1].errors + 1 < best.errors)
                best = (difference){row[k + 1].errors + 1, row[k + 1].deletions + 1};
            if (row[k].errors + 1 < best.errors)
                best = (difference){row[k].errors + 1, row[k].deletions};
            diagonal = row[k + 1];
            row[k + 1] = best;
        }
    }
    return row[hyp->n];
}

static int doubled(const word_list *l)
{
    int n = 0;
    for (int i = 1; i < l->n; i++)
        n += strcmp(l->w[i], l->w[i - 1]) == 0 ||
             (i > 2 && strcmp(l->w[i], l->w[i - 2]) == 0 && strcmp(l->w[i - 1], l->w[i - 3]) == 0);
    return n;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double quantile(double *v, int n, double q)
{
    qsort(v, (size_t)n, sizeof *v, by_value);
    return n ? v[(int)(q * (n - 1) + 0.5)] : 0;
}

int main(int argc, char **argv)
{
    json_set_alloc_funcs(rh_alloc, rh_free);
    static clip c;
    static char live[TEXT], file[TEXT];
    static word_list ref, got, whole;
    int n_files = read_references(option(argc, argv, "--files", 24)), join = option(argc, argv, "--join", 1);
    int ms = option(argc, argv, "--ms", 100), noise = option(argc, argv, "--noise", 99);
    int tempo = option(argc, argv, "--tempo", 100), words = 0, wrong = 0, wrong_file = 0, twice = 0, lost = 0, n = 0;
    bool breathless = option(argc, argv, "--breathless", 0) != 0;
    cpu_clock = option(argc, argv, "--cpu", 0) != 0;
    if (ms < 10 || ms > 60000 || join < 1 || tempo < 50 || tempo > 200) {
        fprintf(stderr, "legacy_rhythm: --ms 10 to 60000, --join from 1, --tempo 50 to 200\n");
        return 2;
    }
    char path[4000];
    rh_error err;
    (void)snprintf(path, sizeof path, "%s/ggml-base.bin", bench_models_dir());
    rh_model_set_options o = {.whisper_path = path, .models_dir = bench_models_dir(), .language = "en"};
    o.asr = rh_asr_model_options_default();
    o.asr.n_threads = option(argc, argv, "--threads", 0);
    char cache[4096];
    (void)snprintf(cache, sizeof cache, "%s/..", bench_models_dir());
    o.asr.cache_dir = cache;
    check(rh_model_set_load(&models, &o, &err), &err);
    double audio_s = 0, live_cpu = 0;
    for (int i = 0; i + join <= n_files; i += join, n++) {
        c.n = 0;
        c.ref[0] = live[0] = file[0] = '\0';
        for (int k = i; k < i + join; k++)
            append(&c, &all[k], breathless);
        if (tempo != 100)
            change_tempo(&c, tempo);
        if (noise != 99)
            add_noise(&c, noise);
        find_speech(&c);
        int64_t from = rh_process_cpu_us();
        talk(&c, ms, live);
        live_cpu += (double)(rh_process_cpu_us() - from) / 1e6;
        audio_s += (double)c.n / RATE;
        transcribe(&c, file);
        split(c.ref, &ref);
        split(live, &got);
        split(file, &whole);
        difference a = compare(&ref, &got), b = compare(&ref, &whole);
        if (getenv("VERBOSE"))
            fprintf(stderr, "%s errors %d file %d\n  %s\n  %s\n", all[i].id, a.errors, b.errors, live, file);
        words += ref.n;
        wrong += a.errors;
        wrong_file += b.errors;
        lost += a.deletions > b.deletions ? a.deletions - b.deletions : 0;
        twice += doubled(&got) > doubled(&whole) ? doubled(&got) - doubled(&whole) : 0;
    }
    printf(
        "legacy_rhythm clips=%d audio_s=%.0f ms=%d join=%d breathless=%d noise_db=%d tempo=%d results=%d wait_s p50=%.2f "
        "p95=%.2f max=%.2f rest_s p50=%.2f max=%.2f words=%d wer=%.2f%% of_file=%.2f%% doubled=%d lost=%d "
        "bad_start=%d cpu_share=%.3f\n",
        n, audio_s, ms, join, breathless, noise == 99 ? 0 : noise, tempo, n_results, quantile(waits, n_waits, 0.5),
        quantile(waits, n_waits, 0.95), quantile(waits, n_waits, 1), quantile(rests, n_rests, 0.5),
        quantile(rests, n_rests, 1), words, 100.0 * wrong / words, 100.0 * wrong_file / words, twice, lost, n_bad_start,
        live_cpu / audio_s);
    rh_model_set_free(models);
    return 0;
}
