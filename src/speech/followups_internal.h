/* followups_internal.h - between the search for what to ask about and the choice of a question. */
#ifndef RH_FOLLOWUPS_INTERNAL_H
#define RH_FOLLOWUPS_INTERNAL_H

#include "phrases_internal.h"
#include "rehearse/speech/followups.h"

/* What the answer told anyway and is not to be asked for. */
typedef enum {
    TOLD_HARD = 1 << 0, /* what was hard */
    TOLD_LEARNED = 1 << 1,
    TOLD_DIFFERENT = 1 << 2, /* what they would do in another way */
    TOLD_WHY = 1 << 3,
    TOLD_MEASURE = 1 << 4,
    TOLD_ROLE = 1 << 5,
    TOLD_EXAMPLE = 1 << 6,
    TOLD_REMEDY = 1 << 7, /* what they do about a weakness */
    TOLD_WHEN = 1 << 8,
    TOLD_OUTCOME = 1 << 9,
    TOLD_HOW = 1 << 10,
    TOLD_DEEDS = 1 << 11, /* what they did themselves */
} told;

/* Second sentences that fit behind a first: the tables in followups.c. */
/* clang-format off */
typedef enum {
    ASK_MORE, ASK_NUMBER, ASK_OWN_PART, ASK_RESULT, ASK_ACTION, ASK_TASK, ASK_SITUATION, ASK_EXAMPLE,
    ASK_INTEREST, ASK_LIKING, ASK_LIKED, ASK_WISH, ASK_WEAKNESS, ASK_PROJECT, ASK_MY_PROJECT, ASK_WORK, ASK_GROUP, ASK_CHARGE, ASK_INVOLVED, ASK_ROLE, ASK_ROLE_NOW, ASK_STUDY, ASK_TERM, ASK_TIME_THERE,
    ASK_SHARE, ASK_DETAIL, ASK_MADE, ASK_DETAIL_NOW, ASK_DUTY, ASK_SOUGHT, ASK_STEP, ASK_POST, ASK_RELATION,
    ASKS
} ask_kind;
/* clang-format on */

typedef struct {
    rh_followup_kind kind;
    ask_kind ask;
    size_t first, end;                 /* tokens of the quote */
    char lead[RH_FOLLOWUP_QUOTE + 48]; /* "You said you rewrote the retry queue." */
    float weight;
    bool we; /* told with "we" */
} candidate;

enum { MAX_CANDIDATES = 96 };

typedef struct {
    const rh_word *words;
    const rh_token *t;
    size_t n;
    const rh_language *language;
    bool story;                 /* a story was asked for, or is being told */
    unsigned told, asked;       /* told anyway; asked about it already */
    int deeds_i, acts, told_of; /* "I built the tool"; "I asked him" too; "I was" */
    candidate list[MAX_CANDIDATES];
    size_t n_list;
} finder;

/* `opening` ("You said you") and the words of tokens first..end-1 in the second person; NULL = the words as they were said,
 * in quotation marks. */
void rh_add_candidate(finder *f, rh_followup_kind kind, ask_kind ask, float weight, const char *opening, size_t first,
                      size_t end);
void rh_find_claims(finder *f);   /* what they are, like, want */
void rh_find_mentions(finder *f); /* projects, terms, troubles */
void rh_find_deeds(finder *f);    /* what they did, and what changed */
void rh_find_off_question(finder *f, const char *question);

#endif
