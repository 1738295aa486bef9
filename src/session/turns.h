/* turns.h - has somebody finished their answer, or do they only think?
 *
 * A turn begins with the first words after the last one and ends when what is known says so:
 * how the voice ended (rh_turn_over), the last words and how long the silence is. Pure: it is
 * told what was heard and looked at, and says what that means; a table of moments tests it.
 * Times are seconds of the session. One thread at a time. */
#ifndef RH_TURNS_H
#define RH_TURNS_H

#include <stdbool.h>
#include "turn_words.h"

static const double RH_TURN_SILENCE_S = 6; /* always the end */
static const double RH_TURN_PATIENCE_S = 1.8, RH_TURN_LEAST_PATIENCE_S = 0.6, RH_TURN_MOST_PATIENCE_S = 6;

typedef enum { RH_TURN_NOTHING, RH_TURN_STARTED, RH_TURN_ENDED } rh_turn_news;
typedef enum { RH_TURN_FINISHED, RH_TURN_SILENCE, RH_TURN_COMMAND } rh_turn_reason;

typedef struct {
    rh_turn_news news;
    double t;              /* of the first word; of the end of the speech */
    double silence_s;      /* an end: so much silence was waited for */
    rh_turn_reason reason; /* of an end */
    float probability;     /* of an end: that it is one, as far as was known */
} rh_turn_told;

/* A moment. */
typedef struct {
    double t;               /* sound was looked at up to here */
    double speech_end;      /* of the last speech; somebody speaks now: about t */
    bool voiced;            /* somebody speaks now */
    bool interviewer;       /* speaks now */
    double interviewer_end; /* when it last fell silent; < 0 never */
} rh_turn_view;

typedef struct {
    double patience_s;
    bool open;
    bool answered;      /* a turn has ended since the interviewer last spoke */
    double after;       /* what was said before belongs to a turn that is over */
    double from;        /* of the open turn */
    double quiet;       /* s of silence at the last moment; */
    double longest;     /* the longest of the turn after which the person went on; */
    double breath;      /* the longest of those that stood where the answer might have been over */
    float p_quiet;      /* that it was over, at the last moment of silence; < 0: its words were not known */
    int n_final;        /* words of the turn that are final; */
    int n_new;          /* those behind them, which may change */
    rh_turn_words last; /* what it ends with so far */
    bool closed;        /* its final words have the end of a sentence; */
    bool second;        /* what it ends with comes behind one */
    double heard_to;    /* sound in which the words are known */
    double asked_for;   /* the end of speech at which the model was asked; */
    float p_voice;      /* what it said */
} rh_turns;

void rh_turns_init(rh_turns *t, double patience_s);

/* Goes on where an earlier run stopped: the last turn ended at `after` (-1: none had), an open one began at `from` (-1:
 * none was) and has `n_words` so far, of sound up to `heard_to`. How they end is known no more. */
void rh_turns_restore(rh_turns *t, double after, double from, int n_words, double heard_to);

/* Words were recognised: `n_words` of them after rh_turns_after(), the first at `from`, in the sound up to
 * `heard_to`. `final`: they come after the final ones so far and will not change; else they come
 * after those and replace what was heard last. */
void rh_turns_hear(rh_turns *t, const rh_turn_words *last, int n_words, double from, double heard_to, bool final);
double rh_turns_after(const rh_turns *t);

/* Whether the turn model is to be asked about the pause now. */
bool rh_turns_ask(const rh_turns *t, const rh_turn_view *v);
/* How long its answer changes nothing; <= 0: it is needed. Of what rh_turns_ask() said true of, or will. */
double rh_turns_know_in_s(const rh_turns *t, const rh_turn_view *v);
bool rh_turns_same_pause(double speech_end, double other); /* they begin at one moment */
/* It said `p` of the pause behind `speech_end`. */
void rh_turns_judge(rh_turns *t, double speech_end, float p);

/* What the moment means. After a start call it again: the turn may have ended as well. */
rh_turn_told rh_turns_step(rh_turns *t, const rh_turn_view *v);
/* The person says that they have finished. Nothing where a turn has ended and the interviewer has not
 * spoken since: the two have crossed. */
rh_turn_told rh_turns_command(rh_turns *t, const rh_turn_view *v);

const char *rh_turn_reason_name(rh_turn_reason r);

#endif
