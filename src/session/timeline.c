#include "timeline.h"

#include <math.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/array.h"
#include "rehearse/base/json.h"

/* A glance shorter than this is no looking away (people look aside to think). */
static const double LOOK_AWAY_S = 1.0;
static const double PAUSE_S = 0.25;
enum { MIN_WORDS = 8 };
static const double MIN_PACED_S = 6; /* a phrase alone has no pace */
/* As in the report (docs/scoring.md, Rules). */
static const double BREATH_S = 0.3;       /* of a pause inside a clause: no listener minds */
static const double LONG_PAUSE_S = 0.5;   /* everybody hears it */
static const double WITHIN_MOST_S = 1.2;  /* one long pause is one pause */
static const double SHOWN = 0.6;          /* of the fillers that are sounds: bench/fillers_live */
static const double PAUSES_NATURAL = 0.3; /* of speaking time */

void rh_timeline_init(rh_timeline *t)
{
    *t = (rh_timeline){.last_face = -1, .last_present = -1, .away_since = -1, .last_word_end = -1};
}

void rh_timeline_done(rh_timeline *t)
{
    rh_free(t->bins);
    rh_free(t->away);
    rh_timeline_init(t);
}

rh_timeline_bin *rh_timeline_at(rh_timeline *t, double s)
{
    if (!(s >= 0 && s < RH_SESSION_MAX_S))
        return NULL;
    int i = (int)s;
    if (rh_array_reserve(&t->bins, &t->cap, (size_t)i + 1, sizeof *t->bins) != RH_OK)
        return NULL;
    if (i >= t->n_bins) {
        memset(t->bins + t->n_bins, 0, (size_t)(i + 1 - t->n_bins) * sizeof *t->bins);
        t->n_bins = i + 1;
    }
    return &t->bins[i];
}

bool rh_timeline_face(rh_timeline *t, const rh_face *f, double s, rh_look_away *away)
{
    rh_timeline_bin *now = rh_timeline_at(t, s);
    if (!now)
        return false;
    now->n_faces++;
    t->last_face = s;
    bool looking = f->present && f->looking;
    if (f->present) {
        now->n_present++;
        now->n_looking += looking;
        now->n_eyes_hidden += f->eyes_hidden;
        now->n_mouth_hidden += f->mouth_hidden;
        now->yaw += f->yaw_deg;
        now->pitch += f->pitch_deg;
        now->roll += f->roll_deg;
        now->attention += f->attention;
        now->eye_contact += f->eye_contact;
        t->last_present = s;
    }
    /* The reading's times are the camera's; a session has its own. */
    double lasted = (double)(f->away.end_us - f->away.start_us) / 1e6;
    t->away_since = -1;
    if (!(f->away_now || f->away_ended) || lasted < LOOK_AWAY_S)
        return false;
    bool absent = f->away.direction == RH_LOOK_ABSENT;
    *away = (rh_look_away){fmax(0, s - lasted), s, absent ? "away" : rh_look_name(f->away.direction)};
    if (f->away_ended) {
        rh_timeline_away(t, away->start, away->end);
        return true;
    }
    t->away_since = away->start;
    t->away_direction = away->direction;
    return false;
}

void rh_timeline_away(rh_timeline *t, double start, double end)
{
    if (rh_array_reserve(&t->away, &t->cap_away, t->n_away + 1, sizeof *t->away) == RH_OK)
        t->away[t->n_away++] = (rh_time_span){(float)start, (float)end};
}

void rh_timeline_word(rh_timeline *t, const rh_timeline_said *w)
{
    rh_timeline_bin *s = rh_timeline_at(t, w->start);
    int units = w->filler ? 0 : w->units;
    if (s) {
        s->n_words += units;
        s->n_fillers += w->filler;
    }
    t->n_words += units;
    t->n_fillers += w->filler;
    t->said[t->n_said++ % RH_TIMELINE_WORDS] = *w;
    if (t->last_word_end >= 0 && w->start - t->last_word_end >= PAUSE_S) {
        t->n_pauses++;
        t->pause_s += w->start - t->last_word_end;
    }
    if (w->end > t->last_word_end)
        t->last_word_end = w->end;
}

void rh_timeline_delivery(rh_timeline *t, const rh_final_delivery *d)
{
    t->latest[t->n_finals++ % RH_TIMELINE_FINALS] = *d;
    t->ahead.end = 0;
}

void rh_timeline_ahead(rh_timeline *t, const rh_final_delivery *d)
{
    t->ahead = *d;
}

static const rh_final_delivery *final_of(const rh_timeline *t, int i)
{
    return &t->latest[i % RH_TIMELINE_FINALS];
}

static int first_final(const rh_timeline *t)
{
    return t->n_finals > RH_TIMELINE_FINALS ? t->n_finals - RH_TIMELINE_FINALS : 0;
}

static void add_delivered(rh_delivered *sum, const rh_final_delivery *d, double from)
{
    if (d->end < from)
        return;
    sum->n_voiced += d->n_voiced;
    sum->pitch += d->pitch;
    sum->pitch_sq += d->pitch_sq;
    for (int k = 0; k < d->n_pauses; k++) {
        const rh_pause *p = &d->pauses[k];
        double s = (double)(p->end - p->start);
        if (p->place != RH_PAUSE_WITHIN || (double)p->end < from)
            continue;
        sum->broken_s += fmin(fmax(s - BREATH_S, 0), WITHIN_MOST_S);
        sum->n_broken += s >= LONG_PAUSE_S;
    }
}

rh_delivered rh_timeline_delivered(const rh_timeline *t, double from)
{
    rh_delivered sum = {0};
    for (int i = first_final(t); i < t->n_finals; i++)
        add_delivered(&sum, final_of(t, i), from);
    if (t->ahead.end > 0)
        add_delivered(&sum, &t->ahead, from);
    return sum;
}

/* Of the pauses, what lies in from..to. */
static double silent_in(const rh_timeline *t, double from, double to)
{
    double s = 0;
    for (int i = first_final(t); i < t->n_finals; i++)
        for (int k = 0; k < final_of(t, i)->n_pauses; k++) {
            const rh_pause *p = &final_of(t, i)->pauses[k];
            s += fmax(0, fmin((double)p->end, to) - fmax((double)p->start, from));
        }
    return s;
}

static int first_said(const rh_timeline *t)
{
    return t->n_said > RH_TIMELINE_WORDS ? t->n_said - RH_TIMELINE_WORDS : 0;
}

rh_timeline_pace rh_timeline_paced(const rh_timeline *t, double from)
{
    double first = -1, last = 0, filled = 0;
    int n = 0, units = 0, syllables = 0;
    for (int i = first_said(t); i < t->n_said; i++) {
        const rh_timeline_said *w = &t->said[i % RH_TIMELINE_WORDS];
        if (w->start < from)
            continue;
        if (w->filler) {
            filled += fmax(0, w->end - w->start);
            continue;
        }
        first = first < 0 ? w->start : first;
        last = w->end;
        units += w->units;
        syllables += w->syllables;
        n++;
    }
    double whole = last - first;
    if (n < MIN_WORDS || whole < MIN_PACED_S)
        return (rh_timeline_pace){0};
    double silent = silent_in(t, first, last);
    double spoken = fmax(whole - silent - filled, 0.3 * whole);
    double minutes = (spoken + fmin(silent, PAUSES_NATURAL * spoken)) / 60;
    return (rh_timeline_pace){units / minutes, syllables / minutes};
}

double rh_timeline_filled(const rh_timeline *t, double from)
{
    double n = 0;
    for (int i = first_said(t); i < t->n_said; i++) {
        const rh_timeline_said *w = &t->said[i % RH_TIMELINE_WORDS];
        if (w->start >= from && w->filler)
            n += w->unwritten ? 1 / SHOWN : 1;
    }
    if (t->ahead.end > fmax(0, from))
        n += t->ahead.n_fillers + t->ahead.n_unwritten * (1 / SHOWN - 1);
    return n;
}

double rh_timeline_wpm(const rh_timeline *t, double now, double window)
{
    int from = (int)fmax(0, now - window), first = -1, last = -1, n = 0;
    for (int i = from; i < t->n_bins && i <= (int)now; i++) {
        if (t->bins[i].n_words == 0)
            continue;
        if (first < 0)
            first = i;
        last = i;
        n += t->bins[i].n_words;
    }
    return n < MIN_WORDS ? 0 : n * 60.0 / (last - first + 1);
}

double rh_timeline_looking(const rh_timeline *t, double from, double to)
{
    int seen = 0, looking = 0;
    for (int i = (int)fmax(0, from); i < t->n_bins && i < to; i++) {
        seen += t->bins[i].n_present - t->bins[i].n_eyes_hidden; /* hidden eyes: not known */
        looking += t->bins[i].n_looking;
    }
    return seen ? (double)looking / seen : -1;
}

static rh_face_second second_of(const rh_timeline_bin *b)
{
    rh_face_second s;
    float n = (float)b->n_present, n_eyes = (float)(b->n_present - b->n_eyes_hidden);
    if (b->n_faces == 0 && b->is_kept)
        return b->kept;
    for (int k = 0; k < RH_SEEN_KINDS; k++)
        s.mean[k] = NAN;
    if (b->n_faces)
        s.mean[RH_SEEN_FACE] = 100 * n / (float)b->n_faces;
    if (b->n_faces && b->n_present == 0)
        s.mean[RH_SEEN_ATTENTION] = s.mean[RH_SEEN_EYE_CONTACT] = 0;
    if (b->n_present == 0)
        return s;
    if (n_eyes > 0)
        s.mean[RH_SEEN_EYE_CONTACT] = 100 * (float)b->n_looking / n_eyes;
    s.mean[RH_SEEN_EYES_HIDDEN] = 100 * (float)b->n_eyes_hidden / n;
    s.mean[RH_SEEN_MOUTH_HIDDEN] = 100 * (float)b->n_mouth_hidden / n;
    s.mean[RH_SEEN_ATTENTION] = b->attention / n;
    s.mean[RH_SEEN_YAW] = b->yaw / n;
    s.mean[RH_SEEN_PITCH] = b->pitch / n;
    s.mean[RH_SEEN_ROLL] = b->roll / n;
    return s;
}

rh_status rh_timeline_faces(const rh_timeline *t, double length_s, rh_face_track *out)
{
    static const rh_timeline_bin nothing = {0};
    rh_face_track f = {.n_seconds = (size_t)ceil(length_s), .n_away = t->n_away};
    f.seconds = rh_alloc_array(f.n_seconds + 1, sizeof *f.seconds);
    f.away = rh_alloc_array(f.n_away + 1, sizeof *f.away);
    if (!f.seconds || !f.away) {
        rh_face_track_done(&f);
        return RH_ERR_NOMEM;
    }
    for (size_t i = 0; i < f.n_seconds; i++)
        f.seconds[i] = second_of((int)i < t->n_bins ? &t->bins[i] : &nothing);
    if (f.n_away)
        memcpy(f.away, t->away, f.n_away * sizeof *f.away);
    *out = f;
    return RH_OK;
}

/* ---- as the store has it ---- */

static const char *const keys[RH_SEEN_KINDS] = {"face",      "eye_contact", "eyes_hidden", "mouth_hidden",
                                                "attention", "yaw",         "pitch",       "roll"};

json_t *rh_timeline_bin_json(const rh_timeline_bin *b)
{
    const rh_face_second s = second_of(b);
    json_t *o = json_object();
    for (int k = 0; k < RH_SEEN_KINDS; k++)
        if (!isnan(s.mean[k]))
            json_object_set_new(o, keys[k], rh_rounded((double)s.mean[k], 10));
    if (b->level_db < 0)
        json_object_set_new(o, "level_db", rh_rounded(b->level_db, 10));
    return o;
}

void rh_timeline_restore(rh_timeline *t, int second, const json_t *row)
{
    rh_timeline_bin *b = rh_timeline_at(t, second);
    for (int k = 0; k < RH_SEEN_KINDS && b; k++) {
        const json_t *v = json_object_get(row, keys[k]);
        b->kept.mean[k] = json_is_number(v) ? (float)json_number_value(v) : NAN;
        b->is_kept = true;
    }
}
