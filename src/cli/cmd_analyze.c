/* rehearse analyze - how somebody came across in sound and video files. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "rehearse/base/alloc.h"
#include "rehearse/media/audio.h"
#include "rehearse/report/analysis_json.h"
#include "rehearse/session/hearing.h"
#include "rehearse/session/model_set.h"
#include "rehearse/base/paths.h"
#include "rehearse/report/report.h"
#include "rehearse/session/session.h"
#include "rehearse/media/video.h"
#include "analyze_text.h"
#include "cli.h"
#include "commands.h"
#include "file_name.h"
#include "input.h"
#include "speech_model.h"
#include "terms_option.h"

typedef struct {
    rh_config cfg;
    const char *reference, *question, *format, *given_terms;
    rh_terms *terms;
    json_t *key_terms; /* the same, for sessions */
    rh_model_set *models;
} job;

static rh_status load(job *j, rh_error *err)
{
    char path[4096], cache[4096];
    rh_status st = rh_cli_terms(&j->terms, &j->key_terms, j->given_terms, err);
    if (st == RH_OK)
        st = rh_cli_speech_path(&j->cfg, path, sizeof path, err);
    if (st != RH_OK)
        return st;
    rh_model_set_options o = {
        .whisper_path = path, .models_dir = j->cfg.models_dir, .vision = true, .asr = rh_cli_asr_options(&j->cfg)};
    if (rh_config_cache_dir(cache, sizeof cache))
        o.asr.cache_dir = cache;
    if (strcmp(j->cfg.language, "auto") != 0)
        o.language = j->cfg.language;
    return rh_model_set_load(&j->models, &o, err);
}

/* *items: rh_marked_words() of it. */
static rh_status analyze(job *j, const char *name, const char *path, json_t **result, json_t **items, rh_error *err)
{
    rh_audio audio;
    rh_status st = rh_audio_read_file(&audio, path, j->cfg.max_audio_s, err);
    if (st != RH_OK)
        return st;
    rh_progress bar;
    rh_progress_start(&bar, name);
    rh_hearing_options o = {.reference = j->reference,
                            .question = j->question,
                            .terms = j->terms,
                            .progress = rh_progress_update,
                            .progress_user = &bar};
    rh_analysis a = {0};
    st = rh_analyze_recording(j->models, audio.samples, audio.n, &o, &a, err);
    rh_progress_end(&bar);
    rh_audio_done(&audio);
    if (st == RH_OK && (!(*result = rh_analysis_json(&a)) || !(*items = rh_marked_words(&a))))
        st = rh_fail(err, RH_ERR_NOMEM, "out of memory");
    rh_analysis_done(&a);
    return st;
}

static bool print(const char *format, const char *path, const json_t *result, const json_t *items)
{
    if (strcmp(format, "text") == 0) {
        char *shown = rh_cli_name_line(path);
        bool printed = shown && rh_analyze_text(stdout, shown, result, items);
        rh_free(shown);
        return printed;
    }
    char *name = rh_cli_name_utf8(path);
    json_t *line = name ? json_pack("{s:s}", "file", name) : NULL;
    rh_free(name);
    bool ok = line && json_object_update(line, (json_t *)result) == 0 &&
              json_dumpf(line, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15)) == 0;
    json_decref(line);
    if (ok) {
        putchar('\n');
        fflush(stdout);
    }
    return ok;
}

static bool has_pictures(const char *path)
{
    rh_video *v = NULL;
    bool yes = rh_video_open(&v, path, 64, NULL) == RH_OK;
    rh_video_close(v);
    return yes;
}

/* The whole pipeline: sound and pictures become the report of a session that nobody keeps. */
static rh_status make_report(job *j, const char *name, const char *path, json_t **report, json_t **items, rh_error *err)
{
    rh_session *s = NULL;
    rh_session_whole whole = {0};
    rh_progress bar;
    char *utf8 = rh_cli_name_utf8(name), *shown = utf8 && strrchr(utf8, '/') ? strrchr(utf8, '/') + 1 : utf8;
    rh_session_options o = {.id = "recording",
                            .language = j->cfg.language,
                            .reference = j->reference,
                            .question = j->question,
                            .key_terms = j->key_terms,
                            .file_name = shown,
                            .from = RH_SESSION_FILE,
                            .progress = rh_progress_update,
                            .user = &bar};
    rh_status st = rh_session_new(&s, j->models, NULL, &o, err);
    rh_progress_start(&bar, name);
    if (st == RH_OK)
        st = rh_session_recording(s, path, NULL, err);
    if (st == RH_OK)
        st = rh_session_measure(s, NULL, &whole, err);
    if (st == RH_OK)
        st = rh_report_build(whole.kept, &whole.analysis, NULL, report, err);
    if (st == RH_OK)
        *items = whole.analysis.heard ? rh_marked_words(&whole.analysis) : NULL;
    rh_progress_end(&bar);
    rh_session_whole_done(&whole);
    rh_session_free(s);
    rh_free(utf8);
    return st;
}

/* The audio result with what was seen beside it. */
static json_t *with_video(const json_t *report)
{
    static const char *const curves[] = {"step_s", "eye_contact", "attention"};
    json_t *analysis = json_object_get(report, "analysis"), *scores = json_object_get(report, "scores");
    json_t *o = json_is_object(analysis) ? json_copy(analysis) : json_object();
    json_t *video = json_object(), *timeline = json_object(), *events = json_array(), *e;
    size_t i;
    for (i = 0; i < 3; i++)
        json_object_set(timeline, curves[i], json_object_get(json_object_get(report, "timeline"), curves[i]));
    json_array_foreach(json_object_get(report, "events"), i, e) {
        const char *kind = json_string_value(json_object_get(e, "kind"));
        if (kind && strcmp(kind, "look_away") == 0)
            json_array_append(events, e);
    }
    json_object_set(video, "eye_contact_score", json_object_get(scores, "eye_contact"));
    json_object_set(video, "attention_score", json_object_get(scores, "attention"));
    json_object_set_new(video, "timeline", timeline);
    json_object_set_new(video, "events", events);
    json_object_set_new(o, "video", video);
    return o;
}

static rh_status print_report(const char *format, const json_t *report, rh_error *err)
{
    char web[4096], *text = NULL;
    rh_status st = strcmp(format, "md") == 0 ? rh_report_markdown(report, &text, err)
                   : rh_web_dir(web, sizeof web)
                       ? rh_report_html(report, &(rh_report_page){.web_dir = web}, &text, err)
                       : rh_fail(err, RH_ERR_IO, "the page's folder is not beside the program");
    if (st == RH_OK)
        fputs(text, stdout);
    rh_free(text);
    return st;
}

static bool one_file(job *j, const char *path)
{
    rh_error err = {0};
    json_t *result = NULL, *report = NULL, *items = NULL;
    bool as_report = strcmp(j->format, "md") == 0 || strcmp(j->format, "html") == 0;
    rh_cli_input in;
    rh_status st = rh_cli_input_open(&in, path, &err);
    if (st == RH_OK && (as_report || has_pictures(in.path))) {
        st = make_report(j, path, in.path, &report, &items, &err);
        if (st == RH_OK && !as_report)
            result = with_video(report);
    } else if (st == RH_OK) {
        st = analyze(j, path, in.path, &result, &items, &err);
    }
    rh_cli_input_close(&in);
    if (st == RH_OK && as_report)
        st = print_report(j->format, report, &err);
    else if (st == RH_OK && !print(j->format, path, result, items))
        st = rh_fail(&err, RH_ERR_IO, "the result could not be printed");
    json_decref(result);
    json_decref(report);
    json_decref(items);
    if (st != RH_OK)
        (void)rh_cli_fail_file(path, err.msg);
    return st == RH_OK;
}

int rh_cmd_analyze(int argc, char **argv)
{
    static const char *const settings[] = {"engine",     "device",   "threads",     "precision", "model",
                                           "models_dir", "language", "max_audio_s", NULL};
    job j = {.format = "json"};
    const rh_cli_option options[] = {
        {"reference", "TEXT", "what should have been said: finds words missed, added, replaced", RH_CLI_TEXT,
         &j.reference, 0, 0},
        {"question", "TEXT", "what was asked: the content of the answer is judged by it", RH_CLI_TEXT, &j.question, 0,
         0},
        {"terms", "FILE|LIST", "names to spell right: a term a line, or A,B,C", RH_CLI_TEXT, &j.given_terms, 0, 0},
        {"format", "json|text|md|html", "a JSON object a line, a page to read, or the full report", RH_CLI_CHOICE,
         &j.format, 0, 0},
        {0},
    };
    const rh_cli_command cmd = {
        .name = "analyze",
        .arguments = "FILE...",
        .min_args = 1,
        .max_args = -1,
        .about = "Prints how each recording (- is standard input) came across, a JSON object a line: the text, pace,\n"
                 "pauses, filler words, and the scores with what made them; of a video also where\n"
                 "the person looked. A file that fails is reported and the others are still done;\n"
                 "the exit code is then 1.",
        .example = "rehearse analyze --format html interview.mp4 > report.html\n"
                   "  rehearse analyze --reference \"I look forward to it.\" answer.webm",
        .settings = settings,
        .options = options,
    };
    int code = rh_cli_begin(&cmd, argc, argv, &j.cfg);
    if (code != RH_CLI_GO_ON)
        return code;
    rh_error err = {0};
    if (load(&j, &err) != RH_OK) {
        code = rh_cli_fail(RH_EXIT_FAILED, "%s", err.msg);
    } else {
        code = RH_EXIT_OK;
        for (int i = optind; i < argc; i++)
            if (!one_file(&j, argv[i]))
                code = RH_EXIT_FAILED;
    }
    rh_model_set_free(j.models);
    rh_terms_free(j.terms);
    json_decref(j.key_terms);
    rh_config_done(&j.cfg);
    return code;
}
