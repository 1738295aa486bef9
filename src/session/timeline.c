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

void rh_timeline_init(rh_timeline *t)
{
    *t = (rh_timeline){.last_face = -1, .last_present = -1, .away_since = -1, .last_word_end = -1};
}

void rh_timeline_done(rh_timeline *t)
{
    rh_free(t->bins);
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
    if (f->away_ended)
        return true;
    t->away_since = away->start;
    t->away_direction = away->direction;
    return false;
}

void rh_timeline_word(rh_timeline *t, double start, double end, bool filler)
{
    rh_timeline_bin *s = rh_timeline_at(t, start);
    if (s) {
        s->n_words += !filler;
        s->n_fillers += filler;
    }
    t->n_words += !filler;
    t->n_fillers += filler;
    if (t->last_word_end >= 0 && start - t->last_word_end >= PAUSE_S) {
        t->n_pauses++;
        t->pause_s += start - t->last_word_end;
    }
    if (end > t->last_word_end)
        t->last_word_end = end;
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

json_t *rh_timeline_bin_json(const rh_timeline_bin *s)
{
    json_t *o = json_object();
    if (s->n_faces) {
        json_object_set_new(o, "face", rh_rounded(100.0 * s->n_present / s->n_faces, 10));
        if (s->n_present) {
            float n = (float)s->n_present;
            json_object_set_new(o, "yaw", rh_rounded((double)(s->yaw / n), 10));
            json_object_set_new(o, "pitch", rh_rounded((double)(s->pitch / n), 10));
            json_object_set_new(o, "roll", rh_rounded((double)(s->roll / n), 10));
            json_object_set_new(o, "attention", rh_rounded((double)(s->attention / n), 10));
            if (s->n_present > s->n_eyes_hidden)
                json_object_set_new(o, "eye_contact",
                                    rh_rounded(100.0 * s->n_looking / (s->n_present - s->n_eyes_hidden), 10));
            json_object_set_new(o, "eyes_hidden", rh_rounded(100.0 * s->n_eyes_hidden / s->n_present, 10));
            json_object_set_new(o, "mouth_hidden", rh_rounded(100.0 * s->n_mouth_hidden / s->n_present, 10));
        } else {
            json_object_set_new(o, "attention", json_real(0));
            json_object_set_new(o, "eye_contact", json_real(0));
        }
    }
    if (s->level_db < 0)
        json_object_set_new(o, "level_db", rh_rounded(s->level_db, 10));
    return o;
}
