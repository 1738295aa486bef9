/* text.h - characters of UTF-8 and what Unicode says of its characters.
 *
 * Bytes that are no UTF-8 count as one character, U+FFFD, for each stretch that
 * the standard replaces by one (Unicode 15, 3.9, "maximal subpart").
 * Threads: any. */
#ifndef RH_TEXT_H
#define RH_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include "rehearse/base/utf8.h"

enum { RH_CHAR_BROKEN = 0xfffd };

typedef enum {
    RH_CHAR_LETTER,
    RH_CHAR_MARK, /* an accent that belongs to the character before */
    RH_CHAR_NUMBER,
    RH_CHAR_SPACE,
    RH_CHAR_OTHER, /* punctuation, symbols, controls */
} rh_char_class;

/* Bytes of the character at `s` (n > 0 of them are there) and its code point. */
size_t rh_utf8_next(const char *s, size_t n, uint32_t *code_point);
rh_char_class rh_char_class_of(uint32_t code_point);
/* Characters of a valid text, accents not counted by themselves. */
size_t rh_utf8_count(const char *s, size_t n);
/* A copy with U+FFFD for what is no UTF-8 and for zero bytes. Freed with rh_free(); NULL without memory. */
char *rh_utf8_mended(const char *s, size_t n);

#endif
