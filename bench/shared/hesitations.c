/* hesitations.c - see hesitations.h. */
#include "hesitations.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "paths.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/stats.h"
#include "rehearse/session/hearing.h"

enum { MAX_LINE = 8192, MAX_PATH = 4200, MAX_TERMS = 200 };

const mark MARKS[N_MARKS] = {
    {"acoustic_corpus", 8.06f, 8.62f},
    {"acoustic_corpus", 14.56f, 15.22f},
    {"acoustic_corpus", 22.87f, 23.60f},
    {"cold_corpus", 1.28f, 1.70f},
    {"cold_corpus", 9.88f, 10.25f},
    {"cold_corpus", 17.80f, 18.30f},
    {"mfa_crossword", 5.82f, 6.60f},
    {"mfa_um", 3.80f, 5.20f},
    {"mfa_uhuh", 1.90f, 2.04f},
    {"mfa_uhuh", 2.60f, 2.78f},
    {"mfa_uhuh", 3.24f, 3.44f},
    {"mfa_uhuh", 4.34f, 0.0f},
    {"mfa_uhuh", 4.52f, 0.0f},
    {"multilingual_ipa_us_4", 3.06f, 0.0f},
    {"mfa_cutoffprogressive", 8.26f, 8.64f},
};

/* ---- who listens ---- */

static void bad_usage(const char *program, const char *parts)
{
    const char *name = strrchr(program, '/');
    fprintf(stderr, "usage: %s [--model FILE] [--threads N] [--verbose] [--part %s] [--list FILE] [--terms A,B,...]\n",
            name ? name + 1 : program, parts);
    exit(2);
}

static bool is_one_of(const char *part, const char *parts)
{
    size_t n = strlen(part);
    for (const char *p = parts; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
        if (strncmp(p, part, n) == 0 && (p[n] == '|' || !p[n]))
            return true;
    return false;
}

/* `list` is cut up. */
static rh_terms *terms_of(char *list)
{
    const char *at[MAX_TERMS];
    size_t n = 0;
    rh_terms *terms = NULL;
    rh_error err = {0};
    for (char *t = strtok(list, ","); t && n < MAX_TERMS; t = strtok(NULL, ","))
        at[n++] = t;
    bench_check(rh_terms_new(&terms, at, n, &err), &err);
    return terms;
}

listener listener_open(int argc, char **argv, const char *parts)
{
    json_set_alloc_funcs(rh_alloc, rh_free);
    listener l = {0};
    char model[MAX_PATH], vad[MAX_PATH], corpus[MAX_PATH];
    rh_error err = {0};
    rh_asr_model_options options = rh_asr_model_options_default();
    (void)snprintf(model, sizeof model, "%s/ggml-base.bin", bench_models_dir());
    (void)snprintf(vad, sizeof vad, "%s/silero_vad_openvino_16k.onnx", bench_models_dir());
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--verbose") == 0)
            l.verbose = true;
        else if (i + 1 == argc)
            bad_usage(argv[0], parts);
        else if (strcmp(argv[i], "--model") == 0)
            (void)snprintf(model, sizeof model, "%s", argv[++i]);
        else if (strcmp(argv[i], "--threads") == 0)
            options.n_threads = atoi(argv[++i]);
        else if (strcmp(argv[i], "--list") == 0)
            l.list = argv[++i];
        else if (strcmp(argv[i], "--terms") == 0)
            l.terms = terms_of(argv[++i]);
        else if (strcmp(argv[i], "--part") == 0 && is_one_of(argv[i + 1], parts))
            l.part = argv[++i];
        else
            bad_usage(argv[0], parts);
    }
    if (!l.list)
        (void)bench_data("fillers/manifest.jsonl", corpus, sizeof corpus);
    bench_check(rh_asr_model_load(&l.model, model, &options, &err), &err);
    bench_check(rh_vad_model_load(&l.vad, vad, &err), &err);
    bench_check(rh_asr_stream_new(&l.stream, l.model, &err), &err);
    return l;
}

void listener_done(listener *l)
{
    rh_asr_stream_free(l->stream);
    rh_terms_free(l->terms);
    rh_vad_model_free(l->vad);
    rh_asr_model_free(l->model);
}

bool listener_wants(const listener *l, const char *part)
{
    return !l->part || strcmp(l->part, part) == 0;
}

/* ---- recordings ---- */

void each_clip(take_recording *take, void *user)
{
    char path[MAX_PATH], name[MAX_PATH], line[MAX_LINE];
    FILE *f = fopen(bench_data("fillers/manifest.jsonl", path, sizeof path), "r");
    while (f && fgets(line, sizeof line, f)) {
        json_t *o = json_loads(line, 0, NULL);
        const char *file = json_string_value(json_object_get(o, "file"));
        const char *text = json_string_value(json_object_get(o, "text_verbatim"));
        recording r = {.id = json_string_value(json_object_get(o, "id")),
                       .verbatim = text ? text : "",
                       .truth = (int)json_integer_value(json_object_get(o, "fillers"))};
        if (r.id && file) {
            (void)snprintf(name, sizeof name, "fillers/%.200s", file);
            r.path = bench_data(name, path, sizeof path);
            take(user, &r);
        }
        json_decref(o);
    }
    if (f)
        fclose(f);
}

void each_read(take_recording *take, void *user)
{
    char path[MAX_PATH], name[MAX_PATH], line[MAX_LINE];
    FILE *f = fopen(bench_data("librispeech/refs.tsv", path, sizeof path), "r");
    while (f && fgets(line, sizeof line, f)) {
        line[strcspn(line, "\t\n")] = '\0';
        (void)snprintf(name, sizeof name, "librispeech/audio/%.200s.flac", line);
        take(user, &(recording){.id = line, .path = bench_data(name, path, sizeof path), .verbatim = ""});
    }
    if (f)
        fclose(f);
}

void each_listed(const char *list, take_recording *take, void *user)
{
    char line[MAX_LINE];
    FILE *f = fopen(list, "r");
    if (!f) {
        fprintf(stderr, "%s: can't be read\n", list);
        exit(1);
    }
    while (fgets(line, sizeof line, f)) {
        const char *id = strtok(line, "\t\n"), *path = strtok(NULL, "\t\n"), *truth = strtok(NULL, "\t\n");
        if (id && path)
            take(user, &(recording){.id = id, .path = path, .verbatim = "", .truth = truth ? atoi(truth) : 0});
    }
    fclose(f);
}

/* ---- how right it is ---- */

int sounds_of(const rh_word_table *said, seconds *times)
{
    times->n = 0;
    for (size_t i = 0; i < said->n_fillers; i++)
        if ((int)said->fillers[i].kind < RH_FILLER_SOUNDS && times->n < MAX_SOUNDS)
            times->at[times->n++] = said->fillers[i].start;
    return times->n;
}

float nearest(const seconds *times, float t)
{
    float best = 1.0f;
    for (int i = 0; i < times->n; i++)
        best = fminf(best, fabsf(times->at[i] - t));
    return best;
}

void compare_with_marks(seconds *errors, const char *id, const seconds *times)
{
    for (size_t m = 0; m < N_MARKS; m++) {
        float away = strcmp(MARKS[m].id, id) == 0 ? nearest(times, MARKS[m].start) : 1.0f;
        if (away < 1.0f && errors->n < MAX_SOUNDS)
            errors->at[errors->n++] = away;
    }
}

double median_ms(seconds *s)
{
    rh_sort_floats(s->at, (size_t)s->n);
    return s->n ? 1000.0 * (double)s->at[s->n / 2] : 0.0;
}

void tally_up(tally *t, int truth, int heard)
{
    int found = heard < truth ? heard : truth;
    t->truth += truth;
    t->found += found;
    t->false_alarms += heard - found;
}

double share(int part, int whole)
{
    return whole ? 100.0 * part / whole : 100.0;
}

double recall(const tally *t)
{
    return share(t->found, t->truth);
}

double precision(const tally *t)
{
    return share(t->found, t->found + t->false_alarms);
}

/* ---- hearing ---- */

bool read_sound(rh_audio *a, const char *path)
{
    rh_error err = {0};
    bool ok = rh_audio_read_file(a, path, 600, &err) == RH_OK;
    if (!ok)
        fprintf(stderr, "%s: %s\n", path, err.msg);
    return ok;
}

bool hear_recording(const listener *l, const char *id, const float *x, size_t n, rh_analysis *out)
{
    rh_error err = {0};
    rh_hearing h = {0};
    rh_hearing_options o = {.language = "en", .terms = l->terms};
    *out = (rh_analysis){0};
    rh_status st = rh_hear(&h, l->stream, l->model, l->vad, x, n, &o, &err);
    if (st == RH_OK)
        st = rh_analyse(&h.words, &h.curves, NULL, 0, (double)n / 16000.0, out, &err);
    if (st != RH_OK)
        fprintf(stderr, "%s: %s\n", id, err.msg);
    else if (l->verbose)
        show_analysis(id, out);
    rh_hearing_done(&h);
    return st == RH_OK;
}

void show_filler(const rh_filler *f)
{
    printf("  %6.2f-%.2f %s p %.2f after %d covers %d\n", (double)f->start, (double)f->end,
           rh_filler_said(rh_tongue_of("en"), f), (double)f->p, f->after_word, f->n_words);
}

void show_analysis(const char *id, const rh_analysis *a)
{
    const rh_word_table *d = &a->said;
    const rh_word_list *verbatim = &d->words[RH_WORDS_VERBATIM];
    printf("%s\n  clean:    %s\n  decoded verbatim:", id, a->text);
    for (size_t i = 0; i < verbatim->n; i++)
        printf(" %s", verbatim->at[i].text);
    printf("\n  verbatim: %s\n", a->verbatim_text);
    for (size_t i = 0; i < d->n_fillers; i++)
        show_filler(&d->fillers[i]);
    for (size_t i = 0; i < d->n_disfluencies; i++)
        printf("  %6.2f-%.2f %s after %d\n", (double)d->disfluencies[i].start, (double)d->disfluencies[i].end,
               rh_disfluency_name(d->disfluencies[i].kind), d->disfluencies[i].after_word);
}
