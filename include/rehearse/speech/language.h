/* language.h - how an answer is worded: hedges, weak and strong words,
 * repetition, sentences, passive voice, "I" and "we", concreteness, and the
 * parts of a STAR answer (situation, task, action, result).
 *
 * Rules over the transcript's words. What a language has lists for is found
 * (tongue.h); the rest is 0 and means nothing. Limits: docs/scoring.md.
 * Threads: any. */
#ifndef RH_LANGUAGE_H
#define RH_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>
#include "rehearse/speech/speech.h"
#include "rehearse/base/status.h"

typedef enum {
    RH_REMARK_HEDGE,   /* maybe, I guess, sort of */
    RH_REMARK_WEAK,    /* stuff, a lot, was responsible for */
    RH_REMARK_STRONG,  /* led, built, reduced */
    RH_REMARK_PASSIVE, /* was decided */
    RH_REMARK_NUMBER,  /* 30 %, twelve */
    RH_REMARK_NAME,    /* capitalised inside a sentence */
    RH_REMARK_KINDS
} rh_remark_kind;

typedef struct {
    rh_remark_kind kind;
    int first_word, n_words; /* into the words given */
    float start, end;        /* s */
} rh_remark;

typedef enum { RH_STAR_SITUATION, RH_STAR_TASK, RH_STAR_ACTION, RH_STAR_RESULT, RH_STAR_PARTS } rh_star_part;

enum { RH_STAR_NONE = -1 };

typedef struct {
    int first_word, n_words;
    float start, end;              /* s */
    int part;                      /* rh_star_part, or RH_STAR_NONE */
    float evidence[RH_STAR_PARTS]; /* sum of its cues for each part; from 1 it counts */
} rh_sentence;

/* A content word that comes back too often. */
typedef struct {
    int word; /* index of its first use */
    int count;
} rh_repeated;
enum { RH_REPEATED_MAX = 8 };

typedef struct {
    rh_sentence *sentences;
    size_t n_sentences; /* owned; together they hold all words */
    rh_remark *remarks;
    size_t n_remarks; /* owned, by time */
    int counts[RH_REMARK_KINDS];
    int n_words, n_i, n_we; /* "I", me, my ...; "we", us, our ... */
    float i_share;          /* n_i / (n_i + n_we); 0.5 when neither */
    float sentence_words;   /* mean words a sentence */
    int longest_sentence;   /* index into sentences, -1 without any */
    float variety;          /* [0,1] different words among 50 in a row, mean (MATTR); 0 under 20 */
    float hedges_per_100, weak_per_100, strong_per_100; /* a hundred words */
    float concreteness;                                 /* numbers and names a hundred words */
    rh_repeated repeated[RH_REPEATED_MAX];
    size_t n_repeated;                /* most frequent first */
    int star_sentence[RH_STAR_PARTS]; /* the sentence that carries the part best, -1 = missing */
    int n_star;                       /* parts found, 0..4 */
} rh_language;

/* RH_ERR_NOMEM. *out must be fresh ({0}) or done. */
rh_status rh_language_measure(const rh_speech_input *in, rh_language *out, rh_error *err);
void rh_language_done(rh_language *l);

const char *rh_remark_name(rh_remark_kind kind); /* "hedge", "weak", ... */
const char *rh_star_name(int part);              /* "situation", ...; "none" */

#endif
