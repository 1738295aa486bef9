/* encoder MODEL [PRECISION [THREADS [SECONDS [TIMES]]]] - time of the native encoder by length
 * of speech, or at one: the first run at a length, the best of TIMES (5), CPU time. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "asr/native/encoder.h"
#include "rehearse/base/clock.h"
#include "rehearse/base/cpu.h"

static int report(const rh_error *err)
{
    (void)fprintf(stderr, "encoder: %s\n", err->msg);
    return 1;
}

static void fill_with_sound(float *x, size_t n)
{
    unsigned seed = 1;
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = 0.3f * sinf((float)i * 0.05f) + (float)(seed >> 8) / (float)(1 << 24) * 0.02f;
    }
}

static int measure(rh_enc_state *s, const float *x, size_t n, float max, int times)
{
    rh_error err;
    rh_enc_output out;
    rh_enc_window w = {.samples = x, .n = n, .n_hops = n / RH_MEL_HOP, .max = &max};
    int64_t best = INT64_MAX, cpu = INT64_MAX, first = 0, first_cpu = 0;
    for (int i = 0; i < times; i++) {
        int64_t c = rh_process_cpu_us();
        if (rh_enc_run(s, &w, &out, &err) != RH_OK)
            return report(&err);
        c = rh_process_cpu_us() - c;
        cpu = c < cpu ? c : cpu;
        best = out.wall_us < best ? out.wall_us : best;
        if (i == 0) {
            first = out.wall_us;
            first_cpu = c;
        }
    }
    printf("speech_s=%.1f positions=%d first_ms=%.1f first_cpu_ms=%.1f best_ms=%.1f cpu_ms=%.1f\n", (double)n / 16000.0,
           out.n_own, (double)first / 1e3, (double)first_cpu / 1e3, (double)best / 1e3, (double)cpu / 1e3);
    return 0;
}

int main(int argc, char **argv)
{
    static float x[30 * 16000];
    static const double lengths[] = {2.0, 6.7, 6.9, 7.5, 15.0, 30.0};
    if (argc < 2) {
        (void)fprintf(stderr, "usage: encoder MODEL [PRECISION [THREADS [SECONDS [TIMES]]]]\n");
        return 2;
    }
    rh_error err;
    rh_ggml_file *file = NULL;
    rh_enc_model *m = NULL;
    rh_enc_state *s = NULL;
    rh_enc_options o = {.precision = argc > 2 ? argv[2] : "auto",
                        .n_threads = argc > 3 ? atoi(argv[3]) : rh_cpu_count()};
    int64_t start = rh_now_us();
    if (rh_ggml_file_open(&file, argv[1], &err) != RH_OK || rh_enc_model_new(&m, file, &o, &err) != RH_OK ||
        rh_enc_state_new(&s, m, &err) != RH_OK)
        return report(&err);
    printf("load_ms=%.0f precision=%s threads=%d\n", (double)(rh_now_us() - start) / 1e3, rh_enc_model_precision(m),
           o.n_threads);
    fill_with_sound(x, sizeof x / sizeof *x);
    float max = rh_log_mel_max(rh_enc_model_mel(m), x, sizeof x / sizeof *x);
    int failed = 0;
    double seconds = argc > 4 ? atof(argv[4]) : 0.0;
    int times = argc > 5 ? atoi(argv[5]) : 5;
    if (seconds > 0.0 && seconds <= 30.0)
        failed = measure(s, x, (size_t)(seconds * 16000.0), max, times);
    for (size_t i = 0; seconds == 0.0 && !failed && i < sizeof lengths / sizeof *lengths; i++)
        failed = measure(s, x, (size_t)(lengths[i] * 16000.0), max, times);
    start = rh_now_us();
    (void)rh_log_mel_max(rh_enc_model_mel(m), x, sizeof x / sizeof *x);
    printf("log_mel_ms_per_30s=%.2f\n", (double)(rh_now_us() - start) / 1e3);
    rh_enc_state_free(s);
    rh_enc_model_free(m);
    rh_ggml_file_free(file);
    return failed;
}
