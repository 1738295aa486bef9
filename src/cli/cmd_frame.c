/* rehearse frame - the face in pictures, one JSON object a line. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli.h"
#include "commands.h"
#include "file_name.h"
#include "input.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/file.h"
#include "rehearse/base/clock.h"
#include "rehearse/report/analysis_json.h"
#include "rehearse/vision/face_video.h"

enum { MAX_PICTURE_BYTES = 64 << 20, PATH_SIZE = 4096 };

typedef struct {
    const rh_face_model *model;
    rh_face_tracker *tracker; /* of the sequence; NULL = every picture alone */
    const char *draw_dir;     /* NULL = draw nothing */
    const char *file;         /* being measured, as it was named */
    const char *path;         /* where its bytes are */
    rh_face_options face;
    double step_s; /* between pictures of a sequence */
    double t_s;
    int n_drawn;
    bool failed;
} frame_job;

static void print_line(const frame_job *j, const rh_face *f, bool timed, double t_s)
{
    json_t *o = json_object(), *face = rh_face_json(f, rh_unix_time(), NULL);
    if (!o || !face)
        exit(rh_cli_fail(RH_EXIT_FAILED, "frame: out of memory"));
    char *name = rh_cli_name_utf8(j->file);
    if (!name || json_object_set_new(o, "file", json_string(name)) != 0)
        exit(rh_cli_fail(RH_EXIT_FAILED, "frame: out of memory"));
    rh_free(name);
    if (timed)
        (void)json_object_set_new(o, "time", json_real((double)(int64_t)(t_s * 1000 + 0.5) / 1000));
    (void)json_object_update(o, face);
    char *text = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(15));
    if (text)
        puts(text);
    free(text);
    json_decref(face);
    json_decref(o);
}

static void complain(frame_job *j, const rh_error *err)
{
    (void)rh_cli_fail_file(j->file, err->msg);
    j->failed = true;
}

/* DIR/name.jpg, with a number for the pictures of a video. */
static void draw(frame_job *j, rh_image *img, const rh_face *f, bool numbered)
{
    char path[PATH_SIZE];
    const char *slash = strrchr(j->file, '/'), *name = slash ? slash + 1 : j->file;
    const char *dot = strrchr(name, '.');
    int stem = dot && dot > name ? (int)(dot - name) : (int)strlen(name);
    int n = numbered ? snprintf(path, sizeof path, "%s/%.*s-%05d.jpg", j->draw_dir, stem, name, j->n_drawn++)
                     : snprintf(path, sizeof path, "%s/%.*s.jpg", j->draw_dir, stem, name);
    rh_error err = {0};
    uint8_t *jpeg = NULL;
    size_t size = 0;
    rh_face_annotate(img, f);
    rh_status st = n > 0 && (size_t)n < sizeof path ? rh_image_encode_jpeg(img, 92, &jpeg, &size, &err)
                                                    : rh_fail(&err, RH_ERR_INVAL, "the path is too long");
    FILE *out = st == RH_OK ? fopen(path, "wb") : NULL;
    if (st == RH_OK && (!out || fwrite(jpeg, 1, size, out) != size))
        st = rh_fail(&err, RH_ERR_IO, "cannot write %.200s", path);
    if (out && fclose(out) != 0 && st == RH_OK)
        st = rh_fail(&err, RH_ERR_IO, "cannot write %.200s", path);
    rh_free(jpeg);
    if (st != RH_OK)
        complain(j, &err);
}

static rh_status measure_picture(frame_job *j, const uint8_t *bytes, size_t n, rh_face *face, rh_error *err)
{
    rh_face_tracker *t = j->tracker;
    rh_status st = t ? RH_OK : rh_face_tracker_new(&t, j->model, &j->face, err);
    if (st == RH_OK)
        st = rh_face_tracker_push_bytes(t, bytes, n, 1 + (int64_t)(j->t_s * 1e6), face, err);
    if (t != j->tracker)
        rh_face_tracker_free(t);
    return st;
}

static void one_picture(frame_job *j)
{
    rh_error err = {0};
    rh_face face;
    rh_buf file;
    rh_buf_init(&file, MAX_PICTURE_BYTES);
    rh_status st = rh_file_read(j->path, &file, &err);
    const uint8_t *bytes = (const uint8_t *)file.data;
    if (st == RH_OK)
        st = measure_picture(j, bytes, file.len, &face, &err);
    if (st == RH_OK) {
        if (err.msg[0])
            (void)rh_cli_fail(RH_EXIT_OK, "%s: warning: %s", j->file, err.msg);
        print_line(j, &face, j->tracker != NULL, j->t_s);
        j->t_s += j->step_s;
    } else {
        complain(j, &err);
    }
    rh_image img = {0};
    if (st == RH_OK && j->draw_dir && rh_image_decode(&img, bytes, file.len, &err) == RH_OK)
        draw(j, &img, &face, false);
    rh_image_done(&img);
    rh_buf_done(&file);
}

static void one_video_picture(void *user, const rh_face *f, rh_image *img)
{
    frame_job *j = user;
    print_line(j, f, true, (double)f->t_us * 1e-6);
    if (j->draw_dir)
        draw(j, img, f, true);
}

static bool is_picture(const char *path)
{
    unsigned char b[12] = {0};
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(b, 1, sizeof b, f) : 0;
    if (f)
        fclose(f);
    return n < sizeof b || (b[0] == 0xff && b[1] == 0xd8) || memcmp(b, "\x89PNG", 4) == 0 ||
           (memcmp(b, "RIFF", 4) == 0 && memcmp(b + 8, "WEBP", 4) == 0);
}

static void one_video(frame_job *j)
{
    rh_error err = {0};
    rh_progress bar;
    rh_face_video_options o = rh_face_video_options_default();
    o.hz = (float)(1 / j->step_s);
    o.face = j->face;
    rh_progress_start(&bar, j->file);
    o.progress = rh_progress_update;
    o.progress_user = &bar;
    rh_status st = rh_face_video(j->model, j->path, &o, one_video_picture, j, &err);
    rh_progress_end(&bar);
    if (st == RH_ERR_FORMAT && strncmp(err.msg, "this is not ", 12) == 0)
        (void)rh_fail(&err, st,
                      "this is neither a picture (JPEG, PNG or WebP) nor a video (MP4, WebM, MKV, MOV, AVI "
                      "or GIF) that can be read");
    if (st != RH_OK)
        complain(j, &err);
}

static int measure_files(frame_job *j, bool sequence, char **files)
{
    rh_error err = {0};
    if (sequence && rh_face_tracker_new(&j->tracker, j->model, &j->face, &err) != RH_OK)
        return rh_cli_fail(RH_EXIT_FAILED, "frame: %s", err.msg);
    for (; *files; files++) {
        rh_cli_input in;
        j->file = *files;
        if (rh_cli_input_open(&in, j->file, &err) != RH_OK)
            complain(j, &err);
        else if ((j->path = in.path, is_picture(j->path)))
            one_picture(j);
        else
            one_video(j);
        rh_cli_input_close(&in);
        (void)fflush(stdout);
    }
    rh_face_tracker_free(j->tracker);
    return j->failed ? RH_EXIT_FAILED : RH_EXIT_OK;
}

int rh_cmd_frame(int argc, char **argv)
{
    static const char *const settings[] = {"models_dir", NULL};
    bool sequence = false;
    double fps = 25, fov = 0;
    frame_job job = {0};
    const rh_cli_option options[] = {
        {"sequence", NULL, "the pictures follow one another: one person is tracked, as in a video", RH_CLI_SWITCH,
         &sequence, 0, 0},
        {"fps", "N", "pictures a second of a sequence, at most so many of a video (25)", RH_CLI_NUMBER, &fps, 0.1,
         1000},
        {"fov", "DEGREES", "the camera's field of view across the picture: gives angles to its axis and cm",
         RH_CLI_NUMBER, &fov, 11, 169},
        {"draw", "DIR", "also write each picture with mesh, axes and gaze drawn into DIR", RH_CLI_TEXT, &job.draw_dir,
         0, 0},
        {0},
    };
    const rh_cli_command cmd = {
        .name = "frame",
        .arguments = "IMAGE...",
        .min_args = 1,
        .max_args = -1,
        .about = "Measures the face in JPEG, PNG and WebP pictures and in videos: head pose, gaze,\n"
                 "eye contact. Prints a JSON object a line, in the order of the files; - is\n"
                 "standard input. Every picture stands alone unless --sequence is given.",
        .example = "rehearse frame portrait.jpg\n"
                   "  rehearse frame --sequence --fps 10 practice.mp4",
        .settings = settings,
        .options = options,
    };
    rh_config cfg;
    rh_error err = {0};
    rh_face_model *model = NULL;
    char cache[4096];
    int code = rh_cli_begin(&cmd, argc, argv, &cfg);
    if (code != RH_CLI_GO_ON)
        return code;
    const char *cached = rh_config_cache_dir(cache, sizeof cache) ? cache : NULL;
    if (rh_face_model_load(&model, cfg.models_dir, cached, &err) == RH_OK) {
        job.model = model;
        job.step_s = 1 / fps;
        job.face = rh_face_options_default();
        job.face.fov_deg = (float)fov;
        code = measure_files(&job, sequence, argv + optind);
    } else {
        code = rh_cli_fail(RH_EXIT_FAILED, "frame: %s", err.msg);
    }
    rh_face_model_free(model);
    rh_config_done(&cfg);
    return code;
}
