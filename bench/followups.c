/* followups - does an interviewer's next question fit the answer?
 *
 *   followups [--own FILE] [--interviews N] [--skip N] [--plain] [--quiet]
 *
 * Answers of our own (bench/followups_answers.tsv: kind, question, answer) and N of the mock
 * interviews (interviews/transcripts.tsv; 30), spread over all of them, beginning with the
 * --skip-th. Prints each answer with what is asked next, to be read, and one line of figures.
 * --plain: the same without punctuation and capitals. Three words a second. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/speech/followups.h"
#include "paths.h"

enum { MAX_LINE = 65536, MAX_ANSWERS = 2000, MIN_ANSWER = 15, BACKCHANNEL = 4, ASKED = 512 };

typedef struct {
    char *who, *kind, *question, *text;
} answer;

typedef struct {
    bool plain, quiet;
    answer *answers;
    size_t n;
    size_t asked, with, quoted, repeated;
    size_t kinds[RH_FOLLOWUP_KINDS];
    char seen[ASKED][RH_FOLLOWUP_TEXT];
    size_t n_seen;
} bench;

static size_t words_of(const char *s)
{
    size_t n = 0;
    for (; *s; n++) {
        s += strspn(s, " ");
        s += strcspn(s, " ");
        s += strspn(s, " ");
    }
    return n;
}

static void add_answer(bench *b, const char *who, const char *kind, const char *question, const char *text)
{
    if (b->n < MAX_ANSWERS)
        b->answers[b->n++] = (answer){rh_strdup(who), rh_strdup(kind), rh_strdup(question), rh_strdup(text)};
}

static void forget(answer *a)
{
    rh_free(a->who);
    rh_free(a->kind);
    rh_free(a->question);
    rh_free(a->text);
}

static bool read_own(bench *b, const char *path)
{
    static char line[MAX_LINE];
    FILE *f = fopen(path, "r");
    if (!f)
        return false;
    for (int i = 1; fgets(line, sizeof line, f); i++) {
        char who[16], *question = strchr(line, '\t'), *text = question ? strchr(question + 1, '\t') : NULL;
        line[strcspn(line, "\n")] = '\0';
        if (!text)
            continue;
        *question++ = *text++ = '\0';
        (void)snprintf(who, sizeof who, "own %d", i);
        add_answer(b, who, line, question, text);
    }
    fclose(f);
    return true;
}

/* The commas of the collection became blanks. */
static void add_turn(char *to, size_t size, const char *said)
{
    size_t n = strlen(to);
    if (n && n + 2 < size)
        to[n++] = ' ';
    for (; *said && n + 2 < size; said++) {
        bool comma = said[0] == ' ' && said[1] == ' ' && n && isalnum((unsigned char)to[n - 1]);
        if (comma)
            to[n++] = ',';
        if (said[0] != ' ' || (n && to[n - 1] != ' '))
            to[n++] = said[0];
    }
    to[n] = '\0';
}

/* "Uh-huh" of the interviewer does not end an answer. */
static void read_interview(bench *b, char *line)
{
    static char said[MAX_LINE], question[MAX_LINE];
    char *tab = strchr(line, '\t'), *rest;
    if (!tab)
        return;
    *tab = '\0';
    said[0] = question[0] = '\0';
    for (char *turn = strtok_r(tab + 1, "|", &rest); turn; turn = strtok_r(NULL, "|", &rest)) {
        turn += strspn(turn, " ");
        char *text = strchr(turn, ':');
        bool asks = strncmp(turn, "Interviewer", 11) == 0;
        if (!text)
            continue;
        text++;
        if (!asks) {
            add_turn(said, sizeof said, text);
        } else if (words_of(text) > BACKCHANNEL) {
            if (words_of(said) >= MIN_ANSWER)
                add_answer(b, line, "", question, said);
            said[0] = question[0] = '\0';
            add_turn(question, sizeof question, text);
        }
    }
    if (words_of(said) >= MIN_ANSWER)
        add_answer(b, line, "", question, said);
}

/* Of all answers of the interviews, `take` spread evenly. */
static void read_interviews(bench *b, const char *path, size_t take, size_t skip)
{
    static char line[1 << 20];
    bench all = {.answers = rh_calloc(MAX_ANSWERS, sizeof *all.answers)};
    FILE *f = fopen(path, "r");
    while (f && all.answers && fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        read_interview(&all, line);
    }
    if (f)
        fclose(f);
    size_t step = take && all.n > take ? all.n / take : 1;
    for (size_t i = 0; i < all.n; i++) {
        answer *a = &all.answers[i];
        if (b->n < MAX_ANSWERS && i >= skip && (i - skip) % step == 0 && (i - skip) / step < take)
            b->answers[b->n++] = *a;
        else
            forget(a);
    }
    rh_free(all.answers);
}

static rh_status heard(const char *text, bool plain, rh_analysis *a)
{
    rh_word_table t = {0};
    rh_status st = rh_word_table_segment(&t, 0, (float)words_of(text) / 3 + 1, text);
    (void)strcpy(t.language, "en");
    for (size_t i = 0; *text && st == RH_OK; i++) {
        char word[128];
        size_t n = 0;
        text += strspn(text, " ");
        for (; *text && *text != ' '; text++)
            if (n + 1 < sizeof word && (!plain || isalnum((unsigned char)*text) || strchr("'-", *text)))
                word[n++] = (char)(plain ? tolower((unsigned char)*text) : *text);
        word[n] = '\0';
        rh_word w = {.start = (float)i / 3, .end = (float)(i + 1) / 3, .p = 0.9f};
        if (n)
            st = rh_word_table_word(&t, RH_WORDS_CLEAN, &w, word, n);
    }
    double end_s = t.n_segments ? (double)t.segments[0].end : 0;
    if (st == RH_OK)
        st = rh_analyse(&t, NULL, NULL, 0, end_s, a, NULL);
    rh_word_table_done(&t);
    return st;
}

static bool ask_about(bench *b, const answer *one)
{
    rh_followup next[RH_FOLLOWUPS];
    rh_analysis a = {0};
    size_t n = 0;
    rh_followup_context about = {.question = one->question, .question_kind = one->kind};
    if (heard(one->text, b->plain, &a) != RH_OK || rh_followups_find(&a, &about, next, &n, NULL) != RH_OK)
        return false;
    if (!b->quiet)
        printf("\n[%s] %s\n  %s\n", one->who, one->question, one->text);
    for (size_t i = 0; i < n; i++) {
        if (!b->quiet)
            printf("  -> %-12s %s  (%.1f to %.1f s: %s)\n", rh_followup_name(next[i].kind), next[i].text,
                   (double)next[i].start, (double)next[i].end, next[i].quote);
        b->kinds[next[i].kind]++;
        b->quoted += *next[i].quote != '\0';
        for (size_t k = 0; k < b->n_seen; k++)
            b->repeated += strcmp(b->seen[k], next[i].text) == 0;
        if (b->n_seen < ASKED)
            memcpy(b->seen[b->n_seen++], next[i].text, RH_FOLLOWUP_TEXT);
    }
    b->asked += n;
    b->with += n > 0;
    rh_analysis_done(&a);
    return true;
}

static int usage(void)
{
    fprintf(stderr, "usage: followups [--own FILE] [--interviews N] [--skip N] [--plain] [--quiet]\n");
    return 2;
}

int main(int argc, char **argv)
{
    static bench b;
    char path[4096];
    const char *own = "bench/followups_answers.tsv";
    size_t interviews = 30, skip = 0;
    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--plain") == 0)
            b.plain = true;
        else if (strcmp(argv[i], "--quiet") == 0)
            b.quiet = true;
        else if (more && strcmp(argv[i], "--own") == 0)
            own = argv[++i];
        else if (more && strcmp(argv[i], "--interviews") == 0)
            interviews = strtoul(argv[++i], NULL, 10);
        else if (more && strcmp(argv[i], "--skip") == 0)
            skip = strtoul(argv[++i], NULL, 10);
        else
            return usage();
    }
    b.answers = rh_calloc(MAX_ANSWERS, sizeof *b.answers);
    if (!b.answers || !read_own(&b, own)) {
        fprintf(stderr, "followups: cannot read %s\n", own);
        return 1;
    }
    if (interviews)
        read_interviews(&b, bench_data("interviews/transcripts.tsv", path, sizeof path), interviews, skip);
    for (size_t i = 0; i < b.n; i++)
        if (!ask_about(&b, &b.answers[i]))
            return 1;
    printf("answers=%zu with_followups=%zu followups=%zu quoting=%zu same_text=%zu", b.n, b.with, b.asked, b.quoted,
           b.repeated);
    for (int k = 0; k < RH_FOLLOWUP_KINDS; k++)
        printf(" %s=%zu", rh_followup_name(k), b.kinds[k]);
    printf("\n");
    for (size_t i = 0; i < b.n; i++)
        forget(&b.answers[i]);
    rh_free(b.answers);
    return 0;
}
