/* rehearse doctor - what this machine is, what is missing, and which speech model it carries live.
 *
 * The model that the settings name is measured: 11 s of speech go through live recognition, in simulated
 * time, and a picture through the face measurement as often as a webcam would. What other models take is
 * reckoned from that by their multiply-adds and the size of their files. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "cli.h"
#include "commands.h"
#include "live_cost.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/cpu.h"
#include "rehearse/base/json.h"
#include "rehearse/base/paths.h"
#include "rehearse/models/model.h"
#include "speech_model.h"

enum { PATH_SIZE = 4096, FPS = 10, LITTLE_MB = 500 };

/* Live practice is carried where one person takes no more of the processors, a sentence is final
 * no later, and the model leaves memory to others. */
static const double MOST_SHARE = 0.7, MOST_FINAL_S = 1.5, MOST_MEMORY = 0.7;

static const struct {
    const char *name;
    int width, encoder, decoder;
} sizes[] = {
    {"tiny", 384, 4, 4},
    {"base", 512, 6, 6},
    {"small", 768, 12, 12},
    {"medium", 1024, 24, 24},
    {"large-v3-turbo", 1280, 32, 4},
    {"large-v3", 1280, 32, 32},
};
enum { N_SIZES = sizeof sizes / sizeof *sizes };

typedef struct {
    rh_config cfg;
    json_t *out, *faults;
    double memory, available; /* bytes */
} doctor;

static void fault(doctor *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void fault(doctor *d, const char *fmt, ...)
{
    char text[PATH_SIZE];
    va_list list;
    va_start(list, fmt);
    (void)vsnprintf(text, sizeof text, fmt, list);
    va_end(list);
    (void)json_array_append_new(d->faults, json_string(text));
}

/* Bytes of a line of /proc/meminfo; 0 where it is not told. */
static double memory_line(const char *name)
{
    char line[128];
    double kb = 0;
    FILE *f = fopen("/proc/meminfo", "r");
    size_t n = strlen(name);
    while (f && kb == 0 && fgets(line, sizeof line, f))
        if (strncmp(line, name, n) == 0 && line[n] == ':')
            kb = strtod(line + n + 1, NULL);
    if (f)
        fclose(f);
    return kb * 1024;
}

static const char *instructions(void)
{
    const rh_cpu_features *c = rh_cpu();
    return c->amx_int8      ? "AVX-512 with AMX"
           : c->avx512_vnni ? "AVX-512 with VNNI"
           : c->avx512      ? "AVX-512"
           : c->avx_vnni    ? "AVX2 with VNNI"
           : c->avx2        ? "AVX2"
           : c->neon_dot    ? "NEON with dot product"
           : c->neon        ? "NEON"
                            : "none that help";
}

static void look_at_machine(doctor *d)
{
    d->memory = memory_line("MemTotal");
    d->available = memory_line("MemAvailable");
    json_t *m = json_pack("{s:s, s:s, s:i, s:s, s:f, s:f}", "version", RH_VERSION, "processor", rh_cpu_name(),
                          "processors", rh_cpu_count(), "instructions", instructions(), "memory_mb", d->memory / 1e6,
                          "memory_available_mb", d->available / 1e6);
    (void)json_object_set_new(d->out, "machine", m);
    if (!rh_cpu()->avx2 && !rh_cpu()->neon)
        fault(d, "this processor has neither AVX2 nor NEON: recognition will be several times slower");
}

/* The folder, or what of its path there is; NULL, or why it can't be written. */
static const char *why_not_writable(const char *path, char part[PATH_SIZE])
{
    struct stat st;
    (void)snprintf(part, PATH_SIZE, "%s", path);
    while (stat(part, &st) != 0) {
        char *slash = strrchr(part, '/');
        if (!slash)
            return strerror(ENOENT);
        slash[slash == part] = '\0';
    }
    if (!S_ISDIR(st.st_mode))
        return strerror(ENOTDIR);
    return access(part, W_OK | X_OK) == 0 ? NULL : strerror(errno);
}

static void look_at_folder(doctor *d, const char *name, const char *path)
{
    char part[PATH_SIZE];
    struct statvfs fs;
    const char *why = why_not_writable(path, part);
    double free_mb = statvfs(part, &fs) == 0 ? (double)fs.f_bavail * (double)fs.f_frsize / 1e6 : 0;
    (void)json_object_set_new(d->out, name,
                              json_pack("{s:s, s:b, s:f}", "path", path, "writable", !why, "free_mb", free_mb));
    if (why)
        fault(d, "%s %s can't be written: %s", name, path, why);
    else if (free_mb < LITTLE_MB)
        fault(d, "%s %s has only %.0f MB left: sound takes 2 MB a minute where it is kept", name, path, free_mb);
}

static bool installed(const doctor *d, const char *name)
{
    char path[PATH_SIZE];
    rh_error err;
    return rh_model_path(name, d->cfg.models_dir, path, sizeof path, &err) == RH_OK && access(path, R_OK) == 0;
}

/* Which row of `sizes` a model's name means; -1 for a path or another name. */
static int size_of(const char *model)
{
    int found = -1;
    for (int i = 0; i < N_SIZES; i++) {
        size_t n = strlen(sizes[i].name);
        if (strncmp(model, sizes[i].name, n) == 0 && (!model[n] || model[n] == '.' || model[n] == '-'))
            found = found < 0 || n > strlen(sizes[found].name) ? i : found;
    }
    return found;
}

/* Multiply-adds of the encoder for a position, and of the decoder for a token with its share of positions. */
static double encoder_work(int i)
{
    double d = sizes[i].width;
    return sizes[i].encoder * (12 * d * d + 2 * 600 * d);
}

static double decoder_work(int i)
{
    double d = sizes[i].width;
    return sizes[i].decoder * (14 * d * d + 2 * 600 * d) + 51865 * d;
}

static double file_mb(const char *name)
{
    const rh_model_entry *e = rh_model_find(name);
    return e ? (double)e->size / 1e6 : 0;
}

static json_t *model_row(const doctor *d, const char *name, bool measured, double share, double final_s,
                         double memory_mb)
{
    bool carried = share <= MOST_SHARE && final_s <= MOST_FINAL_S && memory_mb * 1e6 <= MOST_MEMORY * d->available;
    return json_pack("{s:s, s:b, s:b, s:f, s:f, s:f, s:b}", "name", name, "installed", measured || installed(d, name),
                     "measured", measured, "share", share, "final_s", final_s, "memory_mb", memory_mb, "live", carried);
}

static void judge(doctor *d, const rh_live_cost *c, double face_share)
{
    json_t *rows = json_array();
    int base = size_of(d->cfg.model);
    const char *best = NULL;
    if (base < 0) {
        double share = c->speech_share / rh_cpu_count() + face_share;
        (void)json_array_append_new(rows, model_row(d, d->cfg.model, true, share, c->final_s, c->memory_mb));
    }
    for (int i = 0; i < N_SIZES && base >= 0; i++) {
        double e = encoder_work(i) / encoder_work(base), t = decoder_work(i) / decoder_work(base);
        double slower = c->encoder_part * e + (1 - c->encoder_part) * t;
        double mb = file_mb(sizes[i].name) / file_mb(sizes[base].name);
        double share = c->speech_share * slower / rh_cpu_count() + face_share;
        json_t *row = model_row(d, i == base ? d->cfg.model : sizes[i].name, i == base, share,
                                RH_LIVE_PAUSE_S + (c->final_s - RH_LIVE_PAUSE_S) * slower, c->memory_mb * mb);
        if (json_is_true(json_object_get(row, "live")))
            best = sizes[i].name;
        (void)json_array_append_new(rows, row);
    }
    (void)json_object_set_new(d->out, "models", rows);
    (void)json_object_set_new(d->out, "largest_live", best ? json_string(best) : json_null());
    if (!json_is_true(json_object_get(json_array_get(rows, base < 0 ? 0 : (size_t)base), "live")))
        fault(d,
              "this machine does not carry %s live (%.0f %% of its processors for one person, words final after "
              "%.1f s): take a smaller model, or analyse recordings afterwards",
              d->cfg.model, 100 * (c->speech_share / rh_cpu_count() + face_share), c->final_s);
}

static void measure(doctor *d)
{
    char web[PATH_SIZE], sound[PATH_SIZE + 32], face[PATH_SIZE + 32];
    rh_error err = {0};
    rh_asr_model *model = NULL;
    rh_vad_model *vad = NULL;
    rh_live_cost c = {0};
    double face_s = 0;
    if (!rh_web_dir(web, sizeof web)) {
        fault(d, "the folder web is not beside the program: there is no practice page, and no sample to measure with");
        return;
    }
    (void)snprintf(sound, sizeof sound, "%s/samples/speech.webm", web);
    (void)snprintf(face, sizeof face, "%s/samples/face.jpg", web);
    size_t before = rh_resident_bytes();
    rh_status st = rh_cli_load_speech(&d->cfg, &model, &err);
    if (st == RH_OK)
        st = rh_cli_load_vad(&d->cfg, &vad, &err);
    if (st == RH_OK)
        st = rh_live_speech_cost(&c, model, vad, sound, &err);
    if (st != RH_OK)
        fault(d, "speech: %s", err.msg);
    c.memory_mb = ((double)rh_resident_bytes() - (double)before) / 1e6;
    bool faces = rh_live_face_cost(&face_s, d->cfg.models_dir, face, &err) == RH_OK;
    if (!faces)
        fault(d, "faces: %s", err.msg);
    double face_share = face_s * FPS / rh_cpu_count();
    if (faces)
        (void)json_object_set_new(d->out, "faces",
                                  json_pack("{s:f, s:f}", "picture_ms", face_s * 1e3, "share", face_share));
    if (st == RH_OK) {
        rh_asr_model_info info = rh_asr_model_describe(model);
        (void)json_object_set_new(d->out, "speech",
                                  json_pack("{s:s, s:s, s:s, s:i, s:f, s:f, s:f}", "model", d->cfg.model, "engine",
                                            info.engine, "device", info.device, "threads", info.n_threads, "share",
                                            c.speech_share / rh_cpu_count(), "final_s", c.final_s, "memory_mb",
                                            c.memory_mb));
        judge(d, &c, face_share);
    }
    rh_vad_model_free(vad);
    rh_asr_model_free(model);
}

static void print_models(const doctor *d)
{
    const json_t *row;
    size_t i;
    json_array_foreach(json_object_get(d->out, "models"), i, row)
        printf("%-10s %-15s %5.0f %% of the processors, final after %.1f s, %5.0f MB: %s%s%s\n", i ? "" : "live",
               rh_json_str(row, "name"), 100 * rh_json_num(row, "share"), rh_json_num(row, "final_s"),
               rh_json_num(row, "memory_mb"), json_is_true(json_object_get(row, "live")) ? "yes" : "no",
               json_is_true(json_object_get(row, "measured")) ? ", measured" : ", reckoned",
               json_is_true(json_object_get(row, "installed")) ? "" : ", not installed");
    const char *best = rh_json_str(d->out, "largest_live");
    if (*best)
        printf("\nThe largest model that this machine carries live is %s%s", best,
               size_of(best) == size_of(d->cfg.model) ? ", the one in use.\n" : ".\n");
    if (*best && !installed(d, best))
        printf("  rehearse model pull %s\n  rehearse serve --model %s\n", best, best);
    else if (*best && size_of(best) != size_of(d->cfg.model))
        printf("  rehearse serve --model %s\n", best);
}

static void print(const doctor *d)
{
    const json_t *m = json_object_get(d->out, "machine"), *s = json_object_get(d->out, "speech"),
                 *f = json_object_get(d->out, "faces");
    printf("%-10s %s, processors: %.0f, instructions: %s, memory: %.1f GB, %.1f free\n", "machine",
           rh_json_str(m, "processor"), rh_json_num(m, "processors"), rh_json_str(m, "instructions"),
           rh_json_num(m, "memory_mb") / 1e3, rh_json_num(m, "memory_available_mb") / 1e3);
    static const char *const folders[] = {"data_dir", "models_dir"};
    for (size_t i = 0; i < 2; i++) {
        const json_t *o = json_object_get(d->out, folders[i]);
        printf("%-10s %s, %.1f GB free\n", folders[i], rh_json_str(o, "path"), rh_json_num(o, "free_mb") / 1e3);
    }
    if (s)
        printf(
            "%-10s %s on %s, engine %s, threads: %.0f; one person takes %.0f %% of the processors, words are final %.2f s after "
            "a sentence, %.0f MB\n",
            "speech", rh_json_str(s, "model"), rh_json_str(s, "device"), rh_json_str(s, "engine"),
            rh_json_num(s, "threads"), 100 * rh_json_num(s, "share"), rh_json_num(s, "final_s"),
            rh_json_num(s, "memory_mb"));
    if (f)
        printf("%-10s %.1f ms a picture, %.0f %% of the processors at %d a second\n", "faces",
               rh_json_num(f, "picture_ms"), 100 * rh_json_num(f, "share"), FPS);
    print_models(d);
}

int rh_cmd_doctor(int argc, char **argv)
{
    static const char *const settings[] = {"model",     "models-dir", "data-dir", "threads",
                                           "precision", "engine",     "device",   NULL};
    bool as_json = false;
    const rh_cli_option options[] = {
        {"json", NULL, "print one JSON object", RH_CLI_SWITCH, &as_json, 0, 0},
        {0},
    };
    const rh_cli_command cmd = {
        .name = "doctor",
        .arguments = "",
        .about = "Looks at this machine: processor, memory, folders, models. Measures the speech\n"
                 "model in use and the face measurement on samples (half a minute on a slow\n"
                 "machine; other work on it makes the figures worse) and tells which model it\n"
                 "carries live. Exit code 1: something is missing or too slow.",
        .example = "rehearse doctor\n  rehearse doctor --model small",
        .settings = settings,
        .options = options,
    };
    doctor d = {0};
    int code = rh_cli_begin(&cmd, argc, argv, &d.cfg);
    if (code != RH_CLI_GO_ON)
        return code;
    d.out = json_object();
    d.faults = json_array();
    look_at_machine(&d);
    look_at_folder(&d, "data_dir", d.cfg.data_dir);
    look_at_folder(&d, "models_dir", d.cfg.models_dir);
    measure(&d);
    (void)json_object_set(d.out, "faults", d.faults);
    if (as_json) {
        char *s = json_dumps(d.out, JSON_INDENT(2) | JSON_REAL_PRECISION(4));
        puts(s ? s : "{}");
        free(s);
    } else {
        print(&d);
    }
    code = json_array_size(d.faults) ? RH_EXIT_FAILED : RH_EXIT_OK;
    for (size_t i = 0; i < json_array_size(d.faults); i++)
        (void)rh_cli_fail(code, "%s", json_string_value(json_array_get(d.faults, i)));
    json_decref(d.faults);
    json_decref(d.out);
    rh_config_done(&d.cfg);
    return code;
}
