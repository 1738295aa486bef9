/* cues.h - when to say something in the middle of a practice, and what.
 *
 * Sparse on purpose: dense live feedback distracts (docs/scoring.md). Pure
 * rules over recent measures; at most one cue in RH_CUE_INTERVAL_S, the same
 * one not twice in a minute, in a pause where one comes within 6 s, or sooner the more it is needed. The farthest from its target comes first,
 * in units of what listeners notice. */
#ifndef RH_CUES_H
#define RH_CUES_H

#include <stdbool.h>

typedef struct {
    double t;         /* s from the start of the session */
    bool speaking;    /* in mid-utterance */
    double fast_wpm;  /* last RH_CUE_WINDOW_S of speech, as in English; 0 = too little to say, or no target */
    double slow_wpm;  /* the same, as kind as it can be to slow speech */
    double heard_s;   /* how much of that time there was */
    double fillers;   /* the same time, as many as were said, most likely */
    double broken_s;  /* of pauses inside clauses, what listeners mind of each, together; the same time */
    int n_broken;     /* such pauses of half a second and more */
    double pitch_sd;  /* semitones, the same time; < 0 = too little voice to say */
    double speech_db; /* level of recent speech, dB full scale; 0 = unknown */
    bool has_video;
    double looking_share; /* of the last seconds with a face; < 0 = unknown */
    double away_s;        /* how long no face has been in the picture */
    double answer_s;      /* speech so far */
} rh_cue_view;

enum { RH_CUE_KINDS = 9 };
typedef struct {
    double last_t;    /* of the last cue; start below -RH_CUE_INTERVAL_S */
    double due_since; /* a cue waits for a pause since then; -1 = none */
    int due;          /* the rule whose cue that is */
    double last_of[RH_CUE_KINDS];
} rh_cue_state;

typedef struct {
    const char *kind; /* "pace", "fillers", "eye_contact", "framing", "loudness", "length", "pauses", "melody" */
    const char *text; /* what to do, in two to four words */
} rh_cue;

enum { RH_CUE_WINDOW_S = 20 };

void rh_cue_state_init(rh_cue_state *s);
/* The cue that is due now, NULL mostly; remembers it. */
const rh_cue *rh_cue_next(rh_cue_state *s, const rh_cue_view *v);

#endif
