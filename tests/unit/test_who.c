/* Who somebody is: named tokens, roles, names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "rehearse/who/tokens.h"

static void tokens_name_people(void **state)
{
    (void)state;
    char hashed[256], sum[RH_SHA256_HEX_LEN + 1];
    rh_person p;
    assert_true(rh_sha256_hex("hush", sum));
    (void)snprintf(hashed, sizeof hashed,
                   "plain , anna:member:one,,bob:mentor:sha256:%s,\n rita:owner:a:b,x:y,sha256:%s", sum, sum);
    static const struct {
        const char *given, *name;
        rh_role role;
    } cases[] = {{"plain", "", RH_ROLE_OWNER},
                 {"one", "anna", RH_ROLE_MEMBER},
                 {"hush", "bob", RH_ROLE_MENTOR},
                 {"a:b", "rita", RH_ROLE_OWNER},
                 {"x:y", "", RH_ROLE_OWNER}};
    assert_int_equal(rh_tokens_check(hashed, NULL), RH_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(rh_tokens_find(hashed, cases[i].given, &p));
        assert_string_equal(p.name, cases[i].name);
        assert_int_equal(p.role, cases[i].role);
    }
    static const char *const nobodys[] = {"",           "on",   "one2", "anna:member:one", "anna",
                                          "member:one", " one", "HUSH", "plain ,"};
    for (size_t i = 0; i < sizeof nobodys / sizeof *nobodys; i++)
        assert_false(rh_tokens_find(hashed, nobodys[i], &p));
    assert_false(rh_tokens_find(hashed, sum, &p)); /* who has read the settings file has no token */
    assert_false(rh_tokens_find("", "x", &p));
}

static void what_cannot_be_used_is_said_by_its_place(void **state)
{
    (void)state;
    rh_error err;
    static const struct {
        const char *list, *said;
    } cases[] = {{"a,anna:membr:hush", "entry 2: its second part must be owner"},
                 {"anna:member:", "entry 1: the secret is missing"},
                 {"an?na:member:hush", "entry 1: a name has"},
                 {":member:hush", "entry 1: a name has"},
                 {"anna:member:sha256:12", "entry 1: sha256: is followed by"},
                 {"sha256:12", "entry 1: sha256: is followed by"},
                 {"anna:member:hush,b,anna:owner:hush2", "entry 3: \"anna\" has another role"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(rh_tokens_check(cases[i].list, &err), RH_ERR_INVAL);
        assert_non_null(strstr(err.msg, cases[i].said));
        assert_null(strstr(err.msg, "hush"));
    }
    assert_int_equal(rh_tokens_check("anna:member:one,anna:member:two", &err), RH_OK); /* the one is to be given up */
}

static void a_token_is_made_with_its_line(void **state)
{
    (void)state;
    rh_error err;
    rh_person p;
    char secret[RH_TOKEN_SECRET_LEN + 1], other[RH_TOKEN_SECRET_LEN + 1], entry[200];
    assert_int_equal(rh_token_make("anna@example.org", "member", other, entry, sizeof entry, &err), RH_OK);
    assert_int_equal(rh_token_make("anna@example.org", "mentor", secret, entry, sizeof entry, &err), RH_OK);
    assert_string_not_equal(secret, other);
    assert_int_equal(strspn(secret, "abcdefghijklmnopqrstuvwxyz234567"), RH_TOKEN_SECRET_LEN);
    assert_null(strstr(entry, secret));
    assert_int_equal(rh_tokens_check(entry, &err), RH_OK);
    assert_true(rh_tokens_find(entry, secret, &p));
    assert_string_equal(p.name, "anna@example.org");
    assert_int_equal(p.role, RH_ROLE_MENTOR);
    assert_false(rh_tokens_find(entry, other, &p));
    assert_int_equal(rh_token_make("anna", "member", secret, entry, 20, &err), RH_ERR_LIMIT);
    assert_int_equal(rh_token_make("a,b", "member", secret, entry, sizeof entry, &err), RH_ERR_INVAL);
    assert_int_equal(rh_token_make("anna", "Member", secret, entry, sizeof entry, &err), RH_ERR_INVAL);
}

static void owners_may_all_members_their_own_mentors_nothing(void **state)
{
    (void)state;
    rh_person owner = {"rita", RH_ROLE_OWNER}, nobody = {"", RH_ROLE_OWNER}, member = {"anna", RH_ROLE_MEMBER},
              mentor = {"anna", RH_ROLE_MENTOR};
    assert_true(rh_person_may(&owner, "anna") && rh_person_may(&owner, "") && rh_person_may(&nobody, "anna"));
    assert_true(rh_person_may(&member, "anna"));
    assert_false(rh_person_may(&member, "Anna") || rh_person_may(&member, "") || rh_person_may(&mentor, "anna"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_name_people),
        cmocka_unit_test(what_cannot_be_used_is_said_by_its_place),
        cmocka_unit_test(a_token_is_made_with_its_line),
        cmocka_unit_test(owners_may_all_members_their_own_mentors_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
