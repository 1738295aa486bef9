/* keyterms - are names that the recogniser is told to expect written right, and is nothing else made worse?
 *
 *   keyterms [--set read|ocean|names] [--half learned|apart] [--most N] [--seed N] [--threads N] [--list 1]
 *
 * The terms of a recording are the rare words of its text: of five letters and more, said in none of the interviews'
 * transcripts and by one speaker only. Each recording is heard without terms, with its own, and with its own among
 * 50 and 200 of other speakers. A line a condition: errors of the term words and of all other words, terms written
 * where they were not said, processor time against that without terms.
 *   read: LibriSpeech; ocean: grown-ups of speechocean762; names: sentences with names of products
 *   (keyterms_sentences.txt), spoken by espeak-ng, which is no human voice.
 * --half: of the speakers; the rules were chosen on `learned`. */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include "paths.h"
#include "rehearse/asr/recording.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/words.h"
#include "rehearse/media/audio.h"

enum { MAX_ITEMS = 2600, MAX_WORDS = 30000, MAX_SAID = 400, MAX_TERMS = 4000, CONDITIONS = 4 };
static const int distractors[CONDITIONS] = {-1, 0, 50, 200};

typedef struct {
    char id[64], speaker[24], path[256], *text;
} item;

typedef struct {
    char at[MAX_SAID][RH_WORD_BYTES];
    int n;
} said;

/* A word and who says it. */
typedef struct {
    char form[RH_WORD_BYTES], speaker[24];
    bool common;
} word;

typedef struct {
    int terms, term_errors, others, other_errors, false_terms;
    double cpu_s;
} counts;

static item items[MAX_ITEMS];
static int n_items;
static word words[MAX_WORDS];
static int n_words;
static const char *names_of_read =
    "alexandra allah californian carl delmonico emil helstone innes jamieson liddy makan margaret marie newberg "
    "nuzhat pacific shabata thornton warner zaman";
static unsigned long long seed = 1;

/* ---- texts ---- */

static void split(const char *text, said *out)
{
    static const char *const shorts[][2] = {{"mr", "mister"}, {"mrs", "missus"}, {"dr", "doctor"}, {"st", "saint"}};
    out->n = 0;
    for (const char *s = text; *s && out->n < MAX_SAID;) {
        s += strspn(s, " -\n\t");
        size_t n = strcspn(s, " -\n\t");
        char *w = out->at[out->n];
        if (n && rh_word_form(s, n, "", w)) {
            for (size_t i = 0; i < sizeof shorts / sizeof *shorts; i++)
                if (strcmp(w, shorts[i][0]) == 0)
                    strcpy(w, shorts[i][1]);
            out->n++;
        }
        s += n;
    }
}

static word *find_word(const char *form)
{
    for (int i = 0; i < n_words; i++)
        if (strcmp(words[i].form, form) == 0)
            return &words[i];
    return NULL;
}

static void know(const char *text, const char *speaker)
{
    static said s;
    split(text, &s);
    for (int i = 0; i < s.n; i++) {
        word *w = find_word(s.at[i]);
        if (!w && n_words < MAX_WORDS) {
            w = &words[n_words++];
            strcpy(w->form, s.at[i]);
            (void)snprintf(w->speaker, sizeof w->speaker, "%s", speaker);
        }
        if (w && (!*speaker || strcmp(w->speaker, speaker) != 0))
            w->common = true;
    }
}

static bool is_rare(const char *form)
{
    const word *w = find_word(form);
    char one[RH_WORD_BYTES];
    size_t n = strlen(form);
    strcpy(one, form);
    if (n > 1 && one[n - 1] == 's')
        one[n - 1] = '\0';
    const word *v = find_word(one);
    return n >= 5 && w && !w->common && !(v && v->common);
}

/* ---- recordings ---- */

static void add_item(const char *id, const char *speaker, const char *path, const char *text)
{
    if (n_items == MAX_ITEMS)
        return;
    item *it = &items[n_items++];
    (void)snprintf(it->id, sizeof it->id, "%s", id);
    (void)snprintf(it->speaker, sizeof it->speaker, "%s", speaker);
    (void)snprintf(it->path, sizeof it->path, "%s", path);
    it->text = rh_strdup(text);
}

static void read_librispeech(void)
{
    char path[4096], line[8192], name[128], speaker[24];
    FILE *f = fopen(bench_data("librispeech/refs.tsv", path, sizeof path), "r");
    while (f && fgets(line, sizeof line, f)) {
        char *text = strchr(line, '\t');
        if (!text)
            continue;
        *text++ = '\0';
        (void)snprintf(name, sizeof name, "librispeech/audio/%.80s.flac", line);
        (void)snprintf(speaker, sizeof speaker, "%.*s", (int)strcspn(line, "-"), line);
        add_item(line, speaker, name, text);
    }
    if (f)
        fclose(f);
}

static void read_ocean(const char *table)
{
    char path[4096], line[4096], name[256];
    FILE *f = fopen(bench_data(table, path, sizeof path), "r");
    while (f && fgets(line, sizeof line, f)) {
        char *fields[16] = {0}, *save = NULL;
        int n = 0;
        line[strcspn(line, "\r\n")] = '\0';
        for (char *s = strtok_r(line, ",", &save); s && n < 16; s = strtok_r(NULL, ",", &save))
            fields[n++] = s;
        if (n < 6 || atoi(fields[2]) < 16)
            continue;
        (void)snprintf(name, sizeof name, "speechocean762/%s", fields[n - 1]);
        add_item(fields[0], fields[1], name, fields[n - 2]);
    }
    if (f)
        fclose(f);
}

/* "Name, Name: sentence" a line; what is before the colon are its terms. */
static void read_sentences(void)
{
    char line[1024], id[32];
    FILE *f = fopen("bench/keyterms_sentences.txt", "r");
    if (!f) {
        fprintf(stderr, "keyterms: run it in the source folder\n");
        exit(1);
    }
    while (fgets(line, sizeof line, f)) {
        (void)snprintf(id, sizeof id, "%d", n_items);
        if (strchr(line, ':'))
            add_item(id, id, "", line);
    }
    fclose(f);
}

static bool in_half(const item *it, const char *half)
{
    static const char learned_readers[] = "1089 1688 237";
    bool learned = strlen(it->speaker) == 4 && it->speaker[0] == '0' ? atoi(it->speaker) % 2 == 0
                                                                     : rh_word_in(it->speaker, learned_readers);
    return !half || learned == (strcmp(half, "learned") == 0);
}

static bool hear(const item *it, rh_audio *a)
{
    char path[4096], command[2048];
    rh_error err = {0};
    bool spoken = !it->path[0];
    if (spoken) {
        (void)snprintf(path, sizeof path, "/tmp/keyterms-%d.wav", (int)getpid());
        (void)snprintf(command, sizeof command, "espeak-ng -v en-us -s 150 -w %s \"%.1000s\"", path,
                       strchr(it->text, ':') + 1);
        if (system(command) != 0) {
            fprintf(stderr, "skipped: no espeak-ng\n");
            exit(BENCH_SKIPPED);
        }
    } else {
        (void)bench_data(it->path, path, sizeof path);
    }
    rh_status st = rh_audio_read_file(a, path, 600, &err);
    if (spoken)
        (void)remove(path);
    if (st != RH_OK)
        fprintf(stderr, "%s: %s\n", it->id, err.msg);
    return st == RH_OK;
}

/* ---- terms ---- */

typedef struct {
    char text[MAX_TERMS][RH_TERM_BYTES + 1], speaker[MAX_TERMS][24];
    int n;
} term_list;

static void add_term(term_list *l, const char *text, const char *speaker)
{
    for (int i = 0; i < l->n; i++)
        if (strcasecmp(l->text[i], text) == 0)
            return;
    if (l->n == MAX_TERMS)
        return;
    (void)snprintf(l->text[l->n], sizeof l->text[0], "%s", text);
    (void)snprintf(l->speaker[l->n++], sizeof l->speaker[0], "%s", speaker);
}

static void terms_of(const item *it, term_list *out)
{
    static said s;
    if (!it->path[0]) {
        char names[512], *save = NULL;
        (void)snprintf(names, sizeof names, "%.*s", (int)strcspn(it->text, ":"), it->text);
        for (char *t = strtok_r(names, ",", &save); t; t = strtok_r(NULL, ",", &save))
            add_term(out, t + strspn(t, " "), it->speaker);
        return;
    }
    split(it->text, &s);
    for (int i = 0; i < s.n; i++)
        if (is_rare(s.at[i])) {
            if (rh_word_in(s.at[i], names_of_read))
                s.at[i][0] = (char)toupper((unsigned char)s.at[i][0]);
            add_term(out, s.at[i], it->speaker);
        }
}

static int random_below(int n)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (int)((seed >> 33) % (unsigned)n);
}

/* Its own terms first (*n_own of them), then `more` of other speakers. */
static rh_terms *choose(const item *it, const term_list *all, int more, term_list *given, int *n_own)
{
    const char *list[RH_TERMS_MAX];
    rh_terms *terms = NULL;
    rh_error err = {0};
    int n = 0;
    given->n = 0;
    terms_of(it, given);
    *n_own = given->n;
    for (int tries = 0; tries < 20 * more && all->n && given->n < *n_own + more && given->n < RH_TERMS_MAX; tries++) {
        int i = random_below(all->n);
        if (strcmp(all->speaker[i], it->speaker) != 0)
            add_term(given, all->text[i], all->speaker[i]);
    }
    for (; n < given->n; n++)
        list[n] = given->text[n];
    bench_check(rh_terms_new(&terms, list, (size_t)n, &err), &err);
    return terms;
}

/* ---- counting ---- */

/* pair[i]: the word of `h` beside word i of `r`, -1 = none; back[k] the other way. */
static void align(const said *r, const said *h, int *pair, int *back)
{
    static int cost[MAX_SAID + 1][MAX_SAID + 1];
    for (int i = 0; i <= r->n; i++)
        for (int k = 0; k <= h->n; k++) {
            if (!i || !k) {
                cost[i][k] = i + k;
                continue;
            }
            int best = cost[i - 1][k - 1] + (strcmp(r->at[i - 1], h->at[k - 1]) != 0);
            best = cost[i - 1][k] + 1 < best ? cost[i - 1][k] + 1 : best;
            cost[i][k] = cost[i][k - 1] + 1 < best ? cost[i][k - 1] + 1 : best;
        }
    for (int i = 0; i < r->n; i++)
        pair[i] = -1;
    for (int k = 0; k < h->n; k++)
        back[k] = -1;
    for (int i = r->n, k = h->n; i && k;) {
        if (cost[i][k] == cost[i - 1][k - 1] + (strcmp(r->at[i - 1], h->at[k - 1]) != 0)) {
            pair[--i] = --k;
            back[k] = i;
        } else if (cost[i][k] == cost[i - 1][k] + 1) {
            i--;
        } else {
            k--;
        }
    }
}

static bool holds(const said *s, const char *form)
{
    for (int i = 0; i < s->n; i++)
        if (strcmp(s->at[i], form) == 0)
            return true;
    return false;
}

/* The words of the first n terms. */
static void words_of(const term_list *l, int from, int n, said *out)
{
    static said one;
    out->n = 0;
    for (int i = from; i < n; i++) {
        split(l->text[i], &one);
        for (int k = 0; k < one.n && out->n < MAX_SAID; k++)
            strcpy(out->at[out->n++], one.at[k]);
    }
}

static void count(const item *it, const term_list *given, int n_own, const char *plain_text, const char *text,
                  bool list, counts *c)
{
    static said r, h, plain, own, all;
    int pair[MAX_SAID], back[MAX_SAID];
    split(it->path[0] ? it->text : strchr(it->text, ':') + 1, &r);
    split(text, &h);
    split(plain_text, &plain);
    words_of(given, 0, n_own, &own);
    words_of(given, 0, given->n, &all);
    align(&r, &h, pair, back);
    for (int i = 0; i < r.n; i++) {
        bool right = pair[i] >= 0 && strcmp(r.at[i], h.at[pair[i]]) == 0;
        if (holds(&own, r.at[i])) {
            c->terms++;
            c->term_errors += !right;
            if (!right && list)
                printf("  %s: %s, heard %s\n", it->id, r.at[i], pair[i] >= 0 ? h.at[pair[i]] : "nothing");
        } else {
            c->others++;
            c->other_errors += !right;
        }
    }
    for (int k = 0; k < h.n; k++) {
        bool right = back[k] >= 0 && strcmp(r.at[back[k]], h.at[k]) == 0;
        c->other_errors += back[k] < 0;
        if (!right && holds(&all, h.at[k]) && !holds(&plain, h.at[k])) {
            c->false_terms++;
            if (list)
                printf("  %s: %s was not said\n", it->id, h.at[k]);
        }
    }
}

static double share(int errors, int n)
{
    return n ? 100.0 * errors / n : 0.0;
}

static void print(const char *set, const char *half, const counts *c, double hours)
{
    for (int i = 1; i < CONDITIONS; i++)
        printf("set=%s half=%s terms=own+%d n=%d term_errors=%.1f%%->%.1f%% others=%d other_wer=%.2f%%->%.2f%% "
               "false_terms=%d (%.1f/h) time=%.2fx\n",
               set, half ? half : "both", distractors[i], c[i].terms, share(c[0].term_errors, c[0].terms),
               share(c[i].term_errors, c[i].terms), c[i].others, share(c[0].other_errors, c[0].others),
               share(c[i].other_errors, c[i].others), c[i].false_terms, c[i].false_terms / hours,
               c[i].cpu_s / c[0].cpu_s);
}

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    const char *set = "read", *half = NULL;
    int threads = 2, most = MAX_ITEMS;
    bool list = false;
    for (int i = 1; i + 1 < argc; i += 2) {
        set = strcmp(argv[i], "--set") == 0 ? argv[i + 1] : set;
        half = strcmp(argv[i], "--half") == 0 ? argv[i + 1] : half;
        most = strcmp(argv[i], "--most") == 0 ? atoi(argv[i + 1]) : most;
        threads = strcmp(argv[i], "--threads") == 0 ? atoi(argv[i + 1]) : threads;
        list = list || strcmp(argv[i], "--list") == 0;
        seed = strcmp(argv[i], "--seed") == 0 ? strtoull(argv[i + 1], NULL, 10) : seed;
    }
    char path[4096], line[65536];
    bool ocean = strcmp(set, "ocean") == 0;
    if (strcmp(set, "names") == 0) {
        read_sentences();
    } else {
        read_librispeech();
        for (int i = 0; ocean && i < n_items; i++)
            know(items[i].text, items[i].speaker);
        n_items = ocean ? 0 : n_items;
        read_ocean("speechocean762/scores.csv");
        read_ocean("speechocean762/more.csv");
        FILE *f = fopen(bench_data("interviews/transcripts.tsv", path, sizeof path), "r");
        while (f && fgets(line, sizeof line, f))
            for (char *s = line; *s; s += strcspn(s, "|."), s += *s != '\0') /* some text at a time */
            {
                char piece[2000];
                (void)snprintf(piece, sizeof piece, "%.*s", (int)strcspn(s, "|."), s);
                know(piece, "");
            }
        if (f)
            fclose(f);
        for (int i = 0; i < n_items; i++)
            know(items[i].text, items[i].speaker);
        for (int i = 0; !ocean && i < n_items; i++)
            if (strncmp(items[i].path, "librispeech", 11) != 0)
                n_items = i;
    }
    static term_list all, given;
    for (int i = 0; i < n_items; i++)
        terms_of(&items[i], &all);

    rh_error err = {0};
    rh_asr_model *m = NULL;
    rh_asr_stream *s = NULL;
    rh_vad_model *vad = NULL;
    rh_asr_model_options o = rh_asr_model_options_default();
    o.n_threads = threads;
    o.engine = RH_ENGINE_NATIVE;
    (void)snprintf(path, sizeof path, "%s/ggml-base.bin", bench_models_dir());
    bench_check(rh_asr_model_load(&m, path, &o, &err), &err);
    bench_check(rh_asr_stream_new(&s, m, &err), &err);
    (void)snprintf(path, sizeof path, "%s/silero_vad_openvino_16k.onnx", bench_models_dir());
    bench_check(rh_vad_model_load(&vad, path, &err), &err);
    rh_transcript t[CONDITIONS];
    counts c[CONDITIONS] = {0};
    double hours = 0;
    for (int k = 0; k < CONDITIONS; k++)
        rh_transcript_init(&t[k]);
    for (int i = 0, done = 0; i < n_items && done < most; i++) {
        rh_audio a = {0};
        given.n = 0;
        terms_of(&items[i], &given);
        if (!in_half(&items[i], half) || (ocean && !given.n) || !hear(&items[i], &a))
            continue; /* short sentences, most of them without a rare word */
        done++;
        hours += (double)a.n / a.rate_hz / 3600;
        rh_asr_params warm = rh_asr_params_default(); /* what is computed once for a length of silence */
        warm.language = "en";
        bench_check(rh_recording_transcribe(s, vad, a.samples, a.n, &warm, &t[0], NULL, NULL, &err), &err);
        for (int k = 0; k < CONDITIONS; k++) {
            int n_own = 0;
            rh_terms *terms = choose(&items[i], &all, k ? distractors[k] : 0, &given, &n_own);
            rh_asr_params p = rh_asr_params_default();
            p.language = "en";
            p.terms = k ? terms : NULL;
            double from = cpu_s();
            bench_check(rh_recording_transcribe(s, vad, a.samples, a.n, &p, &t[k], NULL, NULL, &err), &err);
            c[k].cpu_s += cpu_s() - from;
            count(&items[i], &given, n_own, t[0].text, t[k].text, list && k == CONDITIONS - 1, &c[k]);
            rh_terms_free(terms);
        }
        rh_audio_done(&a);
    }
    print(set, half, c, hours);
    for (int k = 0; k < CONDITIONS; k++)
        rh_transcript_done(&t[k]);
    for (int i = 0; i < n_items; i++)
        rh_free(items[i].text);
    rh_asr_stream_free(s);
    rh_asr_model_free(m);
    rh_vad_model_free(vad);
    return 0;
}
