/* units.h - words as what is said: "$25" and "twenty-five dollars" are the same units. */
#ifndef RH_SPEECH_UNITS_H
#define RH_SPEECH_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "speech_internal.h"

typedef enum {
    RH_UNIT_WORD,
    RH_UNIT_NUMBER,  /* digits */
    RH_UNIT_ORDINAL, /* digits of 1st, 2nd, ... */
    RH_UNIT_MONEY,   /* the name of a currency whose sign stood before the number */
} rh_unit_kind;

/* Start with {0}; free with _done. */
typedef struct {
    char (*text)[RH_WORD_BYTES];
    uint8_t *kind;
    const char **at; /* text[i], as rh_align_words() wants them; from _close on */
    uint32_t *word;  /* which word the unit came from */
    int32_t *pair;   /* from _close on; -1 */
    size_t n, cap;
} rh_units;

/* The units of a word; false without memory. */
bool rh_units_add(rh_units *u, const char *text, size_t word);
/* Both lists are complete: their numbers are spelled out, in one way. False without memory. */
bool rh_units_close(rh_units *a, rh_units *b);
void rh_units_done(rh_units *u);
/* The word has letters, digits or a sign that is said ("%"). */
bool rh_is_said(const char *word);

#endif
