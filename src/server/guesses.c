#include "guesses.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "server_limits.h"

static const int64_t WINDOW_US = (int64_t)RH_WRONG_LINKS_S * 1000000;

void rh_guess_who(char out[40], const char *address)
{
    size_t n = 0;
    bool mapped = strncasecmp(address, "::ffff:", 7) == 0;
    for (int colons = 0; n < 39 && address[n]; n++)
        if (address[n] == ':' && ++colons == 4 && !mapped)
            break;
    (void)snprintf(out, 40, "%.*s", (int)n, address);
}

static int find(const rh_guesses *g, const char *who)
{
    for (int i = 0; i < RH_GUESSERS; i++)
        if (strcmp(g->of[i].who, who) == 0)
            return i;
    return -1;
}

bool rh_guesses_spent(const rh_guesses *g, const char *who, int64_t now_us)
{
    int i = find(g, who);
    return i >= 0 && g->of[i].n >= RH_MAX_WRONG_LINKS && now_us - g->of[i].since_us < WINDOW_US;
}

void rh_guess_add(rh_guesses *g, const char *who, int64_t now_us)
{
    int i = find(g, who);
    for (int k = 0; i < 0 && k < RH_GUESSERS; k++)
        if (!g->of[k].who[0])
            i = k;
    if (i < 0) { /* all are taken: the oldest gives way */
        i = 0;
        for (int k = 1; k < RH_GUESSERS; k++)
            if (g->of[k].since_us < g->of[i].since_us)
                i = k;
        g->of[i].n = 0;
    }
    if (strcmp(g->of[i].who, who) != 0 || now_us - g->of[i].since_us >= WINDOW_US) {
        (void)snprintf(g->of[i].who, sizeof g->of[i].who, "%s", who);
        g->of[i].n = 0;
        g->of[i].since_us = now_us;
    }
    g->of[i].n++;
}
