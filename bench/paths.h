/* paths.h - where benchmarks find models and recordings, and how they read a file or give up.
 *
 * Models: REHEARSE_MODELS_DIR, else the dependency cache. Data: REHEARSE_DATA,
 * else ../shared/data beside the source tree; absent data skips the benchmark. */
#ifndef RH_BENCH_PATHS_H
#define RH_BENCH_PATHS_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "rehearse/base/status.h"

enum { BENCH_SKIPPED = 77 };

static inline const char *bench_models_dir(void)
{
    static char path[4096];
    const char *dir = getenv("REHEARSE_MODELS_DIR"), *cache = getenv("REHEARSE_CACHE");
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (dir)
        return dir;
    if (cache)
        (void)snprintf(path, sizeof path, "%s/models", cache);
    else if (xdg)
        (void)snprintf(path, sizeof path, "%s/rehearse/models", xdg);
    else
        (void)snprintf(path, sizeof path, "%s/.cache/rehearse/models", home ? home : "");
    return path;
}

/* A path below the data folder; exits with BENCH_SKIPPED when it is not there. */
static inline const char *bench_data(const char *name, char *path, size_t size)
{
    const char *dir = getenv("REHEARSE_DATA");
    int n = snprintf(path, size, "%s/%s", dir ? dir : "../shared/data", name);
    if (n < 0 || (size_t)n >= size || access(path, R_OK) != 0) {
        fprintf(stderr, "skipped: no %s (set REHEARSE_DATA to the folder of the recordings)\n", path);
        exit(BENCH_SKIPPED);
    }
    return path;
}

/* What the file holds, at most `size` bytes of it; 0 when it can't be read. */
static inline size_t bench_read(const char *path, unsigned char *bytes, size_t size)
{
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(bytes, 1, size, f) : 0;
    if (f)
        fclose(f);
    return n;
}

/* Says why and ends the benchmark, unless all is well. */
static inline void bench_check(rh_status st, const rh_error *err)
{
    if (st != RH_OK) {
        fprintf(stderr, "%s\n", err->msg);
        exit(1);
    }
}

#endif
