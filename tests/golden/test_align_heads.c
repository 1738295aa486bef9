/* The alignment heads of every official size against the tables in the source
 * of whisper.cpp (the dependency cache), read as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "asr/native/decoder_internal.h"

static const char *const source = RH_WHISPER_SOURCE "/src/whisper.cpp";

/* Numbers of "g_aheads_NAME[] = { {1, 0}, {2, 3} };" as layer, head, ...; returns how many. */
static int read_table(const char *name, int *out, int room)
{
    char line[4096], start[64];
    int n = 0;
    FILE *f = fopen(source, "r");
    assert_non_null(f);
    (void)snprintf(start, sizeof start, " g_aheads_%s[]", name);
    while (fgets(line, sizeof line, f)) {
        char *p = strstr(line, start);
        if (!p)
            continue;
        for (p = strchr(p, '{'); *p && n < room;)
            if (*p >= '0' && *p <= '9')
                out[n++] = (int)strtol(p, &p, 10);
            else
                p++;
        break;
    }
    fclose(f);
    return n;
}

static void every_size_has_its_heads(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int n_layers, n_heads, n_vocab;
    } sizes[] = {{"tiny_en", 4, 6, 51864},     {"tiny", 4, 6, 51865},           {"base_en", 6, 8, 51864},
                 {"base", 6, 8, 51865},        {"small_en", 12, 12, 51864},     {"small", 12, 12, 51865},
                 {"medium_en", 24, 16, 51864}, {"medium", 24, 16, 51865},       {"large_v2", 32, 20, 51865},
                 {"large_v3", 32, 20, 51866},  {"large_v3_turbo", 4, 20, 51866}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int numbers[2 * DEC_MAX_ALIGN_HEADS];
        rh_dec_model m = {.n_layers = sizes[i].n_layers, .n_heads = sizes[i].n_heads, .n_vocab = sizes[i].n_vocab};
        int n = read_table(sizes[i].name, numbers, 2 * DEC_MAX_ALIGN_HEADS);
        dec_find_align_heads(&m);
        if (n == 0 || n != 2 * m.n_align_heads)
            fail_msg("%s: %d heads, expected %d", sizes[i].name, m.n_align_heads, n / 2);
        for (int k = 0; k < m.n_align_heads; k++) {
            assert_int_equal(m.align_heads[k].layer, numbers[2 * k]);
            assert_int_equal(m.align_heads[k].head, numbers[2 * k + 1]);
        }
    }
}

int main(void)
{
    if (access(source, R_OK) != 0) {
        printf("skipped: no %s\n", source);
        return 77;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_size_has_its_heads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
