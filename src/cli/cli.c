/* Option parsing for all subcommands, on top of getopt_long. */
#include "cli.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "file_name.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/log.h"

enum { MAX_OPTIONS = 64, OWN = 1000, SETTING = 2000 };

int rh_cli_fail(int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fputs("rehearse: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    return code;
}

int rh_cli_fail_file(const char *name, const char *message)
{
    char *line = rh_cli_name_line(name);
    (void)rh_cli_fail(RH_EXIT_FAILED, "%s: %s", line ? line : "a file", message);
    rh_free(line);
    return RH_EXIT_FAILED;
}

int rh_cli_end(int code)
{
    bool lost = ferror(stdout) != 0; /* the reason of an earlier loss is gone */
    errno = 0;
    if (fflush(stdout) == 0 && !lost)
        return code;
    const char *why = errno ? strerror(errno) : "the disk may be full";
    (void)rh_cli_fail(RH_EXIT_FAILED, "the output could not be written: %s", why);
    return code == RH_EXIT_OK ? RH_EXIT_FAILED : code;
}

static int usage_error(const rh_cli_command *cmd, const char *what)
{
    return rh_cli_fail(RH_EXIT_USAGE, "%s: %s\nTry: rehearse %s --help", cmd->name, what, cmd->name);
}

static void print_option(const char *name, const char *value, const char *help)
{
    char left[80], dashed[64];
    snprintf(dashed, sizeof dashed, "%s", name);
    for (char *p = dashed; *p; p++)
        if (*p == '_')
            *p = '-';
    snprintf(left, sizeof left, "--%s%s%s", dashed, value ? " " : "", value ? value : "");
    if (strlen(left) > 28)
        printf("  %s\n  %-28s %s\n", left, "", help);
    else
        printf("  %-28s %s\n", left, help);
}

static void print_help(const rh_cli_command *cmd)
{
    printf("Usage: rehearse %s [OPTION]...%s%s\n\n%s\n\nOptions:\n", cmd->name, *cmd->arguments ? " " : "",
           cmd->arguments, cmd->about);
    for (const rh_cli_option *o = cmd->options; o && o->name; o++)
        print_option(o->name, o->value, o->help);
    for (const char *const *s = cmd->settings; s && *s; s++) {
        const rh_config_key *k = rh_config_find(*s);
        if (k)
            print_option(k->name, k->value, k->help);
    }
    print_option("config", "FILE", "settings file to read");
    print_option("help", NULL, "show this text");
    printf("\nExample:\n  %s\n", cmd->example);
}

static bool word_among(const char *choices, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = choices; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
        if (n && strncmp(p, word, n) == 0 && (p[n] == '|' || !p[n]))
            return true;
    return false;
}

static int set_number(const rh_cli_command *cmd, const rh_cli_option *o, const char *value)
{
    char *end, what[256];
    errno = 0;
    double x = strtod(value, &end);
    bool whole = o->kind == RH_CLI_INT;
    if (end == value || *end || errno || !(x >= o->min && x <= o->max) || (whole && x != floor(x))) {
        snprintf(what, sizeof what, "--%s is '%s', but must be a %snumber from %g to %g", o->name, value,
                 whole ? "whole " : "", o->min, o->max);
        return usage_error(cmd, what);
    }
    if (whole)
        *(int *)o->target = (int)x;
    else
        *(double *)o->target = x;
    return RH_CLI_GO_ON;
}

static int set_own(const rh_cli_command *cmd, const rh_cli_option *o, const char *value)
{
    char what[256];
    switch (o->kind) {
    case RH_CLI_SWITCH: *(bool *)o->target = true; return RH_CLI_GO_ON;
    case RH_CLI_INT:
    case RH_CLI_NUMBER: return set_number(cmd, o, value);
    case RH_CLI_CHOICE:
        if (!word_among(o->value, value)) {
            snprintf(what, sizeof what, "--%s is '%s', but must be one of %s", o->name, value, o->value);
            return usage_error(cmd, what);
        }
        break;
    case RH_CLI_TEXT: break;
    }
    *(const char **)o->target = value;
    return RH_CLI_GO_ON;
}

/* Long options in getopt's form. Settings are offered with dashes, as --max-clients. */
typedef struct {
    struct option list[MAX_OPTIONS];
    char names[MAX_OPTIONS][32];
    int n;
} option_table;

static void add_option(option_table *t, const char *name, bool has_value, int id)
{
    if (t->n >= MAX_OPTIONS - 1)
        return;
    snprintf(t->names[t->n], sizeof t->names[0], "%s", name);
    for (char *p = t->names[t->n]; *p; p++)
        if (*p == '_')
            *p = '-';
    t->list[t->n] = (struct option){t->names[t->n], has_value ? required_argument : no_argument, NULL, id};
    t->n++;
}

static void build_table(option_table *t, const rh_cli_command *cmd)
{
    memset(t, 0, sizeof *t);
    add_option(t, "help", false, 'h');
    add_option(t, "version", false, 'V');
    add_option(t, "config", true, 'c');
    for (int i = 0; cmd->options && cmd->options[i].name; i++)
        add_option(t, cmd->options[i].name, cmd->options[i].kind != RH_CLI_SWITCH, OWN + i);
    for (int i = 0; cmd->settings && cmd->settings[i]; i++)
        add_option(t, cmd->settings[i], true, SETTING + i);
}

/* The flags wait here until file and environment have been read. */
typedef struct {
    const char *name[MAX_OPTIONS], *value[MAX_OPTIONS], *file;
    int n;
} flags;

/* getopt_long has just refused the option at argv[optind - 1], or a letter of it. */
static int refuse_option(const rh_cli_command *cmd, int id, char **argv)
{
    char what[256];
    const char *given = argv[optind - 1];
    if (id == ':')
        snprintf(what, sizeof what, "%.200s needs a value", given);
    else if (strncmp(given, "--", 2) != 0 || (optopt > 0 && optopt < OWN && !strchr(given, '=')))
        snprintf(what, sizeof what, "there is no option -%c", optopt);
    else if (optopt)
        snprintf(what, sizeof what, "%.200s: this option takes no value", given);
    else
        snprintf(what, sizeof what, "there is no option %.200s, or more than one that begins so", given);
    return usage_error(cmd, what);
}

static int read_flags(const rh_cli_command *cmd, int argc, char **argv, flags *f)
{
    option_table t;
    build_table(&t, cmd);
    optind = 0; /* a full restart of the scan */
    opterr = 0; /* it would name the subcommand as the program */
    for (int id; (id = getopt_long(argc, argv, ":hV", t.list, NULL)) != -1;) {
        int code = RH_CLI_GO_ON;
        if (id == 'h') {
            print_help(cmd);
            code = RH_EXIT_OK;
        } else if (id == 'V') {
            puts("rehearse " RH_VERSION);
            code = RH_EXIT_OK;
        } else if (id == 'c') {
            f->file = optarg;
        } else if (id >= SETTING && f->n < MAX_OPTIONS) {
            f->name[f->n] = cmd->settings[id - SETTING];
            f->value[f->n++] = optarg;
        } else if (id >= OWN) {
            code = set_own(cmd, &cmd->options[id - OWN], optarg);
        } else {
            code = refuse_option(cmd, id, argv);
        }
        if (code != RH_CLI_GO_ON)
            return code;
    }
    return RH_CLI_GO_ON;
}

static rh_status apply(rh_config *cfg, const flags *f, rh_error *err)
{
    rh_status st = rh_config_load(cfg, f->file, err);
    for (int i = 0; st == RH_OK && i < f->n; i++)
        st = rh_config_set(cfg, f->name[i], f->value[i], RH_CONFIG_FLAG, err);
    return st;
}

int rh_cli_begin(const rh_cli_command *cmd, int argc, char **argv, rh_config *cfg)
{
    flags f = {0};
    int code = read_flags(cmd, argc, argv, &f);
    if (code != RH_CLI_GO_ON)
        return code;
    int n = argc - optind;
    if (n < cmd->min_args)
        return usage_error(cmd, "an argument is missing");
    if (cmd->max_args >= 0 && n > cmd->max_args)
        return usage_error(cmd, "too many arguments");
    rh_error err;
    if (rh_config_init(cfg, &err) != RH_OK)
        return rh_cli_fail(RH_EXIT_FAILED, "%s", err.msg);
    if (apply(cfg, &f, &err) != RH_OK) {
        rh_config_done(cfg);
        return usage_error(cmd, err.msg);
    }
    rh_log_set_level((rh_log_level)rh_log_level_parse(cfg->log_level));
    return RH_CLI_GO_ON;
}

rh_status rh_cli_store(rh_store **out, const rh_config *cfg, rh_error *err)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/sessions.db", cfg->data_dir);
    return rh_store_open(out, *cfg->store_url ? cfg->store_url : path, err);
}

static void print_actions(FILE *f, const char *command, const rh_cli_action *actions, size_t n, const char *example)
{
    fprintf(f, "Usage: rehearse %s ACTION [OPTION]... [ARGUMENT]...\n\nActions:\n", command);
    for (size_t i = 0; i < n; i++)
        fprintf(f, "  %-8s %s\n", actions[i].name, actions[i].summary);
    fprintf(f, "\nExample:\n  %s\n`rehearse %s ACTION --help` tells more about one action.\n", example, command);
}

int rh_cli_act(const char *command, const rh_cli_action *actions, size_t n, const char *example, int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < n; i++)
        if (strcmp(argv[1], actions[i].name) == 0)
            return actions[i].run(argc - 1, argv + 1);
    bool help = argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
    if (argc > 1 && !help)
        return rh_cli_fail(RH_EXIT_USAGE, "%s: there is no action '%s'\nTry: rehearse %s --help", command, argv[1],
                           command);
    print_actions(help ? stdout : stderr, command, actions, n, example);
    return help ? RH_EXIT_OK : RH_EXIT_USAGE;
}
