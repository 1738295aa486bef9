/* rehearse token - makes tokens for people who share a server. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "cli.h"
#include "commands.h"
#include "rehearse/who/tokens.h"

/* The secret alone goes to standard output, so that it can be passed on; it is kept nowhere. */
static int make(const char *name, const char *role)
{
    rh_error err;
    char secret[RH_TOKEN_SECRET_LEN + 1], entry[256];
    if (rh_token_make(name, role, secret, entry, sizeof entry, &err) != RH_OK)
        return rh_cli_fail(RH_EXIT_USAGE, "token: %s", err.msg);
    fprintf(stderr, "The token of %s, shown this once:\n", name);
    printf("%s\n", secret);
    fprintf(stderr, "A line for the settings file, which does not give it away:\n");
    printf("tokens = %s\n", entry);
    return RH_EXIT_OK;
}

static int new_token(int argc, char **argv)
{
    const rh_cli_command cmd = {
        .name = "token new",
        .arguments = "NAME owner|member|mentor",
        .min_args = 2,
        .max_args = 2,
        .about = "Makes a token by which a person is known to a server that several share, and prints\n"
                 "it with the line for the settings file, which has its SHA-256 alone. An owner sees\n"
                 "everything, a member their own practice, a mentor what is shared with them.",
        .example = "rehearse token new anna member",
    };
    rh_config cfg;
    int code = rh_cli_begin(&cmd, argc, argv, &cfg);
    if (code != RH_CLI_GO_ON)
        return code;
    rh_config_done(&cfg);
    return make(argv[optind], argv[optind + 1]);
}

int rh_cmd_token(int argc, char **argv)
{
    static const char usage[] = "Usage: rehearse token new NAME owner|member|mentor\n"
                                "\nExample:\n  rehearse token new anna member\n"
                                "`rehearse token new --help` tells more.\n";
    bool help = argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
    if (argc > 1 && strcmp(argv[1], "new") == 0)
        return new_token(argc - 1, argv + 1);
    if (argc > 1 && !help)
        return rh_cli_fail(RH_EXIT_USAGE, "token: there is no action '%s'\nTry: rehearse token --help", argv[1]);
    fputs(usage, help ? stdout : stderr);
    return help ? RH_EXIT_OK : RH_EXIT_USAGE;
}
