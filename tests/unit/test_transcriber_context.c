/* Which words that are final a live decode begins with: the newest, as many as a context holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>
#include "asr/live/transcriber_internal.h"
#include "asr/transcript_internal.h"
#include "rehearse/base/alloc.h"

typedef struct {
    const char *text;
    double start, end;
} said;

/* What was decoded behind `context`, the words of [from, context_end), has become final up to `to`. */
static void settle(rh_transcriber *t, const char *context, double from, double context_end, const said *words, int n,
                   double to)
{
    rh_error err;
    *t = (rh_transcriber){.from = (int64_t)(from * TR_RATE), .context_end = (int64_t)(context_end * TR_RATE)};
    strcpy(t->context, context);
    strcpy(t->context_verbatim, context);
    rh_transcript_init(&t->partial);
    rh_transcript_init(&t->verbatim);
    for (int i = 0; i < n; i++) {
        rh_asr_token k = {.id = i, .start = (float)words[i].start, .end = (float)words[i].end, .p = 0.9f};
        k.rival_id = -1;
        assert_int_equal(rh_transcript_add_token(&t->partial, &k, words[i].text, strlen(words[i].text)), RH_OK);
    }
    rh_asr_segment whole = {.start = (float)words[0].start, .end = (float)words[n - 1].end};
    assert_int_equal(rh_transcript_end_segment(&t->partial, &whole, true), RH_OK);
    assert_int_equal(t->partial.n_words, n);
    assert_int_equal(rh_tr_promote(t, (int64_t)(to * TR_RATE), &err), RH_OK);
    rh_tr_start_at(t, (int64_t)(to * TR_RATE));
}

static void context_is(rh_transcriber *t, const char *text, double from)
{
    assert_string_equal(t->context, text);
    assert_true(fabs((double)t->from / TR_RATE - from) < 1e-3);
    rh_tr_forget_heard(t);
    rh_free(t->heard);
    rh_transcript_done(&t->partial);
}

static void what_fits_goes_on_with_the_context_before_it(void **state)
{
    (void)state;
    static const said words[] = {{" I", 13.1, 13.2}, {" agree.", 13.3, 13.8}};
    rh_transcriber t;
    settle(&t, "That is what they told us.", 10, 13, words, 2, 14);
    context_is(&t, "That is what they told us. I agree.", 10);
}

static void of_many_words_those_behind_the_widest_gap_that_fits(void **state)
{
    (void)state;
    static const said words[] = {{" We", 15.1, 15.3},    {" tried", 15.4, 15.8}, {" it", 16.4, 16.6},
                                 {" again", 16.6, 17.0}, {" and", 17.1, 17.2},   {" again", 17.2, 17.6}};
    rh_transcriber t;
    settle(&t, "So that was all that we had to go by.", 10, 15, words, 6, 18);
    context_is(&t, "it again and again", 16.25);
}

static void few_words_are_kept_without_the_context_that_no_longer_fits(void **state)
{
    (void)state;
    static const said words[] = {{" I", 15.7, 15.8}, {" do", 15.8, 16.0}, {" agree.", 16.0, 16.4}};
    rh_transcriber t;
    settle(&t, "So that was all that we had to go by.", 10, 15.5, words, 3, 16.6);
    context_is(&t, "I do agree.", 15.6);
    settle(&t, "So that was all that we had to go by.", 10, 15.5, words, 1, 16.6);
    context_is(&t, "I", 15.6);
}

static void of_few_words_over_a_long_time_the_newest_that_fit(void **state)
{
    (void)state;
    static const said words[] = {{" Well", 10.2, 10.5}, {" perhaps", 14.0, 14.5}, {" not.", 17.0, 17.5}};
    rh_transcriber t;
    settle(&t, "", 10, 10, words, 3, 18);
    context_is(&t, "perhaps not.", 13.85);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_goes_on_with_the_context_before_it),
        cmocka_unit_test(of_many_words_those_behind_the_widest_gap_that_fits),
        cmocka_unit_test(few_words_are_kept_without_the_context_that_no_longer_fits),
        cmocka_unit_test(of_few_words_over_a_long_time_the_newest_that_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
