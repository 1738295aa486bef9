/* taken_over [--files N | --sound FILE] [--every S] [--slow N] [--verbose 1] - words of a live transcript that are lost where another
 * server goes on with it.
 *
 * LibriSpeech utterances, 0.6 s apart, about a minute each stretch, are heard as a live session hears them. Then, at
 * moments S seconds apart (7), that recogniser is gone: a new one begins at the last final, as a session does that is
 * taken over, and has all at once what was said until the client had come back, 1, 6, 15 and 40 s later. Time is
 * simulated: a decode takes N times (1) as long as it took here. Both are aligned with what was read: told are the longest
 * run of words that were left out, undisturbed and taken over, and how often it was more than three. Of a FILE of up to
 * 5 minutes what is heard undisturbed counts as read. `otherwise`: words a case that differ from those heard undisturbed;
 * undisturbed too they differ a little where decodes take twice as long. */
#include <math.h>
#include <string.h>
#include "paths.h"
#include "rehearse/base/clock.h"
#include "rehearse/base/words.h"
#include "rehearse/media/audio.h"
#include "rehearse/asr/transcriber.h"
#include "rehearse/asr/vad.h"

enum {
    RATE = 16000,
    GAP = RATE * 6 / 10,
    STRETCH = 60 * RATE,
    MAX_WORDS = 600,
    MAX_FINALS = 200,
    RUN = 3,
    SETTLE_MS = 8000
};

typedef struct {
    char w[MAX_WORDS][RH_WORD_BYTES], written[MAX_WORDS][RH_WORD_BYTES];
    double at[MAX_WORDS]; /* s, their middle */
    int n;
} wording;

typedef struct {
    double told, heard_to, context_from; /* when; up to where all is done; with words of which the next is decoded; s */
    int n_words;                         /* of all finals up to it */
} final;

typedef struct {
    wording words;
    final finals[MAX_FINALS];
    int n;
} hearing;

static const double BEFORE_S = 30; /* as session_said.c does */
static rh_asr_model *model;
static rh_vad_model *vad;

static void add_words(wording *to, const char *text, size_t n)
{
    const char *end = text + n;
    while (text < end && to->n < MAX_WORDS) {
        size_t k = 0;
        while (text + k < end && text[k] != ' ')
            k++;
        if (k && rh_word_form(text, k, "", to->w[to->n]) > 0)
            to->n++;
        text += k + (text + k < end);
    }
}

static void take(rh_transcriber *t, hearing *h, double offset, double now)
{
    rh_heard one;
    while (rh_transcriber_next(t, &one) == RH_OK) {
        if (!one.final || h->n == MAX_FINALS)
            continue;
        for (int i = 0; i < one.transcript->n_words; i++) {
            const rh_asr_word *w = &one.transcript->words[i];
            int k = h->words.n;
            add_words(&h->words, one.transcript->text + w->text_off, w->text_len);
            if (h->words.n == k)
                continue;
            h->words.at[k] = offset + (double)(w->start + w->end) / 2;
            (void)snprintf(h->words.written[k], RH_WORD_BYTES, "%.*s", (int)w->text_len,
                           one.transcript->text + w->text_off);
        }
        h->finals[h->n++] = (final){.told = now,
                                    .heard_to = offset + fmax(one.fresh_to, (double)one.end),
                                    .context_from = one.context_from < 0 ? -1 : offset + one.context_from,
                                    .n_words = h->words.n};
    }
}

/* Where one begins that goes on behind the final; of what is known from there on it fills `o`, and `text` of 500 bytes. */
static size_t known(const hearing *h, rh_transcriber_options *o, char *text)
{
    const final *last = h->n ? &h->finals[h->n - 1] : NULL;
    size_t used = 0;
    *text = '\0';
    if (!last)
        return 0;
    double context = last->context_from < 0 ? last->heard_to : last->context_from;
    size_t from = (size_t)(fmax(0, context - BEFORE_S) * RATE);
    from -= from % RH_VAD_CHUNK;
    for (int i = 0; i < h->words.n && last->context_from >= 0; i++)
        if (h->words.at[i] >= context && used + RH_WORD_BYTES + 1 < 500)
            used += (size_t)sprintf(text + used, "%s%s", used ? " " : "", h->words.written[i]);
    o->said = *text ? text : NULL;
    o->said_from_s = context - (double)from / RATE;
    o->said_s = last->heard_to - (double)from / RATE;
    return from;
}

/* Goes on with what was heard, of which all up to second `now` is there at once. A decode takes `slow` times as long. */
static void hear(hearing *h, const float *x, size_t n, double now, double slow)
{
    char text[500];
    rh_transcriber_options o = rh_transcriber_options_default();
    rh_transcriber *t = NULL;
    rh_error err = {0};
    size_t from = known(h, &o, text);
    double offset = (double)from / RATE;
    o.language = "en";
    o.verbatim = o.expected = o.joined = true;
    o.settle_ms = SETTLE_MS;
    bench_check(rh_transcriber_new(&t, model, vad, &o, &err), &err);
    for (size_t fed = from; fed < n;) {
        size_t until = (size_t)(now * RATE) < n ? (size_t)(now * RATE) : n;
        if (until > fed)
            bench_check(rh_transcriber_feed(t, x + fed, until - fed, &err), &err);
        fed = until > fed ? until : fed;
        int64_t began = rh_now_us();
        rh_status st = rh_transcriber_work(t, NULL, &err);
        if (st < 0)
            bench_check(st, &err);
        now += st == RH_OK ? slow * (double)(rh_now_us() - began) / 1e6 : 0.05;
        take(t, h, offset, now);
    }
    bench_check(rh_transcriber_finish(t, NULL, &err), &err);
    take(t, h, offset, now);
    rh_transcriber_free(t);
}

/* The longest run of words of `said` that have no word of `heard` in the best alignment; *at: its first. */
static int longest_lost(const wording *said, const wording *heard, int *at, int *errors)
{
    static int cost[MAX_WORDS + 1][MAX_WORDS + 1];
    int n = said->n, m = heard->n, longest = 0, run = 0;
    for (int i = 0; i <= n; i++)
        for (int k = 0; k <= m; k++) {
            int best = i + k;
            if (i && k) {
                best = cost[i - 1][k - 1] + (strcmp(said->w[i - 1], heard->w[k - 1]) != 0);
                best = best < cost[i - 1][k] + 1 ? best : cost[i - 1][k] + 1;
                best = best < cost[i][k - 1] + 1 ? best : cost[i][k - 1] + 1;
            }
            cost[i][k] = best;
        }
    *errors = cost[n][m];
    for (int i = n, k = m; i > 0;) {
        bool lost = k == 0 || cost[i][k] == cost[i - 1][k] + 1;
        if (lost) {
            run++;
            i--;
            if (run > longest) {
                longest = run;
                *at = i;
            }
        } else if (cost[i][k] == cost[i][k - 1] + 1) {
            k--;
        } else {
            run = 0;
            i--;
            k--;
        }
    }
    return longest;
}

static void show(const char *what, const wording *w, int from, int to)
{
    printf("  %s:", what);
    for (int i = from < 0 ? 0 : from; i < to && i < w->n; i++)
        printf(" %s", w->w[i]);
    printf("\n");
}

static int option(int argc, char **argv, const char *name, int otherwise)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return atoi(argv[i + 1]);
    return otherwise;
}

static const char *text_option(int argc, char **argv, const char *name)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    return NULL;
}

/* One more utterance at the end of the stretch; false: there is none. */
static bool append(FILE *refs, float **x, size_t *n, wording *said)
{
    char line[4096], name[128], path[4096];
    rh_error err;
    rh_audio a;
    char *tab = fgets(line, sizeof line, refs) ? strchr(line, '\t') : NULL;
    if (!tab)
        return false;
    *tab = '\0';
    (void)snprintf(name, sizeof name, "librispeech/audio/%s.flac", line);
    bench_check(rh_audio_read_file(&a, bench_data(name, path, sizeof path), 60, &err), &err);
    *x = realloc(*x, (*n + a.n + GAP) * sizeof **x);
    if (!*x)
        exit(1);
    memcpy(*x + *n, a.samples, a.n * sizeof **x);
    memset(*x + *n + a.n, 0, GAP * sizeof **x);
    *n += a.n + GAP;
    add_words(said, tab + 1, strcspn(tab + 1, "\n"));
    rh_audio_done(&a);
    return true;
}

int main(int argc, char **argv)
{
    static const double away_s[] = {1, 6, 15, 40};
    static hearing whole, part, slower;
    static wording said;
    char path[4096];
    rh_error err;
    int n_files = option(argc, argv, "--files", 1000), every = option(argc, argv, "--every", 7);
    int n_cases = 0, n_bad = 0, n_worse = 0, worst = 0, worst_whole = 0, errors = 0, errors_whole = 0, n_said = 0;
    int otherwise = 0, otherwise_slower = 0, n_stretches = 0;
    bool verbose = option(argc, argv, "--verbose", 0) != 0;
    const char *sound = text_option(argc, argv, "--sound");
    double slow = option(argc, argv, "--slow", 1);
    FILE *refs = fopen(bench_data("librispeech/refs.tsv", path, sizeof path), "r");
    if (!refs)
        return 1;
    (void)snprintf(path, sizeof path, "%s/silero_vad_openvino_16k.onnx", bench_models_dir());
    bench_check(rh_vad_model_load(&vad, path, &err), &err);
    (void)snprintf(path, sizeof path, "%s/ggml-base.bin", bench_models_dir());
    bench_check(rh_asr_model_load(&model, path, NULL, &err), &err);
    for (bool more = true; more && n_files > 0;) {
        float *x = NULL;
        size_t n = 0;
        said.n = whole.n = whole.words.n = 0;
        while (!sound && n < STRETCH && n_files-- > 0 && (more = append(refs, &x, &n, &said)))
            continue;
        if (sound) { /* what is heard of it undisturbed is what was said */
            rh_audio a;
            bench_check(rh_audio_read_file(&a, sound, 300, &err), &err);
            x = a.samples;
            n = a.n;
            more = false;
        }
        if (n == 0)
            break;
        hear(&whole, x, n, 0, slow);
        slower.n = slower.words.n = 0;
        hear(&slower, x, n, 0, 2 * slow);
        n_stretches++;
        if (sound)
            said = whole.words;
        int at = 0, e, alone = longest_lost(&said, &whole.words, &at, &e);
        worst_whole = alone > worst_whole ? alone : worst_whole;
        int differ, where;
        (void)longest_lost(&whole.words, &slower.words, &where, &differ);
        otherwise_slower += differ;
        if (verbose && alone > RUN)
            show("left out undisturbed", &said, at, at + alone);
        for (double gone = every; gone < (double)n / RATE; gone += every)
            for (size_t i = 0; i < sizeof away_s / sizeof *away_s; i++) {
                int k = 0, other;
                while (k < whole.n && whole.finals[k].told <= gone)
                    k++;
                part = whole;
                part.n = k;
                part.words.n = k ? whole.finals[k - 1].n_words : 0;
                hear(&part, x, n, gone + away_s[i], slow);
                (void)longest_lost(&whole.words, &part.words, &where, &differ);
                otherwise += differ;
                int lost = longest_lost(&said, &part.words, &at, &other);
                n_cases++;
                n_bad += lost > RUN;
                n_worse += lost > RUN && lost > alone;
                worst = lost > worst ? lost : worst;
                errors += other;
                errors_whole += e;
                n_said += said.n;
                if (verbose && lost > RUN && lost > alone) {
                    printf("gone at %.0f s for %.0f s: %d words left out\n", gone, away_s[i], lost);
                    show("read", &said, at - 6, at + lost + 6);
                    show("heard undisturbed", &whole.words, at - 8, at + lost + 8);
                    show("heard", &part.words, at - 12, at + 12);
                }
                (void)fflush(stdout);
            }
        free(x);
    }
    (void)fclose(refs);
    printf(
        "taken_over cases=%d runs_over_%d=%d more_than_undisturbed=%d longest_run=%d undisturbed=%d wer=%.2f undisturbed=%.2f otherwise=%.2f undisturbed=%.2f\n",
        n_cases, RUN, n_bad, n_worse, worst, worst_whole, 100.0 * errors / fmax(1, n_said),
        100.0 * errors_whole / fmax(1, n_said), otherwise / fmax(1, n_cases), otherwise_slower / fmax(1, n_stretches));
    rh_asr_model_free(model);
    rh_vad_model_free(vad);
    return 0;
}
