/* word_order.h - are words in an order in which English may be said? Pure; threads: any. */
#ifndef RH_WORD_ORDER_H
#define RH_WORD_ORDER_H

#include <stddef.h>
#include "language_internal.h"

/* Pairs of neighbours among the n words that are hardly ever neighbours: of a hundred words that people say 2.4 at most
 * begin one (99 of 100 answers of 94 interviews), of the same words in any order 5 to 13. */
size_t rh_words_out_of_order(const rh_key *keys, size_t n);

#endif
