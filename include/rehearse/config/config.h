/* config.h - settings: command line over environment over file over default.
 *
 * A setting has one name everywhere: `max_clients` in the file,
 * REHEARSE_MAX_CLIENTS in the environment, --max-clients on the command line.
 * The file is INI without sections (libinih):
 *   the one named by --config or REHEARSE_CONFIG, which must exist, else
 *   $XDG_CONFIG_HOME/rehearse/rehearse.ini (~/.config without the variable), else
 *   /etc/rehearse/rehearse.ini.
 * A new setting is a field here and a line in the table of config.c; the help,
 * the example file and `rehearse config` follow from that line.
 * Threads: fill it in one thread, then read it from any. */
#ifndef RH_CONFIG_H
#define RH_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include "rehearse/base/status.h"

typedef enum { RH_CONFIG_DEFAULT, RH_CONFIG_FILE, RH_CONFIG_ENV, RH_CONFIG_FLAG } rh_config_origin;

enum { RH_CONFIG_MAX_KEYS = 64 };

/* Strings are owned by the struct and never NULL; "" is "not set". Lists are
 * separated by commas. */
typedef struct {
    char *host;
    int port;
    char *tls_cert, *tls_key; /* files; "" = plain http */
    int threads;              /* of one transcription; 0 = chosen for this machine */
    int workers;              /* transcriptions at a time; 0 = chosen for this machine */
    int max_clients;
    char *log_level; /* error, warn, info, debug */

    char *model; /* a name of `rehearse model list`, or a path */
    char *models_dir;
    char *engine;    /* auto, native, whisper.cpp */
    char *device;    /* auto, cpu, cuda */
    char *precision; /* auto, f32, bf16, f16, int8 */
    char *language;  /* a code as "en"; "auto" = detect */

    char *data_dir;
    char *store_url;    /* of a PostgreSQL database; "" = SQLite in data_dir */
    int retention_days; /* 0 = keep until deleted */

    char *ws_reports; /* on, off: whether sessions of the legacy API are kept */

    char *cors_origins;   /* list for the open endpoints; "*" = all */
    char *public_origins; /* list of pages and hosts trusted beside the server's own */
    char *tokens;         /* list of bearer tokens; "" = none needed */
    char *oidc_issuer;    /* "" = nobody signs in by one */
    char *oidc_client_id, *oidc_audience, *oidc_scope, *oidc_name, *oidc_role;
    int audit_days;        /* 0 = nothing is noted */
    char *trust_loopback;  /* on, off: whether programs of this machine need none of them */
    char *trusted_proxies; /* list for rh_networks_parse(): whose X-Forwarded-* headers are believed */

    int max_upload_mb, max_video_mb;
    int max_message_kb;
    int max_audio_s; /* longest recording analysed */

    char *llm_url;          /* "" = no language model is asked */
    char *llm_model;        /* its name there */
    char *llm_key;          /* bearer token; "" = none */
    char *llm_allow_remote; /* on, off: whether it may be on another machine */
    int llm_timeout_s;      /* for one answer, retries too */

    rh_config_origin origin[RH_CONFIG_MAX_KEYS]; /* by place in the table */
    char *file;                                  /* the settings file that was read; "" = none */
} rh_config;

/* What there is to set; `name` as in the file. */
typedef struct {
    const char *name;
    const char *value; /* placeholder for the help: "N", "DIR", "auto|cpu|cuda" */
    const char *help;
} rh_config_key;

/* Fills in the defaults. RH_ERR_NOMEM. */
rh_status rh_config_init(rh_config *c, rh_error *err);
void rh_config_done(rh_config *c); /* all zero is fine */

/* Reads the file (`file` NULL = search as above), then the environment; call
 * it before setting flags. RH_ERR_IO a named file can't be read; RH_ERR_INVAL
 * an unknown setting or a wrong value, with the line. */
rh_status rh_config_load(rh_config *c, const char *file, rh_error *err);

/* Sets one, unless a stronger origin has already. Dashes and underscores are
 * the same. RH_ERR_NOTFOUND no such setting; RH_ERR_INVAL wrong value. */
rh_status rh_config_set(rh_config *c, const char *name, const char *value, rh_config_origin origin, rh_error *err);

size_t rh_config_count(void);
const rh_config_key *rh_config_at(size_t i);           /* i < rh_config_count() */
const rh_config_key *rh_config_find(const char *name); /* NULL = no such setting */

/* The value in force, written into `buf`; secrets are hidden. Returns `buf`. */
const char *rh_config_show(const rh_config *c, const rh_config_key *key, char *buf, size_t size);
/* For example "default", "file /etc/rehearse/rehearse.ini", "environment REHEARSE_PORT". */
const char *rh_config_where(const rh_config *c, const rh_config_key *key, char *buf, size_t size);

/* The commented example file; freed with rh_free(), NULL without memory. */
char *rh_config_example(void);

/* Where things lie when nothing is set; written into `buf`, false if too long.
 * Cache: $REHEARSE_CACHE, else $XDG_CACHE_HOME/rehearse, else ~/.cache/rehearse. */
bool rh_config_cache_dir(char *buf, size_t size);

#endif
