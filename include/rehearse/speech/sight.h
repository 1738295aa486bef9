/* sight.h - what was seen of a person second by second, and the figures of it.
 *
 * Plain tables, as speech.h: whoever tracks the face fills them. Formulas: docs/scoring.md.
 * Units: % of time, degrees (signs of 300W-LP), scores 0 to 100.
 * Threads: any. */
#ifndef RH_SIGHT_H
#define RH_SIGHT_H

#include "rehearse/speech/speech.h"

typedef enum {
    RH_SEEN_FACE,        /* % of the pictures that have one */
    RH_SEEN_EYE_CONTACT, /* % of those, as the next two */
    RH_SEEN_EYES_HIDDEN,
    RH_SEEN_MOUTH_HIDDEN,
    RH_SEEN_ATTENTION, /* score */
    RH_SEEN_YAW,
    RH_SEEN_PITCH,
    RH_SEEN_ROLL,
    RH_SEEN_KINDS
} rh_seen;

typedef struct {
    float mean[RH_SEEN_KINDS]; /* over its pictures; not a number: not known */
} rh_face_second;

typedef struct {
    rh_face_second *seconds; /* from 0 on; a second without pictures is in it too */
    size_t n_seconds;
    rh_time_span *away; /* looks away from the camera */
    size_t n_away;
} rh_face_track;

/* Below 0: not seen. Where it looked is judged of a face that was in a fifth of the pictures. */
typedef struct {
    rh_face_track track; /* what the rest was made from; owned */
    float in_frame;      /* means over the seconds that have them */
    float eye_contact, attention, eyes_hidden, mouth_hidden;
    float presence; /* score: in the picture, facing, steady */
} rh_sight;

enum { RH_SIGHT_LEAST_FACE = 20 }; /* % of the pictures, to judge where it looked */

/* Copies `track` (NULL: no pictures). *out must be fresh ({0}) or done. RH_ERR_NOMEM. */
rh_status rh_sight_measure(const rh_face_track *track, rh_sight *out);
void rh_sight_done(rh_sight *s);
void rh_face_track_done(rh_face_track *t); /* frees what it owns */

/* 0 to 100 on the line from `bad` to `fine`. */
float rh_between(float v, float bad, float fine);

#endif
