/* followups.h - what an interviewer might ask next, from what was just said.
 *
 * At most two questions about one answer, in its own words: rules and patterns, no model.
 * Nothing is asked where nothing fits, and in other languages than English. What each kind
 * rests on, and its limits: docs/scoring.md, Follow-ups.
 * Threads: any. */
#ifndef RH_FOLLOWUPS_H
#define RH_FOLLOWUPS_H

#include "rehearse/speech/analysis.h"

typedef enum {
    RH_FOLLOWUP_OFF_QUESTION, /* another subject than the question's */
    RH_FOLLOWUP_SHORT,
    RH_FOLLOWUP_NUMBER,   /* something grew or shrank, and nobody knows by how much */
    RH_FOLLOWUP_OWN_PART, /* "we" without "I" */
    RH_FOLLOWUP_RESULT,   /* a part of the story (STAR) is missing */
    RH_FOLLOWUP_ACTION,
    RH_FOLLOWUP_TASK,
    RH_FOLLOWUP_SITUATION,
    RH_FOLLOWUP_EXAMPLE, /* a claim without an example */
    RH_FOLLOWUP_MENTION, /* a project, term or role named once */
    RH_FOLLOWUP_DETAIL,  /* something done, and not told how */
    RH_FOLLOWUP_KINDS
} rh_followup_kind;

enum { RH_FOLLOWUPS = 2, RH_FOLLOWUP_TEXT = 320, RH_FOLLOWUP_QUOTE = 128 };

typedef struct {
    rh_followup_kind kind;
    char text[RH_FOLLOWUP_TEXT];   /* UTF-8, one or two sentences, to be said to the person */
    char quote[RH_FOLLOWUP_QUOTE]; /* the words of the answer it rests on, without fillers and
                                      repetitions; "" = the answer as a whole */
    float start, end;              /* s, of those words */
} rh_followup;

/* All borrowed; NULL = not known. */
typedef struct {
    const char *question;      /* its text */
    const char *question_kind; /* "behavioural", ... as in the question bank */
    const char *const *asked;  /* texts of follow-ups asked before in this interview: none comes again, */
    size_t n_asked;            /* nor its second sentence */
} rh_followup_context;

/* Fills `out` and *n (0 to RH_FOLLOWUPS), the most useful first. RH_ERR_NOMEM. */
rh_status rh_followups_find(const rh_analysis *a, const rh_followup_context *context, rh_followup out[RH_FOLLOWUPS],
                            size_t *n, rh_error *err);

const char *rh_followup_name(rh_followup_kind kind); /* "off_question", "short", ... */

#endif
