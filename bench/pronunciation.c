/* pronunciation - how far the scores agree with five experts.
 *
 *   pronunciation [--every N]
 *
 * Every rated recording of speechocean762 goes through the engine and the
 * scores as in production, with and without its text. The tables built in have
 * learnt from all speakers, so each speaker is judged by tables learnt without
 * them (pronunciation_folds.bin, written by tools/train_scores.py). Prints, a
 * line a group: Pearson / Spearman of each score with its rating.
 *
 * The recordings are those of the training split. Such folds flatter: people of
 * the official test split, which is kept apart, agree by about 0.1 less
 * (docs/scoring.md), so these figures are not to be quoted alone. */
#include <math.h>
#include <stdint.h>
#include <string.h>
#include "paths.h"
#include "rehearse/base/alloc.h"
#include "rehearse/media/audio.h"
#include "rehearse/session/hearing.h"
#include "rehearse/speech/analysis.h"
#include "asr/voice_head.h"
#include "speech/score_tables.h"

enum { MAX_RECORDINGS = 4096, MAX_FOLDS = 10, MAX_SPEAKERS = 400, KINDS = 2 };

typedef struct {
    char speaker[12];
    int32_t fold;
} fold_speaker;

typedef struct {
    int n, n_speakers;
    fold_speaker speakers[MAX_SPEAKERS];
    rh_score_model models[MAX_FOLDS][RH_RATINGS];
    voice_head heads[MAX_FOLDS];
} folds;

typedef struct {
    int age;
    char sex;
    float rated[RH_RATINGS];
    float scored[KINDS][RH_RATINGS]; /* [with text, free] */
} result;

static folds all_folds;
static result results[MAX_RECORDINGS];
static size_t n_results;

/* ---- tables ---- */

static void take(FILE *f, void *to, size_t n)
{
    if (fread(to, 1, n, f) != n) {
        fprintf(stderr, "pronunciation_folds.bin is cut short\n");
        exit(1);
    }
}

static const float *read_weights(FILE *f, float *offset)
{
    float *w = rh_alloc_array(RH_SOUND_INPUTS, sizeof *w);
    take(f, w, RH_SOUND_INPUTS * sizeof *w);
    take(f, offset, sizeof *offset);
    return w;
}

static void read_model(FILE *f, rh_score_model *m)
{
    m->sound = read_weights(f, &m->sound_offset);
    for (int k = 0; k < 2 * RH_SCORE_KINDS; k++) {
        int32_t n;
        take(f, &n, sizeof n);
        take(f, &m->additive[k].middle, sizeof m->additive[k].middle);
        rh_score_curve *curves = rh_alloc_array((size_t)n, sizeof *curves);
        take(f, curves, (size_t)n * sizeof *curves);
        m->additive[k].curves = curves;
        m->additive[k].n = (size_t)n;
    }
}

static void read_folds(const char *path)
{
    FILE *f = fopen(path, "rb");
    char magic[8];
    int32_t head[3];
    if (!f) {
        fprintf(stderr, "skipped: no %s (run in the source root)\n", path);
        exit(BENCH_SKIPPED);
    }
    take(f, magic, sizeof magic);
    take(f, head, sizeof head);
    if (memcmp(magic, "RHFOLDS4", 8) != 0 || head[0] > MAX_FOLDS || head[1] > MAX_SPEAKERS ||
        head[2] != RH_SOUND_INPUTS) {
        fprintf(stderr, "%s is not a table of folds for this build\n", path);
        exit(1);
    }
    all_folds.n = head[0];
    all_folds.n_speakers = head[1];
    take(f, all_folds.speakers, (size_t)head[1] * sizeof *all_folds.speakers);
    for (int k = 0; k < all_folds.n; k++) {
        float offset;
        take(f, &all_folds.heads[k], sizeof all_folds.heads[k]);
        const float *young = read_weights(f, &offset);
        for (int r = 0; r < RH_RATINGS; r++) {
            rh_score_model *m = &all_folds.models[k][r];
            read_model(f, m);
            m->young = young;
            m->young_offset = offset;
        }
    }
    fclose(f);
}

/* That which was learnt without the speaker; -1: nobody learnt from them. */
static int fold_of(const char *speaker)
{
    for (int i = 0; i < all_folds.n_speakers; i++)
        if (strncmp(all_folds.speakers[i].speaker, speaker, 12) == 0)
            return all_folds.speakers[i].fold;
    return -1;
}

/* ---- one recording ---- */

static void score(const rh_speech_input *in, const rh_score_model *models, float out[RH_RATINGS])
{
    rh_speech_report r;
    rh_speech_report_init(&r);
    if (rh_speech_measure_by(in, models, &r, NULL) == RH_OK) {
        out[RH_RATING_FLUENCY] = r.fluency.value;
        out[RH_RATING_ACCURACY] = r.pronunciation.value;
        out[RH_RATING_PROSODIC] = r.prosody.value;
        out[RH_RATING_TOTAL] = r.clarity.value;
    }
    rh_speech_report_done(&r);
}

/* With a fold's voice head. */
typedef struct {
    rh_asr_model *model;
    rh_asr_stream *stream;
    rh_vad_model *vad;
} recogniser;

static recogniser recognisers[MAX_FOLDS + 1];

static recogniser *recogniser_of(int fold)
{
    char path[4200], vad_path[4200];
    recogniser *e = &recognisers[fold + 1];
    rh_error err = {0};
    if (e->stream)
        return e;
    (void)snprintf(path, sizeof path, "%s/ggml-base.bin", bench_models_dir());
    (void)snprintf(vad_path, sizeof vad_path, "%s/silero_vad_openvino_16k.onnx", bench_models_dir());
    voice_head_used = fold < 0 ? &voice_head_table : &all_folds.heads[fold];
    if (rh_asr_model_load(&e->model, path, NULL, &err) != RH_OK ||
        rh_vad_model_load(&e->vad, vad_path, &err) != RH_OK || rh_asr_stream_new(&e->stream, e->model, &err) != RH_OK) {
        fprintf(stderr, "skipped: %s\n", err.msg);
        exit(BENCH_SKIPPED);
    }
    return e;
}

/* Hears a recording, with its text or freely, and scores it. */
static bool hear(recogniser *e, const char *path, const char *text, const rh_score_model *models, float out[RH_RATINGS])
{
    rh_audio audio = {0};
    rh_hearing h = {0};
    rh_analysis a = {0};
    rh_error err = {0};
    const rh_hearing_options o = {.language = "en", .reference = text};
    rh_status st = rh_audio_read_file(&audio, path, 600, &err);
    if (st == RH_OK)
        st = rh_hear(&h, e->stream, e->model, e->vad, audio.samples, audio.n, &o, &err);
    if (st == RH_OK)
        st = rh_analyse(&h.words, &h.curves, NULL, 0, (double)audio.n / RH_ASR_RATE_HZ, &a, &err);
    rh_audio_done(&audio);
    if (st != RH_OK) {
        fprintf(stderr, "%s: %s\n", path, err.msg);
        return false;
    }
    const rh_speech_input in = rh_word_table_input(&a.said, &h.curves, a.duration_s);
    score(&in, models, out);
    rh_analysis_done(&a);
    rh_hearing_done(&h);
    return true;
}

/* id,speaker,age,gender,duration_s,accuracy,fluency,prosodic,total,...,text,file */
enum { COLUMNS = 16, SPEAKER = 1, AGE = 2, SEX = 3, ACCURACY = 5, FLUENCY, PROSODIC, TOTAL, TEXT = 14, NAME };

static bool one(const char *folder, char **c)
{
    char path[4500];
    int fold = fold_of(c[SPEAKER]);
    const rh_score_model *models = fold < 0 ? rh_score_models : all_folds.models[fold];
    recogniser *e = recogniser_of(fold);
    (void)snprintf(path, sizeof path, "%s/%s", folder, c[NAME]);
    result r = {.age = atoi(c[AGE]), .sex = c[SEX][0]};
    if (!hear(e, path, c[TEXT], models, r.scored[0]) || !hear(e, path, NULL, models, r.scored[1]))
        return false;
    r.rated[RH_RATING_FLUENCY] = strtof(c[FLUENCY], NULL);
    r.rated[RH_RATING_ACCURACY] = strtof(c[ACCURACY], NULL);
    r.rated[RH_RATING_PROSODIC] = strtof(c[PROSODIC], NULL);
    r.rated[RH_RATING_TOTAL] = strtof(c[TOTAL], NULL);
    results[n_results++] = r;
    return true;
}

static void one_list(const char *folder, const char *name, long every)
{
    char path[4500], line[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "r");
    if (!f || !fgets(line, sizeof line, f))
        return;
    for (long i = 0; fgets(line, sizeof line, f) && n_results < MAX_RECORDINGS; i++) {
        char *c[COLUMNS], *s = line;
        int n = 0;
        line[strcspn(line, "\r\n")] = '\0';
        while (s && n < COLUMNS)
            c[n++] = strsep(&s, ",");
        if (n == COLUMNS && i % (every > 0 ? every : 1) == 0)
            one(folder, c);
    }
    fclose(f);
}

/* ---- agreement ---- */

static double pearson(const double *x, const double *y, size_t n)
{
    double mx = 0, my = 0, xy = 0, xx = 0, yy = 0;
    for (size_t i = 0; i < n; i++) {
        mx += x[i] / (double)n;
        my += y[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        xy += (x[i] - mx) * (y[i] - my);
        xx += (x[i] - mx) * (x[i] - mx);
        yy += (y[i] - my) * (y[i] - my);
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
}

/* Ranks, ties sharing their mean. */
static void ranks(const double *x, size_t n, double *out)
{
    for (size_t i = 0; i < n; i++) {
        double below = 0, same = 0;
        for (size_t k = 0; k < n; k++) {
            below += x[k] < x[i];
            same += x[k] == x[i];
        }
        out[i] = below + (same - 1) / 2;
    }
}

static bool in_group(const result *r, int group)
{
    switch (group) {
    case 1: return r->age >= 18;
    case 2: return r->age < 18;
    case 3: return r->sex == 'f';
    case 4: return r->sex == 'm';
    default: return true;
    }
}

static void print_group(int group, int kind)
{
    static const char *const groups[] = {"all", "adults", "children", "female", "male"};
    static const char *const kinds[] = {"text", "free"};
    static const char *const names[] = {"fluency", "accuracy", "prosodic", "total"};
    static double x[MAX_RECORDINGS], y[MAX_RECORDINGS], rx[MAX_RECORDINGS], ry[MAX_RECORDINGS];
    for (int r = 0; r < RH_RATINGS; r++) {
        size_t n = 0;
        double over = 0;
        for (size_t i = 0; i < n_results; i++) {
            if (!in_group(&results[i], group))
                continue;
            x[n] = (double)results[i].scored[kind][r];
            y[n] = (double)results[i].rated[r];
            over += x[n] - 10 * y[n];
            n++;
        }
        if (r == 0)
            printf("pronunciation %s %-8s n=%zu", kinds[kind], groups[group], n);
        ranks(x, n, rx);
        ranks(y, n, ry);
        printf(" %s=%.3f/%.3f(%+.1f)", names[r], pearson(x, y, n), pearson(rx, ry, n), n ? over / (double)n : 0);
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    char folder[4200];
    long every = argc > 2 && strcmp(argv[1], "--every") == 0 ? atol(argv[2]) : 1;
    bench_data("speechocean762", folder, sizeof folder);
    read_folds("bench/pronunciation_folds.bin");
    one_list(folder, "scores.csv", every);
    one_list(folder, "more.csv", every);
    printf("pronunciation: training split, each speaker by the fold without them; the official test split is kept "
           "apart: expect about 0.1 less there (docs/scoring.md)\n");
    for (int kind = 0; kind < KINDS; kind++)
        for (int group = 0; group < 5; group++)
            print_group(group, kind);
    for (int k = 0; k <= MAX_FOLDS; k++) {
        rh_asr_stream_free(recognisers[k].stream);
        rh_vad_model_free(recognisers[k].vad);
        rh_asr_model_free(recognisers[k].model);
    }
    return 0;
}
