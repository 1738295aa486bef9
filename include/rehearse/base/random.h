/* random.h - bytes as hexadecimal digits, and random ones: for names and secrets that nobody guesses. Threads: any. */
#ifndef RH_RANDOM_H
#define RH_RANDOM_H

#include <stdbool.h>
#include <stddef.h>

/* 2 n digits (0-9 a-f) and a 0. */
void rh_hex(char *out, const void *bytes, size_t n);
/* The same of `n` random bytes, 32 at most. False: the system gives none; then the digits are 0. */
bool rh_random_hex(char *out, size_t n);

#endif
