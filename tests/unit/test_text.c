/* UTF-8: what is one character, what is broken, what a cut leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/status.h"
#include "rehearse/base/text.h"
#include "rehearse/base/utf8.h"

static void mended_is(const char *broken, const char *want)
{
    char *s = rh_utf8_mended(broken, strlen(broken));
    assert_non_null(s);
    assert_string_equal(s, want);
    assert_true(rh_utf8_valid(s, strlen(s)));
    rh_free(s);
}

static void broken_stretches_become_one_character_each(void **state)
{
    (void)state;
    mended_is("caf\xc3\xa9", "caf\xc3\xa9");
    mended_is("caf\xc3", "caf\xef\xbf\xbd");
    mended_is("\xf0\x9f\x98"
              "a",
              "\xef\xbf\xbd"
              "a");                                                    /* cut short: one */
    mended_is("\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd");                 /* overlong: no start at all */
    mended_is("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"); /* a surrogate */
    mended_is("\xef\xbf\xbd", "\xef\xbf\xbd");                         /* one that was written */
    char *s = rh_utf8_mended("a\0b", 3);
    assert_string_equal(s, "a\xef\xbf\xbd"
                           "b");
    rh_free(s);
}

static void classes_are_unicodes(void **state)
{
    (void)state;
    assert_int_equal(rh_char_class_of('a'), RH_CHAR_LETTER);
    assert_int_equal(rh_char_class_of(0xac00), RH_CHAR_LETTER);
    assert_int_equal(rh_char_class_of(0x0301), RH_CHAR_MARK);
    assert_int_equal(rh_char_class_of(0xff15), RH_CHAR_NUMBER);
    assert_int_equal(rh_char_class_of(0x202f), RH_CHAR_SPACE);
    assert_int_equal(rh_char_class_of('\n'), RH_CHAR_SPACE);
    assert_int_equal(rh_char_class_of(0x2014), RH_CHAR_OTHER);
    assert_int_equal(rh_utf8_count("e\xcc\x81t\xc3\xa9", 6), 3);
}

static void an_error_that_quotes_half_a_character_is_valid_text(void **state)
{
    (void)state;
    rh_error e;
    (void)rh_fail(&e, RH_ERR_INVAL, "language \"%.4s\" is none", "abc\xc3\xa9");
    assert_string_equal(e.msg, "language \"abc?\" is none");
    char text[400] = "";
    for (int i = 0; i < 100; i++)
        strcat(text, "\xe6\x97\xa5");
    (void)rh_fail(&e, RH_ERR_INVAL, "%s", text);
    assert_true(rh_utf8_valid(e.msg, strlen(e.msg)));
    assert_true(strlen(e.msg) >= sizeof e.msg - 4);
    assert_null(strchr(e.msg, '?'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_stretches_become_one_character_each),
        cmocka_unit_test(classes_are_unicodes),
        cmocka_unit_test(an_error_that_quotes_half_a_character_is_valid_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
