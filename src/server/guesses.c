#include "guesses.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "server_limits.h"

static const int64_t WINDOW_US = (int64_t)RH_WRONG_LINKS_S * 1000000;

static bool is_this_machine(const char *peer)
{
    if (strncasecmp(peer, "::ffff:", 7) == 0)
        peer += 7;
    return strncmp(peer, "127.", 4) == 0 || strcmp(peer, "::1") == 0 || strcmp(peer, "unix") == 0;
}

void rh_guess_who(char out[40], const char *peer, const char *forwarded_for)
{
    if (forwarded_for && is_this_machine(peer)) {
        const char *comma = strrchr(forwarded_for, ',');
        peer = comma ? comma + 1 : forwarded_for;
        peer += strspn(peer, " \t");
    }
    size_t n = 0;
    bool mapped = strncasecmp(peer, "::ffff:", 7) == 0;
    for (int colons = 0; n < 39 && peer[n] && peer[n] != ' '; n++)
        if (peer[n] == ':' && ++colons == 4 && !mapped)
            break;
    (void)snprintf(out, 40, "%.*s", (int)n, n ? peer : "?");
    if (!n)
        (void)snprintf(out, 40, "?");
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
