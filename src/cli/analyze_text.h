/* analyze_text.h - the result of `rehearse analyze` as a page to read. */
#ifndef RH_ANALYZE_TEXT_H
#define RH_ANALYZE_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Scores with what made them, then a timeline: a row every five seconds with
 * pace, pitch, loudness, pauses and the words (`items`: rh_marked_words()). false: out of memory or disk. */
bool rh_analyze_text(FILE *f, const char *path, const json_t *result, const json_t *items);

#endif
