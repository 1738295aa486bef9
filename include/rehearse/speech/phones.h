/* phones.h - which sounds the words are made of, and how well each was said.
 *
 *   words + how likely every sound is at each step -> the words' sounds with times, likelihoods, strongest rival
 * Sounds are the 39 of the CMU Pronouncing Dictionary (ARPAbet without stress) and silence.
 * Threads: any.
 */
#ifndef RH_PHONES_H
#define RH_PHONES_H

#include "rehearse/speech/speech.h"

enum {
    RH_PHONE_SILENCE, /* 0; the sounds are 1 to 39, in alphabetical order of their names */
    RH_PHONES = 40,
    RH_PHONE_COST_A_NAT = 16,
    RH_PRONUNCIATION = 48, /* sounds of a word at most */
    RH_WAYS = 6,           /* to say a word, at most */
};

/* "AA" to "ZH", and for readers "a in hot" to "s in vision"; "" for silence. */
const char *rh_phone_name(int phone);
const char *rh_phone_sound(int phone);
bool rh_phone_is_vowel(int phone);

typedef struct {
    uint8_t at[RH_PRONUNCIATION];
    size_t n;
} rh_pronunciation;

/* The ways to say an English word, as written: capitals and punctuation around it do not count.
 * Returns how many, at most RH_WAYS; 0 for a word that is not in the dictionary. */
size_t rh_lexicon_find(const char *word, rh_pronunciation out[RH_WAYS]);

/* cost[i * RH_PHONES + p] = -RH_PHONE_COST_A_NAT * ln P(phone p at step i), at most 255; step i
 * covers start_s + i * step_s on. Borrowed. */
typedef struct {
    const uint8_t *cost;
    size_t n;
    float start_s, step_s;
} rh_phone_steps;

typedef struct rh_phone_said {
    int phone, rival; /* the strongest other one, silence left out */
    size_t word;      /* index of the word it belongs to, among those that were aligned */
    float start, end; /* s */
    float logp;       /* mean ln P over its steps, nats */
    float margin;     /* logp less that of the rival */
} rh_phone_said;

/* Finds the sounds of words[0..n) in the steps, in order, silence between words allowed. Each word
 * is taken the way that fits best; a word that is not in the dictionary may be any sound and gets no
 * entry. *out is freed with rh_free(); none where the words have more sounds than there are steps.
 * RH_ERR_NOMEM. */
rh_status rh_phones_align(const rh_phone_steps *steps, const rh_word *words, size_t n, rh_phone_said **out,
                          size_t *n_out, rh_error *err);

/* 0 to 100: the share of the sound against its strongest rival. */
float rh_phone_score(const rh_phone_said *p);
/* It was so clearly another sound that this may be told; not where good speakers change it too. Of a word that was
 * well understood more is asked. */
bool rh_phone_is_off(const rh_phone_said *p, bool understood);

#endif
