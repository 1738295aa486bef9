/* rehearse store - a whole store in hand: brought up to date, looked through, copied into another one. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "cli.h"
#include "commands.h"
#include "rehearse/store/upkeep.h"

static const char *const settings[] = {"data_dir", "store_url", NULL};

static int fail(const rh_error *err)
{
    return rh_cli_fail(RH_EXIT_FAILED, "%s", err->msg);
}

/* What the argument names, else the store of the settings. */
static rh_store_place place_of(const rh_config *cfg, const char *named)
{
    const char *where = named ? named : *cfg->store_url ? cfg->store_url : cfg->data_dir;
    return (rh_store_place){.where = where, .folder = cfg->data_dir};
}

static int migrate(int argc, char **argv)
{
    const rh_cli_command cmd = {
        .name = "store migrate",
        .arguments = "[STORE]",
        .max_args = 1,
        .about = "Brings a store to the schema of this version, as the server does when it starts, and\n"
                 "says from which one. STORE is a data folder or a postgresql:// URL; by default it is\n"
                 "the store of the settings. One of a newer version is refused.",
        .example = "rehearse store migrate",
        .settings = settings,
    };
    rh_config cfg;
    int code = rh_cli_begin(&cmd, argc, argv, &cfg), from = 0, to = 0;
    if (code != RH_CLI_GO_ON)
        return code;
    rh_error err;
    rh_store_place at = place_of(&cfg, optind < argc ? argv[optind] : NULL);
    rh_status st = rh_store_migrate(&at, &from, &to, &err);
    if (st == RH_OK && from == to)
        printf("schema %d: nothing to do\n", to);
    else if (st == RH_OK)
        printf("schema %d -> %d\n", from, to);
    rh_config_done(&cfg);
    return st == RH_OK ? rh_cli_end(RH_EXIT_OK) : fail(&err);
}

static void print_finding(void *as_json, const rh_store_finding *f)
{
    if (!*(const bool *)as_json) {
        printf("%-12s  %s: %s\n", f->what, f->about, f->detail);
        return;
    }
    json_t *row = json_pack("{s:s, s:s, s:s}", "what", f->what, "about", f->about, "detail", f->detail);
    json_dumpf(row, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(row);
}

static int check(int argc, char **argv)
{
    bool as_json = false;
    const rh_cli_option options[] = {{"json", NULL, "one JSON object a line", RH_CLI_SWITCH, &as_json, 0, 0}, {0}};
    const rh_cli_command cmd = {
        .name = "store check",
        .arguments = "[STORE]",
        .max_args = 1,
        .about = "Reads a whole store and prints what is wrong with it, a finding a line: faults of the\n"
                 "database, rows of no session, sessions and jobs that have not moved for an hour, files\n"
                 "that are missing, and files of an hour or older that nothing needs. Changes nothing,\n"
                 "and may be done while a server runs. Ends with 1 where something was found.",
        .example = "rehearse store check\n"
                   "  rehearse store check --json /srv/rehearse",
        .settings = settings,
        .options = options,
    };
    rh_config cfg;
    int code = rh_cli_begin(&cmd, argc, argv, &cfg), n = 0;
    if (code != RH_CLI_GO_ON)
        return code;
    rh_error err;
    rh_store_place at = place_of(&cfg, optind < argc ? argv[optind] : NULL);
    rh_status st = rh_store_check(&at, print_finding, &as_json, &n, &err);
    rh_config_done(&cfg);
    code = rh_cli_end(n ? RH_EXIT_FAILED : RH_EXIT_OK);
    return st == RH_OK ? code : fail(&err);
}

static int copy(int argc, char **argv)
{
    const rh_cli_command cmd = {
        .name = "store copy",
        .arguments = "FROM TO",
        .min_args = 2,
        .max_args = 2,
        .about = "Copies a whole history: sessions, notes, links, goals, interviews, who did what, kept\n"
                 "sound and recordings that wait. FROM and TO are data folders or postgresql:// URLs. TO\n"
                 "must be empty; where a copy of the same was interrupted, it goes on. No server may run\n"
                 "on either. Videos are files of data_dir where a database is meant. A password belongs\n"
                 "into ~/.pgpass: others on the machine see a command line.",
        .example = "rehearse store copy ~/.local/share/rehearse postgresql://rehearse@db1/rehearse",
        .settings = settings,
    };
    rh_config cfg;
    int code = rh_cli_begin(&cmd, argc, argv, &cfg);
    if (code != RH_CLI_GO_ON)
        return code;
    rh_error err;
    rh_progress bar;
    rh_store_copied done;
    rh_store_place from = place_of(&cfg, argv[optind]), to = place_of(&cfg, argv[optind + 1]);
    rh_progress_start(&bar, "copying");
    rh_status st = rh_store_copy(&from, &to, rh_progress_update, &bar, &done, &err);
    rh_progress_end(&bar);
    if (st == RH_OK)
        fprintf(stderr, "rehearse: %lld sessions and %lld files (%.1f MB) are copied%s\n", (long long)done.n_sessions,
                (long long)done.n_files, (double)done.n_bytes / 1e6,
                done.resumed ? ", of which some were there from an earlier copy" : "");
    rh_config_done(&cfg);
    return st == RH_OK ? RH_EXIT_OK : fail(&err);
}

static const rh_cli_action actions[] = {
    {"migrate", "bring a store to the schema of this version", migrate},
    {"check", "look through a store for what is wrong", check},
    {"copy", "copy a store into another: a data folder, a PostgreSQL database", copy},
};

int rh_cmd_store(int argc, char **argv)
{
    return rh_cli_act("store", actions, sizeof actions / sizeof actions[0], "rehearse store check", argc, argv);
}
