/* speech.h - what is known of somebody's speech before it is measured: words, segments,
 * curves.
 *
 * Plain tables: no audio, no sockets, no model. Formulas, ranges and sources of all measures
 * are in docs/scoring.md.
 * Units: seconds, words a minute, semitones, dB; scores 0 to 100.
 * Texts: UTF-8; words and syllables by the rules of their language (tongue.h).
 * Threads: any. */
#ifndef RH_SPEECH_H
#define RH_SPEECH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "rehearse/base/status.h"
#include "rehearse/base/words.h"

enum {
    RH_SPEECH_MAX_WORDS = 100000, /* words of one recording, and of its reference */
    RH_DISFLUENCY_TEXT = 64,      /* bytes */
};

/* Live sound is cut at pauses, and what is heard up to one seems to end there: the sign behind a word may be wrong. */
typedef enum {
    RH_SEQUEL_AS_WRITTEN,
    RH_SEQUEL_SAME_CLAUSE, /* whatever sign is written: the voice was going on */
    RH_SEQUEL_NEW_CLAUSE,  /* even without a sign */
} rh_sequel;

typedef struct {
    const char *text; /* with punctuation, UTF-8 */
    float start, end; /* s */
    float p;          /* recognition probability [0,1], geometric mean over its tokens */
    float p_rival;    /* of the strongest other reading [0,1] */
    float entropy;    /* nats, mean over its tokens */
    rh_sequel sequel; /* what a pause behind it parts */
} rh_word;

typedef struct {
    float start, end;
} rh_time_span; /* s */

/* A stretch of sound that the encoder heard at once, and its output: rh_asr_pooled(). */
typedef struct {
    float start, end; /* s */
    const float *x;
    size_t n;
} rh_pooled;

/* What the recogniser took at once, at most 30 s: a piece of a recording, an utterance of
 * live sound. Its items follow each other in their lists. */
typedef struct {
    float start, end; /* s */
    const char *text; /* as recognised; NULL = not known */
    size_t first_word, n_words;
    size_t first_forced, n_forced; /* 0 words without a reference */
    size_t first_verbatim, n_verbatim;
    size_t first_filler, n_fillers;
    size_t first_disfluency, n_disfluencies;
    size_t first_phone, n_phones;
    bool phones_forced;      /* their words are forced ones, else clean ones */
    const rh_pooled *pooled; /* in order of time; NULL = not known */
    size_t n_pooled;
} rh_speech_segment;

typedef enum {
    RH_FILLER_UM = RH_SOUND_UM,
    RH_FILLER_UH,
    RH_FILLER_ER,
    RH_FILLER_HMM, /* sounds, as in rh_hesitation */
    RH_FILLER_LIKE,
    RH_FILLER_YOU_KNOW,
    RH_FILLER_I_MEAN,
    RH_FILLER_SORT_OF,
    RH_FILLER_KIND_OF,
    RH_FILLER_SO,
    RH_FILLER_RIGHT,
    RH_FILLER_WELL,
    RH_FILLER_ACTUALLY,
    RH_FILLER_BASICALLY,
    RH_FILLER_WORD, /* one of another language's */
    RH_FILLER_KINDS
} rh_filler_kind;

enum { RH_FILLER_SOUNDS = RH_FILLER_HMM + 1 }; /* kinds below it are no words */

typedef struct {
    rh_filler_kind kind;
    float start, end; /* s */
    float p;          /* how sure, [0,1] */
    int after_word;   /* index of the clean word before it, -1 = before the first */
    int n_words;      /* clean words it covers, from after_word + 1; 0 = not among them */
    const char *word; /* static; of RH_FILLER_WORD, as its list has it */
} rh_filler;

typedef enum {
    RH_DISFLUENCY_REPETITION,   /* "the the", "in a in a" */
    RH_DISFLUENCY_REPAIR,       /* "we had, we went": begun anew with other words */
    RH_DISFLUENCY_CUT_OFF,      /* "Mon- Montreal" */
    RH_DISFLUENCY_PROLONGATION, /* a vowel held 400 ms and more inside a word */
    RH_DISFLUENCY_KINDS
} rh_disfluency_kind;

typedef struct {
    rh_disfluency_kind kind;
    float start, end;              /* s, of the part that was too much */
    int after_word;                /* index of the clean word before it, -1 = before the first */
    char text[RH_DISFLUENCY_TEXT]; /* the words of that part; of a drawn vowel, the word it is in */
} rh_disfluency;

enum { RH_CONTOUR_PER_S = 100 }; /* steps a second: step i is at i * 10 ms */

/* Curves of the sound, n steps each, by the pitch track of `media` (pitch.h,
 * where each is explained). */
typedef struct {
    size_t n;
    const float *f0_hz;   /* 0 = unvoiced */
    const float *voicing; /* [0,1] */
    const float *level_db;
    const float *change_db;
    const float *treble_db;    /* NULL = not known */
    float noise_db, speech_db; /* quiet and loud level of the recording */
    float clipped;             /* share of clipped samples */
    float peak;                /* largest |sample| */
} rh_contour;

/* What the measures are computed from. Everything is borrowed for the call;
 * all but `duration_s` may be absent (0, NULL). */
typedef struct {
    const rh_word *words;
    size_t n_words; /* in order of time */
    const rh_speech_segment *segments;
    size_t n_segments;
    const rh_time_span *speech;
    size_t n_speech; /* voice by VAD, in order */
    const rh_filler *fillers;
    size_t n_fillers;
    const rh_disfluency *disfluencies;
    size_t n_disfluencies;
    bool fillers_known; /* `fillers` holds all there are; false = count hesitations among the words */
    const struct rh_phone_said *phones;
    size_t n_phones;       /* phones.h; segments tell whose they are */
    double duration_s;     /* of the recording */
    double speech_s;       /* of it voice, by VAD; 0 = from `speech`, or from words */
    double onset_s;        /* of first speech */
    const char *language;  /* "en"; NULL = English */
    const char *reference; /* what should have been said; NULL = free speech */
    /* `reference` as decoded by force (rh_asr_force): its words in order with
     * the times and probabilities the sound gives them. */
    const rh_word *forced;
    size_t n_forced;
    const rh_contour *contour; /* NULL = the sound was not measured */
    const char *model;         /* whose encoder `pooled` is: "base", "base.en", ...; NULL = none */
} rh_speech_input;

#endif
