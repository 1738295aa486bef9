/* site.c - the practice page: files of one folder, by a fixed list of types.
 *
 * They are read once, at the start: the loop answers from memory and waits for no disk. */
#include <ctype.h>
#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/http.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/array.h"
#include "rehearse/base/paths.h"

enum { MAX_SITE_BYTES = 64 << 20, MAX_SITE_FILES = 1000, MAX_DEPTH = 8 };

typedef struct {
    char *path; /* "/js/app.js" */
    const char *type;
    char etag[40];
    rh_buf bytes;
} site_file;

struct rh_site {
    char dir[PATH_MAX]; /* "" = none */
    site_file *files;   /* [n_files], by path */
    int n_files;
    size_t cap;
    size_t n_bytes;
};

/* Scripts, styles and media from here only; blob: for recordings the page plays back. %s: an origin more. */
static const char policy[] = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
                             "img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self' ws: wss:%s; "
                             "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
                             "frame-ancestors 'none'";

/* clang-format off */
static const struct { const char *ext, *type; } types[] = {
    {"html", "text/html; charset=utf-8"}, {"js", "text/javascript; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"}, {"css", "text/css; charset=utf-8"},
    {"json", "application/json"}, {"svg", "image/svg+xml"}, {"png", "image/png"},
    {"jpg", "image/jpeg"}, {"webp", "image/webp"}, {"ico", "image/x-icon"},
    {"woff2", "font/woff2"}, {"wasm", "application/wasm"}, {"txt", "text/plain; charset=utf-8"},
    {"webmanifest", "application/manifest+json"}, {"map", "application/json"},
};
/* clang-format on */

static const char *type_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
        if (strcmp(dot + 1, types[i].ext) == 0)
            return types[i].type;
    return NULL;
}

/* Only plain names: no hidden files, no way up. */
static bool plain(const char *path)
{
    if (*path != '/' || strstr(path, "/.") || strstr(path, "//"))
        return false;
    for (const char *p = path; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("/._-", *p))
            return false;
    return true;
}

/* ---- reading them ---- */

static rh_status too_much(const rh_site *site, rh_error *err)
{
    return rh_fail(err, RH_ERR_LIMIT, "the page's folder %.100s has more than %d files or %d MB", site->dir,
                   MAX_SITE_FILES, MAX_SITE_BYTES >> 20);
}

static rh_status read_bytes(rh_site *site, site_file *f, const char *full, rh_error *err)
{
    char piece[16 << 10];
    size_t n;
    FILE *in = fopen(full, "rbe");
    if (!in)
        return rh_fail(err, RH_ERR_IO, "%.120s: %s", full, strerror(errno));
    rh_buf_init(&f->bytes, MAX_SITE_BYTES - site->n_bytes);
    rh_status st = RH_OK;
    while (st == RH_OK && (n = fread(piece, 1, sizeof piece, in)) > 0)
        st = rh_buf_add(&f->bytes, piece, n);
    if (st == RH_ERR_LIMIT)
        (void)too_much(site, err);
    else if (st != RH_OK)
        (void)rh_fail(err, st, "site: out of memory");
    else if (ferror(in))
        st = rh_fail(err, RH_ERR_IO, "%.120s cannot be read", full);
    (void)fclose(in);
    return st;
}

/* FNV-1a: the tag names the content, whenever and wherever it was read. */
static void tag(site_file *f)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < f->bytes.len; i++)
        hash = (hash ^ (unsigned char)f->bytes.data[i]) * 0x100000001b3u;
    (void)snprintf(f->etag, sizeof f->etag, "\"%zx-%llx\"", f->bytes.len, (unsigned long long)hash);
}

static rh_status add_file(rh_site *site, const char *full, rh_error *err)
{
    const char *path = full + strlen(site->dir), *type = type_of(path);
    if (!type || !plain(path) || strlen(path) >= RH_MAX_PATH)
        return RH_OK; /* no part of the page */
    if (site->n_files == MAX_SITE_FILES)
        return too_much(site, err);
    char *copy = rh_strdup(path);
    rh_status st = rh_array_reserve(&site->files, &site->cap, (size_t)site->n_files + 1, sizeof *site->files);
    if (st != RH_OK || !copy) {
        rh_free(copy);
        return rh_fail(err, RH_ERR_NOMEM, "site: out of memory");
    }
    site_file *f = &site->files[site->n_files++];
    *f = (site_file){.path = copy, .type = type};
    st = read_bytes(site, f, full, err);
    site->n_bytes += f->bytes.len;
    tag(f);
    return st;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const site_file *)a)->path, ((const site_file *)b)->path);
}

static rh_status read_folder(rh_site *site, rh_error *err)
{
    char *const roots[] = {site->dir, NULL};
    FTS *tree = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, NULL);
    rh_status st = tree ? RH_OK : rh_fail(err, RH_ERR_IO, "%.120s: %s", site->dir, strerror(errno));
    for (FTSENT *e; st == RH_OK && (e = fts_read(tree));) {
        if (e->fts_info == FTS_D && (e->fts_level > MAX_DEPTH || (e->fts_level && e->fts_name[0] == '.')))
            (void)fts_set(tree, e, FTS_SKIP);
        else if (e->fts_info == FTS_F)
            st = add_file(site, e->fts_path, err);
        else if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR)
            st = rh_fail(err, RH_ERR_IO, "%.120s: %s", e->fts_path, strerror(e->fts_errno));
    }
    if (tree)
        (void)fts_close(tree);
    if (st == RH_OK)
        qsort(site->files, (size_t)site->n_files, sizeof *site->files, by_path);
    return st;
}

static const site_file *find(const rh_site *site, const char *path)
{
    site_file key = {.path = (char *)(uintptr_t)path};
    return site->n_files ? bsearch(&key, site->files, (size_t)site->n_files, sizeof key, by_path) : NULL;
}

rh_status rh_site_new(rh_site **out, const char *dir, rh_error *err)
{
    rh_site *site = rh_calloc(1, sizeof *site);
    if (!site)
        return rh_fail(err, RH_ERR_NOMEM, "site: out of memory");
    bool asked = dir && *dir, there = asked || rh_web_dir(site->dir, sizeof site->dir);
    rh_status st = RH_OK;
    if (asked) {
        (void)snprintf(site->dir, sizeof site->dir, "%s", dir);
        for (size_t n = strlen(site->dir); n > 1 && site->dir[n - 1] == '/'; n--)
            site->dir[n - 1] = '\0';
        if (access(dir, R_OK | X_OK) != 0)
            st = rh_fail(err, RH_ERR_NOTFOUND, "the page's folder %.100s: %s", dir, strerror(errno));
    }
    if (st == RH_OK && there)
        st = read_folder(site, err);
    if (st == RH_OK && asked && !find(site, "/index.html"))
        st = rh_fail(err, RH_ERR_NOTFOUND, "no index.html in the page's folder %s", dir);
    if (!there)
        rh_log(RH_LOG_WARN, "the practice page's folder (web) is not beside the program: / answers with JSON only");
    if (st == RH_OK)
        *out = site;
    else
        rh_site_free(site);
    return st;
}

void rh_site_free(rh_site *site)
{
    for (int i = 0; site && i < site->n_files; i++) {
        rh_free(site->files[i].path);
        rh_buf_done(&site->files[i].bytes);
    }
    if (site)
        rh_free(site->files);
    rh_free(site);
}

const char *rh_site_dir(const rh_site *site)
{
    return site->dir[0] ? site->dir : NULL;
}

const char *rh_site_file(const rh_site *site, const char *path, size_t *n)
{
    const site_file *f = find(site, path);
    *n = f ? f->bytes.len : 0;
    return f ? f->bytes.data : NULL;
}

/* ---- serving them ---- */

void rh_site_serve(const rh_site *site, rh_http *h, const char *path)
{
    const site_file *f = find(site, path);
    if (!f) {
        rh_http_error(h, 404, "no such endpoint: GET / lists them");
        return;
    }
    rh_http_header(h, "etag", f->etag);
    rh_http_header(h, "cache-control", "no-cache");
    if (strstr(h->if_none_match, f->etag)) {
        rh_http_reply(h, 304, NULL, "", 0);
        return;
    }
    char text[sizeof policy + RH_OIDC_ORIGIN], token_origin[RH_OIDC_ORIGIN] = "";
    if (h->server->oidc) /* where the page takes its token from */
        rh_oidc_origin(h->server->oidc, token_origin);
    (void)snprintf(text, sizeof text, policy, token_origin);
    rh_http_header(h, "content-security-policy", text);
    rh_http_header(h, "referrer-policy", "no-referrer");
    rh_http_header(h, "permissions-policy", "camera=(self), microphone=(self)");
    rh_http_reply(h, 200, f->type, f->bytes.data ? f->bytes.data : "", f->bytes.len);
}
