/* main.c - finds the subcommand and hands over.
 *
 * A new subcommand is a file cmd_<name>.c and a line in the table below. */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "commands.h"
#include "cli.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/cpu.h"

static const struct {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"serve", "serve the practice page, REST and WebSockets", rh_cmd_serve},
    {"transcribe", "print what is said in sound and video files", rh_cmd_transcribe},
    {"analyze", "tell how a recording came across", rh_cmd_analyze},
    {"frame", "measure the face in pictures and videos", rh_cmd_frame},
    {"config", "show the settings in force and where they come from", rh_cmd_config},
    {"report", "list earlier practice, print or delete a report", rh_cmd_report},
    {"model", "list, download, convert and find speech models", rh_cmd_model},
    {"token", "make tokens for people who share a server", rh_cmd_token},
    {"audit", "tell who read, deleted, exported and shared practice", rh_cmd_audit},
    {"store", "bring a store up to date, look through it, copy it", rh_cmd_store},
    {"doctor", "look at this machine: what it lacks, which model it carries live", rh_cmd_doctor},
};

enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

static void print_usage(FILE *f)
{
    fprintf(f, "rehearse " RH_VERSION " - an interview coach that runs on your own machine\n\n"
               "Usage: rehearse COMMAND [OPTION]... [ARGUMENT]...\n\nCommands:\n");
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(f, "  %-12s %s\n", commands[i].name, commands[i].summary);
    fprintf(f, "\nExample:\n  rehearse serve\n"
               "`rehearse COMMAND --help` tells more about one command.\n");
}

static bool asks_version(const char *argument)
{
    return strcmp(argument, "--version") == 0 || strcmp(argument, "-V") == 0;
}

static int tell_version(void)
{
    puts("rehearse " RH_VERSION);
    return RH_EXIT_OK;
}

/* Every command tells the version, those with actions too. */
static int run(const char *name, int argc, char **argv)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return argc == 2 && asks_version(argv[1]) ? tell_version() : commands[i].run(argc, argv);
    return rh_cli_fail(RH_EXIT_USAGE, "no command is called '%s'\nTry: rehearse --help", name);
}

/* `rehearse help transcribe` is `rehearse transcribe --help`. */
static int help_about(char *program, char *name)
{
    char flag[] = "--help";
    char *argv[] = {program, flag, NULL};
    return run(name, 2, argv);
}

static int start(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return RH_EXIT_USAGE;
    }
    rh_alloc_keep_little(rh_cpu_count());
    const char *name = argv[1];
    if (asks_version(name) || strcmp(name, "version") == 0)
        return tell_version();
    if (strcmp(name, "help") == 0 && argc == 3)
        return help_about(argv[0], argv[2]);
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_usage(stdout);
        return RH_EXIT_OK;
    }
    return run(name, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    json_set_alloc_funcs(rh_alloc, rh_free);
    return rh_cli_end(start(argc, argv));
}
