/* silence_tail MODEL [--precision P] [--texts PREFIX] [--files N] - the encoder with kept silence
 * against the full window, over LibriSpeech utterances.
 *
 * Prints the root mean square difference of the encoder's output at positions
 * that hold speech, over the root mean square of the output: median, 95 % and
 * the worst utterance; the processor time of both. With --texts each one's
 * transcripts (greedy, no timestamps, int8 decoder) go to PREFIX.full.tsv and
 * PREFIX.tail.tsv, whose word error rates bench/wer.py --texts tells. */
#include <math.h>
#include <string.h>
#include "asr/native/decoder.h"
#include "asr/native/encoder.h"
#include "paths.h"
#include "rehearse/media/audio.h"
#include "rehearse/base/clock.h"
#include "rehearse/base/cpu.h"

enum { MAX_FILES = 256, FULL, TAIL };

typedef struct {
    rh_enc_model *model;
    rh_enc_state *state;
    rh_enc_output out;
    int64_t cpu_us;
    FILE *texts;
} side;

typedef struct {
    rh_ggml_file *file;
    side full, tail;
    rh_dec_model *decoder;
    rh_dec_state *decoding;
    int n_state;
    double off[MAX_FILES];
    int n;
} bench;

static int compare_numbers(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static rh_status encode(side *s, const rh_audio *a, rh_error *err)
{
    rh_enc_window w = {.samples = a->samples, .n = a->n, .n_hops = rh_log_mel_n_hops(a->n)};
    int64_t from = rh_process_cpu_us();
    rh_status st = rh_enc_run(s->state, &w, &s->out, err);
    s->cpu_us += rh_process_cpu_us() - from;
    return st;
}

static rh_status write_text(bench *b, side *s, const char *id, rh_error *err)
{
    static rh_dec_result r;
    rh_dec_params p = rh_dec_params_default();
    const rh_tokenizer *t = rh_dec_model_tokenizer(b->decoder);
    p.language = "en";
    p.timestamps = false;
    rh_status st = rh_dec_set_audio(b->decoding, s->out.states, s->out.n_pos, err);
    if (st == RH_OK)
        st = rh_dec_run(b->decoding, &p, &r, err);
    if (st != RH_OK)
        return st;
    (void)fprintf(s->texts, "%s\t", id);
    for (int i = 0; i < r.n_tokens; i++) {
        size_t n;
        const char *bytes = rh_tokenizer_bytes(t, r.tokens[i].id, &n);
        (void)fwrite(bytes, 1, n, s->texts);
    }
    (void)fputc('\n', s->texts);
    return RH_OK;
}

static double difference(const bench *b)
{
    double diff = 0.0, sum = 0.0;
    for (int i = 0; i < b->full.out.n_speech * b->n_state; i++) {
        double x = (double)b->full.out.states[i], d = (double)b->tail.out.states[i] - x;
        diff += d * d;
        sum += x * x;
    }
    return sqrt(diff / sum);
}

static rh_status utterance(bench *b, const char *id, rh_error *err)
{
    char name[256], path[4096];
    rh_audio audio = {0};
    (void)snprintf(name, sizeof name, "librispeech/audio/%s.flac", id);
    rh_status st = rh_audio_read_file(&audio, bench_data(name, path, sizeof path), 30.0, err);
    if (st == RH_OK)
        st = encode(&b->full, &audio, err);
    if (st == RH_OK)
        st = encode(&b->tail, &audio, err);
    if (st == RH_OK)
        b->off[b->n++] = difference(b);
    if (st == RH_OK && b->decoder)
        st = write_text(b, &b->full, id, err);
    if (st == RH_OK && b->decoder)
        st = write_text(b, &b->tail, id, err);
    rh_audio_done(&audio);
    return st;
}

static rh_status open_side(bench *b, side *s, const char *precision, int which, const char *prefix, rh_error *err)
{
    char path[4096];
    rh_enc_options o = {.precision = precision, .n_threads = rh_cpu_count(), .full_window = which == FULL};
    rh_status st = rh_enc_model_new(&s->model, b->file, &o, err);
    if (st == RH_OK)
        st = rh_enc_state_new(&s->state, s->model, err);
    if (st != RH_OK || !prefix)
        return st;
    (void)snprintf(path, sizeof path, "%s.%s.tsv", prefix, which == FULL ? "full" : "tail");
    s->texts = fopen(path, "w");
    return s->texts ? RH_OK : rh_fail(err, RH_ERR_IO, "cannot write %s", path);
}

static void close_side(side *s)
{
    rh_enc_state_free(s->state);
    rh_enc_model_free(s->model);
    if (s->texts)
        fclose(s->texts);
}

static rh_status all_utterances(bench *b, int n_files, rh_error *err)
{
    char path[4096], line[4096];
    rh_status st = RH_OK;
    FILE *refs = fopen(bench_data("librispeech/refs.tsv", path, sizeof path), "r");
    if (!refs)
        return rh_fail(err, RH_ERR_IO, "cannot read %s", path);
    while (st == RH_OK && b->n < n_files && fgets(line, sizeof line, refs)) {
        line[strcspn(line, "\t\n")] = '\0';
        st = utterance(b, line, err);
    }
    fclose(refs);
    return st;
}

static rh_status run(bench *b, const char *model, const char *precision, const char *prefix, int n_files, rh_error *err)
{
    rh_dec_options d = {.n_threads = rh_cpu_count()};
    rh_status st = rh_ggml_file_open(&b->file, model, err);
    if (st == RH_OK)
        st = open_side(b, &b->full, precision, FULL, prefix, err);
    if (st == RH_OK)
        st = open_side(b, &b->tail, precision, TAIL, prefix, err);
    if (st == RH_OK && prefix)
        st = rh_dec_model_new(&b->decoder, b->file, &d, err);
    if (st == RH_OK && prefix)
        st = rh_dec_state_new(&b->decoding, b->decoder, err);
    if (st != RH_OK)
        return st;
    b->n_state = rh_ggml_file_hparams(b->file)->n_audio_state;
    return all_utterances(b, n_files, err);
}

int main(int argc, char **argv)
{
    static bench b;
    const char *precision = "auto", *prefix = NULL;
    int n_files = MAX_FILES;
    rh_error err = {0};
    for (int i = 2; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--precision") == 0)
            precision = argv[i + 1];
        else if (strcmp(argv[i], "--texts") == 0)
            prefix = argv[i + 1];
        else if (strcmp(argv[i], "--files") == 0 && atoi(argv[i + 1]) < MAX_FILES)
            n_files = atoi(argv[i + 1]);
    }
    if (argc < 2 || argc % 2) {
        (void)fprintf(stderr, "usage: silence_tail MODEL [--precision P] [--texts PREFIX] "
                              "[--files N]\n");
        return 2;
    }
    rh_status st = run(&b, argv[1], precision, prefix, n_files, &err);
    if (st == RH_OK && b.n) {
        qsort(b.off, (size_t)b.n, sizeof *b.off, compare_numbers);
        printf("silence_tail files=%d precision=%s difference_median=%.4f p95=%.4f worst=%.4f "
               "cpu_full_s=%.1f cpu_tail_s=%.1f\n",
               b.n, rh_enc_model_precision(b.full.model), b.off[b.n / 2], b.off[b.n * 95 / 100], b.off[b.n - 1],
               (double)b.full.cpu_us / 1e6, (double)b.tail.cpu_us / 1e6);
    } else {
        (void)fprintf(stderr, "silence_tail: %s\n", st == RH_OK ? "no utterances" : err.msg);
    }
    rh_dec_state_free(b.decoding);
    rh_dec_model_free(b.decoder);
    close_side(&b.full);
    close_side(&b.tail);
    rh_ggml_file_free(b.file);
    return st == RH_OK && b.n ? 0 : 1;
}
