/* rehearse serve - the server: REST, WebSockets and the practice page. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "cli.h"
#include "commands.h"
#include "rehearse/server/server.h"
#include "speech_model.h"

enum {
    HURRY_S = 1,    /* after a second signal */
    GIVE_UP_S = 15, /* for what still runs when the server has stopped */
};

static rh_server *running; /* for the signal handler */
static volatile sig_atomic_t n_signals;

/* What was accepted lies in the data folder, so leaving loses nothing that was kept. */
static void on_alarm(int sig)
{
    (void)sig;
    static const char why[] = "rehearse: what still ran did not end in time and was left\n";
    ssize_t n = write(STDERR_FILENO, why, sizeof why - 1);
    (void)n;
    _exit(RH_EXIT_OK);
}

static void on_signal(int sig)
{
    (void)sig;
    if (running)
        rh_server_stop(running);
    n_signals = n_signals + 1;
    if (n_signals > 1)
        alarm(HURRY_S);
}

static void catch_signals(bool on)
{
    struct sigaction a = {.sa_handler = on ? on_signal : SIG_DFL}, late = {.sa_handler = on ? on_alarm : SIG_DFL};
    sigemptyset(&a.sa_mask);
    sigemptyset(&late.sa_mask);
    sigaction(SIGTERM, &a, NULL);
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGALRM, &late, NULL);
    signal(SIGPIPE, SIG_IGN);
}

typedef struct {
    rh_config cfg;
    const char *web_dir;
    bool reload;
    char model[PATH_MAX], cache[PATH_MAX], exe[PATH_MAX];
    const char *watch[4];
} serve;

static rh_status prepare(serve *v, rh_server_options *o, rh_error *err)
{
    rh_status st = rh_cli_speech_path(&v->cfg, v->model, sizeof v->model, err);
    if (st != RH_OK)
        return st;
    *o = (rh_server_options){.config = &v->cfg, .version = RH_VERSION, .web_dir = v->web_dir};
    o->models = (rh_model_set_options){.whisper_path = v->model,
                                       .models_dir = v->cfg.models_dir,
                                       .language = strcmp(v->cfg.language, "auto") ? v->cfg.language : NULL,
                                       .vision = true,
                                       .asr = rh_cli_asr_options(&v->cfg)};
    if (rh_config_cache_dir(v->cache, sizeof v->cache))
        o->models.asr.cache_dir = v->cache;
    ssize_t n = readlink("/proc/self/exe", v->exe, sizeof v->exe - 1);
    v->exe[n > 0 ? n : 0] = '\0';
    int i = 0;
    if (v->exe[0])
        v->watch[i++] = v->exe;
    v->watch[i++] = v->model;
    if (v->cfg.file && *v->cfg.file)
        v->watch[i++] = v->cfg.file;
    o->watch = v->reload ? v->watch : NULL;
    return RH_OK;
}

/* Where to point a browser: "all addresses" is none. */
static const char *shown_host(const char *host)
{
    return strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0 ? "localhost" : host;
}

static void announce(const serve *v, const rh_server *s)
{
    const char *host = shown_host(v->cfg.host);
    if (strncmp(host, "unix:", 5) == 0) {
        fprintf(stderr, "rehearse %s listens on the socket %s\n", RH_VERSION, host + 5);
        return;
    }
    if (strcmp(host, "fd:") == 0)
        host = "localhost";
    bool v6 = strchr(host, ':') != NULL;
    fprintf(stderr, "rehearse %s listens on %s port %d\n", RH_VERSION, v->cfg.host, rh_server_port(s));
    fprintf(stderr, "open %s://%s%s%s:%d/ in a browser; stop with Ctrl-C\n", *v->cfg.tls_cert ? "https" : "http",
            v6 ? "[" : "", host, v6 ? "]" : "", rh_server_port(s));
}

static int serve_once(serve *v, bool *again)
{
    rh_error err;
    rh_server_options o;
    rh_server *s = NULL;
    *again = false;
    if (prepare(v, &o, &err) != RH_OK || rh_server_new(&s, &o, &err) != RH_OK)
        return rh_cli_fail(RH_EXIT_FAILED, "%s", err.msg);
    announce(v, s);
    running = s;
    catch_signals(true);
    rh_status st = rh_server_run(s, &err);
    running = NULL;
    if (n_signals < 2)
        alarm(GIVE_UP_S);
    bool whole = rh_server_free(s);
    *again = st == RH_AGAIN;
    if (!whole && !*again)
        _exit(RH_EXIT_OK); /* a thread is still loading the models: exit() would take their library from under it */
    alarm(0);              /* it would go on into a new start */
    catch_signals(false);
    if (st < 0)
        return rh_cli_fail(RH_EXIT_FAILED, "%s", err.msg);
    return RH_EXIT_OK;
}

/* A new program image: the changed binary is what shall run. */
static int start_anew(const serve *v, char **argv)
{
    char *again[64] = {NULL};
    again[0] = argv[-1]; /* main() hands over the arguments from the subcommand on */
    for (int i = 0; i < 62 && argv[i]; i++)
        again[i + 1] = argv[i];
    execv(v->exe, again);
    return rh_cli_fail(RH_EXIT_FAILED, "could not start %s again", v->exe);
}

int rh_cmd_serve(int argc, char **argv)
{
    static const char *const settings[] = {
        "host",          "port",           "threads",          "workers",       "max_clients",
        "log_level",     "model",          "models_dir",       "engine",        "device",
        "precision",     "language",       "data_dir",         "store_url",     "retention_days",
        "ws_reports",    "cors_origins",   "tls_cert",         "tls_key",       "public_origins",
        "tokens",        "trust_loopback", "audit_days",       "oidc_issuer",   "oidc_client_id",
        "oidc_audience", "oidc_scope",     "oidc_name",        "oidc_role",     "trusted_proxies",
        "max_upload_mb", "max_video_mb",   "max_message_kb",   "max_audio_s",   "llm_url",
        "llm_model",     "llm_key",        "llm_allow_remote", "llm_timeout_s", NULL};
    static serve v;
    const rh_cli_option options[] = {
        {"reload", NULL, "start anew when the program, the settings file or the model changes", RH_CLI_SWITCH,
         &v.reload, 0, 0},
        {"web-dir", "DIR", "folder of the practice page; found beside the program by itself", RH_CLI_TEXT, &v.web_dir,
         0, 0},
        {0},
    };
    const rh_cli_command cmd = {
        .name = "serve",
        .arguments = "",
        .about = "Serves the practice page, the REST endpoints and the WebSockets. The first lines\n"
                 "on standard error say where it listens; the port answers while the models load.\n"
                 "SIGTERM and Ctrl-C finish what is running, a second one does not wait.",
        .example = "rehearse serve --host 0.0.0.0 --port 8000 --model small",
        .settings = settings,
        .options = options,
    };
    int code = rh_cli_begin(&cmd, argc, argv, &v.cfg);
    if (code != RH_CLI_GO_ON)
        return code;
    bool again;
    code = serve_once(&v, &again);
    if (again)
        code = start_anew(&v, argv);
    rh_config_done(&v.cfg);
    return code;
}
