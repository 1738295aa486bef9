/* Stand-alone program for arm64: the NEON kernels against the portable C, bit
 * by bit, and base64. Built and run by neon.sh, under emulation on other machines. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/base64_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/base64.h"
#include "rehearse/nn/kernels.h"

enum { MAX_ROWS = 70, MAX_COLS = 5120, MAX_N = 7 };

static uint32_t seed;

static float uniform(void)
{
    seed = seed * 1664525u + 1013904223u;
    return (float)(seed >> 8) / 8388608.0f - 1.0f;
}

static void require(int ok, const char *what, int a, int b, int c)
{
    if (ok)
        return;
    printf("FAILED: %s (%d, %d, %d)\n", what, a, b, c);
    exit(1);
}

static void product(const rh_kernels *k, int rows, int cols, int n, int extreme, float *y)
{
    static float row[MAX_COLS];
    rh_qmat w;
    rh_qvec x;
    require(rh_qmat_init(&w, rows, cols, 1, NULL) == RH_OK && rh_qvec_init(&x, n, cols) == RH_OK, "memory", rows, cols,
            n);
    seed = (uint32_t)(rows + cols * 3 + n * 7);
    for (int r = 0; r < rows; r++) {
        for (int i = 0; i < cols; i++)
            row[i] = extreme ? (i % 2 ? 1e30f : -1e30f) : uniform();
        rh_qmat_set_row(&w, k, r, row);
        w.bias[r] = uniform();
    }
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < cols; j++)
            row[j] = extreme ? (j % 3 ? 1e30f : -1e30f) : uniform();
        k->quantise(row, &x, i);
    }
    for (int i = 0; i < n * rows; i++)
        y[i] = (float)i;
    k->gemm(&w, 0, w.n_blocks, &x, y, (size_t)rows, n % 2);
    rh_qmat_done(&w);
    rh_qvec_done(&x);
}

static void floats(const rh_kernels *c, const rh_kernels *k)
{
    enum { N = 1003, EVEN = 992 };
    static float x[N], g[N], a[N], b[N];
    for (int i = 0; i < N; i++) {
        x[i] = uniform() * 20.0f;
        g[i] = uniform();
    }
    memcpy(a, x, sizeof a), memcpy(b, x, sizeof b);
    c->gelu(a, N), k->gelu(b, N);
    require(memcmp(a, b, sizeof a) == 0, "gelu", 0, 0, 0);
    memcpy(a, x, sizeof a), memcpy(b, x, sizeof b);
    c->softmax(a, N), k->softmax(b, N);
    require(memcmp(a, b, sizeof a) == 0, "softmax", 0, 0, 0);
    c->layer_norm(x, g, g, a, EVEN), k->layer_norm(x, g, g, b, EVEN);
    require(memcmp(a, b, EVEN * sizeof *a) == 0, "layer_norm", 0, 0, 0);
    float da = c->dot(x, g, EVEN), db = k->dot(x, g, EVEN);
    require(memcmp(&da, &db, sizeof da) == 0, "dot", 0, 0, 0);
    c->axpy(0.3f, x, a, N), k->axpy(0.3f, x, b, N);
    require(memcmp(a, b, sizeof a) == 0, "axpy", 0, 0, 0);
    memset(a, 0, sizeof a), memset(b, 0, sizeof b);
    c->lstm(x, a, a + N / 4, N / 4), k->lstm(x, b, b + N / 4, N / 4);
    require(memcmp(a, b, sizeof a) == 0, "lstm", 0, 0, 0);
    rh_row_stats sa, sb;
    c->stats(x, N, &sa), k->stats(x, N, &sb);
    require(memcmp(&sa, &sb, sizeof sa) == 0, "stats", 0, 0, 0);
}

/* Round trips of every length; a letter that is none, at every place. */
static void base64(void)
{
    enum { N = 300 };
    static uint8_t bytes[N], back[RH_BASE64_DECODED_MAX(RH_BASE64_ENCODED_LEN(N))];
    static char text[RH_BASE64_ENCODED_LEN(N) + 1];
    static const unsigned char none[] = {0, '!', '*', ',', '.', ':', '@', '[', '^', '`', '{', 0x7f, 0x80, 0xff};
    size_t n_back = 0;
    for (size_t n = 0; n <= N; n++) {
        for (size_t i = 0; i < n; i++)
            bytes[i] = (uint8_t)((uniform() + 1.0f) * 127.9f);
        rh_base64_encode(text, bytes, n);
        rh_status st = rh_base64_decode(back, sizeof back, &n_back, text, RH_BASE64_ENCODED_LEN(n), NULL);
        require(st == RH_OK && n_back == n && memcmp(back, bytes, n) == 0, "base64", (int)n, (int)n_back, st);
    }
    require(rh_base64_run_neon(back, text, RH_BASE64_ENCODED_LEN(N)) > 0, "base64 in vectors", 0, 0, 0);
    for (size_t i = 0; i < RH_BASE64_ENCODED_LEN(N); i++)
        for (size_t k = 0; k < sizeof none; k++) {
            char kept = text[i];
            text[i] = (char)none[k];
            require(rh_base64_decode(back, sizeof back, &n_back, text, RH_BASE64_ENCODED_LEN(N), NULL) != RH_OK,
                    "base64 with a foreign letter", (int)i, none[k], 0);
            text[i] = kept;
        }
}

int main(void)
{
    static const int rows[] = {1, 16, 19, MAX_ROWS}, cols[] = {4, 68, 512, MAX_COLS};
    static float want[MAX_ROWS * MAX_N], got[MAX_ROWS * MAX_N];
    const rh_kernels *c = rh_kernels_named("c"), *k = rh_kernels_named("neon");
    if (!k) {
        printf("skipped: no dot product instructions here\n");
        return 77;
    }
    int cases = 0;
    for (int r = 0; r < 4; r++)
        for (int j = 0; j < 4; j++)
            for (int n = 1; n <= MAX_N; n++)
                for (int extreme = 0; extreme < 2; extreme++, cases++) {
                    product(c, rows[r], cols[j], n, extreme, want);
                    product(k, rows[r], cols[j], n, extreme, got);
                    require(memcmp(want, got, (size_t)(n * rows[r]) * sizeof *want) == 0, "gemm", rows[r], cols[j], n);
                }
    floats(c, k);
    base64();
    printf("neon: %d products, the float kernels and base64 have the bits of portable C\n", cases);
    return 0;
}
