/* tongue.h - what is known of a language: its lists, how its syllables and its pace are counted.
 *
 * A claim about somebody's words is made only where the list behind it is there: a language without
 * lists has NULL in their places, and what asks for them says nothing. One row a language, all in
 * tongues.c. Lists hold words as they are compared (words.h: "weiß" is "weiss"), parted by blanks;
 * lists of phrases are parted by bars.
 * Threads: any. */
#ifndef RH_TONGUE_H
#define RH_TONGUE_H

#include <stdbool.h>
#include "rehearse/base/words.h"

enum { RH_TONGUE_SOUNDS = RH_SOUND_HMM + 1 };

typedef struct {
    const char *code; /* "de"; NULL: any other language */
    /* Written without blanks: what recognisers give as words are pieces, so characters are counted. */
    bool by_characters;
    float letters_per_word;    /* by_characters: characters of a word, mean */
    float pace_low, pace_high; /* words (characters) a minute that are easy to follow; 0 = not known */
    float syllables_a_word;    /* mean; of a character where those are counted */
    int (*syllables)(const char *word);

    bool finds_fillers;                     /* what follows of fillers is there */
    const char *sounds[RH_TONGUE_SOUNDS];   /* as they are written: "ähm"; NULL = as in English */
    const char *heard_as[RH_TONGUE_SOUNDS]; /* words that are such sounds, runs of a letter as one; NULL: by
                                                rh_hesitation_of() */
    const char *const *fillers_set_off;     /* phrases that are fillers between commas or pauses, NULL at the end */
    const char *const *fillers_anywhere;    /* ... and that are nothing else */
    const char *joiners;                    /* words that may stand before such a phrase: "und also," */
    const char *small;                      /* words that are said twice by accident: those that begin a phrase */
    const char *doubled;                    /* words that are doubled on purpose */
    const char *subjects;                   /* pronouns with which somebody begins anew */

    const char *hedges, *weak;                /* phrases */
    const char *hedge_example, *weak_example; /* for advice: "vielleicht" and "ich glaube" */
    const char *openers;                      /* words that open a clause */
    const char *i, *we;                       /* "j'" is the part of "j'ai" before its verb */
    int (*person)(const char *key); /* of a verb by its ending: 1 = I, 2 = we, 0 = neither; NULL = none tells */
    const char *numbers, *stop;
    bool names_by_capital; /* a capital inside a sentence begins a name */
    bool has_structure;    /* parts of an answer, content, follow-ups, passive, strong verbs */
} rh_tongue;

/* By code or tag ("de", "pt-BR"). "" and NULL, not known, count as English. Never NULL. */
const rh_tongue *rh_tongue_of(const char *language);

/* Which sound of somebody who thinks the word is in that language; RH_SOUND_NONE for none, and where its
 * fillers are not known. */
rh_hesitation rh_hesitation_in(const rh_tongue *t, const char *word);

/* Words (or characters, where those are counted) in a recognised word: 0 when there is nothing to say in it. */
int rh_tongue_units(const rh_tongue *t, const char *word);

/* A pace of the language's units in words a minute: of characters by how many make a word. */
float rh_tongue_pace_wpm(const rh_tongue *t, float pace);

/* A pace as an English speaker would have it who is as easy to follow, in words a minute; 0 where the
 * language has no target. */
float rh_tongue_english_pace(const rh_tongue *t, float pace);

/* Is a blank between two words where they are put together? Between two characters of Chinese there is none. */
bool rh_tongue_parts(const rh_tongue *t, const char *before, const char *after);

#endif
