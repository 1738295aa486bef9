/* rehearse audit - who read, deleted, exported and shared what. */
#include <jansson.h>
#include <stdio.h>
#include <time.h>
#include "cli.h"
#include "commands.h"
#include "rehearse/base/json.h"
#include "rehearse/store/store.h"

static void print_row(const json_t *row)
{
    char when[32];
    time_t t = (time_t)rh_json_num(row, "t");
    struct tm tm;
    const char *person = rh_json_str(row, "person"), *session = rh_json_str(row, "session");
    strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", localtime_r(&t, &tm));
    printf("%s  %-20s %-7s %-8s %-28s %s\n", when, *person ? person : "-", rh_json_str(row, "role"),
           rh_json_str(row, "what"), *session ? session : "-", rh_json_str(row, "address"));
}

static int print_all(rh_store *s, const char *person, const char *session, bool as_json)
{
    rh_error err;
    rh_store_walk walk = {.page.limit = RH_STORE_LIST_MAX};
    while (!walk.over) {
        json_t *rows = NULL, *row;
        size_t i;
        if (rh_store_audits(s, person, session, walk.page, &rows, &err) != RH_OK)
            return rh_cli_fail(RH_EXIT_FAILED, "%s", err.msg);
        rh_store_walk_on(&walk, rows, "t");
        json_array_foreach(rows, i, row) {
            json_object_del(row, "id");
            if (as_json) {
                json_dumpf(row, stdout, JSON_COMPACT | JSON_REAL_PRECISION(17));
                putchar('\n');
            } else {
                print_row(row);
            }
        }
        json_decref(rows);
    }
    return RH_EXIT_OK;
}

int rh_cmd_audit(int argc, char **argv)
{
    static const char *const settings[] = {"data_dir", "store_url", NULL};
    const char *person = NULL, *session = NULL;
    bool as_json = false;
    const rh_cli_option options[] = {
        {"person", "NAME", "of this person alone", RH_CLI_TEXT, &person, 0, 0},
        {"session", "ID", "about this session or interview alone", RH_CLI_TEXT, &session, 0, 0},
        {"json", NULL, "one JSON object a line", RH_CLI_SWITCH, &as_json, 0, 0},
        {0},
    };
    const rh_cli_command cmd = {
        .name = "audit",
        .arguments = "",
        .about = "Prints who read, deleted, exported and shared practice on a server with tokens, newest\n"
                 "first: when, who, in which role, what, which session, from where. audit_days says how\n"
                 "long that is kept.",
        .example = "rehearse audit --person anna",
        .settings = settings,
        .options = options,
    };
    rh_config cfg;
    int code = rh_cli_begin(&cmd, argc, argv, &cfg);
    if (code != RH_CLI_GO_ON)
        return code;
    rh_error err;
    rh_store *s = NULL;
    code = rh_cli_store(&s, &cfg, &err) == RH_OK ? print_all(s, person, session, as_json)
                                                 : rh_cli_fail(RH_EXIT_FAILED, "%s", err.msg);
    rh_store_close(s);
    rh_config_done(&cfg);
    return code;
}
