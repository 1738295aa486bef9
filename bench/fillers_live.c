/* fillers_live - are hesitations found while somebody speaks, and only they?
 *
 *   fillers_live [--model FILE] [--threads N] [--verbose] [--part clips|read|joined] [--list FILE] [--terms A,B,...]
 *
 * The recordings of fillers, heard as a session of the server hears a person.
 * clips: spontaneous and acted ones with as many hesitations as fillers/manifest.jsonl says (live_: told by the
 * finals; live_end_: counted by the report of the session). As many as there are, and no more, count as found;
 * times are compared where there are marks.
 * read: speech without any (librispeech/refs.tsv), where every event is false.
 * joined: clips with hesitations two by two, one right behind the other, live and as recordings: as many as in both?
 * --terms: names to spell right that the recogniser is given; they should change nothing here.
 * --list: other clips, one a line: id, tab, path, tab, how many hesitations are in it. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/asr/transcriber.h"
#include "rehearse/session/hearing.h"
#include "session/finals.h"
#include "shared/hesitations.h"

enum { SETTLE_MS = 8000 /* of a session */, MOST_JOINED = 16 };

typedef struct {
    char id[64];
    rh_audio sound;
    int truth, alone, live_alone; /* hesitations; found in the clip by itself */
} hesitant;

typedef struct {
    listener by;
    tally live, end;
    seconds errors;
    int read_clips, read_false, read_false_sounds, end_read_false;
    hesitant clips[MOST_JOINED];
    int n_clips, pairs;
    tally both, both_live;
    int both_alone, both_live_alone; /* found in the two by themselves */
} bench;

/* What live recognition of a sound reports. */
typedef struct {
    rh_word_table said;
    seconds times; /* of hesitations told in finals */
    int n_all;
    int end_sounds; /* what the report counts */
} heard_live;

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

static void take_final(const listener *by, heard_live *l, const rh_heard *h)
{
    size_t m = l->said.n_fillers;
    (void)rh_finals_add(&l->said, h, NULL);
    for (; m < l->said.n_fillers; m++) {
        const rh_filler *f = &l->said.fillers[m];
        l->n_all++;
        if ((int)f->kind < RH_FILLER_SOUNDS && l->times.n < MAX_SOUNDS)
            l->times.at[l->times.n++] = f->start;
        if (by->verbose)
            show_filler(f);
    }
    if (by->verbose)
        show_heard(h);
}

static void measure_end(const listener *by, heard_live *l, const float *x, size_t n)
{
    rh_error err = {0};
    static seconds counted;
    rh_pitch_track p = {0};
    rh_analysis a = {0};
    if (rh_pitch_track_run(&p, x, n, &err) != RH_OK)
        return;
    const rh_contour c = rh_hearing_curves(&p);
    if (rh_analyse(&l->said, &c, NULL, 0, (double)n / 16000.0, &a, &err) == RH_OK)
        l->end_sounds = sounds_of(&a.said, &counted);
    if (by->verbose)
        show_analysis("  report", &a);
    rh_analysis_done(&a);
    rh_pitch_track_done(&p);
}

static void hear_live(const listener *by, const float *x, size_t n, heard_live *l)
{
    enum { PIECE = 1600 };
    rh_transcriber *t = NULL;
    rh_transcriber_options o = rh_transcriber_options_default();
    rh_error err = {0};
    o.language = "en";
    o.verbatim = o.expected = o.joined = true; /* as in a live session */
    o.settle_ms = SETTLE_MS;
    o.terms = by->terms;
    *l = (heard_live){0};
    if (rh_transcriber_new(&t, by->model, by->vad, &o, &err) != RH_OK)
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
                    take_final(by, l, &h);
                else if (by->verbose)
                    show_heard(&h);
        } while (st == RH_OK && !last);
    }
    measure_end(by, l, x, n);
    rh_transcriber_free(t);
    rh_word_table_done(&l->said);
}

static bool hear_file(const listener *by, const char *path, heard_live *l)
{
    rh_audio a = {0};
    bool ok = read_sound(&a, path);
    if (ok)
        hear_live(by, a.samples, a.n, l);
    rh_audio_done(&a);
    return ok;
}

static void try_clip(void *user, const recording *r)
{
    static heard_live l;
    bench *b = user;
    if (!hear_file(&b->by, r->path, &l))
        return;
    if (b->by.verbose)
        printf("live %s: %d of %d, report %d\n", r->id, l.times.n, r->truth, l.end_sounds);
    tally_up(&b->live, r->truth, l.times.n);
    tally_up(&b->end, r->truth, l.end_sounds);
    compare_with_marks(&b->errors, r->id, &l.times);
}

static void try_read(void *user, const recording *r)
{
    static heard_live l;
    bench *b = user;
    if (!hear_file(&b->by, r->path, &l))
        return;
    b->read_false_sounds += l.times.n;
    b->read_false += l.n_all;
    b->end_read_false += l.end_sounds;
    b->read_clips++;
}

/* ---- two clips in one ---- */

static void find_both(const bench *b, const char *id, const float *x, size_t n, int *found, int *live_found)
{
    static heard_live l;
    static seconds times;
    rh_analysis a = {0};
    *found = hear_recording(&b->by, id, x, n, &a) ? sounds_of(&a.said, &times) : 0;
    rh_analysis_done(&a);
    hear_live(&b->by, x, n, &l);
    *live_found = l.times.n;
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
    if (b->by.verbose)
        printf("joined %s %s: %d true; alone %d, together %d; live %d, %d\n", first->id, second->id, truth,
               first->alone + second->alone, found, first->live_alone + second->live_alone, live_found);
    b->pairs++;
    b->both_alone += first->alone + second->alone;
    b->both_live_alone += first->live_alone + second->live_alone;
    tally_up(&b->both, truth, found);
    tally_up(&b->both_live, truth, live_found);
}

static void add_hesitant(void *user, const recording *r)
{
    bench *b = user;
    if (r->truth == 0 || b->n_clips == MOST_JOINED)
        return;
    hesitant *c = &b->clips[b->n_clips];
    *c = (hesitant){.truth = r->truth};
    (void)snprintf(c->id, sizeof c->id, "%s", r->id);
    if (!read_sound(&c->sound, r->path))
        return;
    find_both(b, c->id, c->sound.samples, c->sound.n, &c->alone, &c->live_alone);
    b->n_clips++;
}

/* Each with the one that follows it in the list, both ways round. */
static void join_all(bench *b)
{
    int n = b->n_clips;
    for (int i = 0; n > 1 && i < n; i++) {
        join_pair(b, &b->clips[i], &b->clips[(i + 1) % n]);
        join_pair(b, &b->clips[(i + 1) % n], &b->clips[i]);
    }
    for (int i = 0; i < n; i++)
        rh_audio_done(&b->clips[i].sound);
}

static void report(bench *b)
{
    printf("fillers_live");
    if (b->live.truth || b->read_clips)
        printf(" live_recall=%.1f%% live_precision=%.1f%% live_time_error_ms=%.0f live_end_recall=%.1f%% "
               "live_end_precision=%.1f%% live_read_clips=%d live_false_sounds=%d live_false=%d "
               "live_end_false_sounds=%d",
               recall(&b->live), precision(&b->live), median_ms(&b->errors), recall(&b->end), precision(&b->end),
               b->read_clips, b->read_false_sounds, b->read_false, b->end_read_false);
    if (b->pairs)
        printf(" joined=%d joined_recall=%.1f%% joined_precision=%.1f%% joined_of_single=%.1f%% "
               "live_joined_recall=%.1f%% live_joined_precision=%.1f%% live_joined_of_single=%.1f%%",
               b->pairs, recall(&b->both), precision(&b->both),
               share(b->both.found + b->both.false_alarms, b->both_alone), recall(&b->both_live),
               precision(&b->both_live), share(b->both_live.found + b->both_live.false_alarms, b->both_live_alone));
    printf("\n");
}

int main(int argc, char **argv)
{
    static bench b;
    b.by = listener_open(argc, argv, "clips|read|joined");
    if (b.by.list) {
        each_listed(b.by.list, try_clip, &b);
    } else {
        if (listener_wants(&b.by, "joined")) {
            each_clip(add_hesitant, &b);
            join_all(&b);
        }
        if (listener_wants(&b.by, "clips"))
            each_clip(try_clip, &b);
        if (listener_wants(&b.by, "read"))
            each_read(try_read, &b);
    }
    report(&b);
    listener_done(&b.by);
    return 0;
}
