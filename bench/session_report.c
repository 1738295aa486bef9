/* session_report LIST [GROUP] - what a report loses when the sound is not recognised again.
 *
 * LIST names recordings, one a line; GROUP of them (6), half a second apart, make a session.
 * Each session is measured twice: from what was recognised live (as its report is), and by
 * recognising the whole sound again. One line a session, then a line of differences: means of
 * |live - again|; fillers and words with a sound that was another one found by each; processor time of each end. */
#include <jansson.h>
#include <math.h>
#include <string.h>
#include "paths.h"
#include "rehearse/base/alloc.h"
#include "rehearse/media/audio.h"
#include "rehearse/base/clock.h"
#include "rehearse/session/session.h"
#include "rehearse/report/report.h"
#include "rehearse/report/analysis_json.h"
#include "rehearse/session/hearing.h"

enum { RATE = 16000, GAP = RATE / 2, PIECE = RATE / 10, MAX_S = 600 };

static const char *const keys[] = {"fluency_score", "clarity_score", "pronunciation_score",
                                   "prosody_score", "overall_score", "pace_wpm"};
enum { N_KEYS = sizeof keys / sizeof *keys };

static double difference[N_KEYS], cpu_live, cpu_again, sound_s;
static int n_sessions, fillers_live, fillers_again, off_live, off_again;
static float *sound;
static size_t n_sound;

static void check(rh_status st, const rh_error *err)
{
    if (st < 0) {
        fprintf(stderr, "session_report: %s\n", err->msg);
        exit(1);
    }
}

static void append(const char *path)
{
    rh_audio a;
    rh_error err;
    check(rh_audio_read_file(&a, path, MAX_S, &err), &err);
    sound = rh_realloc(sound, (n_sound + a.n + GAP) * sizeof *sound);
    memcpy(sound + n_sound, a.samples, a.n * sizeof *sound);
    n_sound += a.n;
    for (size_t i = 0; i < GAP; i++)
        sound[n_sound++] = 2e-4f * ((float)rand() / (float)RAND_MAX - 0.5f);
    rh_audio_done(&a);
}

static json_t *live(rh_model_set *c, double *cpu)
{
    rh_session *s = NULL;
    rh_error err = {0};
    json_t *report = NULL;
    rh_session_options o = {.id = "bench", .language = "en"};
    check(rh_session_new(&s, c, NULL, &o, &err), &err);
    for (size_t i = 0; i < n_sound; i += PIECE) {
        size_t n = n_sound - i < PIECE ? n_sound - i : PIECE;
        check(rh_session_feed(s, sound + i, n, (int64_t)(i * 1000000 / RATE), &err), &err);
        while (rh_session_work(s, &err) == RH_OK)
            ;
    }
    int64_t from = rh_process_cpu_us();
    check(rh_report_session(s, NULL, NULL, &report, &err), &err);
    *cpu = (double)(rh_process_cpu_us() - from) / 1e6;
    json_t *analysis = json_incref(json_object_get(report, "analysis"));
    json_decref(report);
    rh_session_free(s);
    return analysis;
}

static json_t *again(rh_model_set *c, double *cpu)
{
    rh_analysis a = {0};
    rh_error err = {0};
    rh_hearing_options o = {.language = "en"};
    int64_t from = rh_process_cpu_us();
    check(rh_analyze_recording(c, sound, n_sound, &o, &a, &err), &err);
    *cpu = (double)(rh_process_cpu_us() - from) / 1e6;
    json_t *analysis = rh_analysis_json(&a);
    rh_analysis_done(&a);
    return analysis;
}

static double value(const json_t *a, const char *key)
{
    return json_number_value(json_object_get(a, key));
}

/* Words of which a sound was another one. */
static int n_off(const json_t *analysis)
{
    json_t *w;
    size_t i;
    int n = 0;
    json_array_foreach(json_object_get(analysis, "words"), i, w)
        n += json_object_get(w, "heard_as") != NULL;
    return n;
}

static void compare(rh_model_set *c)
{
    double cpu_a = 0, cpu_b = 0;
    json_t *a = live(c, &cpu_a), *b = again(c, &cpu_b);
    printf("session %.0f s: end %.2f s of processor, again %.2f s; live/again", (double)n_sound / RATE, cpu_a, cpu_b);
    for (int i = 0; i < N_KEYS; i++) {
        printf(" %s %.1f/%.1f", keys[i], value(a, keys[i]), value(b, keys[i]));
        difference[i] += fabs(value(a, keys[i]) - value(b, keys[i]));
    }
    int fa = (int)json_array_size(json_object_get(a, "fillers")),
        fb = (int)json_array_size(json_object_get(b, "fillers"));
    int oa = n_off(a), ob = n_off(b);
    printf(" fillers %d/%d sounds off %d/%d\n", fa, fb, oa, ob);
    if (getenv("VERBOSE"))
        printf("live:  %s\nagain: %s\n", json_string_value(json_object_get(a, "verbatim_text")),
               json_string_value(json_object_get(b, "verbatim_text")));
    (void)fflush(stdout);
    fillers_live += fa;
    fillers_again += fb;
    off_live += oa;
    off_again += ob;
    cpu_live += cpu_a;
    cpu_again += cpu_b;
    sound_s += (double)n_sound / RATE;
    n_sessions++;
    n_sound = 0;
    json_decref(a);
    json_decref(b);
}

int main(int argc, char **argv)
{
    json_set_alloc_funcs(rh_alloc, rh_free);
    char path[4096], line[4096];
    rh_model_set *c = NULL;
    rh_error err = {0};
    FILE *f = argc > 1 ? fopen(argv[1], "r") : NULL;
    int group = argc > 2 ? atoi(argv[2]) : 6, n = 0;
    if (!f || group < 1) {
        fprintf(stderr, "usage: session_report LIST [GROUP]\n");
        return 2;
    }
    (void)snprintf(path, sizeof path, "%s/ggml-base.bin", bench_models_dir());
    rh_model_set_options o = {.whisper_path = path,
                              .models_dir = bench_models_dir(),
                              .language = "en",
                              .asr = rh_asr_model_options_default()};
    o.asr.n_threads = 1;
    check(rh_model_set_load(&c, &o, &err), &err);
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        append(line);
        if (++n % group == 0)
            compare(c);
    }
    if (n_sound)
        compare(c);
    printf("session_report sessions=%d sound_s=%.0f", n_sessions, sound_s);
    for (int i = 0; i < N_KEYS; i++)
        printf(" %s=%.2f", keys[i], difference[i] / n_sessions);
    printf(" fillers_live=%d fillers_again=%d off_live=%d off_again=%d end_cpu_per_s=%.4f again_cpu_per_s=%.4f\n",
           fillers_live, fillers_again, off_live, off_again, cpu_live / sound_s, cpu_again / sound_s);
    fclose(f);
    rh_free(sound);
    rh_model_set_free(c);
    return 0;
}
