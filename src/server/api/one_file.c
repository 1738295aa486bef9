/* one_file.c - a report as one file: the video goes into it where it was kept and is not too long, else the sound;
 * the report says what is not there. Pool threads. */
#include "rehearse/base/alloc.h"
#include "rehearse/base/json.h"
#include "rehearse/report/report.h"
#include "rehearse/session/videos.h"
#include "sessions.h"

typedef struct {
    rh_report_video parts[RH_VIDEO_PARTS];
    char *bytes[RH_VIDEO_PARTS]; /* owned */
    size_t n;
} film;

static size_t bytes_of(const json_t *videos)
{
    size_t i, sum = 0;
    const json_t *v;
    json_array_foreach(videos, i, v)
        sum += (size_t)rh_json_num(v, "bytes");
    return sum;
}

static rh_status read_film(rh_ask *a, const json_t *videos, film *f)
{
    rh_status st = RH_OK;
    for (size_t i = 0; i < json_array_size(videos) && i < RH_VIDEO_PARTS && st == RH_OK; i++) {
        const json_t *v = json_array_get(videos, i);
        size_t n = 0;
        st = rh_session_video_part(a, (int)rh_json_num(v, "part"), RH_REPORT_VIDEO_BYTES, &f->bytes[i], &n);
        f->parts[i] = (rh_report_video){.bytes = (const uint8_t *)f->bytes[i],
                                        .n = f->bytes[i] ? n : 0,
                                        .type = rh_json_str(v, "type"),
                                        .start = rh_json_num(v, "start")};
        f->n = i + 1;
    }
    return st;
}

/* What is not in the file, and what is in its place. */
static void note_left_out(json_t *notes, const rh_ask *a, size_t n_video, bool seen, size_t n_sound, bool heard)
{
    if (n_video && !a->film)
        json_array_append_new(notes, json_string("The video is not in this file."));
    else if (n_video && !seen)
        json_array_append_new(
            notes, json_sprintf(heard ? "The video is not in this file, its sound is: it has %zu MB, and %d MB fit."
                                      : "The video is not in this file: it has %zu MB, and %d MB fit.",
                                n_video >> 20, RH_REPORT_VIDEO_BYTES >> 20));
    if (n_sound && !heard)
        json_array_append_new(notes, json_sprintf("The sound is not in this file: it has %zu MB, and %d MB fit.",
                                                  n_sound >> 20, RH_REPORT_SOUND_BYTES >> 20));
}

rh_status rh_session_one_file(rh_ask *a, const json_t *session, json_t *report)
{
    film f = {.n = 0};
    char *sound = NULL;
    size_t n_sound = 0, n_video = bytes_of(json_object_get(report, "videos"));
    rh_status st = RH_OK;
    if (a->film && n_video && n_video <= RH_REPORT_VIDEO_BYTES)
        st = read_film(a, json_object_get(report, "videos"), &f);
    if (st == RH_OK && !f.n && a->sound && json_is_string(json_object_get(session, "media")))
        st = rh_session_sound(a, session, RH_REPORT_SOUND_BYTES, &sound, &n_sound);
    note_left_out(json_object_get(report, "notes"), a, n_video, f.n > 0, n_sound, sound);
    if (st == RH_OK)
        st = rh_ask_page(
            a, report,
            &(rh_report_page){.sound = (const uint8_t *)sound, .n_sound = n_sound, .videos = f.parts, .n_videos = f.n});
    for (size_t i = 0; i < f.n; i++)
        rh_free(f.bytes[i]);
    rh_free(sound);
    return st;
}
