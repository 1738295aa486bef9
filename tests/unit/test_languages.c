/* Languages as people and programs name them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "rehearse/asr/asr.h"

static void is(const char *given, const char *code)
{
    char got[RH_ASR_LANG_LEN] = "?";
    if (!code) {
        assert_false(rh_asr_language(given, got));
        return;
    }
    if (!rh_asr_language(given, got))
        fail_msg("%s is not known", given);
    assert_string_equal(got, code);
}

static void codes_tags_and_names_are_known(void **state)
{
    (void)state;
    is("en", "en");
    is("auto", "");
    is("AUTO", "");
    is("en-US", "en");
    is("pt_BR", "pt");
    is("pt-BR.UTF-8", "pt");
    is("zh-Hans", "zh");
    is("zh-Hans-CN", "zh");
    is("nb", "no");
    is("nb-NO", "no");
    is("nn", "nn");
    is("jv", "jw");
    is("iw", "he");
    is("fil", "tl");
    is("deu", "de");
    is("English", "en");
    is("Haitian Creole", "ht");
    is("Deutsch", "de");
    is("Espa\xc3\xb1ol", "es");
    is("FRAN\xc3\x87"
       "AIS",
       "fr");
    is("\xef\xbd\x85\xef\xbd\x8e", "en"); /* full width */
    is("sr-Latn-RS", "sr");
    is("yue-HK", "yue");
}

static void what_is_no_language_is_refused(void **state)
{
    (void)state;
    is("", NULL);
    is("xx", NULL);
    is("e", NULL);
    is("klingon", NULL);
    is("en US", NULL);
    is("en-", NULL);
    is("en-toolongsubtag", NULL);
    is("english-US", NULL);
    is("\xff", NULL);
    rh_error err;
    char code[RH_ASR_LANG_LEN];
    assert_int_equal(rh_asr_model_language(NULL, "xx", code, &err), RH_ERR_INVAL);
    assert_non_null(strstr(err.msg, "\"xx\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_tags_and_names_are_known),
        cmocka_unit_test(what_is_no_language_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
