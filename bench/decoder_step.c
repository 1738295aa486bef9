/* Time of a decoder step (one token, greedy rules included) at 1,500 and 400
 * positions, the bytes it must read, and how near that is to the speed at which
 * the same threads read memory in the same run.
 * Usage: decoder_step [MODEL.bin [THREADS]] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "asr/native/decoder_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/base/cpu.h"

enum { STEPS = 60, ROUNDS = 9 };

static int compare(const void *a, const void *b)
{
    double d = *(const double *)a - *(const double *)b;
    return d < 0 ? -1 : d > 0;
}

static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, compare);
    return v[n / 2];
}

static size_t linear_bytes(const dec_linear *l)
{
    return (size_t)l->q.n_rows * (size_t)l->q.n_cols * (l->f ? 4 : 1);
}

/* Weights, cross-attention keys and values, and the token cache at its mean length. */
static size_t bytes_of_step(const rh_dec_state *s)
{
    const rh_dec_model *m = s->m;
    size_t n = linear_bytes(&m->logits), d = (size_t)m->d;
    for (int i = 0; i < m->n_layers; i++) {
        const dec_layer *l = &m->layers[i];
        n += linear_bytes(&l->query) * 6 + linear_bytes(&l->fc1) * 2;
        n += 2 * (size_t)s->n_pos * d * (m->f32 ? 4 : 1);
        n += 2 * (size_t)(STEPS / 2) * d * sizeof(float);
    }
    return n;
}

typedef struct {
    const uint64_t *data;
    size_t n;
    rh_team *team;
    uint64_t sums[RH_TEAM_MAX];
} read_job;

static void read_member(void *arg, int member, int phase)
{
    (void)phase;
    enum { UNIT = 1 << 15 };
    read_job *j = arg;
    uint64_t a = 0, b = 0, c = 0, d = 0;
    for (size_t u; (u = (size_t)rh_team_next(j->team)) * UNIT < j->n;)
        for (size_t i = u * UNIT; i < (u + 1) * UNIT && i + 32 <= j->n; i += 32)
            for (size_t k = 0; k < 32; k += 4) {
                a += j->data[i + k];
                b += j->data[i + k + 1];
                c += j->data[i + k + 2];
                d += j->data[i + k + 3];
            }
    j->sums[member] = a + b + c + d;
}

/* Bytes a second when the team reads `bytes` over and over. */
static double read_speed(rh_team *team, size_t bytes)
{
    rh_arena arena; /* on huge pages, as the weights are */
    double v[ROUNDS * 4];
    if (rh_arena_init(&arena, bytes) != RH_OK)
        return 0.0;
    uint64_t *data = (uint64_t *)(void *)arena.data;
    memset(data, 1, bytes);
    read_job job = {.data = data, .n = bytes / 8, .team = team};
    for (int i = 0; i < ROUNDS * 4; i++) {
        int64_t t0 = rh_now_us();
        rh_team_run(team, read_member, &job, 1);
        v[i] = (double)(rh_now_us() - t0) + (double)(job.sums[0] & 1) * 1e-9;
    }
    rh_arena_done(&arena);
    qsort(v, ROUNDS * 4, sizeof *v, compare);
    return (double)bytes / (v[ROUNDS] * 1e-6); /* the better quarter: others disturb, nobody helps */
}

/* Medians of wall time and CPU time (all threads) a step: on a busy machine the second tells more. */
static rh_status time_steps(rh_dec_state *s, double *ms, double *cpu_ms, rh_error *err)
{
    const rh_special_tokens *t = rh_tokenizer_special(s->m->tokenizer);
    int32_t start[4] = {t->sot, t->sot + 1, t->transcribe, t->timestamp_begin};
    dec_rules rules = {.m = s->m, .timestamps = true, .max_initial = 50};
    double rounds[ROUNDS], cpu[ROUNDS];
    rh_status st = RH_OK;
    for (int r = 0; r < ROUNDS && st == RH_OK; r++) {
        dec_sequence q = {.n = 0};
        int32_t said[STEPS + 1] = {t->timestamp_begin};
        dec_slots_clear(s);
        st = dec_extend(s, &q, start, 4, 3, NULL, 0, err);
        int64_t t0 = rh_now_us(), c0 = rh_process_cpu_us();
        for (int i = 0; i < STEPS && st == RH_OK; i++) {
            dec_dist d = dec_rules_apply(&rules, s->logits, said, i + 1);
            said[i + 1] = d.best == t->eot ? 11 : d.best;
            st = dec_extend(s, &q, &said[i + 1], 1, 0, NULL, 0, err);
        }
        rounds[r] = (double)(rh_now_us() - t0) / 1000.0 / STEPS;
        cpu[r] = (double)(rh_process_cpu_us() - c0) / 1000.0 / STEPS;
    }
    *ms = median(rounds, ROUNDS);
    *cpu_ms = median(cpu, ROUNDS);
    return st;
}

static rh_status measure(rh_dec_state *s, const float *audio, int n_pos, rh_error *err)
{
    double v[ROUNDS], ms, cpu_ms;
    rh_status st = RH_OK;
    for (int i = 0; i < ROUNDS && st == RH_OK; i++) {
        int64_t t0 = rh_now_us();
        st = rh_dec_set_audio(s, audio, n_pos, err);
        v[i] = (double)(rh_now_us() - t0) / 1000.0;
    }
    if (st == RH_OK)
        st = time_steps(s, &ms, &cpu_ms, err);
    if (st != RH_OK)
        return st;
    size_t bytes = bytes_of_step(s);
    double speed = read_speed(s->m->team, bytes);
    double limit = (double)bytes / speed * 1e3;
    printf("positions=%d step_ms=%.3f cpu_ms=%.3f bytes=%.1fMB read_GBps=%.1f limit_ms=%.3f share=%.0f%% "
           "audio_ms=%.2f kernels=%s threads=%d\n",
           n_pos, ms, cpu_ms, (double)bytes / 1e6, speed / 1e9, limit, 100.0 * limit / ms, median(v, ROUNDS),
           s->m->k->name, rh_team_size(s->m->team));
    return RH_OK;
}

int main(int argc, char **argv)
{
    char path[1024];
    const char *home = getenv("HOME"), *cache = getenv("REHEARSE_CACHE");
    if (cache)
        (void)snprintf(path, sizeof path, "%s/models/ggml-base.bin", cache);
    else
        (void)snprintf(path, sizeof path, "%s/.cache/rehearse/models/ggml-base.bin", home ? home : ".");
    rh_error err = {0};
    rh_ggml_file *file = NULL;
    rh_dec_model *m = NULL;
    rh_dec_state *s = NULL;
    float *audio = NULL;
    rh_status st = rh_ggml_file_open(&file, argc > 1 ? argv[1] : path, &err);
    if (st == RH_ERR_IO && argc < 2) {
        fprintf(stderr, "skipped: %s\n", err.msg);
        return 77;
    }
    rh_dec_options o = {.n_threads = argc > 2 ? atoi(argv[2]) : rh_cpu_count(), .f32 = getenv("REHEARSE_F32") != NULL};
    if (st == RH_OK)
        st = rh_dec_model_new(&m, file, &o, &err);
    if (st == RH_OK)
        st = rh_dec_state_new(&s, m, &err);
    if (st == RH_OK) {
        size_t n = (size_t)m->hp.n_audio_ctx * (size_t)m->d;
        audio = rh_alloc_array(n, sizeof *audio);
        uint32_t seed = 1;
        for (size_t i = 0; audio && i < n; i++) {
            seed = seed * 1664525u + 1013904223u;
            audio[i] = (float)(seed >> 8) / 8388608.0f - 1.0f;
        }
        st = audio ? RH_OK : rh_fail(&err, RH_ERR_NOMEM, "out of memory");
    }
    if (st == RH_OK)
        st = measure(s, audio, m->hp.n_audio_ctx, &err);
    if (st == RH_OK && m->hp.n_audio_ctx > 400)
        st = measure(s, audio, 400, &err);
    if (st != RH_OK)
        fprintf(stderr, "decoder_step: %s\n", err.msg);
    rh_free(audio);
    rh_dec_state_free(s);
    rh_dec_model_free(m);
    rh_ggml_file_free(file);
    return st == RH_OK ? 0 : 1;
}
