/* terms.h - words that a speaker is likely to say and a recogniser to write wrong: names of
 * products, projects, companies and people, technical words.
 *
 * A recogniser that is given them (rh_asr_params.terms) first decodes as ever. Where a stretch of
 * its words sounds like a term, the decoder is asked how likely the term is in its place; the term
 * is written as it was given where that is likely enough. Without such a stretch nothing changes.
 * Common words need no help and should be left out.
 * Threads: immutable, may be shared. */
#ifndef RH_TERMS_H
#define RH_TERMS_H

#include <stddef.h>
#include "rehearse/base/status.h"

enum { RH_TERMS_MAX = 256, RH_TERM_BYTES = 64 /* of each, without its end */ };

typedef struct rh_terms rh_terms;

/* Copies `n` terms in UTF-8; blanks around them go, and so do empty ones, doubles, and those too
 * short to be told from other words by sound (fewer than four letters and digits).
 * RH_ERR_LIMIT more than RH_TERMS_MAX or one of more than RH_TERM_BYTES; RH_ERR_INVAL one that is
 * not a line of text; RH_ERR_NOMEM. */
rh_status rh_terms_new(rh_terms **out, const char *const *terms, size_t n, rh_error *err);
void rh_terms_free(rh_terms *t);          /* NULL is fine */
size_t rh_terms_count(const rh_terms *t); /* that are kept; 0 for NULL */

#endif
