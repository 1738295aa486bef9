/* word_table.h - all that recognition said of a person's sound, and when.
 *
 * Grows segment by segment, whoever recognises: a whole file, a live session, a client of
 * the legacy API. What is added belongs to the latest segment. Any range of it can be
 * measured (analysis.h).
 * Times: seconds from the first sample. Threads: one at a time. */
#ifndef RH_WORD_TABLE_H
#define RH_WORD_TABLE_H

#include "rehearse/speech/phones.h"

enum { RH_SPEECH_NAME = 32 }; /* bytes of a language's code, of a model's name */

typedef enum {
    RH_WORDS_CLEAN,    /* what was meant */
    RH_WORDS_VERBATIM, /* the verbatim decode: hesitations and all */
    RH_WORDS_FORCED,   /* the reference, decoded by force */
    RH_WORD_LISTS
} rh_words_of;

typedef enum {
    RH_FILLERS_SOUGHT,    /* looked for in the verbatim decode and the sound */
    RH_FILLERS_CONFIRMED, /* the same, with those that are listed in place of the verbatim decode, whose
                             short pieces say words at their borders twice */
    RH_FILLERS_KNOWN,     /* the lists hold all there are */
} rh_fillers_state;

typedef struct {
    rh_word *at; /* texts owned by the table */
    size_t n, cap;
} rh_word_list;

/* Everything in it is owned. */
typedef struct {
    rh_word_list words[RH_WORD_LISTS];
    rh_speech_segment *segments;
    size_t n_segments, cap_segments;
    rh_time_span *voice;
    size_t n_voice, cap_voice; /* by voice activity; none = the segments */
    rh_filler *fillers;
    size_t n_fillers, cap_fillers;
    rh_disfluency *disfluencies;
    size_t n_disfluencies, cap_disfluencies;
    rh_phone_said *phones;
    size_t n_phones, cap_phones;    /* `word` counts in the segment's own list */
    rh_fillers_state fillers_are;   /* when a range is measured */
    char language[RH_SPEECH_NAME];  /* "" = not known */
    char model[RH_SPEECH_NAME];     /* whose encoder the pooled output is of; "" = none */
    char *reference;                /* NULL = free speech */
    char *question, *question_kind; /* what was asked, and "behavioural", ...; NULL = not known */
    struct rh_text_block *texts;
} rh_word_table;

void rh_word_table_done(rh_word_table *t); /* of {0} or used; it may be used again */

/* Each: RH_ERR_NOMEM, and nothing is added. Texts of `n_text` bytes are copied. */
rh_status rh_word_table_segment(rh_word_table *t, float start_s, float end_s, const char *text);
rh_status rh_word_table_word(rh_word_table *t, rh_words_of list, const rh_word *w, const char *text, size_t n_text);
/* A stretch of the latest segment, behind those it has. */
rh_status rh_word_table_pooled(rh_word_table *t, float start_s, float end_s, const float *x, size_t n);
/* The sounds of the latest segment's forced or clean words, all at once. */
rh_status rh_word_table_phones(rh_word_table *t, bool forced, const rh_phone_said *said, size_t n);
rh_status rh_word_table_voice(rh_word_table *t, float start_s, float end_s);
rh_status rh_word_table_filler(rh_word_table *t, const rh_filler *f); /* after_word counts in the whole table */
rh_status rh_word_table_disfluency(rh_word_table *t, const rh_disfluency *s);

/* What was asked, and its kind ("behavioural", ...); either may be NULL. RH_ERR_NOMEM, and nothing is set. */
rh_status rh_word_table_question(rh_word_table *t, const char *question, const char *kind);

/* Adds segments first..end-1 of another table with all that is theirs, each time put through
 * `at`. RH_ERR_NOMEM; a part may then have been added. */
typedef float (*rh_time_map)(void *user, float t);
rh_status rh_word_table_copy(rh_word_table *t, const rh_word_table *from, size_t first, size_t end, rh_time_map at,
                             void *user);
/* Forgets segments that ended by `until_s`, now and then: memory stays bounded. Voice, reference and question, which are of
 * the whole, go then too. */
void rh_word_table_forget(rh_word_table *t, double until_s);

/* The segments that end after `from_s` and by `to_s`: first..end-1. From 0 on: all that end by `to_s`. */
void rh_word_table_range(const rh_word_table *t, double from_s, double to_s, size_t *first, size_t *end);

/* The texts of segments first..end-1, a blank between them. Freed with rh_free(); NULL without memory. */
char *rh_word_table_text(const rh_word_table *t, size_t first, size_t end);

/* As the measures take it; borrowed. `c` may be NULL. */
rh_speech_input rh_word_table_input(const rh_word_table *t, const rh_contour *c, double duration_s);

#endif
