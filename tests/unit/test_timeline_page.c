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

/* The page of marked words, with every stretch of blanks and line ends as one blank. */
static char *page_of(const char *words)
{
    json_error_t err;
    char *text = NULL;
    size_t n = 0;
    json_t *items = json_loads(words, 0, &err), *result = json_pack("{s:i}", "audio_duration", 5);
    if (!items)
        fail_msg("%s", err.text);
    FILE *f = open_memstream(&text, &n);
    assert_non_null(f);
    rh_page_timeline(f, result, items);
    fclose(f);
    json_decref(items);
    json_decref(result);
    size_t to = 0;
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

int main(void)
{
    json_set_alloc_funcs(rh_alloc, rh_free);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mark_is_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
