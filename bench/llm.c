/* llm - how much of what a language model says of answers can be kept?
 *
 *   llm URL MODEL [FILE] [--answers N] [--print]
 *
 * Asks the model about N answers (8), spread over those of FILE (bench/followups_answers.tsv: kind, question, answer), as
 * the server would, and prints one line: replies that were of use, remarks kept of all it made, seconds a reply. --print:
 * what stayed of each. Only for addresses of this machine. */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/base/json.h"
#include "rehearse/llm/llm.h"

enum { MAX_LINE = 65536, MAX_ANSWERS = 2000, PATIENCE_S = 600 };

typedef struct {
    int n, useful, kept, dropped;
    double seconds, longest;
} figures;

static json_t *report_of(char *line)
{
    char *kind = strtok(line, "\t\n"), *question = strtok(NULL, "\t\n"), *said = strtok(NULL, "\t\n");
    return said ? json_pack("{s:s, s:s, s:s, s:[{s:s, s:f, s:f}]}", "kind", kind, "question", question,
                            "spoken_language", "en", "transcript", "text", said, "start", 0.0, "end", 1.0)
                : NULL;
}

static size_t read_answers(const char *path, json_t **all)
{
    static char line[MAX_LINE];
    FILE *f = fopen(path, "r");
    size_t n = 0;
    while (f && n < MAX_ANSWERS && fgets(line, sizeof line, f))
        if ((all[n] = report_of(line)) != NULL)
            n++;
    if (f)
        fclose(f);
    return n;
}

static int remarks_in(const json_t *o)
{
    return (int)(json_array_size(json_object_get(o, "rubric")) + json_array_size(json_object_get(o, "follow_ups"))) +
           (json_object_get(o, "relevance") != NULL) + (json_object_get(o, "rewrite") != NULL);
}

static void ask(rh_llm *m, const json_t *report, bool print, figures *f)
{
    rh_error err = {0};
    json_t *said = NULL;
    int64_t began = rh_now_us();
    rh_status st = rh_llm_ask(m, report, NULL, &said, &err);
    double s = (double)(rh_now_us() - began) / 1e6;
    f->n++;
    f->seconds += s;
    f->longest = s > f->longest ? s : f->longest;
    f->useful += st == RH_OK;
    f->kept += remarks_in(said);
    f->dropped += (int)rh_json_num(said, "dropped");
    if (print && st == RH_OK)
        json_dumpf(said, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
    if (print)
        printf("%s%s (%.1f s)\n", st == RH_OK ? "" : "nothing: ", st == RH_OK ? "" : err.msg, s);
    json_decref(said);
}

int main(int argc, char **argv)
{
    static json_t *all[MAX_ANSWERS];
    const char *named[3] = {NULL, NULL, "bench/followups_answers.tsv"};
    bool print = false;
    int n_named = 0, n_asked = 8;
    rh_error err;
    rh_llm *m = NULL;
    figures f = {0};
    json_set_alloc_funcs(rh_alloc, rh_free);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--print") == 0)
            print = true;
        else if (strcmp(argv[i], "--answers") == 0 && i + 1 < argc)
            n_asked = atoi(argv[++i]);
        else if (n_named < 3)
            named[n_named++] = argv[i];
    }
    if (n_named < 2 || n_asked < 1) {
        fprintf(stderr, "usage: llm URL MODEL [FILE] [--answers N] [--print]\n");
        return 2;
    }
    rh_llm_options o = {.url = named[0], .model = named[1], .key = getenv("REHEARSE_LLM_KEY"), .timeout_s = PATIENCE_S};
    size_t n = read_answers(named[2], all);
    if (n == 0 || rh_llm_new(&m, &o, &err) != RH_OK) {
        fprintf(stderr, "llm: %s\n", n ? err.msg : "there are no answers in the file");
        return 1;
    }
    for (size_t i = 0; i < (size_t)n_asked && i < n; i++)
        ask(m, all[i * n / ((size_t)n_asked < n ? (size_t)n_asked : n)], print, &f);
    printf("%s: %d answers, %d of use; %d of %d remarks kept (%.0f %%); %.1f s a reply, longest %.1f s\n", named[1],
           f.n, f.useful, f.kept, f.kept + f.dropped,
           100.0 * f.kept / (f.kept + f.dropped > 0 ? f.kept + f.dropped : 1), f.seconds / f.n, f.longest);
    for (size_t i = 0; i < n; i++)
        json_decref(all[i]);
    rh_llm_free(m);
    return 0;
}
