/* cli.h - what the subcommands share: option parsing, help, exit codes.
 *
 * A subcommand is a file cmd_<name>.c with `int rh_cmd_<name>(int argc, char
 * **argv)` and a line in the table of main.c. It describes itself in an
 * rh_cli_command, calls rh_cli_begin(), and finds its arguments at
 * argv[optind]. Results go to stdout, everything else to stderr. */
#ifndef RH_CLI_H
#define RH_CLI_H

#include <stdbool.h>
#include <stdint.h>
#include "rehearse/config/config.h"
#include "rehearse/store/store.h"

enum {
    RH_EXIT_OK = 0,
    RH_EXIT_FAILED = 1, /* something could not be done; the rest was */
    RH_EXIT_USAGE = 2,  /* the command line or a setting is wrong */
    RH_CLI_GO_ON = -1   /* of rh_cli_begin(): no reason to stop */
};

typedef enum {
    RH_CLI_SWITCH, /* target: bool *, set to true */
    RH_CLI_INT,    /* target: int *, from min to max */
    RH_CLI_NUMBER, /* target: double *, from min to max */
    RH_CLI_TEXT,   /* target: const char ** */
    RH_CLI_CHOICE, /* target: const char **, one of value's words "text|json" */
} rh_cli_kind;

/* An option of one subcommand. Options that are settings (config.h) are not
 * listed here but named in rh_cli_command.settings. */
typedef struct {
    const char *name;  /* long name without dashes; NULL ends the list */
    const char *value; /* placeholder "N", choices "a|b", NULL for a switch */
    const char *help;
    rh_cli_kind kind;
    void *target;
    double min, max;
} rh_cli_option;

typedef struct {
    const char *name;             /* "transcribe" */
    const char *arguments;        /* "FILE..."; "" for none */
    int min_args, max_args;       /* max_args -1 = any number */
    const char *about;            /* a paragraph for --help */
    const char *example;          /* one or more command lines */
    const char *const *settings;  /* names ending with NULL; NULL = none */
    const rh_cli_option *options; /* NULL = none */
} rh_cli_command;

/* Prepares `cfg` from file, environment and command line and fills the
 * targets; handles --help and --version. RH_CLI_GO_ON, or the exit code to
 * return at once. After RH_CLI_GO_ON the caller calls rh_config_done(). */
int rh_cli_begin(const rh_cli_command *cmd, int argc, char **argv, rh_config *cfg);

typedef struct {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
} rh_cli_action;

/* What a command of several actions does: the one that argv[1] names, or its help, which has `example`. Exit code. */
int rh_cli_act(const char *command, const rh_cli_action *actions, size_t n, const char *example, int argc, char **argv);

/* "rehearse: message" on stderr; returns `code`. */
int rh_cli_fail(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "rehearse: NAME: message", the file's name on one line (file_name.h); RH_EXIT_FAILED. */
int rh_cli_fail_file(const char *name, const char *message);
/* Writes out what stdout still holds. `code`, or RH_EXIT_FAILED when any of it was lost. */
int rh_cli_end(int code);

/* The store of the settings `data_dir` and `store_url`. As rh_store_open(). */
rh_status rh_cli_store(rh_store **out, const rh_config *cfg, rh_error *err);

/* A bar on stderr, drawn when it is a terminal and the work lasts. */
typedef struct {
    const char *label;
    int64_t start_us, drawn_us;
    bool on, drawn;
} rh_progress;
void rh_progress_start(rh_progress *p, const char *label);
void rh_progress_update(void *progress, double done); /* [0,1]; fits the library's callbacks */
void rh_progress_end(rh_progress *p);                 /* wipes the bar */

#endif
