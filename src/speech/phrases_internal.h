/* phrases_internal.h - small grammar: words with their parts of speech, noun phrases and
 * what somebody did, found by word lists and endings.
 *
 * For speech as it is recognised: fillers and repetitions are left out first, and where a
 * phrase may have been cut or begun anew nothing is found. English. */
#ifndef RH_PHRASES_INTERNAL_H
#define RH_PHRASES_INTERNAL_H

#include "language_internal.h"

typedef enum {
    RH_POS_DETERMINER = 1 << 0, /* the, my, some */
    RH_POS_OTHERS = 1 << 1,     /* their, every, no: determiners that are not carried over */
    RH_POS_PREPOSITION = 1 << 2,
    RH_POS_JOINER = 1 << 3, /* and, because, that, which */
    RH_POS_PRONOUN = 1 << 4,
    RH_POS_AUXILIARY = 1 << 5,
    RH_POS_ADVERB = 1 << 6,
    RH_POS_VERB = 1 << 7,
    RH_POS_NOUN_TOO = 1 << 8, /* a verb that is a noun as well: plan */
    RH_POS_ING = 1 << 9,      /* ends in -ing and is no noun of its own */
    RH_POS_ED = 1 << 10,
    RH_POS_ADJECTIVE = 1 << 11,
    RH_POS_NUMBER = 1 << 12,
    RH_POS_OTHER_SIGN = 1 << 13, /* no word: "&", "3%" */
} rh_pos;

enum {
    RH_POS_CLOSED =
        RH_POS_DETERMINER | RH_POS_OTHERS | RH_POS_PREPOSITION | RH_POS_JOINER | RH_POS_PRONOUN | RH_POS_AUXILIARY
};

typedef struct {
    rh_key key;
    int word;      /* index of the word it was made of */
    unsigned pos;  /* rh_pos; 0 = a noun, or unknown, which mostly is one */
    bool opens;    /* first of a sentence */
    bool stops;    /* punctuation behind it */
    bool ends;     /* the end of a sentence behind it */
    bool breaks;   /* trails off: what follows may begin anew */
    bool name;     /* a capital inside a sentence */
    bool proper;   /* and small letters behind it, as "California", not "MIT" */
    bool unmarked; /* of words without any punctuation: phrases may run into each other */
} rh_token;

/* Words without fillers and repetitions. `fillers` may be NULL. RH_ERR_NOMEM. Freed with rh_free(). */
rh_status rh_tokens_of(const rh_word *words, size_t n_words, const rh_filler *fillers, size_t n_fillers, rh_token **out,
                       size_t *n);

typedef enum {
    RH_LIST_VAGUE,        /* thing, lot, year: says nothing as a noun */
    RH_LIST_NO_MODIFIERS, /* big, new: does not tell one project from another */
    RH_LIST_PARTS_OF,     /* team, couple: may be followed by "of" and a number */
    RH_LIST_PROJECTS,     /* done from a beginning to an end: migration, thesis */
    RH_LIST_WORKS,        /* made or kept up: app, schedule */
    RH_LIST_GROUPS,       /* worked in: club, company */
    RH_LIST_PLAIN,        /* those of the three that are too common to stand without a word before them */
    RH_LIST_TROUBLES,
    RH_LIST_TRAIT_NOUNS,
    RH_LIST_TRAITS,
    RH_LIST_HAVES,
    RH_LIST_TERMS,
    RH_LIST_MASS,
    RH_LIST_ING_NOUNS,
    RH_LISTS
} rh_list;

bool rh_word_listed(rh_list list, const char *key);
unsigned rh_pos_of(const char *key);
bool rh_is_plural(const char *key);
bool rh_head_is_adjective(const char *key); /* by its ending */

typedef struct {
    size_t first, core, head, end; /* tokens first..end-1; core = behind the determiner */
    bool determined;               /* the, my, a ... before it */
    bool extended;                 /* "of ..." or another preposition follows inside it */
} rh_noun_phrase;

/* Prepositions that may carry it on, "" = only "of", which always must. */
bool rh_noun_phrase_at(const rh_token *t, size_t n, size_t i, const char *prepositions, rh_noun_phrase *out);

typedef enum {
    RH_VERB_CHANGE = 1 << 0,  /* improved, reduced: a number could say by how much */
    RH_VERB_NO_DEED = 1 << 1, /* joined, studied: nothing was made */
    RH_VERB_STEP = 1 << 2,    /* talked to: a step on the way to something */
} rh_verb_flags;

typedef struct {
    const char *base, *past, *participle; /* NULL = as the past */
    const char *particle;                 /* "up with" after the verb; NULL = none */
    unsigned flags;
} rh_verb;

/* "I also rewrote the queue": subject, verb and object. */
typedef struct {
    const rh_verb *verb;
    bool we; /* and not I */
    bool past;
    bool meant;              /* "decided to", "had to" before the verb, or "was" */
    size_t subject, verb_at; /* tokens; verb_at with what is before the verb */
    const char *auxiliary;   /* "have", "are", "were" before the verb when "you" is the subject; "" */
    rh_noun_phrase object;
} rh_deed;

bool rh_is_vague(const rh_token *t, const rh_noun_phrase *p);
bool rh_deed_at(const rh_token *t, size_t n, size_t i, rh_deed *out);

/* Tokens of the longest verb with its particle at `i`, 0 = none. `form`: 0 base, 1 past, 2 participle, 3 -ing. */
size_t rh_verb_at(const rh_token *t, size_t n, size_t i, int form, const rh_verb **out);

/* Tokens i.. as they were said, or as the interviewer says them: "my" becomes "your". False: no room. */
bool rh_tokens_put(const rh_word *words, const rh_token *t, size_t first, size_t end, bool to_you, char *out,
                   size_t size);

#endif
