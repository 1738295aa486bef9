/* vad - what a step of the voice activity network costs, by OpenVINO and by our own kernels.
 *
 *   vad [--rounds R]
 *
 * Both hear the same speech by turns: right behind each other (hot), and with 8 MB of other memory read between two
 * steps (cold), as between the people of a server. Prints the median of a step, in us. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "paths.h"
#include "rehearse/base/alloc.h"
#include "rehearse/media/audio.h"
#include "rehearse/nn/kernels.h"
#include "rehearse/nn/nn.h"
#include "rehearse/nn/silero_net.h"

enum { STEP = 512, OTHERS = 8 << 20, STEPS = 300, MOST = 20000 };

typedef struct {
    rh_nn_model *model;
    rh_nn_request *request;
    rh_silero_net *net;
    float in[RH_SILERO_IN], state[RH_SILERO_STATE], next[RH_SILERO_STATE], p;
    double us[2][2][MOST]; /* cold?, ours? */
    int n;
} bench;

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e6 * (double)t.tv_sec + 1e-3 * (double)t.tv_nsec;
}

static void load(bench *b)
{
    char path[4200];
    rh_error err = {0};
    rh_nn_options o = rh_nn_options_default();
    (void)snprintf(path, sizeof path, "%s/silero_vad_openvino_16k.onnx", bench_models_dir());
    bench_check(rh_silero_net_load(&b->net, path, &err), &err);
    bench_check(rh_nn_model_load(&b->model, path, &o, &err), &err);
    bench_check(rh_nn_request_new(&b->request, b->model, &err), &err);
    rh_nn_tensor in = {.type = RH_NN_F32, .n_dims = 2, .dims = {1, RH_SILERO_IN}, .data = b->in};
    rh_nn_tensor p = {.type = RH_NN_F32, .n_dims = 2, .dims = {1, 1}, .data = &b->p};
    rh_nn_tensor from = {.type = RH_NN_F32, .n_dims = 3, .dims = {2, 1, RH_SILERO_STATE / 2}, .data = b->state};
    rh_nn_tensor next = from;
    next.data = b->next;
    bench_check(rh_nn_set_input(b->request, rh_nn_model_input(b->model, "input"), &in, &err), &err);
    bench_check(rh_nn_set_input(b->request, rh_nn_model_input(b->model, "state"), &from, &err), &err);
    bench_check(rh_nn_set_output(b->request, 1, &next, &err), &err);
    bench_check(rh_nn_set_output(b->request, 0, &p, &err), &err);
}

static float step(bench *b, bool ours)
{
    if (ours)
        return rh_silero_net_run(b->net, b->in, b->state);
    bench_check(rh_nn_run(b->request, NULL), &(rh_error){.msg = "the network did not run"});
    memcpy(b->state, b->next, sizeof b->state);
    return b->p;
}

/* One reading of the sound. */
static void hear(bench *b, const rh_audio *a, bool ours, bool cold, unsigned char *others)
{
    memset(b->state, 0, sizeof b->state);
    for (int s = 0; s < STEPS && b->n + s < MOST; s++) {
        size_t at = (size_t)s * STEP % (a->n - RH_SILERO_IN);
        memcpy(b->in, a->samples + at, sizeof b->in);
        for (size_t i = 0; cold && i < OTHERS; i += 64)
            others[i]++;
        double from = now_us();
        (void)step(b, ours);
        b->us[cold][ours][b->n + s] = now_us() - from;
    }
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    int rounds = argc == 3 && strcmp(argv[1], "--rounds") == 0 ? atoi(argv[2]) : 5;
    if (rounds < 1 || rounds > MOST / STEPS || (argc != 1 && argc != 3)) {
        fprintf(stderr, "usage: vad [--rounds R], R from 1 to %d\n", MOST / STEPS);
        return 2;
    }
    bench *b = rh_calloc(1, sizeof *b);
    unsigned char *others = rh_calloc(OTHERS, 1);
    rh_audio a;
    rh_error err = {0};
    if (!b || !others)
        return 1;
    load(b);
    bench_check(rh_audio_read_file(&a, "tests/fixtures/jfk.flac", 60, &err), &err);
    for (int r = 0; r < rounds; r++, b->n += STEPS)
        for (int i = 0; i < 4; i++)
            hear(b, &a, i % 2, i / 2, others);
    for (int i = 0; i < 4; i++)
        qsort(b->us[i / 2][i % 2], (size_t)b->n, sizeof(double), by_size);
    for (int cold = 0; cold < 2; cold++) {
        double theirs = b->us[cold][0][b->n / 2], ours = b->us[cold][1][b->n / 2];
        printf("%s%s: OpenVINO %.1f us, ours %.1f us, %.2f times faster", cold ? "; " : "", cold ? "cold" : "hot",
               theirs, ours, theirs / ours);
    }
    printf(" (%s)\n", rh_kernels_best()->name);
    rh_audio_done(&a);
    rh_nn_request_free(b->request);
    rh_nn_model_free(b->model);
    rh_silero_net_free(b->net);
    rh_free(others);
    rh_free(b);
    return 0;
}
