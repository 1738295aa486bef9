/* Reads settings from a file and from the environment. */
#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/config/config.h"
#include "config_internal.h"

typedef struct {
    rh_config *config;
    rh_error first; /* the first thing that was wrong, if any */
} reading;

/* Called by inih for each name and value; 0 marks the line as wrong. */
static int on_value(void *user, const char *section, const char *name, const char *value)
{
    reading *r = user;
    rh_error err = {RH_OK, ""};
    if (*section)
        rh_fail(&err, RH_ERR_INVAL, "the section [%s] has no meaning here: settings stand alone", section);
    else
        rh_config_extend(r->config, name, value, &err);
    if (err.code != RH_OK && r->first.code == RH_OK)
        r->first = err;
    return err.code == RH_OK;
}

static rh_status read_file(rh_config *c, FILE *f, const char *path, rh_error *err)
{
    reading r = {c, {RH_OK, ""}};
    int line = ini_parse_file(f, on_value, &r);
    if (line == 0)
        return RH_OK;
    if (r.first.code != RH_OK)
        return rh_fail(err, RH_ERR_INVAL, "%s, line %d: %s", path, line, r.first.msg);
    return rh_fail(err, RH_ERR_INVAL,
                   "%s, line %d: not of the form name = value, or the line before is longer than "
                   "about 200 characters (a list may go on in a further line)",
                   path, line);
}

/* Opens the file to read; *f stays NULL when none was named and none is found. */
static rh_status open_file(const char *named, char *path, size_t size, FILE **f, rh_error *err)
{
    if (!named || !*named)
        named = getenv("REHEARSE_CONFIG");
    if (named && *named) {
        snprintf(path, size, "%s", named);
        *f = fopen(path, "r");
        if (!*f)
            return rh_fail(err, RH_ERR_IO, "settings file %s: %s", named, strerror(errno));
        return RH_OK;
    }
    const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (xdg && *xdg)
        snprintf(path, size, "%s/rehearse/rehearse.ini", xdg);
    else
        snprintf(path, size, "%s/.config/rehearse/rehearse.ini", home ? home : "");
    *f = fopen(path, "r");
    if (!*f) {
        snprintf(path, size, "/etc/rehearse/rehearse.ini");
        *f = fopen(path, "r");
    }
    return RH_OK;
}

static rh_status load_file(rh_config *c, const char *named, rh_error *err)
{
    char path[PATH_MAX];
    FILE *f = NULL;
    rh_status st = open_file(named, path, sizeof path, &f, err);
    if (st != RH_OK || !f)
        return st;
    st = read_file(c, f, path, err);
    fclose(f);
    if (st != RH_OK)
        return st;
    char *copy = rh_strdup(path);
    if (!copy)
        return rh_fail(err, RH_ERR_NOMEM, "settings: out of memory");
    rh_free(c->file);
    c->file = copy;
    return RH_OK;
}

rh_status rh_config_load(rh_config *c, const char *file, rh_error *err)
{
    rh_status st = load_file(c, file, err);
    for (size_t i = 0; st == RH_OK && i < rh_config_count(); i++) {
        char name[64];
        rh_config_env_name(rh_config_at(i)->name, name, sizeof name);
        const char *value = getenv(name);
        if (!value)
            continue;
        rh_error inner = {RH_OK, ""};
        st = rh_config_set(c, rh_config_at(i)->name, value, RH_CONFIG_ENV, &inner);
        if (st != RH_OK)
            rh_fail(err, st, "environment variable %s: %s", name, inner.msg);
    }
    return st;
}
