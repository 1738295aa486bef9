/* site.c - the practice page: files of one folder, by a fixed list of types. */
#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/http.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/paths.h"

enum { MAX_SITE_FILE = 16 << 20 };

struct rh_site {
    char dir[PATH_MAX]; /* "" = none */
};

/* Scripts, styles and media from here only; blob: for recordings the page plays back. */
static const char policy[] =
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self' ws: wss:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'";

static const struct { const char *ext, *type; } types[] = {
    {"html", "text/html; charset=utf-8"}, {"js", "text/javascript; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"}, {"css", "text/css; charset=utf-8"},
    {"json", "application/json"}, {"svg", "image/svg+xml"}, {"png", "image/png"},
    {"jpg", "image/jpeg"}, {"webp", "image/webp"}, {"ico", "image/x-icon"},
    {"woff2", "font/woff2"}, {"wasm", "application/wasm"}, {"txt", "text/plain; charset=utf-8"},
    {"webmanifest", "application/manifest+json"}, {"map", "application/json"},
};

static const char *type_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
        if (strcmp(dot + 1, types[i].ext) == 0)
            return types[i].type;
    return NULL;
}

static bool has_index(const char *dir)
{
    char path[PATH_MAX + 16];
    (void)snprintf(path, sizeof path, "%s/index.html", dir);
    return access(path, R_OK) == 0;
}

rh_status rh_site_new(rh_site **out, const char *dir, rh_error *err)
{
    rh_site *site = rh_calloc(1, sizeof *site);
    if (!site)
        return rh_fail(err, RH_ERR_NOMEM, "site: out of memory");
    if (dir && *dir) {
        if (!has_index(dir)) {
            rh_free(site);
            return rh_fail(err, RH_ERR_NOTFOUND, "no index.html in the page's folder %s", dir);
        }
        (void)snprintf(site->dir, sizeof site->dir, "%s", dir);
    } else {
        (void)rh_web_dir(site->dir, sizeof site->dir);
    }
    *out = site;
    return RH_OK;
}

void rh_site_free(rh_site *site)
{
    rh_free(site);
}

const char *rh_site_dir(const rh_site *site)
{
    return site->dir[0] ? site->dir : NULL;
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

static int open_file(const rh_site *site, const char *path, struct stat *st)
{
    char full[PATH_MAX + RH_MAX_PATH];
    if (!site->dir[0] || !plain(path) || !type_of(path))
        return -1;
    (void)snprintf(full, sizeof full, "%s%s", site->dir, path);
    int fd = open(full, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && (fstat(fd, st) != 0 || !S_ISREG(st->st_mode) || st->st_size > MAX_SITE_FILE)) {
        close(fd);
        return -1;
    }
    return fd;
}

bool rh_site_has(const rh_site *site, const char *path)
{
    struct stat st;
    int fd = open_file(site, path, &st);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static void send_file(rh_http *h, int fd, const struct stat *st, const char *path)
{
    char etag[64];
    (void)snprintf(etag, sizeof etag, "\"%llx-%llx\"", (unsigned long long)st->st_size,
                   (unsigned long long)st->st_mtim.tv_sec * 1000000000ull +
                       (unsigned long long)st->st_mtim.tv_nsec);
    rh_http_header(h, "etag", etag);
    rh_http_header(h, "cache-control", "no-cache");
    if (strstr(h->if_none_match, etag)) {
        rh_http_reply(h, 304, NULL, "", 0);
        return;
    }
    size_t n = (size_t)st->st_size, got = 0;
    char *bytes = rh_alloc(n + 1);
    while (bytes && got < n) {
        ssize_t k = read(fd, bytes + got, n - got);
        if (k <= 0)
            break;
        got += (size_t)k;
    }
    rh_http_header(h, "content-security-policy", policy);
    rh_http_header(h, "referrer-policy", "no-referrer");
    rh_http_header(h, "permissions-policy", "camera=(self), microphone=(self)");
    if (bytes)
        rh_http_reply(h, 200, type_of(path), bytes, got);
    else
        rh_http_error(h, 503, "out of memory");
    rh_free(bytes);
}

void rh_site_serve(const rh_site *site, rh_http *h, const char *path)
{
    struct stat st;
    int fd = open_file(site, path, &st);
    if (fd < 0) {
        rh_http_error(h, 404, "no such endpoint: GET / lists them");
        return;
    }
    send_file(h, fd, &st, path);
    close(fd);
}
