/* timeline.h - a session second by second, as it is told live and kept.
 *
 * Faces come many times a second and are summed into the second they belong to;
 * words come with every final. Threads: one at a time (the session's lock). */
#ifndef RH_TIMELINE_H
#define RH_TIMELINE_H

#include <jansson.h>
#include "rehearse/asr/asr.h"
#include "rehearse/speech/sight.h"
#include "rehearse/vision/face_tracker.h"
#include "rehearse/session/session.h"
#include "finals.h"

typedef struct {
    int n_faces, n_present, n_looking;              /* pictures; with a face; looking at the camera */
    int n_eyes_hidden, n_mouth_hidden;              /* of n_present */
    float yaw, pitch, roll, attention, eye_contact; /* sums over n_present */
    int n_words, n_fillers;
    float level_db; /* of the loudest 100 ms; 0 = no sound */
    bool is_kept;   /* an earlier run had pictures of it: */
    rh_face_second kept;
} rh_timeline_bin;

/* A time in which the person looked away from the camera. */
typedef struct {
    double start, end;
    const char *direction; /* "left", "right", "up", "down", "away" (no face) */
} rh_look_away;

enum {
    RH_TIMELINE_FINALS = 32,
    RH_TIMELINE_WORDS = 256,
};

/* One final word. */
typedef struct {
    double start, end;
    int units;     /* characters where those are counted, else 1 */
    int syllables; /* by spelling */
    bool filler;
    bool unwritten; /* a filler that no word stands for */
} rh_timeline_said;

/* While speaking, a minute: without fillers, and pauses count up to as much as speech has anyway
 * (docs/scoring.md, Rules). */
typedef struct {
    double units, syllables;
} rh_timeline_pace;

/* How a stretch of speech came across. */
typedef struct {
    int n_voiced; /* as rh_final_delivery has it, with the sums */
    double pitch, pitch_sq;
    double broken_s; /* of pauses inside clauses, what listeners mind of each, together */
    int n_broken;    /* such pauses that are long */
} rh_delivered;

typedef struct {
    rh_timeline_bin *bins; /* a second each */
    int n_bins;
    size_t cap;
    rh_time_span *away; /* looks away from the camera that have ended */
    size_t n_away, cap_away;
    int n_words, n_fillers, n_pauses;
    double pause_s, last_word_end;
    double last_face, last_present; /* s, -1 = never */
    double away_since;              /* of a look away that goes on, s; -1 = none */
    const char *away_direction;
    rh_final_delivery latest[RH_TIMELINE_FINALS]; /* of the finals; the one of number i at i % RH_TIMELINE_FINALS */
    int n_finals;
    rh_final_delivery ahead;                  /* of words that are not final yet; end 0 = none */
    rh_timeline_said said[RH_TIMELINE_WORDS]; /* likewise, of the words */
    int n_said;
} rh_timeline;

void rh_timeline_init(rh_timeline *t);
void rh_timeline_done(rh_timeline *t);
/* The second `s`, made when new; NULL past RH_SESSION_MAX_S or without memory. */
rh_timeline_bin *rh_timeline_at(rh_timeline *t, double s);
/* Adds a reading. True when a look away ended with it: *away then says which. */
bool rh_timeline_face(rh_timeline *t, const rh_face *f, double s, rh_look_away *away);
/* Adds a look away that has ended. */
void rh_timeline_away(rh_timeline *t, double start, double end);
void rh_timeline_word(rh_timeline *t, const rh_timeline_said *w);
/* Adds what a final's sound showed. */
void rh_timeline_delivery(rh_timeline *t, const rh_final_delivery *d);
/* What the sound behind the last final shows so far, until the next final comes. */
void rh_timeline_ahead(rh_timeline *t, const rh_final_delivery *d);
/* What the finals that ended from `from` on showed, and what comes behind them, and the pauses that ended since. */
rh_delivered rh_timeline_delivered(const rh_timeline *t, double from);
/* Words (units) a minute over the last `window` seconds before `now`, of the time between
 * the first and last word in it; 0 with fewer than 8 words. */
double rh_timeline_wpm(const rh_timeline *t, double now, double window);
/* Of the latest words, those from `from` on; all 0 with fewer than 8, or in under 6 s. */
rh_timeline_pace rh_timeline_paced(const rh_timeline *t, double from);
/* Of them, the fillers that were said, most likely: live sound shows a good half of those that no word stands for. */
double rh_timeline_filled(const rh_timeline *t, double from);
/* Share of pictures with a face that look at the camera, from..to; -1 with none. */
double rh_timeline_looking(const rh_timeline *t, double from, double to);
/* What was seen in the first `length_s` seconds; the caller frees it with rh_face_track_done(). RH_ERR_NOMEM. */
rh_status rh_timeline_faces(const rh_timeline *t, double length_s, rh_face_track *out);
/* The measures of one second, as kept in the store; and back, after a crash. */
json_t *rh_timeline_bin_json(const rh_timeline_bin *s);
void rh_timeline_restore(rh_timeline *t, int second, const json_t *row);

#endif
