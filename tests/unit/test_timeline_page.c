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

#define WORD(text, start, end) "{\"word\": \"" text "\", \"start\": " #start ", \"end\": " #end ", \"score\": 90}"
#define SLIP(kind, text, start, after) \
    "{\"kind\": \"" kind "\", \"text\": \"" text "\", \"start\": " #start ", \"end\": " #start ", \"after_word\": " #after "}"

/* The page of `analysis`, with every stretch of blanks and line ends as one blank. */
static char *page_of(const char *analysis)
{
    json_error_t err;
    char *text = NULL;
    size_t n = 0;
    json_t *a = json_loads(analysis, 0, &err);
    if (!a)
        fail_msg("%s", err.text);
    FILE *f = open_memstream(&text, &n);
    assert_non_null(f);
    rh_page_timeline(f, a);
    fclose(f);
    json_decref(a);
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
    char *page = page_of(
        "{\"audio_duration\": 5, \"words\": [" WORD("We,", 0, 0.5) "," WORD("went", 1, 2) "," WORD("to", 2, 3) ","
        WORD("town", 3, 4) "], \"fillers\": [{\"kind\": \"um\", \"start\": 0.5, \"end\": 0.9, \"after_word\": 0,"
        "\"words\": 0}], \"slips\": [" SLIP("restart", "we had,", 0.95, 0) "," SLIP("repetition", "to", 2.1, 1) ","
        SLIP("cut-off", "Ton-", 2.9, 2) "," SLIP("drawn", "town", 3.2, 2) "]}");
    static const char *const parts[] = {"(um)", "(begun anew)", "(twice)", "(cut off)", "(drawn)", "(um) filler",
                                        "(begun anew) false start", "(twice) the words before it, repeated",
                                        "(cut off) the word before it", "(drawn) the word before it, held"};
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
