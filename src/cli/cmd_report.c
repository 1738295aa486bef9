/* rehearse report - earlier practice: list, show, export, delete. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/paths.h"
#include "rehearse/report/report.h"
#include "rehearse/store/folder_lock.h"
#include "rehearse/store/store.h"
#include "rehearse/store/transcriptions.h"
#include "rehearse/store/uploads.h"
#include "cli.h"
#include "commands.h"

static int fail(const rh_error *err)
{
    return rh_cli_fail(RH_EXIT_FAILED, "%s", err->msg);
}

static void print_row(const json_t *row)
{
    char when[32];
    time_t t = (time_t)json_number_value(json_object_get(row, "created"));
    struct tm tm;
    strftime(when, sizeof when, "%Y-%m-%d %H:%M", localtime_r(&t, &tm));
    const char *question = json_string_value(json_object_get(json_object_get(row, "meta"), "question"));
    const char *state = json_string_value(json_object_get(row, "state"));
    printf("%-28s %s %6.1f min  %-5s %s\n", json_string_value(json_object_get(row, "id")), when,
           json_number_value(json_object_get(row, "duration_s")) / 60, state ? state : "", question ? question : "");
}

static int list_all(rh_store *s)
{
    rh_error err;
    rh_store_walk walk = {.page.limit = RH_STORE_LIST_MAX};
    size_t total = 0;
    while (!walk.over) {
        json_t *rows = NULL, *row = NULL;
        size_t i;
        if (rh_store_list(s, &(rh_store_whose){0}, walk.page, &rows, &err) != RH_OK)
            return fail(&err);
        rh_store_walk_on(&walk, rows, "created");
        json_array_foreach(rows, i, row)
            print_row(row);
        total += json_array_size(rows);
        json_decref(rows);
    }
    if (total == 0)
        fprintf(stderr, "rehearse: no practice yet; start one with `rehearse serve`\n");
    return RH_EXIT_OK;
}

static int print_text(rh_status st, char *text, const rh_error *err)
{
    if (st != RH_OK)
        return fail(err);
    fputs(text, stdout);
    rh_free(text);
    return RH_EXIT_OK;
}

static int print_json(const json_t *value)
{
    json_dumpf(value, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    putchar('\n');
    return RH_EXIT_OK;
}

static int print_report(const json_t *session, const char *format, bool verbatim)
{
    rh_error err = {0};
    char *text = NULL, web[4096];
    rh_status st = RH_OK;
    const json_t *report = json_object_get(session, "report");
    if (!json_is_object(report))
        return rh_cli_fail(RH_EXIT_FAILED, "this practice was not finished: there is no report of it");
    if (strcmp(format, "json") == 0)
        return print_json(report);
    if (strcmp(format, "html") == 0)
        st = rh_web_dir(web, sizeof web) ? rh_report_html(report, &(rh_report_page){.web_dir = web}, &text, &err)
                                         : rh_fail(&err, RH_ERR_IO, "the folder of the page is not beside the program");
    else if (strcmp(format, "md") == 0)
        st = rh_report_markdown(report, &text, &err);
    else {
        json_t *segments = verbatim ? rh_verbatim_segments(session) : json_incref(json_object_get(session, "segments"));
        st = rh_transcript_text(segments,
                                strcmp(format, "srt") == 0   ? RH_TRANSCRIPT_SRT
                                : strcmp(format, "vtt") == 0 ? RH_TRANSCRIPT_VTT
                                                             : RH_TRANSCRIPT_TXT,
                                &text, &err);
        json_decref(segments);
    }
    return print_text(st, text, &err);
}

static int delete_one(rh_store *s, const char *id, const char *data_dir)
{
    rh_error err;
    char media_dir[4096];
    rh_folder_lock *lock = NULL;
    (void)snprintf(media_dir, sizeof media_dir, "%s/media", data_dir);
    rh_status st = rh_folder_lock_take(&lock, data_dir, "rehearse report --delete", &err);
    if (st == RH_ERR_LIMIT) /* it may be writing to this very practice */
        return rh_cli_fail(RH_EXIT_FAILED, "%s: delete it on its page, or stop it first", err.msg);
    if (st == RH_OK)
        st = rh_store_erase(s, media_dir, id, &err);
    if (st == RH_ERR_NOTFOUND && rh_store_transcription_erase(s, media_dir, id, NULL) == RH_OK)
        st = RH_OK;
    if (st == RH_ERR_NOTFOUND && rh_store_upload_delete(s, media_dir, id, NULL) == RH_OK)
        st = RH_OK;
    rh_folder_lock_release(lock);
    if (st != RH_OK)
        return fail(&err);
    fprintf(stderr, "rehearse: %s is deleted\n", id);
    return RH_EXIT_OK;
}

static int export_all(rh_store *s)
{
    rh_error err;
    json_t *all = NULL;
    if (rh_store_export(s, &(rh_store_whose){0}, &all, &err) != RH_OK)
        return fail(&err);
    print_json(all);
    json_decref(all);
    return RH_EXIT_OK;
}

int rh_cmd_report(int argc, char **argv)
{
    const char *format = "md";
    bool remove_it = false, export_them = false, verbatim = false;
    const rh_cli_option options[] = {
        {"format", "md|html|json|txt|srt|vtt", "form of the report, or of the transcript alone (md)", RH_CLI_CHOICE,
         &format, 0, 0},
        {"verbatim", NULL, "txt, srt and vtt with fillers, repetitions and cut-off words", RH_CLI_SWITCH, &verbatim, 0,
         0},
        {"delete", NULL, "delete this practice for good", RH_CLI_SWITCH, &remove_it, 0, 0},
        {"export", NULL, "everything that is kept, as JSON", RH_CLI_SWITCH, &export_them, 0, 0},
        {0},
    };
    static const char *const settings[] = {"data_dir", "store_url", NULL};
    const rh_cli_command cmd = {
        .name = "report",
        .arguments = "[SESSION]",
        .max_args = 1,
        .about = "Lists the practices kept on this machine or, with the name of one, prints its\n"
                 "report.",
        .example = "rehearse report\n"
                   "  rehearse report --format html 20261123-101500-k3f2 > report.html",
        .settings = settings,
        .options = options,
    };
    rh_config cfg;
    int code = rh_cli_begin(&cmd, argc, argv, &cfg);
    if (code != RH_CLI_GO_ON)
        return code;
    const char *id = optind < argc ? argv[optind] : NULL;
    rh_error err;
    rh_store *s = NULL;
    json_t *session = NULL;
    if (remove_it && !id)
        code = rh_cli_fail(RH_EXIT_USAGE, "--delete needs the name of a practice (see `rehearse report`)");
    else if (rh_cli_store(&s, &cfg, &err) != RH_OK)
        code = fail(&err);
    else if (export_them)
        code = export_all(s);
    else if (!id)
        code = list_all(s);
    else if (remove_it)
        code = delete_one(s, id, cfg.data_dir);
    else if (rh_store_get(s, id, &session, &err) != RH_OK)
        code = fail(&err);
    else
        code = print_report(session, format, verbatim);
    json_decref(session);
    rh_store_close(s);
    rh_config_done(&cfg);
    return code;
}
