/* guesses.h - who tried links that there are not, so that nobody can try many. Not thread-safe; no memory. */
#ifndef RH_GUESSES_H
#define RH_GUESSES_H

#include <stdbool.h>
#include <stdint.h>

enum { RH_GUESSERS = 256 };

typedef struct {
    struct {
        char who[40]; /* "" = free */
        int n;
        int64_t since_us;
    } of[RH_GUESSERS];
} rh_guesses;

/* Whose guess it is, in out[40]: the client's address (forwarded.h), of IPv6 its /64. */
void rh_guess_who(char out[40], const char *address);
/* Whether they have had their guesses for now. */
bool rh_guesses_spent(const rh_guesses *g, const char *who, int64_t now_us);
void rh_guess_add(rh_guesses *g, const char *who, int64_t now_us); /* a wrong one */

#endif
