/* The native decoder: logits against openai-whisper's (decoder/make.py), and
 * what must not change a result: threads, company in a pass, drafts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <string.h>
#include "../model/models.h"
#include "asr/native/decoder_internal.h"
#include "rehearse/base/alloc.h"

enum { N_POS = 200, MAX_LINE = 16384 };

static rh_ggml_file *file;
static rh_dec_model *one, *two; /* int8, with one and with two threads */
static float *noise;            /* [N_POS][n_state] */

static void fill(float *x, size_t n, uint32_t seed)
{
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = (float)(seed >> 8) / 8388608.0f - 1.0f;
    }
}

static rh_dec_model *load(int threads, bool f32)
{
    rh_error err;
    rh_dec_model *m = NULL;
    rh_dec_options o = {.n_threads = threads, .f32 = f32};
    assert_int_equal(rh_dec_model_new(&m, file, &o, &err), RH_OK);
    return m;
}

static rh_dec_state *listen(rh_dec_model *m, uint32_t seed)
{
    rh_error err;
    rh_dec_state *s = NULL;
    float *x = rh_alloc_array((size_t)(N_POS * m->d), sizeof *x);
    assert_non_null(x);
    fill(x, (size_t)(N_POS * m->d), seed);
    assert_int_equal(rh_dec_state_new(&s, m, &err), RH_OK);
    assert_int_equal(rh_dec_set_audio(s, x, N_POS, &err), RH_OK);
    rh_free(x);
    return s;
}

/* Largest difference to the reference in one line's logits, over the range of that row;
 * *same says whether the best token is the reference's. */
static double compare_line(const char *pairs, const float *logits, bool *same)
{
    double worst = 0.0, range = 0.0;
    int32_t best = -1;
    for (const char *at = pairs; *at;) {
        char *end;
        long id = strtol(at, &end, 10);
        double want = strtod(end + 1, &end), d = fabs(want - (double)logits[id]);
        if (best < 0)
            best = (int32_t)id;
        worst = d > worst ? d : worst;
        range = fabs(want) > range ? fabs(want) : range;
        at = end + strspn(end, " \n");
    }
    *same = true;
    for (int i = 0; i < 51865; i++)
        if (logits[i] > logits[best])
            *same = false;
    return worst / range;
}

static void check_logits(bool f32, double tolerance, int least_same)
{
    rh_dec_model *m = load(2, f32);
    rh_dec_state *s = listen(m, 1);
    FILE *f = fopen("tests/golden/decoder/logits.tsv", "r");
    assert_non_null(f);
    static char line[MAX_LINE];
    dec_sequence q = {.n = 0};
    rh_error err;
    int n_same = 0, n = 0;
    while (fgets(line, sizeof line, f)) {
        char *rest;
        int32_t token = (int32_t)strtol(line, &rest, 10);
        bool same;
        assert_int_equal(dec_extend(s, &q, &token, 1, 0, NULL, 0, &err), RH_OK);
        double d = compare_line(rest + 1, s->logits, &same);
        if (d > tolerance)
            fail_msg("token %d: logits differ by %g of their range", n, d);
        n_same += same;
        n++;
    }
    fclose(f);
    assert_int_equal(n, 15);
    assert_true(n_same >= least_same);
    rh_dec_state_free(s);
    rh_dec_model_free(m);
}

static void f32_logits_are_the_reference_s(void **state)
{
    (void)state;
    check_logits(true, 1e-4, 15);
}

static void int8_logits_are_near_the_reference_s(void **state)
{
    (void)state;
    check_logits(false, 0.05, 13);
}

static rh_dec_params quick(void)
{
    rh_dec_params p = rh_dec_params_default();
    p.language = "en";
    p.fallback = false;
    p.max_tokens = 40;
    return p;
}

static rh_dec_result run(rh_dec_model *m, uint32_t seed, const rh_dec_params *p)
{
    rh_error err;
    static rh_dec_result r;
    rh_dec_state *s = listen(m, seed);
    assert_int_equal(rh_dec_run(s, p, &r, &err), RH_OK);
    rh_dec_state_free(s);
    return r;
}

static void assert_same(const rh_dec_result *a, const rh_dec_result *b)
{
    assert_int_equal(a->n_tokens, b->n_tokens);
    for (int i = 0; i < a->n_tokens; i++) {
        assert_int_equal(a->tokens[i].id, b->tokens[i].id);
        assert_int_equal(a->tokens[i].rival_id, b->tokens[i].rival_id);
        assert_memory_equal(&a->tokens[i].logprob, &b->tokens[i].logprob, sizeof(float));
        assert_memory_equal(&a->tokens[i].entropy, &b->tokens[i].entropy, sizeof(float));
    }
    assert_memory_equal(&a->avg_logprob, &b->avg_logprob, sizeof(float));
    assert_memory_equal(&a->no_speech_prob, &b->no_speech_prob, sizeof(float));
}

static void threads_change_nothing(void **state)
{
    (void)state;
    rh_dec_params p = quick();
    rh_dec_result a = run(one, 1, &p), b = run(two, 1, &p);
    assert_true(a.n_tokens > 3);
    assert_same(&a, &b);
    p.beam = 4;
    p.max_tokens = 12;
    a = run(one, 1, &p), b = run(two, 1, &p);
    assert_same(&a, &b);
    rh_dec_model *five = load(5, false);
    b = run(five, 1, &p);
    assert_same(&a, &b);
    rh_dec_model_free(five);
}

typedef struct {
    uint32_t seed;
    rh_dec_params p;
    rh_dec_result r;
} client;

static void *client_main(void *arg)
{
    client *c = arg;
    rh_error err;
    rh_dec_state *s = NULL;
    size_t n = (size_t)(N_POS * two->d);
    float *x = rh_alloc_array(n, sizeof *x);
    fill(x, n, c->seed);
    if (rh_dec_state_new(&s, two, &err) == RH_OK && rh_dec_set_audio(s, x, N_POS, &err) == RH_OK)
        (void)rh_dec_run(s, &c->p, &c->r, &err);
    rh_dec_state_free(s);
    rh_free(x);
    return NULL;
}

static void company_changes_nothing(void **state)
{
    (void)state;
    enum { N = 4 };
    static client clients[N];
    pthread_t threads[N];
    for (uint32_t i = 0; i < N; i++) {
        clients[i] = (client){.seed = 10 + i, .p = quick()};
        clients[i].p.max_tokens = 20;
        clients[i].p.deadline_us = i % 2 ? (int64_t)i : 0;
        assert_int_equal(pthread_create(&threads[i], NULL, client_main, &clients[i]), 0);
    }
    for (int i = 0; i < N; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (uint32_t i = 0; i < N; i++) {
        rh_dec_result alone = run(one, 10 + i, &clients[i].p);
        assert_same(&alone, &clients[i].r);
    }
}

static void drafts_change_nothing_but_the_number_of_passes(void **state)
{
    (void)state;
    for (int timestamps = 0; timestamps < 2; timestamps++) {
        rh_dec_params p = quick();
        p.timestamps = timestamps;
        rh_dec_result plain = run(two, 1, &p);
        int32_t draft[64];
        int n = plain.n_tokens;
        assert_true(n > 8);
        for (int i = 0; i < n; i++)
            draft[i] = plain.tokens[i].id;
        p.draft = draft;
        for (int wrong = -1; wrong < n; wrong += 5) { /* one token off at different places */
            int32_t kept = wrong >= 0 ? draft[wrong] : 0;
            if (wrong >= 0)
                draft[wrong] = 1234;
            p.n_draft = n;
            rh_dec_result r = run(two, 1, &p);
            assert_same(&plain, &r);
            if (wrong < 0)
                assert_true(r.n_steps <= 5 + n / 32);
            if (wrong >= 0)
                draft[wrong] = kept;
        }
        draft[n] = 50257; /* the end token, and nonsense behind it */
        draft[n + 1] = -7;
        p.n_draft = n + 2;
        rh_dec_result r = run(two, 1, &p);
        assert_same(&plain, &r);
    }
}

/* The best other reading of some token stands when it is the draft's and near enough;
 * nonsense never does. */
static void a_draft_is_kept_to_where_it_is_nearly_as_likely(void **state)
{
    (void)state;
    rh_dec_params p = quick();
    p.timestamps = false;
    rh_dec_result plain = run(two, 1, &p);
    int32_t draft[64];
    int n = plain.n_tokens, at = 1;
    for (int i = 0; i < n; i++)
        draft[i] = plain.tokens[i].id;
    for (int i = 1; i < n; i++)
        if (plain.tokens[i].p_rival / plain.tokens[i].p > plain.tokens[at].p_rival / plain.tokens[at].p)
            at = i;
    assert_true(plain.tokens[at].p_rival > 0.1f * plain.tokens[at].p);
    p.draft = draft;
    p.n_draft = n;
    draft[at] = plain.tokens[at].rival_id;
    rh_dec_result r = run(two, 1, &p);
    assert_int_equal(r.tokens[at].id, plain.tokens[at].id);
    p.keep_to_draft = true;
    r = run(two, 1, &p);
    assert_int_equal(r.tokens[at].id, plain.tokens[at].rival_id);
    draft[at] = 1234;
    r = run(two, 1, &p);
    assert_int_not_equal(r.tokens[at].id, 1234);
}

static void forced_tokens_get_the_probabilities_of_decoding(void **state)
{
    (void)state;
    rh_error err;
    rh_dec_params p = quick();
    p.timestamps = false;
    rh_dec_result r = run(two, 1, &p);
    int32_t ids[64];
    static rh_dec_token forced[64];
    for (int i = 0; i < r.n_tokens; i++)
        ids[i] = r.tokens[i].id;
    rh_dec_state *s = listen(two, 1);
    assert_int_equal(rh_dec_force(s, &p, ids, r.n_tokens, forced, &err), RH_OK);
    for (int i = 1; i < r.n_tokens; i++) /* the first may be one the rules forbid at the start */
        assert_memory_equal(&forced[i].logprob, &r.tokens[i].logprob, sizeof(float));
    float starts[65];
    assert_int_equal(rh_dec_align(s, &p, ids, r.n_tokens, N_POS - 64, starts, &err), RH_OK);
    for (int i = 0; i < r.n_tokens; i++)
        assert_true(starts[i] <= starts[i + 1]);
    assert_true(starts[0] >= 0.0f && starts[r.n_tokens] <= (N_POS - 64) * 0.02f);
    ids[0] = 50363;
    assert_int_equal(rh_dec_align(s, &p, ids, 1, N_POS, starts, &err), RH_ERR_INVAL);
    rh_dec_state_free(s);
}

static void rules_hold_in_what_is_decoded(void **state)
{
    (void)state;
    rh_dec_params p = quick();
    p.temperature = 1.0f; /* wild answers try the rules */
    for (uint32_t seed = 1; seed < 4; seed++) {
        p.seed = seed;
        rh_dec_result r = run(two, seed, &p);
        int32_t last = 0;
        for (int i = 0; i < r.n_tokens; i++) {
            int32_t id = r.tokens[i].id;
            assert_false(id > 50257 && id < 50364);
            if (i == 0)
                assert_in_range(id, 50364, 50414);
            if (id >= 50364) {
                assert_true(id >= last);
                last = id;
            }
        }
        rh_dec_result again = run(one, seed, &p); /* the seed decides */
        assert_same(&r, &again);
    }
}

static void wrong_parameters_are_named(void **state)
{
    (void)state;
    static rh_dec_result r;
    rh_error err;
    rh_dec_params p = quick();
    rh_dec_state *s = NULL;
    assert_int_equal(rh_dec_state_new(&s, one, &err), RH_OK);
    assert_int_equal(rh_dec_run(s, &p, &r, &err), RH_ERR_INVAL); /* no audio yet */
    assert_int_equal(rh_dec_set_audio(s, noise, 0, &err), RH_ERR_INVAL);
    assert_int_equal(rh_dec_set_audio(s, noise, 1501, &err), RH_ERR_INVAL);
    assert_int_equal(rh_dec_set_audio(s, noise, 1, &err), RH_OK); /* one position is enough */
    assert_int_equal(rh_dec_run(s, &p, &r, &err), RH_OK);
    p.language = "xx";
    assert_int_equal(rh_dec_run(s, &p, &r, &err), RH_ERR_INVAL);
    assert_non_null(strstr(err.msg, "xx"));
    p = quick();
    p.beam = 17;
    assert_int_equal(rh_dec_run(s, &p, &r, &err), RH_ERR_INVAL);
    p = quick();
    atomic_bool cancel = true;
    p.cancel = &cancel;
    assert_int_equal(rh_dec_run(s, &p, &r, &err), RH_ERR_CANCELED);
    rh_dec_state_free(s);
}

static void long_prompts_and_prefixes_fit(void **state)
{
    (void)state;
    int32_t many[500];
    for (int i = 0; i < 500; i++)
        many[i] = 300 + i;
    rh_dec_params p = quick();
    p.prompt = many;
    p.n_prompt = 500;
    p.max_tokens = 0;
    rh_dec_result r = run(two, 2, &p);
    assert_true(r.n_tokens <= 224);
    p.prefix = many;
    p.n_prefix = 200;
    r = run(two, 2, &p);
    assert_true(r.n_tokens <= 24);
}

static void what_sampled_answers_took_is_given_back(void **state)
{
    (void)state;
    rh_error err;
    uint16_t slot;
    rh_dec_state *s = listen(one, 3);
    for (int i = 0; i < 20 * DEC_CHUNK_SLOTS; i++)
        assert_int_equal(dec_slot_take(s, &slot, &err), RH_OK);
    assert_int_equal(s->n_chunks, 20);
    assert_int_equal(rh_dec_set_audio(s, noise, N_POS, &err), RH_OK);
    assert_in_range(s->n_chunks, 1, 5);
    for (int i = 0; i < 20 * DEC_CHUNK_SLOTS; i++) { /* and can be had again */
        assert_int_equal(dec_slot_take(s, &slot, &err), RH_OK);
        *dec_slot(s, 0, 0, slot) = 1.0f;
    }
    rh_dec_state_free(s);
}

static long resident_kb(const char *name)
{
    char line[4400];
    long kb = 0, sum = 0;
    bool mine = false;
    FILE *f = fopen("/proc/self/smaps", "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        if (strchr(line, '-') && strstr(line, " r"))
            mine = strstr(line, name) != NULL;
        else if (mine && sscanf(line, "Rss: %ld kB", &kb) == 1)
            sum += kb;
    }
    fclose(f);
    return sum;
}

/* The table of tokens has 53 MB; each row that is read maps the pages around it. */
static void rows_of_many_tokens_do_not_pile_up(void **state)
{
    (void)state;
    enum { TOKENS = 1024, STEP = 48 };
    rh_error err;
    rh_dec_state *s = listen(one, 4);
    for (int from = 0; from < TOKENS; from += DEC_MAX_ROWS) {
        int32_t tokens[DEC_MAX_ROWS];
        dec_sequence q = {0};
        for (int i = 0; i < DEC_MAX_ROWS; i++)
            tokens[i] = (from + i) * STEP;
        dec_slots_clear(s);
        assert_int_equal(dec_extend(s, &q, tokens, DEC_MAX_ROWS, DEC_MAX_ROWS, NULL, 0, &err), RH_OK);
    }
    assert_in_range(resident_kb("/ggml-base.bin"), 0, 16 << 10);
    rh_dec_state_free(s);
}

static int setup(void **state)
{
    (void)state;
    rh_error err;
    if (rh_ggml_file_open(&file, model_file("ggml-base.bin"), &err) != RH_OK)
        return -1;
    one = load(1, false);
    two = load(2, false);
    size_t n = 1500 * (size_t)one->d;
    noise = rh_alloc_array(n, sizeof *noise);
    fill(noise, n, 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rh_free(noise);
    rh_dec_model_free(one);
    rh_dec_model_free(two);
    rh_ggml_file_free(file);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(f32_logits_are_the_reference_s),
        cmocka_unit_test(int8_logits_are_near_the_reference_s),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(company_changes_nothing),
        cmocka_unit_test(drafts_change_nothing_but_the_number_of_passes),
        cmocka_unit_test(a_draft_is_kept_to_where_it_is_nearly_as_likely),
        cmocka_unit_test(forced_tokens_get_the_probabilities_of_decoding),
        cmocka_unit_test(rules_hold_in_what_is_decoded),
        cmocka_unit_test(wrong_parameters_are_named),
        cmocka_unit_test(long_prompts_and_prefixes_fit),
        cmocka_unit_test(what_sampled_answers_took_is_given_back),
        cmocka_unit_test(rows_of_many_tokens_do_not_pile_up),
    };
    (void)model_file("ggml-base.bin"); /* skips */
    return cmocka_run_group_tests(tests, setup, teardown);
}
