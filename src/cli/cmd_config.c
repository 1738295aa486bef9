/* rehearse config - the settings in force and where each comes from. */
#include <stdio.h>
#include "rehearse/base/alloc.h"
#include "cli.h"
#include "commands.h"

enum { N_KEYS = RH_CONFIG_MAX_KEYS, TEXT = 4200 };

static int print_example(void)
{
    char *text = rh_config_example();
    if (!text)
        return rh_cli_fail(RH_EXIT_FAILED, "config: out of memory");
    fputs(text, stdout);
    rh_free(text);
    return RH_EXIT_OK;
}

static void print_all(const rh_config *cfg)
{
    for (size_t i = 0; i < rh_config_count(); i++) {
        const rh_config_key *k = rh_config_at(i);
        char line[TEXT], value[TEXT], where[TEXT];
        snprintf(line, sizeof line, "%s = %.4000s", k->name, rh_config_show(cfg, k, value, sizeof value));
        printf("%-40s # %s\n", line, rh_config_where(cfg, k, where, sizeof where));
    }
}

/* Every setting may be given, so that `rehearse config FLAGS` answers what FLAGS do. */
static void all_settings(const char *names[N_KEYS + 1])
{
    size_t n = rh_config_count();
    for (size_t i = 0; i < n; i++)
        names[i] = rh_config_at(i)->name;
    names[n] = NULL;
}

int rh_cmd_config(int argc, char **argv)
{
    const char *names[N_KEYS + 1];
    all_settings(names);
    bool example = false;
    const rh_cli_option options[] = {
        {"example", NULL, "print a commented settings file instead", RH_CLI_SWITCH, &example, 0, 0},
        {0},
    };
    const rh_cli_command cmd = {
        .name = "config",
        .arguments = "",
        .about = "Prints every setting in force, in the form of a settings file, and where each\n"
                 "comes from: command line over environment (REHEARSE_<NAME>) over file over\n"
                 "default.",
        .example = "REHEARSE_PORT=9000 rehearse config\n"
                   "  rehearse config --example > ~/.config/rehearse/rehearse.ini",
        .settings = names,
        .options = options,
    };
    rh_config cfg;
    int code = rh_cli_begin(&cmd, argc, argv, &cfg);
    if (code != RH_CLI_GO_ON)
        return code;
    if (example)
        code = print_example();
    else {
        print_all(&cfg);
        code = RH_EXIT_OK;
    }
    rh_config_done(&cfg);
    return code;
}
