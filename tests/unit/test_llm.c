/* What a language model says of an answer, and what of it stays; where it may be asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "llm/llm_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/json.h"
#include "rehearse/llm/llm.h"

static const char REPORT[] =
    "{\"question\": \"Why \\\"us\\\"?\", \"kind\": \"behavioural\", \"spoken_language\": \"en\", \"transcript\": ["
    "{\"start\": 0, \"end\": 3, \"text\": \"Well, I don\\u2019t know Kafka-like queues.\", \"words\": ["
    "{\"text\": \"um\", \"start\": 0, \"end\": 0.4, \"mark\": \"filler\", \"heard\": true},"
    "{\"text\": \"Well,\", \"start\": 0.5, \"end\": 0.9, \"word\": 0}, {\"text\": \"I\", \"start\": 1, \"end\": 1.1, \"word\": 1},"
    "{\"text\": \"don\\u2019t\", \"start\": 1.2, \"end\": 1.4, \"word\": 2},"
    "{\"text\": \"never\", \"start\": 1.4, \"end\": 1.4, \"word\": 9, \"mark\": \"missed\"},"
    "{\"text\": \"know\", \"start\": 1.5, \"end\": 1.8, \"word\": 3},"
    "{\"text\": \"Kafka-like\", \"start\": 2, \"end\": 2.4, \"word\": 4}, {\"text\": \"queues.\", \"start\": 2.5, \"end\": 3, \"word\": 5}]},"
    "{\"start\": 4, \"end\": 6, \"text\": \"We cut it by 40 percent.\", \"words\": [{\"word\": \"We\"}]},"
    "{\"start\": 7, \"end\": 9, \"text\": \"\\u6211\\u8ba1\\u5212\\u4e86\\u8fc1\\u79fb\\u3002\"}]}";

static rh_answer answer;
static json_t *report;

static int set_up(void **state)
{
    (void)state;
    report = json_loads(REPORT, 0, NULL);
    return !report || rh_answer_of(&answer, report, NULL) != RH_OK;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(report);
    rh_answer_done(&answer);
    return 0;
}

static void words_have_the_times_of_their_items(void **state)
{
    static const struct {
        const char *form;
        double start, end;
    } wanted[] = {{"well", 0.5, 0.9}, {"i", 1, 1.1},      {"dont", 1.2, 1.4}, {"know", 1.5, 1.8}, {"kafka", 2, 2.4},
                  {"like", 2, 2.4},   {"queues", 2.5, 3}, {"we", 4, 6},       {"cut", 4, 6},      {"it", 4, 6},
                  {"by", 4, 6},       {"40", 4, 6},       {"percent", 4, 6}};
    (void)state;
    assert_int_equal(answer.n_words, 13 + 6);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        assert_string_equal(answer.words[i].form, wanted[i].form);
        assert_true(answer.words[i].start == wanted[i].start && answer.words[i].end == wanted[i].end);
    }
    assert_true(answer.words[13].sign && answer.words[18].sign);
}

static void a_quote_is_words_in_a_row(void **state)
{
    static const struct {
        const char *quote;
        int first; /* -1: not there */
    } cases[] = {
        {"i don't know", 1},
        {"I DON\xe2\x80\x99T KNOW!", 1},
        {"\"know Kafka-like queues. We cut\"", 3}, /* over the end of a line */
        {"know, kafka like queues", 3},
        {"don't know", -1},    /* two words */
        {"I don't Kafka", -1}, /* one left out */
        {"I don't ... queues", -1},
        {"I don't knows", -1},
        {"hi don't know", -1},
        {"by 40 percent", 10},
        {"by 4 percent", -1},
        {"", -1},
        {"...", -1},
        {"\xe6\x88\x91\xe8\xae\xa1\xe5\x88\x92\xe4\xba\x86\xe8\xbf\x81\xe7\xa7\xbb", 13}, /* six signs */
        {"\xe6\x88\x91\xe8\xae\xa1\xe5\x88\x92\xe4\xba\x86\xe8\xbf\x81", -1},             /* five */
        {"a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a "
         "a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a",
         -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t first = 99, n = 0;
        rh_status st = rh_answer_find(&answer, cases[i].quote, &first, &n);
        if ((st == RH_OK ? (int)first : -1) != cases[i].first)
            fail_msg("%s: %d, %zu", cases[i].quote, st, first);
    }
    assert_true(rh_answer_has_numbers_of(&answer, "40 of them, about"));
    assert_false(rh_answer_has_numbers_of(&answer, "50 of them"));
    assert_false(rh_answer_has_numbers_of(&answer, "the 2nd"));
}

static rh_status read_said(const char *said, json_t **out, rh_error *err)
{
    json_t *all = json_pack("{s:[{s:{s:s}}]}", "choices", "message", "content", said);
    char *body = json_dumps(all, 0);
    rh_status st = rh_llm_read(body, strlen(body), &answer, out, err);
    free(body);
    json_decref(all);
    return st;
}

static void what_stays_has_the_answers_own_words(void **state)
{
    json_t *o = NULL;
    rh_error err;
    (void)state;
    assert_int_equal(
        read_said("Sure! {\"relevance\": {\"quote\": \"KNOW kafka like QUEUES\", \"text\": \"Fits.\\n\"}, "
                  "\"rewrite\": {\"quote\": \"I don't know Kafka\", \"text\": \"I don't know\"}, "
                  "\"rubric\": {\"impact\": {\"score\": 5.0, \"reason\": \"ok\", \"quote\": \"We cut it\"}}} Bye",
                  &o, &err),
        RH_OK);
    const json_t *r = json_object_get(o, "relevance");
    assert_string_equal(rh_json_str(r, "quote"), "know Kafka-like queues");
    assert_string_equal(rh_json_str(r, "text"), "Fits.");
    assert_true(rh_json_num(r, "start") == 1.5 && rh_json_num(r, "end") == 3);
    assert_null(json_object_get(o, "rewrite")); /* nothing is better in it */
    assert_int_equal(json_integer_value(json_object_get(json_array_get(json_object_get(o, "rubric"), 0), "score")), 5);
    assert_int_equal(json_integer_value(json_object_get(o, "dropped")), 1);
    json_decref(o);
    assert_int_equal(read_said("{\"relevance\": {\"quote\": \"no such words here\", \"text\": \"x\"}}", &o, &err),
                     RH_ERR_NOTFOUND);
    assert_int_equal(read_said("{\"relevance\"", &o, &err), RH_ERR_FORMAT);
    assert_int_equal(read_said("{}", &o, &err), RH_ERR_FORMAT);
    assert_int_equal(rh_llm_read("{}", 2, &answer, &o, &err), RH_ERR_FORMAT);
}

static void the_answer_is_sent_as_data(void **state)
{
    (void)state;
    for (int form = 0; form < RH_LLM_FORMS; form++) {
        char *body = rh_llm_request("m", report, &answer, (rh_llm_form)form);
        json_t *all = json_loads(body, 0, NULL);
        const json_t *user = json_array_get(json_object_get(all, "messages"), 1);
        json_t *data = json_loads(rh_json_str(user, "content"), 0, NULL);
        assert_string_equal(rh_json_str(data, "question"), "Why \"us\"?");
        assert_string_equal(rh_json_str(data, "answer"), answer.text);
        assert_string_equal(rh_json_str(json_object_get(all, "response_format"), "type"),
                            form == RH_LLM_BY_SCHEMA ? "json_schema"
                            : form == RH_LLM_AS_JSON ? "json_object"
                                                     : "");
        json_decref(data);
        json_decref(all);
        free(body);
    }
}

static void a_long_answer_is_cut_at_a_line(void **state)
{
    json_t *lines = json_array(), *long_report = json_pack("{s:o}", "transcript", lines);
    rh_answer a = {0};
    (void)state;
    for (int i = 0; i < 3000; i++)
        json_array_append_new(lines, json_pack("{s:s}", "text", "ten letters"));
    assert_int_equal(rh_answer_of(&a, long_report, NULL), RH_OK);
    assert_true(strlen(a.text) < RH_LLM_ANSWER_BYTES && strlen(a.text) > RH_LLM_ANSWER_BYTES - 20);
    assert_int_equal(a.n_words % 2, 0);
    rh_answer_done(&a);
    json_decref(long_report);
}

static void addresses_are_taken_apart(void **state)
{
    static const struct {
        const char *url, *endpoint, *host;
    } good[] = {
        {"http://127.0.0.1:8080", "http://127.0.0.1:8080/v1/chat/completions", "127.0.0.1:8080"},
        {"http://127.0.0.1:8080/", "http://127.0.0.1:8080/v1/chat/completions", "127.0.0.1:8080"},
        {"http://[::1]:1/v1/", "http://[::1]:1/v1/chat/completions", "[::1]:1"},
        {"https://localhost/v1", "https://localhost/v1/chat/completions", "localhost"},
        {"http://127.9.9.9/proxy", "http://127.9.9.9/proxy/v1/chat/completions", "127.9.9.9"},
        {"http://127.0.0.1/x/chat/completions", "http://127.0.0.1/x/chat/completions", "127.0.0.1"},
    };
    static const char *const bad[] = {"",
                                      "x",
                                      "http:///v1",
                                      "ws://127.0.0.1",
                                      "http://a:b@127.0.0.1",
                                      "http://127.0.0.1/?k=v",
                                      "http://192.0.2.1",
                                      "http://[::ffff:192.0.2.1]",
                                      "http://0.0.0.0",
                                      "http://128.0.0.1"};
    rh_llm_place p;
    rh_error err;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(rh_llm_place_of(&p, good[i].url, "", false, &err), RH_OK);
        assert_string_equal(p.endpoint, good[i].endpoint);
        assert_string_equal(p.host, good[i].host);
        assert_false(p.is_remote);
        rh_llm_place_done(&p);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (rh_llm_place_of(&p, bad[i], NULL, false, &err) != RH_ERR_INVAL)
            fail_msg("%s", bad[i]);
    assert_int_equal(rh_llm_place_of(&p, "http://192.0.2.1", "k", true, &err), RH_OK);
    assert_true(p.is_remote);
    rh_llm_place_done(&p);
    assert_int_equal(rh_llm_place_of(&p, "http://127.0.0.1", "a\nb", false, &err), RH_ERR_INVAL);
}

static void too_little_is_not_sent(void **state)
{
    rh_llm_options o = {.url = "http://127.0.0.1:1", .model = "m", .timeout_s = 1};
    rh_llm *m = NULL;
    rh_error err;
    json_t *out = NULL, *little = json_loads("{\"transcript\": [{\"text\": \"I would say yes\"}]}", 0, NULL);
    (void)state;
    assert_int_equal(rh_llm_new(&m, &o, &err), RH_OK);
    assert_int_equal(rh_llm_ask(m, little, NULL, &out, &err), RH_ERR_INVAL);
    for (int i = 0; i < 3; i++)
        assert_int_equal(rh_llm_ask(m, report, NULL, &out, &err), RH_ERR_IO);
    assert_int_equal(rh_llm_ask(m, report, NULL, &out, &err), RH_ERR_BUSY);
    json_decref(little);
    rh_llm_free(m);
    o.model = "";
    assert_int_equal(rh_llm_new(&m, &o, &err), RH_ERR_INVAL);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    for (long k = 1; k < 400; k++) {
        rh_answer a = {0};
        json_t *o = NULL;
        rh_error err;
        static const char body[] = "{\"choices\": [{\"message\": {\"content\": \"{\\\"relevance\\\": {\\\"quote\\\": "
                                   "\\\"We cut it\\\", \\\"text\\\": \\\"ok\\\"}}\"}}]}";
        rh_alloc_fail_at(k);
        rh_status st = rh_answer_of(&a, report, &err);
        if (st == RH_OK)
            st = rh_llm_read(body, sizeof body - 1, &a, &o, &err);
        rh_alloc_fail_at(0);
        assert_true(st == RH_OK || st == RH_ERR_NOMEM);
        json_decref(o);
        rh_answer_done(&a);
        rh_alloc_fail_at(k);
        free(rh_llm_request("m", report, &answer, RH_LLM_BY_SCHEMA));
        rh_alloc_fail_at(0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_have_the_times_of_their_items),
        cmocka_unit_test(a_quote_is_words_in_a_row),
        cmocka_unit_test(what_stays_has_the_answers_own_words),
        cmocka_unit_test(the_answer_is_sent_as_data),
        cmocka_unit_test(a_long_answer_is_cut_at_a_line),
        cmocka_unit_test(addresses_are_taken_apart),
        cmocka_unit_test(too_little_is_not_sent),
        cmocka_unit_test(memory_may_run_out),
    };
    json_set_alloc_funcs(rh_alloc, rh_free);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
