/* backends.c - finds the shared libraries that ggml computes with.
 *
 * Each CPU generation has its own (libggml-cpu-haswell.so, ...); ggml scores
 * them and keeps the best this processor can run. */
#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <ggml-backend.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <whisper.h>
#include "rehearse/base/paths.h"
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

enum { MAX_FOLDERS = 3 };

static const char *const cpu_libraries[] = {"libggml-cpu", NULL};
static const char *const gpu_libraries[] = {"libggml-cuda", "libggml-vulkan", "libggml-hip", "libggml-metal", NULL};

/* Its path comes to `path`, unless that is NULL. */
static bool find_library(const char *dir, const char *const *prefixes, char path[PATH_MAX])
{
    DIR *d = opendir(dir);
    bool found = false;
    for (struct dirent *e; d && !found && (e = readdir(d)) != NULL;)
        for (const char *const *p = prefixes; *p && !found; p++) {
            found = strncmp(e->d_name, *p, strlen(*p)) == 0;
            if (found && path)
                (void)snprintf(path, PATH_MAX, "%s/%s", dir, e->d_name);
        }
    if (d)
        closedir(d);
    return found;
}

static int add_folder(char folders[][PATH_MAX], int n, const char *base, const char *below)
{
    int len = base ? snprintf(folders[n], PATH_MAX, "%s/%s", base, below) : -1;
    return len > 0 && len < PATH_MAX ? n + 1 : n;
}

/* Where the libraries may be, best first: installed beside the program; one folder up, for
 * tests and benchmarks; in the dependency cache, for a build tree. */
static int list_folders(char folders[MAX_FOLDERS][PATH_MAX])
{
    const char *cache = getenv("REHEARSE_CACHE"), *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int n = rh_beside_program("lib", folders[0], PATH_MAX) ? 1 : 0;
    n += rh_beside_program("../lib", folders[n], PATH_MAX) ? 1 : 0;
    if (cache)
        return add_folder(folders, n, cache, "whisper.cpp/install/lib");
    if (xdg)
        return add_folder(folders, n, xdg, "rehearse/whisper.cpp/install/lib");
    return add_folder(folders, n, home, ".cache/rehearse/whisper.cpp/install/lib");
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
    static char folders[MAX_FOLDERS][PATH_MAX];
    whisper_log_set(log_line, NULL);
    int n = list_folders(folders);
    for (int i = 0; i < n; i++) {
        if (!find_library(folders[i], cpu_libraries, NULL))
            continue;
        ggml_backend_load_all_from_path(folders[i]);
        if (ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU))
            break;
    }
    name_gpu();
}

static bool find_gpu_library(char path[PATH_MAX])
{
    char folders[MAX_FOLDERS][PATH_MAX];
    int n = list_folders(folders);
    for (int i = 0; i < n; i++)
        if (find_library(folders[i], cpu_libraries, NULL))
            return find_library(folders[i], gpu_libraries, path);
    return false;
}

bool rh_ggml_has_gpu_library(void)
{
    return find_gpu_library(NULL);
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

rh_status rh_ggml_need_cuda(rh_error *err)
{
    char path[PATH_MAX];
    if (strcmp(gpu_kind, "cuda") == 0)
        return RH_OK;
    if (!find_gpu_library(path))
        return rh_fail(err, RH_ERR_UNSUPPORTED,
                       "no CUDA here: it takes an NVIDIA GPU with its driver "
                       "and a build by make GPU=cuda");
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return rh_fail(err, RH_ERR_UNSUPPORTED,
                       "no CUDA here: %s (libcuda comes with NVIDIA's "
                       "driver, the others with its CUDA toolkit)",
                       dlerror());
    dlclose(library);
    return rh_fail(err, RH_ERR_UNSUPPORTED,
                   "no CUDA here: the driver shows no GPU to this program; "
                   "nvidia-smi lists them, CUDA_VISIBLE_DEVICES hides them");
}
