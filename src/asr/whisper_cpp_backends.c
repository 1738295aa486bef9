/* whisper_cpp_backends.c - finds the shared libraries that ggml computes with.
 *
 * Each CPU generation has its own (libggml-cpu-haswell.so, ...); ggml scores
 * them and keeps the best this processor can run. */
#include <ctype.h>
#include <dirent.h>
#include <ggml-backend.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <whisper.h>
#include "whisper_cpp_internal.h"

static pthread_once_t load_once = PTHREAD_ONCE_INIT;
static char gpu_kind[16]; /* written once */

/* whisper.cpp's own words; for developers, on demand. */
static void log_line(enum ggml_log_level level, const char *text, void *user)
{
    (void)level;
    (void)user;
    static int wanted = -1;
    if (wanted < 0)
        wanted = getenv("REHEARSE_WHISPER_CPP_LOG") != NULL;
    if (wanted)
        fputs(text, stderr);
}

static bool has_backends(const char *dir)
{
    DIR *d = opendir(dir);
    bool found = false;
    for (struct dirent *e; d && !found && (e = readdir(d)) != NULL;)
        found = strncmp(e->d_name, "libggml-cpu", 11) == 0;
    if (d)
        closedir(d);
    return found;
}

static bool load_from(const char *base, const char *below)
{
    char dir[PATH_MAX];
    int n = snprintf(dir, sizeof dir, "%s/%s", base, below);
    if (n < 0 || (size_t)n >= sizeof dir || !has_backends(dir))
        return false;
    ggml_backend_load_all_from_path(dir);
    return ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU) != NULL;
}

static void name_gpu(void)
{
    ggml_backend_dev_t gpu = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_GPU);
    if (!gpu)
        return;
    const char *name = ggml_backend_dev_name(gpu); /* "CUDA0" */
    for (size_t i = 0; i + 1 < sizeof gpu_kind && isalpha((unsigned char)name[i]); i++)
        gpu_kind[i] = (char)tolower((unsigned char)name[i]);
}

static void load_all(void)
{
    whisper_log_set(log_line, NULL);
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(self, '/');
    if (slash)
        *slash = '\0';
    const char *cache = getenv("REHEARSE_CACHE"), *xdg = getenv("XDG_CACHE_HOME"),
               *home = getenv("HOME");
    /* Installed; a test or benchmark one folder below the program; the build tree. */
    bool done = load_from(self, "lib") || load_from(self, "../lib");
    if (!done && cache)
        done = load_from(cache, "whisper.cpp/install/bin");
    if (!done && !cache && xdg)
        done = load_from(xdg, "rehearse/whisper.cpp/install/bin");
    if (!done && !cache && !xdg && home)
        done = load_from(home, ".cache/rehearse/whisper.cpp/install/bin");
    name_gpu();
}

rh_status rh_ggml_load_backends(rh_error *err)
{
    pthread_once(&load_once, load_all);
    if (!ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU))
        return rh_fail(err, RH_ERR_UNSUPPORTED,
                       "whisper.cpp finds no libggml-cpu-*.so in the folder lib beside the "
                       "program; build again with make");
    return RH_OK;
}

const char *rh_ggml_gpu_kind(void)
{
    return gpu_kind[0] ? gpu_kind : NULL;
}
