/* Terms written into answers that are made up, whose words are as likely as is said here: what the decoder thinks of
 * the term itself, in noise, is far less than -1 and more than -200 nats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "../model/models.h"
#include "asr/native/decoder_internal.h"
#include "rehearse/base/alloc.h"

enum { N_POS = 100 };
static const float SURE = -0.01f, UNSURE = -300.0f;

static rh_ggml_file *file;
static rh_dec_model *model;
static rh_dec_state *decoder;
static int32_t in[4];
static int n_in;

/* `text` as an answer; tokens of words between < and > are `odd` likely, the others surely right. */
static rh_dec_result answer(const char *text, float odd)
{
    static rh_dec_result r;
    int32_t ids[RH_DEC_MAX_TOKENS];
    char piece[4096];
    r = (rh_dec_result){.temperature = 0};
    for (const char *s = text; *s;) {
        bool inside = *s == '<';
        s += inside || *s == '>';
        size_t len = strcspn(s, "<>"), n = 0;
        assert_true(len < sizeof piece);
        memcpy(piece, s, len);
        s += len;
        assert_int_equal(rh_tokenizer_encode(rh_dec_model_tokenizer(model), piece, len, ids, RH_DEC_MAX_TOKENS, &n),
                         RH_OK);
        for (size_t i = 0; i < n && r.n_tokens < RH_DEC_MAX_TOKENS; i++)
            r.tokens[r.n_tokens++] =
                (rh_dec_token){.id = ids[i], .logprob = inside ? odd : SURE, .p = 0.5f, .p_filler = 0.25f};
    }
    return r;
}

static const char *text_of(const rh_dec_result *r)
{
    static char text[8192];
    size_t n = 0;
    for (int i = 0; i < r->n_tokens; i++) {
        size_t len;
        const char *s = rh_tokenizer_bytes(rh_dec_model_tokenizer(model), r->tokens[i].id, &len);
        assert_true(n + len < sizeof text);
        memcpy(text + n, s, len);
        n += len;
    }
    text[n] = '\0';
    return text;
}

/* What becomes of the answer where `list` (ends with NULL) is expected. */
static const char *told(rh_dec_result *r, const char *const *list, int *n_steps)
{
    rh_error err = {0};
    rh_terms *terms = NULL;
    rh_dec_params p = rh_dec_params_default();
    size_t n = 0;
    while (list[n])
        n++;
    assert_int_equal(rh_terms_new(&terms, list, n, &err), RH_OK);
    p.language = "en";
    p.terms = terms;
    *n_steps = 0;
    if (dec_terms_apply(decoder, &p, in, n_in, r, n_steps, &err) != RH_OK)
        fail_msg("%s", err.msg);
    rh_terms_free(terms);
    return text_of(r);
}

static const char *const NAMES[] = {"Kubernetes", "terraform", "Grafana", NULL};

static void becomes(const char *text, float odd, const char *want)
{
    int n_steps;
    rh_dec_result r = answer(text, odd);
    assert_string_equal(told(&r, NAMES, &n_steps), want);
}

static void unlikely_words_that_sound_like_a_term_become_it(void **state)
{
    (void)state;
    becomes(" We ran< cooper netties>, here.", UNSURE, " We ran Kubernetes, here.");
    becomes(" We ran< cooper netties>, here.", SURE, " We ran cooper netties, here.");
    /* What closes the words stays, a sentence begins with a capital, and is never joined with the next one. */
    becomes(" I like< tear form>'s way, yes.", UNSURE, " I like terraform's way, yes.");
    becomes("< Tear form>, yes.< Graphana>!", UNSURE, " Terraform, yes. Grafana!");
    becomes(" It can< tear>.< Form> it.", UNSURE, " It can tear. Form it.");
    becomes("< nothing of this sounds like them>", UNSURE, " nothing of this sounds like them");
    becomes("", UNSURE, "");
}

static void the_rest_of_an_answer_is_not_touched(void **state)
{
    (void)state;
    int n_steps;
    rh_dec_result before = answer(" We ran< cooper netties>, every single day.", UNSURE), r = before;
    (void)told(&r, NAMES, &n_steps);
    assert_true(n_steps > 0);
    int gone = before.n_tokens - r.n_tokens, first = 2, after = 5; /* ", every single day." */
    assert_memory_equal(r.tokens, before.tokens, (size_t)first * sizeof r.tokens[0]);
    for (int i = r.n_tokens - after; i < r.n_tokens; i++)
        assert_memory_equal(&r.tokens[i], &before.tokens[i + gone], sizeof r.tokens[0]);
    for (int i = first; i < r.n_tokens - after; i++) {
        assert_true(r.tokens[i].p >= 0.0f && r.tokens[i].p <= 1.0f);
        assert_true(r.tokens[i].logprob <= 0.0f);
    }
    assert_true(r.tokens[first].p_filler == 0.25f); /* the room before it for a hesitation */
    /* Where nothing sounds like a term the decoder is not even asked. */
    r = before = answer(" Every other word is right.", SURE);
    (void)told(&r, NAMES, &n_steps);
    assert_int_equal(n_steps, 0);
    assert_memory_equal(&r, &before, sizeof r);
}

static void timestamps_part_words(void **state)
{
    (void)state;
    int n_steps;
    rh_dec_result r = answer(" It can< tear form> it.", UNSURE);
    int32_t time = rh_tokenizer_special(rh_dec_model_tokenizer(model))->timestamp_begin + 50;
    assert_string_equal(text_of(&r), " It can tear form it.");
    memmove(r.tokens + 4, r.tokens + 3, (size_t)(r.n_tokens - 3) * sizeof r.tokens[0]);
    r.tokens[3] = (rh_dec_token){.id = time};
    r.n_tokens++;
    assert_string_equal(told(&r, NAMES, &n_steps), " It can tear form it.");
    assert_int_equal(r.tokens[3].id, time);
}

static void the_longest_answer_stays_within_its_room(void **state)
{
    (void)state;
    static char text[8 * RH_DEC_MAX_TOKENS];
    static const char *const longer[] = {"Gr\xc3\xa0"
                                         "f\xc3\xa1n\xc3\xa3",
                                         "Kubernetes", NULL};
    int n_steps;
    text[0] = '<';
    text[1] = '\0';
    for (int i = 0; i < RH_DEC_MAX_TOKENS; i++)
        strcat(text, " grab");
    memcpy(text + 1 + 5 * 400, " graphana", 9);
    strcat(text, " graphana>");
    rh_dec_result r = answer(text, UNSURE);
    assert_int_equal(r.n_tokens, RH_DEC_MAX_TOKENS);
    (void)told(&r, longer, &n_steps);
    assert_true(r.n_tokens <= RH_DEC_MAX_TOKENS);
    for (int i = 0; i < r.n_tokens; i++)
        assert_true(r.tokens[i].id >= 0 && r.tokens[i].id < model->n_vocab);
}

static int setup(void **state)
{
    (void)state;
    rh_error err;
    const rh_dec_options o = {.n_threads = 2};
    if (rh_ggml_file_open(&file, model_file("ggml-base.bin"), &err) != RH_OK ||
        rh_dec_model_new(&model, file, &o, &err) != RH_OK || rh_dec_state_new(&decoder, model, &err) != RH_OK)
        return -1;
    float *quiet = rh_calloc((size_t)(N_POS * model->d), sizeof *quiet);
    if (!quiet || rh_dec_set_audio(decoder, quiet, N_POS, &err) != RH_OK)
        return -1;
    rh_free(quiet);
    const rh_tokenizer *t = rh_dec_model_tokenizer(model);
    return dec_start_tokens(decoder, rh_tokenizer_language(t, "en"), false, false, in, &n_in, &err) == RH_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    rh_dec_state_free(decoder);
    rh_dec_model_free(model);
    rh_ggml_file_free(file);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unlikely_words_that_sound_like_a_term_become_it),
        cmocka_unit_test(the_rest_of_an_answer_is_not_touched),
        cmocka_unit_test(timestamps_part_words),
        cmocka_unit_test(the_longest_answer_stays_within_its_room),
    };
    (void)model_file("ggml-base.bin"); /* skips */
    return cmocka_run_group_tests(tests, setup, teardown);
}
