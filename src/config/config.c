/* The table of settings and everything that follows from it. */
#include "rehearse/config/config.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/buf.h"
#include "rehearse/base/paths.h"
#include "config_internal.h"

typedef enum { KIND_INT, KIND_TEXT, KIND_CHOICE, KIND_LIST, KIND_SECRETS, KIND_SECRET } kind;

typedef struct {
    rh_config_key key;
    kind kind;
    size_t offset;      /* of the field in rh_config */
    int min, max;       /* KIND_INT */
    const char *preset; /* default; NULL = a folder worked out at run time */
} setting;

#define FIELD(f) offsetof(rh_config, f)
/* clang-format off */
#define INT(f, lo, hi, preset, value, help) {{#f, value, help}, KIND_INT, FIELD(f), lo, hi, preset}
#define TEXT(f, preset, value, help) {{#f, value, help}, KIND_TEXT, FIELD(f), 0, 0, preset}
#define CHOICE(f, preset, values, help) {{#f, values, help}, KIND_CHOICE, FIELD(f), 0, 0, preset}
#define LIST(f, preset, value, help) {{#f, value, help}, KIND_LIST, FIELD(f), 0, 0, preset}
#define SECRET(f, value, help) {{#f, value, help}, KIND_SECRET, FIELD(f), 0, 0, ""}
#define SECRETS(f, value, help) {{#f, value, help}, KIND_SECRETS, FIELD(f), 0, 0, ""}
/* clang-format on */

static const setting settings[] = {
    TEXT(host, "127.0.0.1", "ADDRESS",
         "address to listen on; 0.0.0.0 and :: are all addresses, unix:/path is a Unix socket, fd: those of systemd"),
    INT(port, 0, 65535, "8000", "N", "port to listen on; 0 takes a free one"),
    TEXT(tls_cert, "", "FILE", "certificate (PEM, with its chain) for https; needs tls_key"),
    TEXT(tls_key, "", "FILE", "private key (PEM) of tls_cert"),
    INT(threads, 0, 256, "0", "N", "threads of one transcription; 0 chooses for this machine"),
    INT(workers, 0, 256, "0", "N", "transcriptions at a time; 0 chooses for this machine"),
    INT(max_clients, 1, 10000, "64", "N", "connections at a time; further ones are turned away"),
    CHOICE(log_level, "info", "error|warn|info|debug", "how much is written to standard error"),
    TEXT(model, "base", "NAME|PATH", "speech model: a name of `rehearse model list` or a ggml file"),
    TEXT(models_dir, NULL, "DIR", "folder of the speech, face and voice models"),
    CHOICE(engine, "auto", "auto|native|whisper.cpp", "speech recognition engine"),
    CHOICE(device, "auto", "auto|cpu|cuda", "what speech recognition runs on"),
    CHOICE(precision, "auto", "auto|f32|bf16|f16|int8", "numbers of the native speech encoder"),
    TEXT(language, "en", "CODE", "language spoken: en, en-US or English; auto listens and decides"),
    TEXT(data_dir, NULL, "DIR", "folder of the session store"),
    SECRET(store_url, "URL", "postgresql://... where sessions are kept; empty: a file (SQLite) of data_dir"),
    INT(retention_days, 0, 36500, "0", "DAYS", "sessions older than this are deleted; 0 keeps them"),
    CHOICE(ws_reports, "on", "on|off", "sessions of /ws/... clients are kept and get a report"),
    LIST(cors_origins, "*", "ORIGINS", "pages that may call the open endpoints; * is every page"),
    LIST(public_origins, "", "ORIGINS", "pages that may read sessions, beside the server's own"),
    SECRETS(tokens, "TOKENS",
            "bearer tokens that open the session endpoints: SECRET or NAME:ROLE:SECRET (rehearse token)"),
    TEXT(oidc_issuer, "", "URL", "OpenID Connect issuer by whose tokens people are known; empty: none"),
    TEXT(oidc_client_id, "", "ID", "this server's client id there (a public client, with PKCE)"),
    TEXT(oidc_audience, "", "NAME", "whom its tokens must be for; empty: oidc_client_id"),
    TEXT(oidc_scope, "openid profile", "SCOPES", "what the page asks for"),
    TEXT(oidc_name, "sub", "CLAIM", "claim that is a person's name here; it must be lasting and nobody else's"),
    TEXT(oidc_role, "", "CLAIM",
         "claim with rehearse-owner or rehearse-mentor, as realm_access.roles; empty: all members"),
    INT(audit_days, 0, 36500, "90", "DAYS", "how long it is kept who read, deleted, exported, shared; 0: not at all"),
    CHOICE(trust_loopback, "off", "on|off", "visitors of this machine need no token, unless a proxy names another"),
    LIST(trusted_proxies, "loopback", "ADDRESSES",
         "addresses and networks (10.0.0.0/8) of proxies whose X-Forwarded-* headers are believed"),
    INT(max_upload_mb, 1, 4096, "100", "MB", "largest file that may be uploaded"),
    INT(max_video_mb, 1, 65536, "500", "MB", "most that is kept of the video of one practice"),
    INT(max_message_kb, 16, 262144, "16384", "KB", "largest WebSocket message"),
    INT(max_audio_s, 10, 86400, "7200", "SECONDS", "longest recording that is analysed"),
    TEXT(llm_url, "", "URL", "server of a language model with OpenAI's /v1/chat/completions; empty: none is asked"),
    TEXT(llm_model, "", "NAME", "the language model's name on that server"),
    SECRET(llm_key, "KEY", "what that server wants as a bearer token; better in the file than on the command line"),
    CHOICE(llm_allow_remote, "off", "on|off", "llm_url may be another machine: what people say then goes there"),
    INT(llm_timeout_s, 1, 600, "120", "SECONDS", "longest wait for the language model, retries too"),
};

enum { N_SETTINGS = sizeof settings / sizeof settings[0], MAX_LIST_BYTES = 1 << 16 };
_Static_assert((int)N_SETTINGS <= (int)RH_CONFIG_MAX_KEYS, "raise RH_CONFIG_MAX_KEYS");

static int *int_field(rh_config *c, const setting *s)
{
    return (int *)(void *)((char *)c + s->offset);
}

static char **text_field(rh_config *c, const setting *s)
{
    return (char **)(void *)((char *)c + s->offset);
}

static size_t place(const setting *s)
{
    return (size_t)(s - settings);
}

static const setting *find(const char *name)
{
    for (size_t i = 0; i < N_SETTINGS; i++) {
        const char *a = settings[i].key.name, *b = name;
        while (*a && (*a == *b || (*a == '_' && *b == '-')))
            a++, b++;
        if (!*a && !*b)
            return &settings[i];
    }
    return NULL;
}

size_t rh_config_count(void)
{
    return N_SETTINGS;
}

const rh_config_key *rh_config_at(size_t i)
{
    return &settings[i].key;
}

const rh_config_key *rh_config_find(const char *name)
{
    const setting *s = find(name);
    return s ? &s->key : NULL;
}

static bool join(char *buf, size_t size, const char *a, const char *b)
{
    int n = snprintf(buf, size, "%s%s", a, b);
    return n >= 0 && (size_t)n < size;
}

/* $variable + tail, else $HOME + home_tail, else /tmp + tail. */
static bool folder(char *buf, size_t size, const char *variable, const char *tail, const char *home_tail)
{
    const char *v = getenv(variable), *home = getenv("HOME");
    if (v && *v)
        return join(buf, size, v, tail);
    if (home && *home)
        return join(buf, size, home, home_tail);
    return join(buf, size, "/tmp", tail);
}

bool rh_config_cache_dir(char *buf, size_t size)
{
    const char *own = getenv("REHEARSE_CACHE");
    if (own && *own)
        return join(buf, size, own, "");
    return folder(buf, size, "XDG_CACHE_HOME", "/rehearse", "/.cache/rehearse");
}

/* A packed program has its models beside it. */
static bool packed_models(char *buf, size_t size)
{
    return rh_beside_program("models", buf, size) && access(buf, R_OK) == 0;
}

static bool default_folder(const setting *s, char *buf, size_t size)
{
    if (s->offset == FIELD(models_dir)) {
        char cache[PATH_MAX];
        return packed_models(buf, size) ||
               (rh_config_cache_dir(cache, sizeof cache) && join(buf, size, cache, "/models"));
    }
    return folder(buf, size, "XDG_DATA_HOME", "/rehearse", "/.local/share/rehearse");
}

static rh_status set_int(rh_config *c, const setting *s, const char *value, rh_error *err)
{
    char *end;
    errno = 0;
    long n = strtol(value, &end, 10);
    if (end == value || *end || errno || n < s->min || n > s->max)
        return rh_fail(err, RH_ERR_INVAL, "%s is '%s', but must be a whole number from %d to %d", s->key.name, value,
                       s->min, s->max);
    *int_field(c, s) = (int)n;
    return RH_OK;
}

static bool is_choice(const char *choices, const char *value)
{
    size_t n = strlen(value);
    for (const char *p = choices; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
        if (n && strncmp(p, value, n) == 0 && (p[n] == '|' || !p[n]))
            return true;
    return false;
}

static rh_status set_text(rh_config *c, const setting *s, const char *value, rh_error *err)
{
    if (s->kind == KIND_CHOICE && !is_choice(s->key.value, value))
        return rh_fail(err, RH_ERR_INVAL, "%s is '%s', but must be one of %s", s->key.name, value, s->key.value);
    char *copy = rh_strdup(value);
    if (!copy)
        return rh_fail(err, RH_ERR_NOMEM, "settings: out of memory");
    rh_free(*text_field(c, s));
    *text_field(c, s) = copy;
    return RH_OK;
}

rh_status rh_config_set(rh_config *c, const char *name, const char *value, rh_config_origin origin, rh_error *err)
{
    const setting *s = find(name);
    if (!s)
        return rh_fail(err, RH_ERR_NOTFOUND, "no setting is called '%s'", name);
    if (c->origin[place(s)] > origin)
        return RH_OK;
    rh_status st = s->kind == KIND_INT ? set_int(c, s, value, err) : set_text(c, s, value, err);
    if (st == RH_OK)
        c->origin[place(s)] = origin;
    return st;
}

rh_status rh_config_extend(rh_config *c, const char *name, const char *value, rh_error *err)
{
    const setting *s = find(name);
    if (!s || (s->kind != KIND_LIST && s->kind != KIND_SECRETS) || c->origin[place(s)] != RH_CONFIG_FILE)
        return rh_config_set(c, name, value, RH_CONFIG_FILE, err);
    rh_buf b;
    rh_buf_init(&b, MAX_LIST_BYTES);
    rh_status st = rh_buf_printf(&b, "%s,%s", *text_field(c, s), value);
    st = st == RH_OK ? set_text(c, s, b.data, err) : rh_fail(err, st, "the list %s is too long", s->key.name);
    rh_buf_done(&b);
    return st;
}

rh_status rh_config_init(rh_config *c, rh_error *err)
{
    memset(c, 0, sizeof *c);
    for (size_t i = 0; i < N_SETTINGS; i++) {
        char path[PATH_MAX];
        const char *preset = settings[i].preset;
        if (!preset && default_folder(&settings[i], path, sizeof path))
            preset = path;
        rh_status st = rh_config_set(c, settings[i].key.name, preset ? preset : "", RH_CONFIG_DEFAULT, err);
        if (st != RH_OK) {
            rh_config_done(c);
            return st;
        }
    }
    c->file = rh_strdup("");
    if (c->file)
        return RH_OK;
    rh_config_done(c);
    return rh_fail(err, RH_ERR_NOMEM, "settings: out of memory");
}

void rh_config_done(rh_config *c)
{
    for (size_t i = 0; i < N_SETTINGS; i++)
        if (settings[i].kind != KIND_INT)
            rh_free(*text_field(c, &settings[i]));
    rh_free(c->file);
    memset(c, 0, sizeof *c);
}

void rh_config_env_name(const char *name, char *buf, size_t size)
{
    size_t n = (size_t)snprintf(buf, size, "REHEARSE_%s", name);
    for (size_t i = 0; i < n && i < size; i++)
        buf[i] = (char)toupper((unsigned char)buf[i]);
}

const char *rh_config_show(const rh_config *c, const rh_config_key *key, char *buf, size_t size)
{
    const setting *s = find(key->name);
    rh_config *m = (rh_config *)(uintptr_t)c; /* the accessors are shared with the setters */
    if (s->kind == KIND_INT)
        snprintf(buf, size, "%d", *int_field(m, s));
    else if (s->kind == KIND_SECRETS || s->kind == KIND_SECRET)
        snprintf(buf, size, "%s", **text_field(m, s) ? "(hidden)" : "");
    else
        snprintf(buf, size, "%s", *text_field(m, s));
    return buf;
}

const char *rh_config_where(const rh_config *c, const rh_config_key *key, char *buf, size_t size)
{
    char name[64];
    switch (c->origin[place(find(key->name))]) {
    case RH_CONFIG_FILE: snprintf(buf, size, "file %s", c->file); break;
    case RH_CONFIG_ENV:
        rh_config_env_name(key->name, name, sizeof name);
        snprintf(buf, size, "environment %s", name);
        break;
    case RH_CONFIG_FLAG: snprintf(buf, size, "command line"); break;
    case RH_CONFIG_DEFAULT: snprintf(buf, size, "default"); break;
    }
    return buf;
}

static const char *preset_text(const setting *s)
{
    if (s->preset)
        return s->preset;
    return s->offset == FIELD(models_dir) ? "~/.cache/rehearse/models" : "~/.local/share/rehearse";
}

char *rh_config_example(void)
{
    rh_buf b;
    rh_buf_init(&b, 1 << 16);
    rh_status st = rh_buf_puts(&b, "# Settings of rehearse. Copy to ~/.config/rehearse/rehearse.ini or\n"
                                   "# /etc/rehearse/rehearse.ini, or name the file with --config.\n"
                                   "# An environment variable REHEARSE_<NAME> goes over this file, and a\n"
                                   "# flag --<name> over both; `rehearse config` shows what holds and from where.\n"
                                   "# What stands here behind a # is the default.\n");
    for (size_t i = 0; st == RH_OK && i < N_SETTINGS; i++) {
        const setting *s = &settings[i];
        st = rh_buf_printf(&b, "\n# %s", s->key.help);
        if (st == RH_OK && s->kind == KIND_CHOICE)
            st = rh_buf_printf(&b, " (%s)", s->key.value);
        else if (st == RH_OK && s->kind == KIND_INT)
            st = rh_buf_printf(&b, " (%d to %d)", s->min, s->max);
        else if (st == RH_OK && (s->kind == KIND_LIST || s->kind == KIND_SECRETS))
            st = rh_buf_puts(&b, " (separated by commas; further lines add to it)");
        if (st == RH_OK)
            st = rh_buf_printf(&b, "\n#%s =%s%s\n", s->key.name, *preset_text(s) ? " " : "", preset_text(s));
    }
    if (st == RH_OK)
        return rh_buf_take(&b);
    rh_buf_done(&b);
    return NULL;
}
