/* chunks.h - the named measures that the learned scores rest on.
 *
 * Each is one number of a chunk of speech of about ten seconds, so that two
 * words and ten minutes are judged on the same footing: a recording's score is
 * the mean of its chunks' scores, by words. */
#ifndef RH_CHUNKS_H
#define RH_CHUNKS_H

#include "speech_internal.h"

typedef enum {
    /* from free recognition */
    RH_F_LOGP,          /* mean ln p of its words */
    RH_F_LOGP_LOW,      /* of the lowest third of them */
    RH_F_ENTROPY,       /* mean, nats */
    RH_F_MARGIN,        /* mean ln p - ln p_rival */
    RH_F_RATE,          /* syllables a second from first word to last */
    RH_F_ARTICULATION,  /* the same, pauses left out */
    RH_F_PAUSE_SHARE,   /* of the time from first word to last */
    RH_F_PAUSES_WITHIN, /* inside clauses, a word */
    RH_F_LONGEST_PAUSE, /* s */
    RH_F_STRETCH,       /* mean seconds a syllable over words, the longest third */
    RH_F_RHYTHM,        /* nPVI of seconds a syllable, word to word */
    RH_F_PITCH_SD,      /* semitones */
    RH_F_LOUD_SD,       /* dB, of voiced steps */
    RH_F_VOICED,        /* share of voiced steps from first word to last, pauses left out */
    /* of the sounds of the words, those of the text where it is known; in deviations from good speakers' own */
    RH_F_PHONE_LOGP,       /* mean ln P */
    RH_F_PHONE_LOGP_LOW,   /* of the lowest third of them */
    RH_F_PHONE_MARGIN,     /* mean ln P less that of the strongest rival */
    RH_F_PHONE_MARGIN_LOW, /* of the lowest third of them */
    /* against a reference text */
    RH_F_REF_LOGP,
    RH_F_REF_LOGP_LOW,
    RH_F_REF_MARGIN,
    RH_F_REF_ENTROPY,
    RH_F_REF_GAP,     /* mean ln p of forced words less that of free ones */
    RH_F_REF_ERRORS,  /* words missed, added, replaced, a word of the text */
    RH_F_REF_LETTERS, /* share of letters that differ */
    RH_FEATURES
} rh_feature;

enum { RH_FREE_FEATURES = RH_F_REF_LOGP };

typedef struct {
    float start, end; /* s */
    size_t first_word, n_words;
    int n_spoken;       /* words with a letter or digit */
    bool has_reference; /* the features from RH_FREE_FEATURES on hold */
    bool has_phones;    /* RH_F_PHONE_... hold */
    float x[RH_FEATURES];
} rh_chunk;

/* Cuts the words into chunks and measures each. Needs pauses and word_scores
 * of `r`. *out is freed with rh_free(). RH_ERR_NOMEM. */
rh_status rh_chunks_measure(const rh_speech_input *in, const rh_speech_report *r, rh_chunk **out, size_t *n,
                            rh_error *err);

#endif
