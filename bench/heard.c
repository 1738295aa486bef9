/* heard - hears recordings once and judges them as often as scores change.
 *
 *   heard hear FOLDER < LIST      a line a recording: id, tab, path: FOLDER/id.json, where not there yet
 *   heard judge < LIST            a line a case, as JSON; prints the analysis and the report of each
 *
 * FOLDER/id.json holds all that recognition and the curves gave. A case: {"id", "table": path of such a
 * file, or "words": [[text, start, end], ...] where there is no sound, and of the session "question",
 * "kind", "eye_contact", "face", "attention" (0 to 100)}. bench/response and bench/advice build both. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "paths.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/json.h"
#include "rehearse/media/audio.h"
#include "rehearse/report/analysis_json.h"
#include "rehearse/report/report.h"
#include "rehearse/session/hearing.h"
#include "rehearse/speech/analysis.h"
#include "rehearse/speech/phones.h"

static const char *const LISTS[RH_WORD_LISTS] = {"clean", "verbatim", "forced"};

static json_t *numbers(const float *x, size_t n, double steps)
{
    json_t *a = json_array();
    for (size_t i = 0; x && i < n; i++)
        json_array_append_new(a, rh_rounded((double)x[i], steps));
    return a;
}

static json_t *words_json(const rh_word *w, size_t n)
{
    json_t *a = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(a, json_pack("[s,f,f,f,f,f]", w[i].text, (double)w[i].start, (double)w[i].end,
                                           (double)w[i].p, (double)w[i].p_rival, (double)w[i].entropy));
    return a;
}

/* Sound, word, start, end, ln P, margin, rival. */
static json_t *phones_json(const rh_word_table *t, const rh_speech_segment *s)
{
    json_t *a = json_array();
    for (size_t i = s->first_phone; i < s->first_phone + s->n_phones; i++) {
        const rh_phone_said *p = &t->phones[i];
        json_array_append_new(a, json_pack("[i,i,f,f,f,f,i]", p->phone, (int)p->word, (double)p->start, (double)p->end,
                                           (double)p->logp, (double)p->margin, p->rival));
    }
    return a;
}

/* Start, end and output of each stretch. */
static json_t *pooled_json(const rh_speech_segment *s)
{
    json_t *a = json_array();
    for (size_t i = 0; i < s->n_pooled; i++) {
        const rh_pooled *g = &s->pooled[i];
        json_array_append_new(a, json_pack("[f,f,o]", (double)g->start, (double)g->end, numbers(g->x, g->n, 1e5)));
    }
    return a;
}

static json_t *table_json(const rh_word_table *t, const rh_contour *c, double duration_s)
{
    json_t *segments = json_array(), *voice = json_array();
    json_t *o = json_pack("{s:f, s:s, s:s}", "duration_s", duration_s, "model", t->model, "language", t->language);
    for (size_t i = 0; i < t->n_segments; i++) {
        const rh_speech_segment *s = &t->segments[i];
        json_t *g = json_pack("{s:f, s:f, s:s, s:o}", "start", (double)s->start, "end", (double)s->end, "text",
                              s->text ? s->text : "", "pooled", pooled_json(s));
        for (int k = 0; k < RH_WORD_LISTS; k++) {
            const size_t first[] = {s->first_word, s->first_verbatim, s->first_forced};
            const size_t n[] = {s->n_words, s->n_verbatim, s->n_forced};
            json_object_set_new(g, LISTS[k], words_json(t->words[k].at + first[k], n[k]));
        }
        json_object_set_new(g, "phones", phones_json(t, s));
        json_array_append_new(segments, g);
    }
    for (size_t i = 0; i < t->n_voice; i++)
        json_array_append_new(voice, json_pack("[f,f]", (double)t->voice[i].start, (double)t->voice[i].end));
    json_object_set_new(o, "segments", segments);
    json_object_set_new(o, "voice", voice);
    json_object_set_new(o, "f0", numbers(c->f0_hz, c->n, 100));
    json_object_set_new(o, "voicing", numbers(c->voicing, c->n, 1000));
    json_object_set_new(o, "level", numbers(c->level_db, c->n, 100));
    json_object_set_new(o, "change", numbers(c->change_db, c->n, 100));
    json_object_set_new(o, "treble", numbers(c->treble_db, c->n, 100));
    json_object_set_new(o, "noise_db", json_real((double)c->noise_db));
    json_object_set_new(o, "speech_db", json_real((double)c->speech_db));
    json_object_set_new(o, "clipped", json_real((double)c->clipped));
    json_object_set_new(o, "peak", json_real((double)c->peak));
    return o;
}

/* ---- hear ---- */

typedef struct {
    rh_asr_model *model;
    rh_asr_stream *stream;
    rh_vad_model *vad;
} recogniser;

static bool open_recogniser(recogniser *e, rh_error *err)
{
    char path[4200], vad[4200];
    rh_asr_model_options o = rh_asr_model_options_default();
    o.n_threads = 1;
    snprintf(path, sizeof path, "%s/ggml-base.bin", bench_models_dir());
    snprintf(vad, sizeof vad, "%s/silero_vad_openvino_16k.onnx", bench_models_dir());
    return rh_asr_model_load(&e->model, path, &o, err) == RH_OK && rh_vad_model_load(&e->vad, vad, err) == RH_OK &&
           rh_asr_stream_new(&e->stream, e->model, err) == RH_OK;
}

static bool hear_one(const recogniser *e, const char *path, const char *to)
{
    rh_error err = {0};
    rh_audio audio = {0};
    rh_hearing h = {0};
    char part[4300];
    const rh_hearing_options o = {.language = "en"};
    rh_status st = rh_audio_read_file(&audio, path, 600, &err);
    if (st == RH_OK)
        st = rh_hear(&h, e->stream, e->model, e->vad, audio.samples, audio.n, &o, &err);
    if (st != RH_OK) {
        fprintf(stderr, "%s: %s\n", path, err.msg);
        rh_audio_done(&audio);
        return false;
    }
    json_t *table = table_json(&h.words, &h.curves, (double)audio.n / RH_ASR_RATE_HZ);
    snprintf(part, sizeof part, "%s.part", to);
    bool ok = json_dump_file(table, part, JSON_COMPACT | JSON_REAL_PRECISION(6)) == 0 && rename(part, to) == 0;
    json_decref(table);
    rh_hearing_done(&h);
    rh_audio_done(&audio);
    return ok;
}

static int hear(const char *folder)
{
    recogniser e = {0};
    rh_error err = {0};
    char *line = NULL, to[4200];
    size_t cap = 0;
    int failed = 0;
    if (!open_recogniser(&e, &err)) {
        fprintf(stderr, "%s\n", err.msg);
        return 1;
    }
    while (getline(&line, &cap, stdin) > 0) {
        char *id = strtok(line, "\t\n"), *path = strtok(NULL, "\t\n");
        if (!id || !path)
            continue;
        snprintf(to, sizeof to, "%s/%s.json", folder, id);
        if (access(to, R_OK) != 0)
            failed += !hear_one(&e, path, to);
    }
    free(line);
    rh_asr_stream_free(e.stream);
    rh_vad_model_free(e.vad);
    rh_asr_model_free(e.model);
    return failed ? 1 : 0;
}

/* ---- judge ---- */

static float real_at(const json_t *a, size_t i)
{
    return (float)json_number_value(json_array_get(a, i));
}

static float *read_numbers(const json_t *a)
{
    size_t n = json_array_size(a);
    float *x = rh_calloc(n + 1, sizeof *x);
    for (size_t i = 0; x && i < n; i++)
        x[i] = real_at(a, i);
    return x;
}

static void add_words(rh_word_table *t, rh_words_of list, const json_t *words)
{
    size_t i;
    json_t *w;
    json_array_foreach(words, i, w) {
        const char *text = json_string_value(json_array_get(w, 0));
        bool sure = json_array_size(w) < 6;
        rh_word word = {.start = real_at(w, 1),
                        .end = real_at(w, 2),
                        .p = sure ? 0.95f : real_at(w, 3),
                        .p_rival = sure ? 0.02f : real_at(w, 4),
                        .entropy = sure ? 0.2f : real_at(w, 5)};
        (void)rh_word_table_word(t, list, &word, text, strlen(text));
    }
}

static void add_phones(rh_word_table *t, const json_t *phones)
{
    size_t n = json_array_size(phones);
    rh_phone_said *said = rh_calloc(n + 1, sizeof *said);
    for (size_t i = 0; said && i < n; i++) {
        const json_t *p = json_array_get(phones, i);
        said[i] = (rh_phone_said){.phone = (int)real_at(p, 0),
                                  .word = (size_t)real_at(p, 1),
                                  .start = real_at(p, 2),
                                  .end = real_at(p, 3),
                                  .logp = real_at(p, 4),
                                  .margin = real_at(p, 5),
                                  .rival = (int)real_at(p, 6)};
    }
    if (said)
        (void)rh_word_table_phones(t, false, said, n);
    rh_free(said);
}

static void add_pooled(rh_word_table *t, const json_t *stretches)
{
    size_t i;
    json_t *g;
    json_array_foreach(stretches, i, g) {
        float *x = read_numbers(json_array_get(g, 2));
        (void)rh_word_table_pooled(t, real_at(g, 0), real_at(g, 1), x, json_array_size(json_array_get(g, 2)));
        rh_free(x);
    }
}

static void read_table(rh_word_table *t, const json_t *o)
{
    size_t i;
    json_t *g;
    snprintf(t->model, sizeof t->model, "%s", rh_json_str(o, "model"));
    snprintf(t->language, sizeof t->language, "%s", rh_json_str(o, "language"));
    json_array_foreach(json_object_get(o, "segments"), i, g) {
        (void)rh_word_table_segment(t, (float)rh_json_num(g, "start"), (float)rh_json_num(g, "end"),
                                    rh_json_str(g, "text"));
        add_pooled(t, json_object_get(g, "pooled"));
        for (int k = 0; k < RH_WORD_LISTS; k++)
            add_words(t, (rh_words_of)k, json_object_get(g, LISTS[k]));
        add_phones(t, json_object_get(g, "phones"));
    }
    json_array_foreach(json_object_get(o, "voice"), i, g)
        (void)rh_word_table_voice(t, real_at(g, 0), real_at(g, 1));
}

static void read_text(rh_word_table *t, const json_t *words, double *duration_s)
{
    size_t n = json_array_size(words), bytes = 1, i;
    json_t *w;
    json_array_foreach(words, i, w)
        bytes += strlen(json_string_value(json_array_get(w, 0))) + 1;
    char *text = rh_calloc(bytes, 1);
    json_array_foreach(words, i, w) {
        strcat(text, i ? " " : "");
        strcat(text, json_string_value(json_array_get(w, 0)));
    }
    float end = n ? real_at(json_array_get(words, n - 1), 2) : 0;
    snprintf(t->language, sizeof t->language, "en");
    (void)rh_word_table_segment(t, 0, end, text);
    add_words(t, RH_WORDS_CLEAN, words);
    *duration_s = (double)end + 0.5;
    rh_free(text);
}

static json_t *session_json(const json_t *of, double duration_s)
{
    return json_pack("{s:s, s:f, s:f, s:{s:s, s:s}, s:[], s:[]}", "id", "x", "created", 0.0, "duration_s", duration_s,
                     "meta", "question", rh_json_str(of, "question"), "kind", rh_json_str(of, "kind"), "events",
                     "segments");
}

/* The same sight in every second. */
static rh_face_track track_of(const json_t *of, double duration_s)
{
    static const char *const keys[RH_SEEN_KINDS] = {
        [RH_SEEN_FACE] = "face", [RH_SEEN_EYE_CONTACT] = "eye_contact", [RH_SEEN_ATTENTION] = "attention"};
    rh_face_track f = {.n_seconds = (size_t)ceil(duration_s)};
    f.seconds = rh_calloc(f.n_seconds + 1, sizeof *f.seconds);
    for (size_t i = 0; i < f.n_seconds; i++)
        for (int k = 0; k < RH_SEEN_KINDS; k++) {
            const json_t *v = keys[k] ? json_object_get(of, keys[k]) : NULL;
            f.seconds[i].mean[k] = v ? (float)json_number_value(v) : NAN;
        }
    return f;
}

static json_t *table_of(const json_t *of)
{
    const char *path = rh_json_str(of, "table");
    return *path ? json_load_file(path, 0, NULL) : NULL;
}

static bool judge_one(const char *line)
{
    json_t *of = json_loads(line, 0, NULL), *o = table_of(of), *report = NULL;
    rh_word_table t = {0};
    rh_analysis a = {0};
    rh_error err = {0};
    double duration_s = rh_json_num(o, "duration_s");
    float *curve[5] = {0};
    static const char *const keys[5] = {"f0", "voicing", "level", "change", "treble"};
    for (int k = 0; k < 5; k++)
        curve[k] = read_numbers(json_object_get(o, keys[k]));
    rh_contour c = {.n = json_array_size(json_object_get(o, "f0")),
                    .f0_hz = curve[0],
                    .voicing = curve[1],
                    .level_db = curve[2],
                    .change_db = curve[3],
                    .treble_db = curve[4],
                    .noise_db = (float)rh_json_num(o, "noise_db"),
                    .speech_db = (float)rh_json_num(o, "speech_db"),
                    .clipped = (float)rh_json_num(o, "clipped"),
                    .peak = (float)rh_json_num(o, "peak")};
    if (o)
        read_table(&t, o);
    else
        read_text(&t, json_object_get(of, "words"), &duration_s);
    (void)rh_word_table_question(&t, rh_json_str(of, "question"), rh_json_str(of, "kind"));
    json_t *session = session_json(of, duration_s);
    rh_face_track faces = track_of(of, duration_s);
    bool ok = rh_analyse(&t, o ? &c : NULL, &faces, 0, duration_s, &a, &err) == RH_OK &&
              rh_report_build(session, &a, NULL, &report, &err) == RH_OK;
    if (ok) {
        json_object_set(report, "id", json_object_get(of, "id"));
        json_object_del(report, "timeline");
        json_dumpf(report, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
        putchar('\n');
    } else {
        fprintf(stderr, "%s: %s\n", rh_json_str(of, "id"), err.msg);
    }
    for (int k = 0; k < 5; k++)
        rh_free(curve[k]);
    rh_analysis_done(&a);
    rh_face_track_done(&faces);
    rh_word_table_done(&t);
    json_decref(report);
    json_decref(session);
    json_decref(o);
    json_decref(of);
    return ok;
}

int main(int argc, char **argv)
{
    char *line = NULL;
    size_t cap = 0;
    int failed = 0;
    if (argc == 3 && strcmp(argv[1], "hear") == 0)
        return hear(argv[2]);
    if (argc != 2 || strcmp(argv[1], "judge") != 0) {
        fprintf(stderr, "usage: heard hear FOLDER < LIST, heard judge < LIST\n");
        return 2;
    }
    while (getline(&line, &cap, stdin) > 0)
        failed += !judge_one(line);
    free(line);
    return failed ? 1 : 0;
}
