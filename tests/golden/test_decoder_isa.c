/* A transcript does not depend on the instruction set: whole decodes, greedy
 * and beam, in processes of their own with REHEARSE_ISA set, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "asr/native/decoder_internal.h"
#include "made_model.h"
#include "rehearse/base/cpu.h"

enum { POSITIONS = 70, WIDTH = 128, STEPS = 16 };

typedef struct {
    char isa[16]; /* of the kernels that ran */
    rh_dec_result greedy, beam;
    float starts[STEPS + 1];
} answer;

static rh_status decode(answer *a, rh_error *err)
{
    static const made_shape shape = {"small", 80, WIDTH, 2, 2, 2, 51865};
    static const made_options options = {.type = RH_GGML_F16, .n_audio_ctx = POSITIONS};
    static float sound[POSITIONS * WIDTH];
    char *bytes = NULL;
    size_t n = 0;
    rh_ggml_file *f = NULL;
    rh_dec_model *m = NULL;
    rh_dec_state *s = NULL;
    rh_dec_options o = {.n_threads = 2};
    rh_dec_params p = rh_dec_params_default();
    int32_t text[STEPS];
    FILE *out = open_memstream(&bytes, &n);
    if (!out || !made_model(out, &shape, &options) || fclose(out) != 0)
        return RH_ERR_NOMEM;
    for (int i = 0; i < POSITIONS * WIDTH; i++)
        sound[i] = made_value(5, (uint32_t)i) * 4.0f;
    p.language = "en";
    p.fallback = p.timestamps = false;
    p.max_tokens = STEPS;
    rh_status st = rh_ggml_file_parse(&f, bytes, n, err);
    if (st == RH_OK)
        st = rh_dec_model_new(&m, f, &o, err);
    if (st == RH_OK)
        st = rh_dec_state_new(&s, m, err);
    if (st == RH_OK)
        st = rh_dec_set_audio(s, sound, POSITIONS, err);
    if (st == RH_OK)
        st = rh_dec_run(s, &p, &a->greedy, err);
    p.beam = 3;
    if (st == RH_OK)
        st = rh_dec_run(s, &p, &a->beam, err);
    for (int i = 0; i < a->greedy.n_tokens; i++)
        text[i] = a->greedy.tokens[i].id % 50000; /* made-up weights say special tokens too */
    if (st == RH_OK)
        st = rh_dec_align(s, &p, text, a->greedy.n_tokens, POSITIONS, a->starts, err);
    (void)snprintf(a->isa, sizeof a->isa, "%s", rh_kernels_best()->name);
    rh_dec_state_free(s);
    rh_dec_model_free(m);
    rh_ggml_file_free(f);
    free(bytes);
    return st;
}

/* The answer of a process in which no more than `isa` is used. */
static void answer_with(const char *isa, answer *a)
{
    static answer own;
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        (void)setenv("REHEARSE_ISA", isa, 1);
        rh_error err = {0};
        rh_status st = decode(&own, &err);
        if (st != RH_OK)
            (void)fprintf(stderr, "%s: %s\n", isa, err.msg);
        const char *at = (const char *)&own;
        for (size_t left = st == RH_OK ? sizeof own : 0; left;) {
            ssize_t n = write(ends[1], at + sizeof own - left, left);
            if (n <= 0)
                _exit(1);
            left -= (size_t)n;
        }
        _exit(st == RH_OK ? 0 : 1);
    }
    close(ends[1]);
    size_t have = 0;
    for (ssize_t n; (n = read(ends[0], (char *)a + have, sizeof *a - have)) > 0;)
        have += (size_t)n;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(have, sizeof *a);
}

static void instruction_sets_change_nothing(void **state)
{
    (void)state;
    static const char *const sets[] = {"avx2", "avxvnni", "avx512", "neon"};
    static answer plain, other;
    answer_with("c", &plain);
    assert_string_equal(plain.isa, "c");
    assert_true(plain.greedy.n_tokens > 4);
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        answer_with(sets[i], &other);
        print_message("%s runs %s\n", sets[i], other.isa);
        memcpy(other.isa, plain.isa, sizeof other.isa);
        assert_memory_equal(&other, &plain, sizeof plain);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(instruction_sets_change_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
