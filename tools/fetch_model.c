/* fetch_model.c - brings a speech model while the program is still being built, with little of
 * it linked in. What fails here is tried again, and explained, by `rehearse model pull`.
 *   fetch_model NAME */
#include <signal.h>
#include <stdio.h>
#include "rehearse/config/config.h"
#include "rehearse/models/model.h"

static void notice(void *user, const char *text)
{
    (void)fprintf(stderr, "%s: %s\n", (const char *)user, text);
}

int main(int argc, char **argv)
{
    rh_config c = {0};
    rh_error err;
    const rh_model_entry *m = argc == 2 ? rh_model_find(argv[1]) : NULL;
    if (!m)
        return 2;
    (void)signal(SIGINT, SIG_DFL); /* a shell's job in the background ignores it */
    rh_status st = rh_config_init(&c, &err);
    if (st == RH_OK)
        st = rh_config_load(&c, NULL, &err);
    char path[4096];
    if (st == RH_OK && rh_model_path(m->name, c.models_dir, path, sizeof path, NULL) != RH_OK) {
        rh_model_pull_options o = {.models_dir = c.models_dir, .notice = notice, .user = argv[1]};
        st = rh_model_pull(m, &o, &err);
    }
    rh_config_done(&c);
    return st == RH_OK ? 0 : 1;
}
