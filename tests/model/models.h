/* models.h - where tests find the models; without them a test is skipped. */
#ifndef RH_TEST_MODELS_H
#define RH_TEST_MODELS_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Path of a file of the models folder; ends the program as skipped (77) when it is missing. */
static inline const char *model_file(const char *name)
{
    static char path[4][1024];
    static int turn;
    char *p = path[turn++ & 3];
    const char *dir = getenv("REHEARSE_MODELS_DIR"), *cache = getenv("REHEARSE_CACHE"), *xdg = getenv("XDG_CACHE_HOME"),
               *home = getenv("HOME");
    if (dir)
        (void)snprintf(p, sizeof path[0], "%s/%s", dir, name);
    else if (cache)
        (void)snprintf(p, sizeof path[0], "%s/models/%s", cache, name);
    else if (xdg)
        (void)snprintf(p, sizeof path[0], "%s/rehearse/models/%s", xdg, name);
    else
        (void)snprintf(p, sizeof path[0], "%s/.cache/rehearse/models/%s", home ? home : "", name);
    if (access(p, R_OK) != 0) {
        printf("skipped: no %s\n", p);
        exit(77);
    }
    return p;
}

#endif
