/* face_tracker.h - head pose, gaze and eye contact of one person in a webcam
 * stream.
 *
 * Each picture: detector (only if the last region was lost) -> landmarks
 *   -> rigid fit to the canonical face -> yaw/pitch/roll -> iris -> gaze
 *   -> eye contact and attention.
 * Image space: pixels, origin top-left, x right, y down, not mirrored.
 * Angles: degrees, 0 when facing the camera, signs of 300W-LP and AFLW2000:
 *   yaw > 0 turns to the image's left edge, pitch > 0 lifts the chin.
 * Source: MediaPipe Face Mesh (468 points + 10 iris); docs/models.md.
 * Threads: a model is immutable and may be shared; a tracker belongs to one
 *   stream and one thread at a time. */
#ifndef RH_FACE_TRACKER_H
#define RH_FACE_TRACKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "rehearse/media/image.h"
#include "rehearse/base/status.h"

typedef struct rh_face_model rh_face_model;
typedef struct rh_face_tracker rh_face_tracker;

enum { RH_FACE_POINTS = 478 }; /* 468 mesh, then 5 + 5 iris: the eye on the image's left first */

typedef struct {
    float min_confidence; /* (0,1); below it the face counts as absent; 0.5 */
    int smooth_ms;        /* pose smoothing time constant; 0 = off; 80 */
    bool gaze;            /* run the iris model; true */
    float fov_deg;        /* field of view across the picture's width, (10,170); 0 = not known; 0 */
} rh_face_options;

/* Where the person looks, as the person would say it: RH_LOOK_LEFT is to the
 * person's own left, which is the image's right. */
typedef enum {
    RH_LOOK_CAMERA,
    RH_LOOK_LEFT,
    RH_LOOK_RIGHT,
    RH_LOOK_UP,
    RH_LOOK_DOWN,
    RH_LOOK_ABSENT, /* no face */
} rh_look;
const char *rh_look_name(rh_look l); /* "camera", "left", ..., "absent" */

/* A look away from the camera that lasted. */
typedef struct {
    int64_t start_us, end_us;
    rh_look direction; /* where most of it went; never RH_LOOK_CAMERA */
} rh_away;

typedef struct {
    int64_t t_us;     /* the timestamp given with the picture */
    bool present;     /* false: all measures below are 0 */
    float confidence; /* [0,1] */
    float yaw_deg, pitch_deg, roll_deg;
    float gaze_yaw_deg, gaze_pitch_deg; /* eyes relative to the camera, same signs */
    bool gaze_known;                    /* false: eyes too small, shut or hidden; gaze = head */
    bool eyes_hidden, mouth_hidden;     /* by dark glasses, a mask, a hand, a microphone */
    bool pitch_known;                   /* false: both are hidden, the pitch is a guess */
    bool looking;                       /* at the camera, with hysteresis; false when the eyes are hidden */
    float contact_probability;          /* [0,1] of looking, of this moment */
    rh_look look;
    bool away_now, away_ended; /* a look away goes on, or ended with this picture */
    rh_away away;              /* that one */
    bool calibrated;           /* the person's neutral pose and gaze are known */
    float attention;           /* 0..100, of this moment */
    float eye_contact;         /* 0..100, share of the last seconds */
    bool blink;
    float blinks_per_minute;
    float smile;    /* [0,1] */
    float distance; /* relative: 1 = face height a third of the picture, 2 = twice as far */
    /* With a field of view: the head's angles to the camera's axis (above they are to the line from the
     * face to the camera: off the middle these differ), and how far the head is. */
    float axis_yaw_deg, axis_pitch_deg, distance_cm; /* 0 without */
    float centered;                                  /* [0,1], 1 = middle of the picture */
    float brightness;                                /* [0,1] of the face region */
    int n_faces;
    int width, height;               /* px of the picture, upright */
    float points[RH_FACE_POINTS][3]; /* [point][x,y,z] px; z grows away from the camera */
} rh_face;

/* Reads the face models (*.tflite) from folder `dir`. What is compiled of them is kept below
 * `cache_dir` (may be NULL): the next load is quicker. RH_ERR_IO, RH_ERR_FORMAT, RH_ERR_NOMEM. */
rh_status rh_face_model_load(rh_face_model **out, const char *dir, const char *cache_dir, rh_error *err);
/* Makes ready for `n` pictures at the same time (at most 8), which else happens when they come.
 * RH_ERR_NOMEM. */
rh_status rh_face_model_prepare(const rh_face_model *m, int n, rh_error *err);
void rh_face_model_free(rh_face_model *m); /* after its trackers; NULL is fine */

rh_face_options rh_face_options_default(void);
/* Borrows `m`; copies `opts` (NULL = defaults). RH_ERR_INVAL an option out of range; RH_ERR_NOMEM. */
rh_status rh_face_tracker_new(rh_face_tracker **out, const rh_face_model *m, const rh_face_options *opts,
                              rh_error *err);
/* One RGB picture, borrowed for the call; t_us must increase.
 * RH_ERR_INVAL bad picture, or time going backwards. */
rh_status rh_face_tracker_push(rh_face_tracker *t, const rh_image *img, int64_t t_us, rh_face *out);
/* The same from JPEG, PNG or WebP bytes, decoding only what is needed. RH_ERR_FORMAT. RH_OK with a
 * message in `err`: a harmless fault of the picture. */
rh_status rh_face_tracker_push_bytes(rh_face_tracker *t, const void *bytes, size_t n, int64_t t_us, rh_face *out,
                                     rh_error *err);
/* The person looks at the camera now: the next moments become the neutral pose
 * and gaze. Without it they are learnt from the first steady seconds. */
void rh_face_tracker_calibrate(rh_face_tracker *t);
void rh_face_tracker_reset(rh_face_tracker *t); /* forget the person, keep memory */
void rh_face_tracker_free(rh_face_tracker *t);

/* Draws mesh, axes of the head and gaze of `f` onto the picture it was measured
 * in (or one of another size: coordinates are scaled). Nothing when no face is present. */
void rh_face_annotate(rh_image *img, const rh_face *f);

#endif
