/* fillers - are hesitations of recordings found, and only they?
 *
 *   fillers [--model FILE] [--threads N] [--verbose] [--part clips|spliced|read] [--list FILE] [--terms A,B,...]
 *
 * clips: spontaneous and acted ones with their verbatim text (fillers/manifest.jsonl). Counted are um, uh, er
 * and hmm: found at the right place between the words. Words that are fillers
 * by their place ("like", "you know") are no error in spontaneous clips, whose
 * text does not tell which of them are. Times are compared with marks set by hand on level and pitch.
 * spliced: the marked ones in other clips of the speaker, where their time is exact.
 * read: speech without any (librispeech/refs.tsv), where every event is false.
 * --terms: names to spell right that the recogniser is given; they should change nothing here.
 * --list: further recordings without a hesitation, one a line: id, tab, path. As people speak live: fillers_live. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "paths.h"
#include "shared/hesitations.h"

enum { MAX_ITEMS = 600, MAX_TEXT = 4000, QUIET = 960 /* samples, 60 ms */ };
static const char SOUND[] = "@"; /* stands for a hesitation in a list of words */

typedef struct {
    listener by;
    int n_clips;
    tally ours, plain;                                   /* plain: the clean decode alone */
    int read_clips, read_sounds, read_words, read_plain; /* false ones in read speech */
    seconds errors;
    tally spliced;
    seconds splice_errors;
    size_t next_mark; /* to be spliced */
} bench;

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

static bool hear(const bench *b, const recording *r, rh_analysis *out)
{
    rh_audio audio = {0};
    bool ok = read_sound(&audio, r->path) && hear_recording(&b->by, r->id, audio.samples, audio.n, out);
    rh_audio_done(&audio);
    return ok;
}

static void add_to(tally *t, int truth, int found, int heard)
{
    t->truth += truth;
    t->found += found;
    t->false_alarms += heard - found;
}

static void try_clip(void *user, const recording *r)
{
    static char truth_text[MAX_TEXT], words_text[MAX_TEXT], plain_text[MAX_TEXT];
    static items truth, found, plain;
    static seconds times;
    bench *b = user;
    rh_analysis a;
    if (!hear(b, r, &a))
        return;
    truth.n = found.n = plain.n = 0;
    (void)snprintf(truth_text, sizeof truth_text, "%s", r->verbatim);
    add_text(&truth, truth_text);
    found_items(&a.said, &found, words_text);
    int n_plain = plain_items(&a.said.words[RH_WORDS_CLEAN], &plain, plain_text);
    int n_truth = 0, n_heard = sounds_of(&a.said, &times), hits = shared_sounds(&truth, &found);
    for (int i = 0; i < truth.n; i++)
        n_truth += truth.at[i] == SOUND;
    b->n_clips++;
    add_to(&b->ours, n_truth, hits, n_heard);
    add_to(&b->plain, n_truth, shared_sounds(&truth, &plain), n_plain);
    compare_with_marks(&b->errors, r->id, &times);
    if (b->by.verbose)
        printf("  truth %d found %d false %d\n  %s\n", n_truth, hits, n_heard - hits, r->verbatim);
    rh_analysis_done(&a);
}

static void try_read(void *user, const recording *r)
{
    static char text[MAX_TEXT];
    static items plain;
    static seconds times;
    bench *b = user;
    rh_analysis a;
    if (!hear(b, r, &a))
        return;
    plain.n = 0;
    int n_sounds = sounds_of(&a.said, &times);
    b->read_clips++;
    b->read_sounds += n_sounds;
    b->read_words += (int)a.said.n_fillers - n_sounds;
    b->read_plain += plain_items(&a.said.words[RH_WORDS_CLEAN], &plain, text);
    rh_analysis_done(&a);
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

static void try_splice(bench *b, const rh_audio *clip, const char *id, const mark *m)
{
    static seconds times;
    char path[4200], name[256];
    rh_audio source = {0};
    (void)snprintf(name, sizeof name, "fillers/audio/%s.flac", m->id);
    if (!read_sound(&source, bench_data(name, path, sizeof path)))
        return;
    size_t from = (size_t)(m->start * 16000.0f), to = (size_t)(m->end * 16000.0f);
    float *x = malloc((clip->n + 5 * QUIET + to) * sizeof *x);
    size_t at = 0, n = x ? splice(clip, source.samples + from, to - from, x, &at) : 0;
    rh_analysis a = {0};
    if (x && hear_recording(&b->by, id, x, n, &a)) {
        int n_heard = sounds_of(&a.said, &times);
        float away = nearest(&times, (float)at / 16000.0f);
        bool found = away < 0.5f;
        add_to(&b->spliced, 1, found, n_heard);
        if (found)
            b->splice_errors.at[b->splice_errors.n++] = away;
    }
    rh_analysis_done(&a);
    free(x);
    rh_audio_done(&source);
}

/* The marked hesitations in the other clips of the same speaker. */
static void splice_into(void *user, const recording *r)
{
    bench *b = user;
    rh_audio clip = {0};
    if (strncmp(r->id, "mfa_", 4) != 0 || r->truth > 0 || b->spliced.truth == MAX_SOUNDS)
        return;
    while (!(MARKS[b->next_mark].end > 0.0f) || strncmp(MARKS[b->next_mark].id, "cold", 4) == 0)
        b->next_mark = (b->next_mark + 1) % N_MARKS; /* no border, or another voice */
    if (read_sound(&clip, r->path))
        try_splice(b, &clip, r->id, &MARKS[b->next_mark]);
    b->next_mark = (b->next_mark + 1) % N_MARKS;
    rh_audio_done(&clip);
}

static void report(bench *b)
{
    printf("fillers ");
    if (b->n_clips)
        printf("clips=%d truth=%d recall=%.1f%% precision=%.1f%% time_error_ms=%.0f marks=%d "
               "whisper_alone_recall=%.1f%% whisper_alone_precision=%.1f%% ",
               b->n_clips, b->ours.truth, recall(&b->ours), precision(&b->ours), median_ms(&b->errors), b->errors.n,
               recall(&b->plain), precision(&b->plain));
    if (b->spliced.truth)
        printf("spliced=%d spliced_recall=%.1f%% spliced_precision=%.1f%% spliced_time_error_ms=%.0f ",
               b->spliced.truth, recall(&b->spliced), precision(&b->spliced), median_ms(&b->splice_errors));
    printf("read_clips=%d false_sounds=%d false_words=%d whisper_alone_false=%d\n", b->read_clips, b->read_sounds,
           b->read_words, b->read_plain);
}

int main(int argc, char **argv)
{
    static bench b;
    b.by = listener_open(argc, argv, "clips|spliced|read");
    if (b.by.list) {
        each_listed(b.by.list, try_read, &b);
    } else {
        if (listener_wants(&b.by, "clips"))
            each_clip(try_clip, &b);
        if (listener_wants(&b.by, "spliced"))
            each_clip(splice_into, &b);
        if (listener_wants(&b.by, "read"))
            each_read(try_read, &b);
    }
    report(&b);
    listener_done(&b.by);
    return 0;
}
