/* speech_features - the table that tools/train_scores.py learns from.
 *
 *   speech_features [--model FILE] [--threads N] [--layers OUT] LIST > table.jsonl
 *   speech_features --replay table.jsonl > table2.jsonl
 *
 * LIST has a line a recording: id, tab, path, tab, reference text. A line of
 * the table holds what was heard (words, forced words, pauses, curves, pooled
 * encoder output, how likely every sound is at each step), and the features and
 * scores computed from it with and without the text; --replay computes both anew,
 * taking the pooled output for that of Whisper base. Both lay the words' sounds over
 * the steps, once for the text's words and once for those recognised; a recording
 * that was heard in several pieces has no steps. --layers writes what the voice head is made
 * from (tools/train_voice), a recording after the other where it was heard at once: its id in 64 bytes, the number of
 * positions n, and the outputs of the encoder's layers, [VOICE_LAYERS][n][VOICE_STATE] in f16. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/media/audio.h"
#include "rehearse/session/hearing.h"
#include "rehearse/speech/analysis.h"
#include "rehearse/speech/phones.h"
#include "paths.h"
#include "asr/native/encoder.h"
#include "asr/voice_head.h"
#include "speech/chunks.h"

enum { MAX_LINE = 1 << 16, MAX_HEARD = 4096 };

static const float STEP_S = (float)RH_ASR_PHONE_STEP / RH_ASR_RATE_HZ;

static json_t *number(float v)
{
    if (!isfinite(v))
        return json_null();
    return json_real(round((double)v * 1e5) / 1e5);
}

static json_t *numbers(const float *x, size_t n)
{
    json_t *a = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(a, number(x[i]));
    return a;
}

static json_t *words_json(const rh_word *w, size_t n)
{
    json_t *a = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(a, json_pack("[s,o,o,f,f,o]", w[i].text, number(w[i].start), number(w[i].end),
                                           (double)w[i].p, (double)w[i].p_rival, number(w[i].entropy)));
    return a;
}

static bool is_of_phones(int feature)
{
    return feature >= RH_F_PHONE_LOGP && feature <= RH_F_PHONE_MARGIN_LOW;
}

/* Features of the recording's chunks, averaged by words; null for sounds that are not known in all of them. */
static json_t *features_json(const rh_speech_input *in)
{
    rh_speech_report r;
    rh_chunk *s = NULL;
    size_t n = 0;
    float x[RH_FEATURES] = {0}, total = 0;
    rh_speech_report_init(&r);
    if (rh_speech_measure(in, &r, NULL) != RH_OK || !r.spoken || rh_chunks_measure(in, &r, &s, &n, NULL) != RH_OK) {
        rh_speech_report_done(&r);
        return json_null();
    }
    for (size_t i = 0; i < n; i++)
        total += (float)s[i].n_spoken;
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < RH_FEATURES; k++)
            x[k] += is_of_phones(k) && !s[i].has_phones ? NAN : s[i].x[k] * (float)s[i].n_spoken / total;
    json_t *a = numbers(x, in->reference && in->n_forced ? RH_FEATURES : RH_FREE_FEATURES);
    rh_free(s);
    rh_speech_report_done(&r);
    return a;
}

/* Fluency, pronunciation, prosody, clarity, overall. */
static json_t *scores_json(const rh_speech_input *in)
{
    rh_speech_report r;
    rh_speech_report_init(&r);
    json_t *a = json_null();
    if (rh_speech_measure(in, &r, NULL) == RH_OK && r.spoken) {
        const float x[] = {r.fluency.value, r.pronunciation.value, r.prosody.value, r.clarity.value, r.overall.value};
        a = numbers(x, sizeof x / sizeof *x);
    }
    rh_speech_report_done(&r);
    return a;
}

static json_t *line_of(const char *id, const rh_speech_input *in)
{
    json_t *o = json_pack("{s:s,s:f,s:o,s:o,s:s}", "id", id, "duration_s", in->duration_s, "words",
                          words_json(in->words, in->n_words), "forced", words_json(in->forced, in->n_forced),
                          "reference", in->reference ? in->reference : "");
    if (in->n_segments && in->segments[0].n_pooled)
        json_object_set_new(o, "pooled", numbers(in->segments[0].pooled[0].x, in->segments[0].pooled[0].n));
    if (in->contour) {
        json_object_set_new(o, "f0", numbers(in->contour->f0_hz, in->contour->n));
        json_object_set_new(o, "level", numbers(in->contour->level_db, in->contour->n));
        json_object_set_new(o, "noise_db", number(in->contour->noise_db));
        json_object_set_new(o, "speech_db", number(in->contour->speech_db));
    }
    return o;
}

/* ---- sounds ---- */

/* The steps as text: two hexadecimal digits a cost. */
static json_t *steps_json(const rh_phone_steps *s)
{
    static const char digits[] = "0123456789abcdef";
    size_t n = s->n * RH_PHONES;
    char *text = rh_alloc(2 * n + 1);
    for (size_t i = 0; i < n; i++) {
        text[2 * i] = digits[s->cost[i] >> 4];
        text[2 * i + 1] = digits[s->cost[i] & 15];
    }
    json_t *o = json_stringn(text, 2 * n);
    rh_free(text);
    return o;
}

static uint8_t *read_steps(const json_t *text, size_t *n_steps)
{
    size_t n = json_string_length(text) / 2;
    const char *at = json_string_value(text);
    uint8_t *cost = rh_alloc(n + 1);
    for (size_t i = 0; i < n; i++) {
        const char digit[] = {at[2 * i], at[2 * i + 1], 0};
        cost[i] = (uint8_t)strtoul(digit, NULL, 16);
    }
    *n_steps = n / RH_PHONES;
    return cost;
}

/* Word, sound, start, end, ln P, margin, rival. */
static json_t *sounds_json(const rh_phone_said *p, size_t n)
{
    json_t *a = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(a, json_pack("[i,s,o,o,o,o,s]", (int)p[i].word, rh_phone_name(p[i].phone),
                                           number(p[i].start), number(p[i].end), number(p[i].logp), number(p[i].margin),
                                           rh_phone_name(p[i].rival)));
    return a;
}

/* The input with the sounds of its words, forced or free, in its only segment `g`. */
static rh_phone_said *add_sounds(rh_speech_input *in, rh_speech_segment *g, const rh_phone_steps *steps)
{
    rh_phone_said *said = NULL;
    size_t n = 0;
    bool forced = in->n_forced > 0;
    if (in->n_segments != 1)
        return NULL;
    (void)rh_phones_align(steps, forced ? in->forced : in->words, forced ? in->n_forced : in->n_words, &said, &n, NULL);
    *g = in->segments[0];
    g->first_phone = 0;
    g->n_phones = n;
    g->phones_forced = forced;
    in->segments = g;
    in->phones = said;
    in->n_phones = n;
    return said;
}

static void print_line(json_t *o, const rh_speech_input *heard, const rh_phone_steps *steps)
{
    rh_speech_input with_text = *heard, free_speech = *heard, *in = &with_text;
    free_speech.reference = NULL;
    free_speech.n_forced = 0;
    rh_speech_segment text_segment, free_segment;
    rh_phone_said *text_sounds = add_sounds(in, &text_segment, steps);
    rh_phone_said *free_sounds = add_sounds(&free_speech, &free_segment, steps);
    if (!free_sounds) /* of several pieces: what is known are those of the text */
        free_speech.n_phones = 0;
    json_object_set_new(o, "sounds", sounds_json(in->phones, in->n_phones));
    json_object_set_new(o, "free_sounds", sounds_json(free_speech.phones, free_speech.n_phones));
    json_object_set_new(o, "features", features_json(in));
    json_object_set_new(o, "free", features_json(&free_speech));
    json_object_set_new(o, "scores", scores_json(in));
    json_object_set_new(o, "free_scores", scores_json(&free_speech));
    json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
    putchar('\n');
    fflush(stdout);
    json_decref(o);
    rh_free(text_sounds);
    rh_free(free_sounds);
}

static FILE *layers_file;
static float layers[VOICE_LAYERS][RH_ENC_WINDOW_HOPS / 2][VOICE_STATE];

static void write_layers(const char *id, size_t n)
{
    char name[64] = {0};
    uint32_t count = (uint32_t)n;
    strncpy(name, id, sizeof name - 1);
    fwrite(name, sizeof name, 1, layers_file);
    fwrite(&count, sizeof count, 1, layers_file);
    for (int k = 0; k < VOICE_LAYERS; k++)
        for (size_t i = 0; i < n; i++)
            for (int j = 0; j < VOICE_STATE; j++) {
                _Float16 half = (_Float16)layers[k][i][j];
                fwrite(&half, sizeof half, 1, layers_file);
            }
}

static bool hear(rh_asr_stream *stream, const rh_asr_model *model, const rh_vad_model *vad, char *line)
{
    char *id = strtok(line, "\t\n"), *path = strtok(NULL, "\t\n"), *text = strtok(NULL, "\t\n");
    rh_error err = {0};
    rh_audio audio = {0};
    rh_hearing h = {0};
    rh_analysis a = {0};
    rh_hearing_options o = {.language = "en", .reference = text, .no_verbatim = true};
    if (!id || !path)
        return false;
    rh_status st = rh_audio_read_file(&audio, path, 600, &err);
    if (st == RH_OK)
        st = rh_hear(&h, stream, model, vad, audio.samples, audio.n, &o, &err);
    if (st == RH_OK)
        st = rh_analyse(&h.words, &h.curves, NULL, 0, (double)audio.n / RH_ASR_RATE_HZ, &a, &err);
    rh_audio_done(&audio);
    if (st != RH_OK) {
        fprintf(stderr, "%s: %s\n", id, err.msg);
        return false;
    }
    const rh_speech_input in = rh_word_table_input(&a.said, &h.curves, a.duration_s);
    json_t *line_out = line_of(id, &in);
    uint8_t *cost = NULL;
    rh_phone_steps steps = {.step_s = STEP_S};
    if (in.n_segments == 1 && rh_asr_phones(stream, &cost, &steps.n, &err) == RH_OK) {
        steps.cost = cost;
        steps.start_s = in.segments[0].start;
        json_object_set_new(line_out, "steps", steps_json(&steps));
        json_object_set_new(line_out, "steps_from", number(steps.start_s));
        if (layers_file)
            write_layers(id, steps.n);
    }
    print_line(line_out, &in, &steps);
    rh_free(cost);
    rh_analysis_done(&a);
    rh_hearing_done(&h);
    return true;
}

/* ---- replay ---- */

static float real_at(const json_t *a, size_t i)
{
    return (float)json_number_value(json_array_get(a, i));
}

static size_t read_words(const json_t *a, rh_word *out)
{
    size_t n = json_array_size(a);
    n = n < MAX_HEARD ? n : MAX_HEARD;
    for (size_t i = 0; i < n; i++) {
        const json_t *w = json_array_get(a, i);
        out[i] = (rh_word){json_string_value(json_array_get(w, 0)),
                           real_at(w, 1),
                           real_at(w, 2),
                           real_at(w, 3),
                           real_at(w, 4),
                           real_at(w, 5),
                           false};
    }
    return n;
}

static float *read_numbers(const json_t *a)
{
    size_t n = json_array_size(a);
    float *x = rh_alloc_array(n + 1, sizeof *x);
    for (size_t i = 0; x && i < n; i++)
        x[i] = real_at(a, i);
    return x;
}

static void replay_line(const char *line)
{
    static rh_word words[MAX_HEARD], forced[MAX_HEARD];
    json_t *o = json_loads(line, 0, NULL);
    if (!o)
        return;
    float *f0 = read_numbers(json_object_get(o, "f0")), *level = read_numbers(json_object_get(o, "level"));
    rh_contour c = {.n = json_array_size(json_object_get(o, "f0")),
                    .f0_hz = f0,
                    .voicing = f0,
                    .level_db = level,
                    .change_db = level};
    c.noise_db = (float)json_number_value(json_object_get(o, "noise_db"));
    c.speech_db = (float)json_number_value(json_object_get(o, "speech_db"));
    const char *reference = json_string_value(json_object_get(o, "reference"));
    rh_speech_input in = {.words = words, .forced = forced, .contour = &c};
    in.n_words = read_words(json_object_get(o, "words"), words);
    in.n_forced = read_words(json_object_get(o, "forced"), forced);
    in.duration_s = json_number_value(json_object_get(o, "duration_s"));
    in.reference = reference && reference[0] ? reference : NULL;
    float *pooled = read_numbers(json_object_get(o, "pooled"));
    const rh_pooled all = {
        .end = (float)in.duration_s, .x = pooled, .n = json_array_size(json_object_get(o, "pooled"))};
    rh_speech_segment whole = {
        .end = (float)in.duration_s, .n_words = in.n_words, .n_forced = in.n_forced, .pooled = &all, .n_pooled = 1};
    in.segments = &whole;
    in.n_segments = all.n ? 1 : 0;
    in.model = "base";
    rh_time_span voiced = {0};
    for (size_t i = 0; i < c.n; i++)
        if (f0[i] > 0.0f) {
            voiced.start = voiced.end > 0.0f ? voiced.start : (float)i / RH_CONTOUR_PER_S;
            voiced.end = (float)(i + 1) / RH_CONTOUR_PER_S;
        }
    in.speech = &voiced;
    in.n_speech = voiced.end > 0.0f;
    size_t n_steps;
    uint8_t *cost = read_steps(json_object_get(o, "steps"), &n_steps);
    const rh_phone_steps steps = {.cost = cost,
                                  .n = n_steps,
                                  .start_s = (float)json_number_value(json_object_get(o, "steps_from")),
                                  .step_s = STEP_S};
    print_line(json_incref(o), &in, &steps);
    rh_free(cost);
    rh_free(f0);
    rh_free(level);
    rh_free(pooled);
    json_decref(o);
}

static int replay(FILE *f)
{
    char *line = NULL;
    size_t cap = 0;
    while (getline(&line, &cap, f) > 0)
        replay_line(line);
    free(line);
    return 0;
}

int main(int argc, char **argv)
{
    json_set_alloc_funcs(rh_alloc, rh_free);
    const char *list = NULL, *model_path = NULL, *layers_path = NULL;
    char path[4200], vad_path[4200];
    bool again = false;
    rh_asr_model_options options = rh_asr_model_options_default();
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--model") == 0 && i + 1 < argc)
            model_path = argv[++i];
        else if (strcmp(argv[i], "--threads") == 0 && i + 1 < argc)
            options.n_threads = atoi(argv[++i]);
        else if (strcmp(argv[i], "--layers") == 0 && i + 1 < argc)
            layers_path = argv[++i];
        else if (strcmp(argv[i], "--replay") == 0)
            again = true;
        else
            list = argv[i];
    }
    FILE *f = list ? fopen(list, "r") : NULL;
    if (!f) {
        fprintf(stderr, "usage: speech_features [--model FILE] [--threads N] [--layers OUT | --replay] LIST\n");
        return 2;
    }
    if (again)
        return replay(f);
    snprintf(path, sizeof path, "%s/ggml-base.bin", bench_models_dir());
    snprintf(vad_path, sizeof vad_path, "%s/silero_vad_openvino_16k.onnx", bench_models_dir());
    rh_error err = {0};
    rh_asr_model *model = NULL;
    rh_asr_stream *stream = NULL;
    rh_vad_model *vad = NULL;
    if (rh_asr_model_load(&model, model_path ? model_path : path, &options, &err) != RH_OK ||
        rh_vad_model_load(&vad, vad_path, &err) != RH_OK || rh_asr_stream_new(&stream, model, &err) != RH_OK) {
        fprintf(stderr, "%s\n", err.msg);
        return 1;
    }
    if (layers_path && !(layers_file = fopen(layers_path, "wb"))) {
        perror(layers_path);
        return 1;
    }
    voice_head_overheard = layers_file ? layers[0][0] : NULL;
    static char line[MAX_LINE];
    int failed = 0;
    while (fgets(line, sizeof line, f))
        failed += !hear(stream, model, vad, line);
    if (layers_file && fclose(layers_file) != 0)
        failed++;
    fclose(f);
    rh_asr_stream_free(stream);
    rh_vad_model_free(vad);
    rh_asr_model_free(model);
    return failed ? 1 : 0;
}
