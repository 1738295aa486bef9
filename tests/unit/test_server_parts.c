/* The parts of the server that need no socket: routes, access, forms,
 * messages, statuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/buf.h"
#include "server/access.h"
#include "server/api/range.h"
#include "server/message.h"
#include "server/api/multipart.h"
#include "server/guesses.h"
#include "server/routes.h"
#include "server/status_map.h"
#include "server/ws.h"

/* ---- routes ---- */

static void routes_match_by_method_and_path(void **state)
{
    (void)state;
    static const char any[] = "any other", none[] = "none";
    /* clang-format off */
    static const struct { const char *method, *path; bool upgrade; const char *pattern; } cases[] = {
        {"GET", "/", false, "/"}, {"HEAD", "/health", false, "/health"},
        {"GET", "/health/", false, "/health"}, {"GET", "/healthy", false, any},
        {"POST", "/api/analyze-audio", false, "/api/analyze-audio"},
        {"POST", "/nowhere", false, none}, {"GET", "/ws/video/a", true, "/ws/video/{}"},
        {"GET", "/ws/video/a", false, any}, {"GET", "/", true, none},
        {"GET", "/v1/session/x", true, "/v1/session/{}"}, {"DELETE", "/v1/sessions/x", false, "/v1/sessions/{}"},
        {"GET", "/ws/video/a/b", true, none}, {"GET", "/ws/video", true, none},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const rh_route_row *row = rh_route_match(&rh_routes, cases[i].method, cases[i].path, cases[i].upgrade).row;
        assert_string_equal(!row ? none : row->pattern ? row->pattern : any, cases[i].pattern);
    }
    assert_string_equal(rh_route_match(&rh_routes, "DELETE", "/v1/sessions/x", false).row->method, "DELETE");
    rh_route r = rh_route_match(&rh_routes, "PUT", "/api/analyze-frame", false);
    assert_true(r.wrong_method);
    assert_string_equal(r.allow, "POST");
    r = rh_route_match(&rh_routes, "GET", "/ws/audio/Zo\xc3\xab 1", true);
    assert_string_equal(r.param, "Zo\xc3\xab 1");
    assert_false(r.bad_param);
    assert_true(rh_route_match(&rh_routes, "GET", "/ws/audio/a\x01", true).bad_param);
    assert_true(rh_route_match(&rh_routes, "GET", "/ws/audio/", true).bad_param);
}

static void client_id_has_its_limit(void **state)
{
    (void)state;
    char path[RH_MAX_CLIENT_ID + 64];
    for (int extra = 0; extra < 2; extra++) {
        size_t n = (size_t)snprintf(path, sizeof path, "/ws/video/");
        memset(path + n, 'x', RH_MAX_CLIENT_ID + (size_t)extra);
        path[n + RH_MAX_CLIENT_ID + (size_t)extra] = '\0';
        assert_int_equal(rh_route_match(&rh_routes, "GET", path, true).bad_param, extra == 1);
    }
}

static void routes_take_two_names(void **state)
{
    (void)state;
    rh_route r = rh_route_match(&rh_routes, "DELETE", "/v1/sessions/a b/notes/12", false);
    assert_non_null(r.row);
    assert_string_equal(r.param, "a b");
    assert_string_equal(r.param2, "12");
    assert_false(r.bad_param);
    assert_true(rh_route_match(&rh_routes, "DELETE", "/v1/sessions/a/notes/12/", false).row != NULL);
    assert_true(rh_route_match(&rh_routes, "DELETE", "/v1/sessions/a/notes/", false).bad_param);
    assert_true(rh_route_match(&rh_routes, "DELETE", "/v1/sessions//notes/1", false).bad_param);
    assert_true(rh_route_match(&rh_routes, "DELETE", "/v1/sessions/a/notes/1/2", false).row == NULL);
    assert_true(rh_route_is_shared("/shared/x") && rh_route_is_shared("/shared") && !rh_route_is_shared("/sharedx"));
}

static void links_can_not_be_guessed_for_long(void **state)
{
    (void)state;
    char who[40];
    static const char *const cases[][2] = {
        {"203.0.113.9", "203.0.113.9"},
        {"unix", "unix"},
        {"::1", "::1"},
        {"::ffff:203.0.113.9", "::ffff:203.0.113.9"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rh_guess_who(who, cases[i][0]);
        assert_string_equal(who, cases[i][1]);
    }
    rh_guesses g = {0};
    const int64_t s = 1000000;
    for (int i = 0; i < RH_MAX_WRONG_LINKS; i++) {
        assert_false(rh_guesses_spent(&g, "a", i * s));
        rh_guess_add(&g, "a", i * s);
    }
    assert_true(rh_guesses_spent(&g, "a", 30 * s));
    assert_false(rh_guesses_spent(&g, "b", 30 * s));
    assert_false(rh_guesses_spent(&g, "a", 61 * s));
    rh_guess_add(&g, "a", 61 * s);
    assert_false(rh_guesses_spent(&g, "a", 62 * s));
    for (int i = 0; i < 2 * RH_GUESSERS; i++) { /* the oldest give way */
        (void)snprintf(who, sizeof who, "%d", i);
        rh_guess_add(&g, who, (70 + i) * s);
    }
    for (int i = 1; i < RH_MAX_WRONG_LINKS; i++)
        rh_guess_add(&g, who, 600 * s);
    assert_true(rh_guesses_spent(&g, who, 600 * s));
}

/* ---- access ---- */

static void access_needs_own_page_listed_page_or_token(void **state)
{
    rh_person who;
    (void)state;
    rh_config c = {.host = "127.0.0.1",
                   .public_origins = "https://coach.example, http://b.example:81",
                   .tokens = "",
                   .trust_loopback = "off"};
    const char *why;
    static const struct {
        const char *host, *origin;
        int status;
    } cases[] = {
        {"127.0.0.1:8000", "", 0},
        {"localhost:8000", "http://localhost:8000", 0},
        {"[::1]:8000", "", 0},
        {"localhost:8000", "http://localhost:9000", 403},
        {"evil.example", "", 403},
        {"127.0.0.1.evil.example", "", 403},
        {"", "", 403},
        {"coach.example", "", 0},
        {"127.0.0.1:8000", "https://coach.example", 0},
        {"b.example:81", "http://b.example:81", 0},
        {"127.0.0.1:8000", "https://coach.example.evil", 403},
        {"127.0.0.1:8000", "null", 403},
        {"127.0.0.1:8000", "?", 403},
        {"?", "", 403},
        {"127.0.0.1", "http://127.0.0.1:8000", 403},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(rh_access_check(&c,
                                         &(rh_visitor){.host = cases[i].host,
                                                       .origin = cases[i].origin,
                                                       .authorization = "",
                                                       .peer = "127.0.0.1"},
                                         &who, &why),
                         cases[i].status);
    c.tokens = "one"; /* a link is a token itself, for whoever may be here */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rh_visitor v = {.host = cases[i].host, .origin = cases[i].origin, .authorization = "", .peer = "9.9.9.9"};
        assert_int_equal(rh_access_shared(&c, &v, &why), cases[i].status);
        v.authorization = "Bearer one"; /* which does not let pages of others in here */
        assert_int_equal(rh_access_shared(&c, &v, &why), cases[i].status);
    }
    c.tokens = "";
    /* a proxy may have passed the Host without its port */
    rh_visitor behind = {.host = "coach.example",
                         .origin = "https://coach.example:8443",
                         .authorization = "",
                         .peer = "127.0.0.1",
                         .forwarded = true};
    c.public_origins = "https://coach.example:8443";
    assert_int_equal(rh_access_check(&c, &behind, &who, &why), 0);
    behind.origin = "https://coach.example:9999";
    assert_int_equal(rh_access_check(&c, &behind, &who, &why), 0);
    behind.host = "coach.example:8443";
    assert_int_equal(rh_access_check(&c, &behind, &who, &why), 403);
    behind.origin = "https://coach.example.evil:8443";
    assert_int_equal(rh_access_check(&c, &behind, &who, &why), 403);
}

static void tokens_are_asked_of_everybody(void **state)
{
    rh_person who;
    (void)state;
    rh_config c = {.host = "127.0.0.1", .public_origins = "", .tokens = "one,two", .trust_loopback = "off"};
    const char *why;
    static const struct {
        const char *host, *origin, *bearer, *peer, *cookie;
        bool forwarded;
        int off, on;
    } cases[] = {
        {"x.example", "https://evil", "Bearer two", "9.9.9.9", "", false, 0, 0},
        {"127.0.0.1", "", "Bearer on", "127.0.0.1", "", false, 401, 401},
        {"127.0.0.1", "", "", "127.0.0.1", NULL, false, 401, 0},
        {"127.0.0.1", "", "", "::ffff:127.0.0.1", "", false, 401, 0},
        {"localhost", "", "", "::1", "", false, 401, 0},
        {"localhost", "", "", "unix", "", false, 401, 0},
        {"127.0.0.1", "", "", "127.0.0.1", "", true, 401, 401},
        {"localhost", "", "", "unix", "", true, 401, 401},
        {"192.168.1.5", "", "", "192.168.1.9", "", false, 401, 401},
        {"127.0.0.1", "", "", "", "", false, 401, 401},
        /* the page of this server */
        {"192.168.1.5", "http://192.168.1.5", "", "192.168.1.9", "a=b; rehearse_token=t%77o", false, 0, 0},
        {"127.0.0.1", "http://127.0.0.1", "", "127.0.0.1", "rehearse_token=one", true, 0, 0},
        {"192.168.1.5", "", "", "192.168.1.9", "rehearse_token=old; rehearse_token=two", false, 0, 0},
        {"192.168.1.5", "", "", "192.168.1.9", "rehearse_token=tw", false, 401, 401},
        {"192.168.1.5", "", "", "192.168.1.9", "rehearse_token=two%", false, 401, 401},
        {"192.168.1.5", "", "", "192.168.1.9", "rehearse_token=", false, 401, 401},
        {"192.168.1.5", "", "", "192.168.1.9", "xrehearse_token=two;", false, 401, 401},
        {"192.168.1.5", "https://evil", "", "192.168.1.9", "rehearse_token=two", false, 403, 403},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rh_visitor v = {
            cases[i].host, cases[i].origin, cases[i].bearer, cases[i].peer, cases[i].cookie, cases[i].forwarded, "",
            NULL};
        c.trust_loopback = "off";
        assert_int_equal(rh_access_check(&c, &v, &who, &why), cases[i].off);
        c.trust_loopback = "on";
        assert_int_equal(rh_access_check(&c, &v, &who, &why), cases[i].on);
    }
}

static void preflights_are_answered_where_a_token_or_the_origin_would_do(void **state)
{
    (void)state;
    rh_config c = {
        .host = "127.0.0.1", .public_origins = "https://coach.example", .tokens = "", .trust_loopback = "off"};
    const char *why;
    char out[64];
    rh_visitor v = {
        .host = "127.0.0.1:8000", .origin = "https://evil.example", .authorization = "", .peer = "127.0.0.1"};
    assert_int_equal(rh_access_preflight(&c, &v, &why), 403);
    assert_false(rh_access_may_read(&c, &v));
    c.tokens = "one";
    assert_int_equal(rh_access_preflight(&c, &v, &why), 0);
    assert_false(rh_access_may_read(&c, &v));
    v.authorization = "Bearer no"; /* it may read that this is no token */
    assert_true(rh_access_may_read(&c, &v));
    c.tokens = "";
    v.authorization = "";
    v.origin = "https://coach.example";
    assert_int_equal(rh_access_preflight(&c, &v, &why), 0);
    assert_true(rh_access_may_read(&c, &v));
    assert_int_equal(rh_access_headers(" X-Stainless-OS,authorization ,, range", out, sizeof out), RH_OK);
    assert_string_equal(out, "X-Stainless-OS, authorization, range");
    assert_int_equal(rh_access_headers("a,X-Forwarded-For,forwarded,b", out, sizeof out), RH_OK);
    assert_string_equal(out, "a, b");
    assert_int_equal(rh_access_headers("", out, sizeof out), RH_OK);
    assert_string_equal(out, "");
    static const char *const bad[] = {"a b", "a:b", "a\r\nset-cookie: x", "(a)", "\xc3\xa4"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(rh_access_headers(bad[i], out, sizeof out), RH_ERR_INVAL);
    assert_int_equal(rh_access_headers("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
                                       out, sizeof out),
                     RH_ERR_INVAL);
}

/* ---- byte ranges ---- */

static void ranges_are_read_as_rfc_9110_has_them(void **state)
{
    (void)state;
    enum { W = RH_RANGE_WHOLE, P = RH_RANGE_PART, N = RH_RANGE_NONE };
    static const struct {
        const char *header;
        uint64_t size;
        int kind;
        uint64_t first, n;
    } cases[] = {
        {NULL, 100, W, 0, 0},
        {"", 100, W, 0, 0},
        {"bytes=0-0", 100, P, 0, 1},
        {"bytes=0-", 100, P, 0, 100},
        {"bytes=99-", 100, P, 99, 1},
        {"bytes=100-", 100, N, 0, 0},
        {"bytes=10-1000", 100, P, 10, 90},
        {"bytes=-1", 100, P, 99, 1},
        {"bytes=-100", 100, P, 0, 100},
        {"bytes=-101", 100, P, 0, 100},
        {"bytes=-0", 100, N, 0, 0},
        {"bytes=5-4", 100, W, 0, 0},
        {"bytes=-", 100, W, 0, 0},
        {"bytes=a-b", 100, W, 0, 0},
        {"bytes 0-1", 100, W, 0, 0},
        {"items=0-1", 100, W, 0, 0},
        {"bytes=0-1,5-6", 100, W, 0, 0},
        {"Bytes = 3-4 ", 100, P, 3, 2},
        {"bytes=0x1-2", 100, W, 0, 0},
        {"bytes=--5", 100, W, 0, 0},
        {"bytes=+1-2", 100, W, 0, 0},
        {"bytes=0-", 0, N, 0, 0},
        {"bytes=-5", 0, W, 0, 0},
        {"bytes=18446744073709551616-", 100, N, 0, 0},
        {"bytes=1-99999999999999999999", 100, P, 1, 99},
        {"bytes=-99999999999999999999", 100, P, 0, 100},
        {"bytes=007-9", 100, P, 7, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t first = 0, n = 0;
        assert_int_equal(rh_range_read(cases[i].header, cases[i].size, &first, &n), cases[i].kind);
        assert_int_equal(first, cases[i].first);
        assert_int_equal(n, cases[i].n);
    }
}

/* ---- forms ---- */

static rh_status log_begin(void *user, const char *name, const char *file, const char *type, rh_error *err)
{
    (void)err;
    return rh_buf_printf(user, "[%s|%s|%s]", name, file ? file : "-", type ? type : "-");
}

static rh_status log_data(void *user, const char *bytes, size_t n, rh_error *err)
{
    (void)err;
    return rh_buf_add(user, bytes, n);
}

static rh_status log_end(void *user, rh_error *err)
{
    (void)err;
    return rh_buf_puts(user, ";");
}

static const rh_multipart_sink logger = {log_begin, log_data, log_end};

static rh_status parse_form(const char *body, size_t n, size_t step, rh_buf *out)
{
    rh_multipart *m = NULL;
    rh_error err;
    rh_buf_clear(out);
    assert_int_equal(rh_multipart_new(&m, "multipart/form-data; charset=utf-8; boundary=\"b;1\"", &logger, out, &err),
                     RH_OK);
    rh_status st = RH_OK;
    for (size_t i = 0; i < n && st == RH_OK; i += step)
        st = rh_multipart_feed(m, body + i, n - i < step ? n - i : step, &err);
    if (st == RH_OK)
        st = rh_multipart_finish(m, &err);
    rh_multipart_free(m);
    return st;
}

static void form_is_the_same_in_pieces_of_any_size(void **state)
{
    (void)state;
    static const char body[] =
        "preamble\r\n--b;1\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b;x\r\n--b;1  \r\n"
        "content-type: audio/wav\r\nCONTENT-DISPOSITION: form-data; filename=\"q\\\"; name=z\"; name=au\r\n\r\n"
        "\r\n\r\n--b;\r\n--b;1\r\nContent-Disposition: form-data; name=empty\r\n\r\n\r\n--b;1--\r\nepilogue";
    rh_buf out;
    rh_buf_init(&out, 4096);
    for (size_t step = 1; step < sizeof body; step++) {
        assert_int_equal(parse_form(body, sizeof body - 1, step, &out), RH_OK);
        assert_string_equal(out.data, "[a|-|-]1\r\n--b;x;[au|q\"; name=z|audio/wav]\r\n\r\n--b;;[empty|-|-];");
    }
    for (size_t n = 0; n < sizeof body - 12; n++) /* cut anywhere: told, never taken for whole */
        assert_int_not_equal(parse_form(body, n, 7, &out), RH_OK);
    rh_buf_done(&out);
}

static void form_has_limits(void **state)
{
    (void)state;
    rh_buf out, body;
    rh_buf_init(&out, 1 << 20);
    rh_buf_init(&body, 1 << 20);
    for (int i = 0; i <= RH_MAX_FORM_FIELDS; i++)
        assert_int_equal(rh_buf_puts(&body, "--b;1\r\nContent-Disposition: form-data; name=x\r\n\r\nv\r\n"), RH_OK);
    assert_int_equal(rh_buf_puts(&body, "--b;1--"), RH_OK);
    assert_int_equal(parse_form(body.data, body.len, 100, &out), RH_ERR_LIMIT);
    rh_buf_clear(&body);
    assert_int_equal(rh_buf_puts(&body, "--b;1\r\nX: "), RH_OK);
    for (int i = 0; i < RH_MAX_PART_HEADER_BYTES; i++)
        assert_int_equal(rh_buf_puts(&body, "h"), RH_OK);
    assert_int_not_equal(parse_form(body.data, body.len, 512, &out), RH_OK);
    rh_buf_done(&body);
    rh_buf_done(&out);
    rh_multipart *m = NULL;
    assert_int_equal(rh_multipart_new(&m, "application/json", &logger, NULL, NULL), RH_ERR_UNSUPPORTED);
    assert_int_equal(rh_multipart_new(&m, "multipart/form-data", &logger, NULL, NULL), RH_ERR_INVAL);
    assert_null(m);
}

/* ---- messages ---- */

static rh_status parse(rh_message *m, const char *text, rh_error *err)
{
    size_t n = strlen(text);
    char *raw = rh_alloc(n + 64);
    memcpy(raw, text, n + 1);
    return rh_message_parse_take(m, raw, n, err);
}

/* head + n times A + tail */
static char *with_long_text(const char *head, size_t n, const char *tail)
{
    size_t n_head = strlen(head), n_tail = strlen(tail);
    char *text = malloc(n_head + n + n_tail + 1);
    memcpy(text, head, n_head);
    memset(text + n_head, 'A', n);
    memcpy(text + n_head + n, tail, n_tail + 1);
    return text;
}

static void long_strings_stay_in_the_message(void **state)
{
    (void)state;
    rh_message m;
    rh_error err;
    char *text =
        with_long_text("{\"x\":\"\\\"\",\"frame\":\"data:image/jpeg;base64,", 4000, "\",\"command\":\"analyze\"}");
    assert_int_equal(parse(&m, text, &err), RH_OK);
    assert_int_equal(m.frame.n, 4000);
    assert_true(m.frame.at > m.raw && m.frame.at < m.raw + m.n_raw);
    assert_int_equal(m.command, RH_COMMAND_ANALYZE);
    rh_message_done(&m);
    free(text);
    text = with_long_text("{\"", 4000, "\": 1, \"frame\": \"AAAA\"}"); /* a long key is legal */
    assert_int_equal(parse(&m, text, &err), RH_OK);
    assert_int_equal(m.frame.n, 4);
    rh_message_done(&m);
    free(text);
    text = with_long_text("{\"frame\":\"", 4000, "\\/\"}"); /* escapes go the long way */
    assert_int_equal(parse(&m, text, &err), RH_OK);
    assert_int_equal(m.frame.n, 4001);
    rh_message_done(&m);
    free(text);
}

static void one_bad_half_spares_the_other(void **state)
{
    (void)state;
    rh_message m;
    rh_error err;
    assert_int_equal(parse(&m, "{\"frame\":\"AAAA\",\"audio\":\"AAAA\",\"sample_rate\":5}", &err), RH_OK);
    assert_int_equal(m.frame_fault.code, RH_OK);
    assert_int_equal(m.audio_fault.code, RH_ERR_INVAL);
    rh_message_done(&m);
    assert_int_equal(parse(&m, "{\"frame\":7,\"audio\":\"AAAA\",\"sample_rate\":48000.0}", &err), RH_OK);
    assert_int_equal(m.frame_fault.code, RH_ERR_INVAL);
    assert_int_equal(m.audio_fault.code, RH_OK);
    assert_int_equal(m.sample_rate_hz, 48000);
    rh_message_done(&m);
    static const char *const bad[] = {"", "[]", "{", "{\"command\":\"x\"}", "nul", "{\"a\":\"\xff\"}", "\"\\"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(parse(&m, bad[i], &err), RH_ERR_INVAL);
}

static void every_status_has_its_codes(void **state)
{
    (void)state;
    for (int st = RH_ERR_UNSUPPORTED; st < 0; st++) {
        assert_in_range(rh_status_http((rh_status)st), 400, 503);
        assert_in_range(rh_status_close((rh_status)st), 1001, 1013);
        assert_string_not_equal(rh_http_reason(rh_status_http((rh_status)st)), "Error");
    }
}

int main(void)
{
    json_set_alloc_funcs(rh_alloc, rh_free);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(routes_match_by_method_and_path),
        cmocka_unit_test(routes_take_two_names),
        cmocka_unit_test(links_can_not_be_guessed_for_long),
        cmocka_unit_test(client_id_has_its_limit),
        cmocka_unit_test(access_needs_own_page_listed_page_or_token),
        cmocka_unit_test(tokens_are_asked_of_everybody),
        cmocka_unit_test(preflights_are_answered_where_a_token_or_the_origin_would_do),
        cmocka_unit_test(ranges_are_read_as_rfc_9110_has_them),
        cmocka_unit_test(form_is_the_same_in_pieces_of_any_size),
        cmocka_unit_test(form_has_limits),
        cmocka_unit_test(long_strings_stay_in_the_message),
        cmocka_unit_test(one_bad_half_spares_the_other),
        cmocka_unit_test(every_status_has_its_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
