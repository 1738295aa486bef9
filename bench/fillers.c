/* fillers - are hesitations found, and only they?
 *
 *   fillers [--model FILE] [--threads N] [--verbose] [--part clips|spliced|read|joined|live|live-clips]
 *           [--list FILE] [--terms A,B,...]
 *
 * Spontaneous and acted clips with their verbatim text (fillers/manifest.jsonl)
 * and read speech without any (librispeech/refs.tsv). Counted are um, uh, er
 * and hmm: found at the right place between the words. Words that are fillers
 * by their place ("like", "you know") are no error in spontaneous clips, whose
 * text does not tell which of them are; in read speech every event is false.
 * Times are compared with marks set by hand on level and pitch.
 * The marked ones are also spliced into other clips of the speaker, where their
 * time is exact.
 * live: the clips again as a person speaking, through live recognition (live_: the finals;
 * live_end_: what the report of the session counts), and then the read ones; live-clips:
 * without these. They are heard as a session of the server hears them.
 * joined: clips with hesitations two by two, one right behind the other, as recordings and live: as many as in both?
 * --terms: names to spell right that the recogniser is given; they should change nothing here.
 * --list: further recordings, one a line: id, tab, path, and with a second tab how many hesitations are in it, live (else
 * none, as recordings). */
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/media/audio.h"
#include "rehearse/base/clock.h"
#include "session/finals.h"
#include "rehearse/session/hearing.h"
#include "rehearse/speech/analysis.h"
#include "rehearse/asr/transcriber.h"
#include "paths.h"

enum { SETTLE_MS = 8000 /* of a session */ };
enum { MAX_ITEMS = 600, MAX_TEXT = 4000, MAX_LINE = 8192, QUIET = 960 /* samples, 60 ms */ };
static const char SOUND[] = "@"; /* stands for a hesitation in a list of words */

typedef struct {
    rh_asr_model *model;
    rh_asr_stream *stream;
    rh_vad_model *vad;
    bool verbose;
    rh_terms *terms;                                     /* --terms */
    int n_clips, truth, found, false_alarms;             /* ours */
    int plain_found, plain_false;                        /* the clean decode alone */
    int read_clips, read_sounds, read_words, read_plain; /* false ones in read speech */
    float errors[MAX_ITEMS];
    int n_errors;
    int spliced, splices_found, splices_false, n_splice_errors;
    float splice_errors[MAX_ITEMS];
    int live_truth, live_found, live_false, n_live_errors, live_read, live_read_false, live_read_false_sounds;
    float live_errors[MAX_ITEMS];
    int end_found, end_false, end_read_false;
    int pairs, both_truth, both_found, both_false, both_alone, both_live_found, both_live_false, both_live_alone;
} bench;

/* Hesitations marked by hand where the level rises and falls, s from the
 * beginning of the clip; the ones with an end stand free and are spliced into
 * read speech. Those that grow out of a word have no clear border and no mark. */
static const struct {
    const char *id;
    float start, end;
} MARKS[] = {
    {"acoustic_corpus", 8.06f, 8.62f},
    {"acoustic_corpus", 14.56f, 15.22f},
    {"acoustic_corpus", 22.87f, 23.60f},
    {"cold_corpus", 1.28f, 1.70f},
    {"cold_corpus", 9.88f, 10.25f},
    {"cold_corpus", 17.80f, 18.30f},
    {"mfa_crossword", 5.82f, 6.60f},
    {"mfa_um", 3.80f, 5.20f},
    {"mfa_uhuh", 1.90f, 2.04f},
    {"mfa_uhuh", 2.60f, 2.78f},
    {"mfa_uhuh", 3.24f, 3.44f},
    {"mfa_uhuh", 4.34f, 0.0f},
    {"mfa_uhuh", 4.52f, 0.0f},
    {"multilingual_ipa_us_4", 3.06f, 0.0f},
    {"mfa_cutoffprogressive", 8.26f, 8.64f},
};
enum { N_MARKS = sizeof MARKS / sizeof MARKS[0] };

typedef struct {
    const char *at[MAX_ITEMS];
    int n;
} items;

static void add_item(items *l, const char *word)
{
    if (l->n < MAX_ITEMS)
        l->at[l->n++] = word;
}

/* Lower-case letters only, in place; "" when none. */
static void strip(char *w)
{
    char *o = w;
    for (const char *p = w; *p; p++)
        if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p & 0x80))
            *o++ = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
    *o = '\0';
}

static void add_text(items *l, char *text)
{
    for (char *w = strtok(text, " "); w; w = strtok(NULL, " ")) {
        bool cut = w[0] == '<' || w[0] == '[';
        int kind = w[0] == '\'' ? -1 : rh_hesitation_of(w); /* 'er is a pronoun */
        strip(w);
        if (kind >= 0)
            add_item(l, SOUND);
        else if (!cut && w[0])
            add_item(l, w);
    }
}

/* Hesitations of `b` paired with ones of `a` in the cheapest alignment of both lists. */
static int shared_sounds(const items *a, const items *b)
{
    static float cost[MAX_ITEMS + 1][MAX_ITEMS + 1];
    static int sounds[MAX_ITEMS + 1][MAX_ITEMS + 1];
    for (int i = 0; i <= a->n; i++)
        for (int j = 0; j <= b->n; j++) {
            cost[i][j] = i || j ? 1e9f : 0.0f;
            sounds[i][j] = 0;
            bool sa = i > 0 && a->at[i - 1] == SOUND, sb = j > 0 && b->at[j - 1] == SOUND;
            if (i > 0 && cost[i - 1][j] + 1.0f < cost[i][j]) {
                cost[i][j] = cost[i - 1][j] + 1.0f;
                sounds[i][j] = sounds[i - 1][j];
            }
            if (j > 0 && cost[i][j - 1] + 1.0f < cost[i][j]) {
                cost[i][j] = cost[i][j - 1] + 1.0f;
                sounds[i][j] = sounds[i][j - 1];
            }
            if (i > 0 && j > 0 && sa == sb) {
                float c = sa || strcmp(a->at[i - 1], b->at[j - 1]) == 0 ? 0.0f : 0.9f;
                if (cost[i - 1][j - 1] + c < cost[i][j]) {
                    cost[i][j] = cost[i - 1][j - 1] + c;
                    sounds[i][j] = sounds[i - 1][j - 1] + sa;
                }
            }
        }
    return sounds[a->n][b->n];
}

/* Clean words with the hesitations found among them; those of the clean decode
 * itself are left to their events. */
static void found_items(const rh_word_table *t, items *l, char *text)
{
    const rh_word_list *words = &t->words[RH_WORDS_CLEAN];
    size_t f = 0, used = 0;
    for (int i = -1; i < (int)words->n; i++) {
        if (i >= 0 && rh_hesitation_of(words->at[i].text) < 0) {
            char *w = text + used;
            size_t n = strlen(words->at[i].text) + 1;
            if (used + n > MAX_TEXT)
                break;
            memcpy(w, words->at[i].text, n);
            strip(w);
            used += n;
            if (w[0])
                add_item(l, w);
        }
        for (; f < t->n_fillers && t->fillers[f].after_word <= i; f++)
            if ((int)t->fillers[f].kind < RH_FILLER_SOUNDS)
                add_item(l, SOUND);
    }
}

static int plain_items(const rh_word_list *words, items *l, char *text)
{
    int n_sounds = 0;
    size_t used = 0;
    for (size_t i = 0; i < words->n; i++) {
        size_t n = strlen(words->at[i].text) + 1;
        if (used + n > MAX_TEXT)
            break;
        char *w = text + used;
        bool sound = rh_hesitation_of(words->at[i].text) >= 0;
        memcpy(w, words->at[i].text, n);
        strip(w);
        used += n;
        add_item(l, sound ? SOUND : w);
        n_sounds += sound;
    }
    return n_sounds;
}

static int count_sounds(const rh_word_table *t)
{
    int n = 0;
    for (size_t i = 0; i < t->n_fillers; i++)
        n += (int)t->fillers[i].kind < RH_FILLER_SOUNDS;
    return n;
}

static void compare_times(bench *b, const char *id, const rh_word_table *d)
{
    for (size_t m = 0; m < N_MARKS; m++) {
        if (strcmp(MARKS[m].id, id) != 0)
            continue;
        float best = 1.0f; /* farther away it is another one */
        for (size_t i = 0; i < d->n_fillers; i++)
            if ((int)d->fillers[i].kind < RH_FILLER_SOUNDS)
                best = fminf(best, fabsf(d->fillers[i].start - MARKS[m].start));
        if (best < 1.0f && b->n_errors < MAX_ITEMS)
            b->errors[b->n_errors++] = best;
    }
}

static void show(const char *id, const rh_analysis *a)
{
    const rh_word_table *d = &a->said;
    const rh_word_list *verbatim = &d->words[RH_WORDS_VERBATIM];
    printf("%s\n  clean:    %s\n  decoded verbatim:", id, a->text);
    for (size_t i = 0; i < verbatim->n; i++)
        printf(" %s", verbatim->at[i].text);
    printf("\n  verbatim: %s\n", a->verbatim_text);
    for (size_t i = 0; i < d->n_fillers; i++)
        printf("  %6.2f-%.2f %s p %.2f after %d covers %d\n", (double)d->fillers[i].start, (double)d->fillers[i].end,
               rh_filler_said(rh_tongue_of("en"), &d->fillers[i]), (double)d->fillers[i].p, d->fillers[i].after_word,
               d->fillers[i].n_words);
    for (size_t i = 0; i < d->n_disfluencies; i++)
        printf("  %6.2f-%.2f %s after %d\n", (double)d->disfluencies[i].start, (double)d->disfluencies[i].end,
               rh_disfluency_name(d->disfluencies[i].kind), d->disfluencies[i].after_word);
}

static bool read_sound(rh_audio *a, const char *path)
{
    rh_error err = {0};
    bool ok = rh_audio_read_file(a, path, 600, &err) == RH_OK;
    if (!ok)
        fprintf(stderr, "%s: %s\n", path, err.msg);
    return ok;
}

static bool hear_samples(bench *b, const char *id, const float *x, size_t n, rh_analysis *out)
{
    rh_error err = {0};
    rh_hearing h = {0};
    rh_hearing_options o = {.language = "en", .terms = b->terms};
    *out = (rh_analysis){0};
    rh_status st = rh_hear(&h, b->stream, b->model, b->vad, x, n, &o, &err);
    if (st == RH_OK)
        st = rh_analyse(&h.words, &h.curves, NULL, 0, (double)n / 16000.0, out, &err);
    if (st != RH_OK)
        fprintf(stderr, "%s: %s\n", id, err.msg);
    else if (b->verbose)
        show(id, out);
    rh_hearing_done(&h);
    return st == RH_OK;
}

static bool hear(bench *b, const char *id, const char *path, rh_analysis *out)
{
    rh_audio audio = {0};
    bool ok = read_sound(&audio, path) && hear_samples(b, id, audio.samples, audio.n, out);
    rh_audio_done(&audio);
    return ok;
}

static void try_clip(bench *b, const char *id, const char *path, const char *verbatim)
{
    static char truth_text[MAX_TEXT], words_text[MAX_TEXT], plain_text[MAX_TEXT];
    static items truth, found, plain;
    rh_analysis a;
    if (!hear(b, id, path, &a))
        return;
    truth.n = found.n = plain.n = 0;
    (void)snprintf(truth_text, sizeof truth_text, "%s", verbatim);
    add_text(&truth, truth_text);
    const rh_word_table *d = &a.said;
    found_items(d, &found, words_text);
    int n_plain = plain_items(&d->words[RH_WORDS_CLEAN], &plain, plain_text);
    int n_truth = 0, hits = shared_sounds(&truth, &found), plain_hits = shared_sounds(&truth, &plain);
    for (int i = 0; i < truth.n; i++)
        n_truth += truth.at[i] == SOUND;
    b->n_clips++;
    b->truth += n_truth;
    b->found += hits;
    b->false_alarms += count_sounds(d) - hits;
    b->plain_found += plain_hits;
    b->plain_false += n_plain - plain_hits;
    compare_times(b, id, d);
    if (b->verbose)
        printf("  truth %d found %d false %d\n  %s\n", n_truth, hits, count_sounds(d) - hits, verbatim);
    rh_analysis_done(&a);
}

static void try_read_clip(bench *b, const char *id, const char *path)
{
    static char text[MAX_TEXT];
    static items plain;
    rh_analysis a;
    if (!hear(b, id, path, &a))
        return;
    plain.n = 0;
    const rh_word_table *d = &a.said;
    b->read_clips++;
    b->read_sounds += count_sounds(d);
    b->read_words += (int)d->n_fillers - count_sounds(d);
    b->read_plain += plain_items(&d->words[RH_WORDS_CLEAN], &plain, text);
    rh_analysis_done(&a);
}

static void run_fillers(bench *b)
{
    char path[4200], dir[4200], line[MAX_LINE];
    FILE *f = fopen(bench_data("fillers/manifest.jsonl", path, sizeof path), "r");
    while (f && fgets(line, sizeof line, f)) {
        json_t *o = json_loads(line, 0, NULL);
        const char *id = json_string_value(json_object_get(o, "id"));
        const char *text = json_string_value(json_object_get(o, "text_verbatim"));
        const char *file = json_string_value(json_object_get(o, "file"));
        if (id && text && file) {
            (void)snprintf(dir, sizeof dir, "fillers/%.200s", file);
            try_clip(b, id, bench_data(dir, path, sizeof path), text);
        }
        json_decref(o);
    }
    if (f)
        fclose(f);
}

static void run_read(bench *b)
{
    char path[4200], name[4200], line[MAX_LINE];
    FILE *f = fopen(bench_data("librispeech/refs.tsv", path, sizeof path), "r");
    while (f && fgets(line, sizeof line, f)) {
        line[strcspn(line, "\t\n")] = '\0';
        (void)snprintf(name, sizeof name, "librispeech/audio/%.80s.flac", line);
        try_read_clip(b, line, bench_data(name, path, sizeof path));
    }
    if (f)
        fclose(f);
}

/* Start of the quietest 60 ms between a fifth and four fifths of the sound. */
static size_t quietest(const float *x, size_t n)
{
    size_t best = n / 2;
    double least = 1e30;
    for (size_t at = n / 5; at + QUIET < n - n / 5; at += QUIET / 4) {
        double sum = 0.0;
        for (size_t i = at; i < at + QUIET; i++)
            sum += (double)x[i] * (double)x[i];
        if (sum < least) {
            least = sum;
            best = at;
        }
    }
    return best;
}

static double power(const float *x, size_t n)
{
    double sum = 1e-9;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sum / (double)(n ? n : 1);
}

/* `clip` with `piece` in its quietest place, 6 dB below its mean level, 120 ms
 * of that quiet around it. Returns its length, *at = where the piece begins. */
static size_t splice(const rh_audio *clip, const float *piece, size_t n_piece, float *out, size_t *at)
{
    size_t q = quietest(clip->samples, clip->n), n = 0;
    float gain = (float)(0.5 * sqrt(power(clip->samples, clip->n) / power(piece, n_piece)));
    memcpy(out, clip->samples, (q + QUIET) * sizeof *out);
    n = q + QUIET;
    for (int turn = 0; turn < 2; turn++) {
        for (size_t i = 0; i < 2 * QUIET; i++) /* there and back again, so that it has no edge */
            out[n++] = clip->samples[i < QUIET ? q + QUIET - 1 - i : q + i - QUIET];
        if (turn == 0) {
            *at = n;
            for (size_t i = 0; i < n_piece; i++)
                out[n++] = gain * piece[i];
        }
    }
    memcpy(out + n, clip->samples + q + QUIET, (clip->n - q - QUIET) * sizeof *out);
    return n + clip->n - q - QUIET;
}

static void try_splice(bench *b, const rh_audio *clip, const char *id, size_t mark)
{
    char path[4200], name[256];
    rh_audio source = {0};
    (void)snprintf(name, sizeof name, "fillers/audio/%s.flac", MARKS[mark].id);
    if (!read_sound(&source, bench_data(name, path, sizeof path)))
        return;
    size_t from = (size_t)(MARKS[mark].start * 16000.0f), to = (size_t)(MARKS[mark].end * 16000.0f);
    float *x = malloc((clip->n + 5 * QUIET + to) * sizeof *x);
    size_t at = 0, n = x ? splice(clip, source.samples + from, to - from, x, &at) : 0;
    rh_analysis a = {0};
    if (x && hear_samples(b, id, x, n, &a)) {
        const rh_word_table *d = &a.said;
        float best = 1.0f;
        for (size_t i = 0; i < d->n_fillers; i++)
            if ((int)d->fillers[i].kind < RH_FILLER_SOUNDS)
                best = fminf(best, fabsf(d->fillers[i].start - (float)at / 16000.0f));
        b->spliced++;
        if (best < 0.5f) {
            b->splices_found++;
            b->splice_errors[b->n_splice_errors++] = best;
        }
        b->splices_false += count_sounds(d) - (best < 0.5f);
    }
    rh_analysis_done(&a);
    free(x);
    rh_audio_done(&source);
}

/* The marked hesitations in the other clips of the same speaker. */
static void run_spliced(bench *b)
{
    char path[4200], name[4200], line[MAX_LINE];
    size_t mark = 0;
    FILE *f = fopen(bench_data("fillers/manifest.jsonl", path, sizeof path), "r");
    while (f && fgets(line, sizeof line, f)) {
        json_t *o = json_loads(line, 0, NULL);
        const char *id = json_string_value(json_object_get(o, "id"));
        const char *file = json_string_value(json_object_get(o, "file"));
        bool host = id && file && strncmp(id, "mfa_", 4) == 0 && b->spliced < MAX_ITEMS &&
                    json_integer_value(json_object_get(o, "fillers")) == 0;
        rh_audio clip = {0};
        if (host) {
            while (!(MARKS[mark].end > 0.0f) || strncmp(MARKS[mark].id, "cold", 4) == 0)
                mark = (mark + 1) % N_MARKS; /* no border, or another voice */
            (void)snprintf(name, sizeof name, "fillers/%.200s", file);
            if (read_sound(&clip, bench_data(name, path, sizeof path)))
                try_splice(b, &clip, id, mark);
            mark = (mark + 1) % N_MARKS;
        }
        rh_audio_done(&clip);
        json_decref(o);
    }
    if (f)
        fclose(f);
}

/* ---- live ---- */

/* What live recognition of a sound reports. */
typedef struct {
    rh_word_table said;
    float times[MAX_ITEMS]; /* of hesitations told in finals */
    int n_sounds, n_all;
    int end_sounds; /* what the report counts */
} live;

static void show_heard(const rh_heard *h)
{
    const rh_transcript *v = h->verbatim;
    printf("  %s %.2f-%.2f %s |", h->final ? "final" : "partial", (double)h->start, (double)h->end,
           h->transcript->text ? h->transcript->text : "");
    for (int i = 0; v && i < v->n_words; i++) {
        const rh_asr_word *w = &v->words[i];
        printf(" %.*s", (int)w->text_len, v->text + w->text_off);
        printf("(%.2f %.2f-%.2f)", (double)w->p, (double)w->start, (double)w->end);
    }
    for (int i = 0; i < h->transcript->n_tokens; i++)
        if (h->transcript->tokens[i].p_filler > 5e-5f)
            printf(" [%d %.1e]", i, (double)h->transcript->tokens[i].p_filler);
    printf("\n");
}

static void take_final(const bench *b, live *l, const rh_heard *h)
{
    size_t m = l->said.n_fillers;
    (void)rh_finals_add(&l->said, h, NULL);
    for (; m < l->said.n_fillers; m++) {
        const rh_filler *f = &l->said.fillers[m];
        l->n_all++;
        if ((int)f->kind < RH_FILLER_SOUNDS && l->n_sounds < MAX_ITEMS)
            l->times[l->n_sounds++] = f->start;
        if (b->verbose)
            printf("    %.2f-%.2f %s p %.2f after %d covers %d\n", (double)f->start, (double)f->end,
                   rh_filler_said(rh_tongue_of("en"), f), (double)f->p, f->after_word, f->n_words);
    }
    if (b->verbose)
        show_heard(h);
}

static void measure_end(const bench *b, live *l, const float *x, size_t n)
{
    rh_error err = {0};
    rh_pitch_track p = {0};
    rh_analysis a = {0};
    if (rh_pitch_track_run(&p, x, n, &err) != RH_OK)
        return;
    const rh_contour c = rh_hearing_curves(&p);
    if (rh_analyse(&l->said, &c, NULL, 0, (double)n / 16000.0, &a, &err) == RH_OK)
        l->end_sounds = count_sounds(&a.said);
    if (b->verbose)
        show("  report", &a);
    rh_analysis_done(&a);
    rh_pitch_track_done(&p);
}

static void hear_live(const bench *b, const float *x, size_t n, live *l)
{
    enum { PIECE = 1600 };
    rh_transcriber *t = NULL;
    rh_transcriber_options o = rh_transcriber_options_default();
    rh_error err = {0};
    o.language = "en";
    o.verbatim = o.expected = o.joined = true; /* as in a live session */
    o.settle_ms = SETTLE_MS;
    o.terms = b->terms;
    *l = (live){0};
    if (rh_transcriber_new(&t, b->model, b->vad, &o, &err) != RH_OK)
        return;
    for (size_t i = 0; i <= n; i += PIECE) {
        size_t k = n - i < PIECE ? n - i : PIECE;
        rh_status st = rh_transcriber_feed(t, x + i, k, &err);
        bool last = i + PIECE > n;
        do {
            if (st == RH_OK)
                st = last ? rh_transcriber_finish(t, NULL, &err) : rh_transcriber_work(t, NULL, &err);
            rh_heard h;
            while (rh_transcriber_next(t, &h) == RH_OK)
                if (h.final)
                    take_final(b, l, &h);
                else if (b->verbose)
                    show_heard(&h);
        } while (st == RH_OK && !last);
    }
    measure_end(b, l, x, n);
    rh_transcriber_free(t);
    rh_word_table_done(&l->said);
}

/* Events against the true ones: as many as there are, and no more, count as
 * found; where there are marks, at their times. */
static void live_clip(bench *b, const char *id, const char *path, int truth)
{
    static live l;
    rh_audio a = {0};
    if (!read_sound(&a, path))
        return;
    hear_live(b, a.samples, a.n, &l);
    int n = l.n_sounds, end_right = l.end_sounds < truth ? l.end_sounds : truth;
    b->end_found += end_right;
    b->end_false += l.end_sounds - end_right;
    int right = n < truth ? n : truth;
    if (b->verbose)
        printf("live %s: %d of %d, report %d\n", id, n, truth, l.end_sounds);
    b->live_truth += truth;
    b->live_found += right;
    b->live_false += n - right;
    for (size_t m = 0; m < N_MARKS; m++) {
        float best = 1.0f;
        for (int i = 0; i < n && strcmp(MARKS[m].id, id) == 0; i++)
            best = fminf(best, fabsf(l.times[i] - MARKS[m].start));
        if (best < 1.0f)
            b->live_errors[b->n_live_errors++] = best;
    }
    rh_audio_done(&a);
}

static void run_live_clips(bench *b)
{
    char path[4200], name[4200], line[MAX_LINE];
    FILE *f = fopen(bench_data("fillers/manifest.jsonl", path, sizeof path), "r");
    while (f && fgets(line, sizeof line, f)) {
        json_t *o = json_loads(line, 0, NULL);
        const char *id = json_string_value(json_object_get(o, "id"));
        const char *file = json_string_value(json_object_get(o, "file"));
        if (id && file) {
            (void)snprintf(name, sizeof name, "fillers/%.200s", file);
            live_clip(b, id, bench_data(name, path, sizeof path),
                      (int)json_integer_value(json_object_get(o, "fillers")));
        }
        json_decref(o);
    }
    if (f)
        fclose(f);
}

/* ---- two clips in one ---- */

typedef struct {
    char id[64];
    rh_audio sound;
    int truth, alone, live_alone; /* hesitations; found in the clip by itself */
} hesitant;

static void find_both(bench *b, const char *id, const float *x, size_t n, int *found, int *live_found)
{
    static live l;
    rh_analysis a = {0};
    *found = hear_samples(b, id, x, n, &a) ? count_sounds(&a.said) : 0;
    rh_analysis_done(&a);
    hear_live(b, x, n, &l);
    *live_found = l.n_sounds;
}

static void join_pair(bench *b, const hesitant *first, const hesitant *second)
{
    size_t n = first->sound.n + second->sound.n;
    float *x = malloc(n * sizeof *x);
    int found = 0, live_found = 0, truth = first->truth + second->truth;
    if (!x)
        return;
    memcpy(x, first->sound.samples, first->sound.n * sizeof *x);
    memcpy(x + first->sound.n, second->sound.samples, second->sound.n * sizeof *x);
    find_both(b, second->id, x, n, &found, &live_found);
    free(x);
    if (b->verbose)
        printf("joined %s %s: %d true; alone %d, together %d; live %d, %d\n", first->id, second->id, truth,
               first->alone + second->alone, found, first->live_alone + second->live_alone, live_found);
    b->pairs++;
    b->both_truth += truth;
    b->both_alone += first->alone + second->alone;
    b->both_live_alone += first->live_alone + second->live_alone;
    b->both_found += found < truth ? found : truth;
    b->both_false += found > truth ? found - truth : 0;
    b->both_live_found += live_found < truth ? live_found : truth;
    b->both_live_false += live_found > truth ? live_found - truth : 0;
}

/* Each with the one that follows it in the list, both ways round. */
static void run_joined(bench *b)
{
    enum { MOST = 16 };
    static hesitant clips[MOST];
    char path[4200], name[4200], line[MAX_LINE];
    int n = 0;
    FILE *f = fopen(bench_data("fillers/manifest.jsonl", path, sizeof path), "r");
    while (f && n < MOST && fgets(line, sizeof line, f)) {
        json_t *o = json_loads(line, 0, NULL);
        const char *id = json_string_value(json_object_get(o, "id"));
        const char *file = json_string_value(json_object_get(o, "file"));
        hesitant *c = &clips[n];
        c->truth = (int)json_integer_value(json_object_get(o, "fillers"));
        (void)snprintf(c->id, sizeof c->id, "%s", id ? id : "");
        (void)snprintf(name, sizeof name, "fillers/%.200s", file ? file : "");
        if (c->truth > 0 && read_sound(&c->sound, bench_data(name, path, sizeof path))) {
            find_both(b, c->id, c->sound.samples, c->sound.n, &c->alone, &c->live_alone);
            n++;
        }
        json_decref(o);
    }
    if (f)
        fclose(f);
    for (int i = 0; n > 1 && i < n; i++) {
        join_pair(b, &clips[i], &clips[(i + 1) % n]);
        join_pair(b, &clips[(i + 1) % n], &clips[i]);
    }
    for (int i = 0; i < n; i++)
        rh_audio_done(&clips[i].sound);
}

static void run_live_read(bench *b)
{
    static live l;
    char path[4200], name[4200], line[MAX_LINE];
    FILE *f = fopen(bench_data("librispeech/refs.tsv", path, sizeof path), "r");
    while (f && fgets(line, sizeof line, f)) {
        rh_audio a = {0};
        line[strcspn(line, "\t\n")] = '\0';
        (void)snprintf(name, sizeof name, "librispeech/audio/%.200s.flac", line);
        if (!read_sound(&a, bench_data(name, path, sizeof path)))
            continue;
        hear_live(b, a.samples, a.n, &l);
        b->live_read_false_sounds += l.n_sounds;
        b->live_read_false += l.n_all;
        b->end_read_false += l.end_sounds;
        b->live_read++;
        rh_audio_done(&a);
    }
    if (f)
        fclose(f);
}

static void run_list(bench *b, const char *list)
{
    char line[MAX_LINE];
    FILE *f = fopen(list, "r");
    while (f && fgets(line, sizeof line, f)) {
        char *id = strtok(line, "\t\n"), *path = strtok(NULL, "\t\n"), *truth = strtok(NULL, "\t\n");
        if (id && path && truth)
            live_clip(b, id, path, atoi(truth));
        else if (id && path)
            try_read_clip(b, id, path);
    }
    if (f)
        fclose(f);
}

static rh_terms *terms_of(char *list)
{
    enum { MOST = 200 };
    const char *at[MOST];
    size_t n = 0;
    rh_terms *terms = NULL;
    rh_error err = {0};
    for (char *t = strtok(list, ","); t && n < MOST; t = strtok(NULL, ","))
        at[n++] = t;
    if (rh_terms_new(&terms, at, n, &err) != RH_OK)
        fprintf(stderr, "fillers: %s\n", err.msg);
    return terms;
}

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double share(int part, int whole)
{
    return whole ? 100.0 * part / whole : 100.0;
}

static double median_ms(float *x, int n)
{
    qsort(x, (size_t)n, sizeof *x, compare_floats);
    return n ? 1000.0 * (double)x[n / 2] : 0.0;
}

static void report(bench *b)
{
    if (b->n_clips)
        printf("fillers clips=%d truth=%d recall=%.1f%% precision=%.1f%% time_error_ms=%.0f marks=%d "
               "whisper_alone_recall=%.1f%% whisper_alone_precision=%.1f%% ",
               b->n_clips, b->truth, share(b->found, b->truth), share(b->found, b->found + b->false_alarms),
               median_ms(b->errors, b->n_errors), b->n_errors, share(b->plain_found, b->truth),
               share(b->plain_found, b->plain_found + b->plain_false));
    if (b->spliced)
        printf("spliced=%d spliced_recall=%.1f%% spliced_precision=%.1f%% spliced_time_error_ms=%.0f ", b->spliced,
               share(b->splices_found, b->spliced), share(b->splices_found, b->splices_found + b->splices_false),
               median_ms(b->splice_errors, b->n_splice_errors));
    if (b->live_truth)
        printf("live_recall=%.1f%% live_precision=%.1f%% live_time_error_ms=%.0f live_end_recall=%.1f%% "
               "live_end_precision=%.1f%% live_read_clips=%d live_false_sounds=%d live_false=%d "
               "live_end_false_sounds=%d ",
               share(b->live_found, b->live_truth), share(b->live_found, b->live_found + b->live_false),
               median_ms(b->live_errors, b->n_live_errors), share(b->end_found, b->live_truth),
               share(b->end_found, b->end_found + b->end_false), b->live_read, b->live_read_false_sounds,
               b->live_read_false, b->end_read_false);
    if (b->pairs)
        printf(
            "joined=%d joined_recall=%.1f%% joined_precision=%.1f%% joined_of_single=%.1f%% live_joined_recall=%.1f%% "
            "live_joined_precision=%.1f%% live_joined_of_single=%.1f%% ",
            b->pairs, share(b->both_found, b->both_truth), share(b->both_found, b->both_found + b->both_false),
            share(b->both_found + b->both_false, b->both_alone), share(b->both_live_found, b->both_truth),
            share(b->both_live_found, b->both_live_found + b->both_live_false),
            share(b->both_live_found + b->both_live_false, b->both_live_alone));
    printf("read_clips=%d false_sounds=%d false_words=%d whisper_alone_false=%d\n", b->read_clips, b->read_sounds,
           b->read_words, b->read_plain);
}

int main(int argc, char **argv)
{
    json_set_alloc_funcs(rh_alloc, rh_free);
    bench b = {0};
    const char *list = NULL, *model_path = NULL, *part = NULL;
    char *terms = NULL; /* cut up */
    char path[4200], vad_path[4200], probe[4200];
    rh_asr_model_options options = rh_asr_model_options_default();
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--model") == 0 && i + 1 < argc)
            model_path = argv[++i];
        else if (strcmp(argv[i], "--threads") == 0 && i + 1 < argc)
            options.n_threads = atoi(argv[++i]);
        else if (strcmp(argv[i], "--list") == 0 && i + 1 < argc)
            list = argv[++i];
        else if (strcmp(argv[i], "--part") == 0 && i + 1 < argc)
            part = argv[++i];
        else if (strcmp(argv[i], "--terms") == 0 && i + 1 < argc)
            terms = argv[++i];
        else if (strcmp(argv[i], "--verbose") == 0)
            b.verbose = true;
        else {
            fprintf(stderr, "usage: fillers [--model FILE] [--threads N] [--verbose] "
                            "[--part clips|spliced|read|joined|live|live-clips] [--list FILE]\n");
            return 2;
        }
    }
    if (!list)
        (void)bench_data("fillers/manifest.jsonl", probe, sizeof probe);
    (void)snprintf(path, sizeof path, "%s/ggml-base.bin", bench_models_dir());
    (void)snprintf(vad_path, sizeof vad_path, "%s/silero_vad_openvino_16k.onnx", bench_models_dir());
    rh_error err = {0};
    rh_asr_model *model = NULL;
    b.terms = terms ? terms_of(terms) : NULL;
    rh_status st = rh_asr_model_load(&model, model_path ? model_path : path, &options, &err);
    if (st == RH_OK)
        st = rh_vad_model_load(&b.vad, vad_path, &err);
    if (st == RH_OK)
        st = rh_asr_stream_new(&b.stream, model, &err);
    b.model = model;
    if (st == RH_OK && list) {
        run_list(&b, list);
    } else if (st == RH_OK) {
        if (!part || strcmp(part, "clips") == 0)
            run_fillers(&b);
        if (!part || strcmp(part, "spliced") == 0)
            run_spliced(&b);
        if (!part || strcmp(part, "read") == 0)
            run_read(&b);
        if (!part || strcmp(part, "joined") == 0)
            run_joined(&b);
        if (!part || strncmp(part, "live", 4) == 0)
            run_live_clips(&b);
        if (!part || strcmp(part, "live") == 0)
            run_live_read(&b);
    } else {
        fprintf(stderr, "%s\n", err.msg);
    }
    if (st == RH_OK)
        report(&b);
    rh_asr_stream_free(b.stream);
    rh_terms_free(b.terms);
    rh_vad_model_free(b.vad);
    rh_asr_model_free(model);
    return st == RH_OK ? 0 : 1;
}
