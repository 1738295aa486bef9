/* text_page.h - what the parts of the readable page share. */
#ifndef RH_TEXT_PAGE_H
#define RH_TEXT_PAGE_H

#include <jansson.h>
#include <stdio.h>
#include "rehearse/base/json.h"

/* Stands for a blank at which no line may end. */
#define RH_NO_BREAK '\x01'

/* `text` from column `at` on, wrapped at the page's width and indented; ends the line. */
void rh_page_wrapped(FILE *f, const char *text, int at, int indent);

/* Curves and words in rows of five seconds, and what the marks mean. */
void rh_page_timeline(FILE *f, const json_t *result, const json_t *items);

#endif
