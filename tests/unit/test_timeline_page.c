/* The rows of a readable page: marks behind words, and what the page says about them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/text_page.h"
#include "rehearse/base/alloc.h"

#define WORD(text, start) "{\"text\": \"" text "\", \"start\": " #start ", \"end\": " #start ", \"word\": 0}"
#define MARKED(text, start, mark)                                                                                      \
    "{\"text\": \"" text "\", \"start\": " #start ", \"end\": " #start ", \"mark\": \"" mark "\"}"

static char *lines_of(const char *words, json_t *result)
{
    json_error_t err;
    char *text = NULL;
    size_t n = 0;
    json_t *items = json_loads(words, 0, &err);
    if (!items)
        fail_msg("%s", err.text);
    FILE *f = open_memstream(&text, &n);
    assert_non_null(f);
    rh_page_timeline(f, result, items);
    fclose(f);
    json_decref(items);
    json_decref(result);
    return text;
}

/* The page of marked words, with every stretch of blanks and line ends as one blank. */
static char *page_of(const char *words)
{
    char *text = lines_of(words, json_pack("{s:i}", "audio_duration", 5));
    size_t n = strlen(text), to = 0;
    for (size_t i = 0; i < n; i++) {
        assert_true(text[i] == '\n' || (unsigned char)text[i] >= ' ');
        char c = text[i] == '\n' ? ' ' : text[i];
        if (c != ' ' || to == 0 || text[to - 1] != ' ')
            text[to++] = c;
    }
    text[to] = '\0';
    return text;
}

static void every_mark_is_explained(void **state)
{
    (void)state;
    setenv("COLUMNS", "200", 1);
    char *page =
        page_of("[" WORD("We,", 0) "," MARKED("um", 0.5, "filler") "," MARKED("we had,", 0.95, "false_start") "," WORD(
            "went", 1) "," MARKED("to", 2.1, "repeat") "," WORD("to",
                                                                2.2) "," MARKED("Ton-", 2.9,
                                                                                "cutoff") "," MARKED("town", 3,
                                                                                                     "drawn") "]");
    static const char *const parts[] = {"(um)",
                                        "(begun anew)",
                                        "(twice)",
                                        "(cut off)",
                                        "(drawn)",
                                        "(um) filler",
                                        "(begun anew) false start",
                                        "(twice) the words before it, repeated",
                                        "(cut off) the word before it",
                                        "(drawn) the word before it, held"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(page, parts[i]))
            fail_msg("no \"%s\" in: %s", parts[i], page);
    free(page);
}

/* A pace in characters: no blanks between those, and lines end between any two of them, at their width. */
static void characters_stand_without_blanks(void **state)
{
    (void)state;
    setenv("COLUMNS", "60", 1);
    json_t *result = json_pack("{s:i,s:{s:[]}}", "audio_duration", 5, "timeline", "pace_cpm");
    char *page = lines_of(
        "[" WORD("我", 0) "," WORD("在", 0.3) "," WORD("Google", 0.6) "," WORD("工作，", 1) "," MARKED(
            "每天", 1.5, "repeat") "," WORD("每天", 2) "," WORD("学习新的东西", 2.5) "," WORD("并且告诉别人", 3) "]",
        result);
    if (!strstr(page, "我在Google工作，每天 (twice) "))
        fail_msg("blanks in: %s", page);
    const char *second = strchr(strstr(page, "(twice)"), '\n');
    assert_non_null(second);
    size_t blanks = strspn(second + 1, " ");
    assert_int_equal(blanks, 29);
    assert_memory_equal(second + 1 + blanks, "天学习新的东西并且告诉别人\n", strlen("天学习新的东西并且告诉别人\n"));
    free(page);
}

int main(void)
{
    json_set_alloc_funcs(rh_alloc, rh_free);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mark_is_explained),
        cmocka_unit_test(characters_stand_without_blanks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
