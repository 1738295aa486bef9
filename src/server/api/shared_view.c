/* shared_view.c - what others than its owner see of a session. Pool threads. */
#include <string.h>
#include "rehearse/base/json.h"
#include "rehearse/session/videos.h"
#include "shares.h"

/* What `from` has of them. */
static void copy_keys(json_t *out, const json_t *from, const char *const *keys, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (json_object_get(from, keys[i]))
            json_object_set(out, keys[i], json_object_get(from, keys[i]));
}

void rh_shared_notes(json_t **notes, const json_t *share)
{
    json_t *theirs = json_array(), *note;
    size_t i;
    json_array_foreach(*notes, i, note)
        if (strcmp(rh_json_str(note, "share"), rh_json_str(share, "id")) == 0)
            json_array_append(theirs, note);
    json_decref(*notes);
    *notes = theirs;
}

/* What others see of a report: nothing of other sessions, no names of files or people, and of notes those that came by
 * this link. */
json_t *rh_shared_report(const json_t *session, const json_t *share, const char *media_dir)
{
    static const char *const keys[] = {
        "version", "title",    "question",        "kind",   "created",   "duration_s", "speech_s",
        "summary", "notes",    "scores",          "keep",   "measures",  "change",     "timeline",
        "events",  "evidence", "spoken_language", "advice", "structure", "transcript", "follow_ups"};
    const json_t *report = json_object_get(session, "report");
    const char *pace_unit = rh_json_str(json_object_get(report, "analysis"), "pace_unit");
    json_t *out = json_object(), *notes = json_incref(json_object_get(session, "notes"));
    copy_keys(out, report, keys, sizeof keys / sizeof *keys);
    if (*pace_unit)
        json_object_set_new(out, "analysis", json_pack("{s:s}", "pace_unit", pace_unit));
    rh_shared_notes(&notes, share);
    json_object_set_new(out, "moment_notes", notes);
    bool sound = json_is_true(json_object_get(share, "sound")) && json_is_string(json_object_get(session, "media"));
    json_t *videos =
        json_is_true(json_object_get(share, "video")) ? rh_videos_list(media_dir, rh_json_str(session, "id")) : NULL;
    json_object_set_new(out, "shared",
                        json_pack("{s:f, s:b, s:b, s:b}", "expires", rh_json_num(share, "expires"), "comments",
                                  json_is_true(json_object_get(share, "comments")), "sound", sound, "video",
                                  videos != NULL));
    if (videos)
        json_object_set_new(out, "videos", videos);
    return out;
}

json_t *rh_shared_session(const json_t *session, const json_t *share, const char *media_dir)
{
    static const char *const keys[] = {"id",     "created",  "updated", "state",    "duration_s", "error",
                                       "scores", "measures", "events",  "segments", "seconds"};
    static const char *const meta_keys[] = {"person", "question", "kind", "language", "source"};
    const json_t *meta = json_object_get(session, "meta");
    json_t *out = json_object(), *meta_out = json_object(), *notes = json_incref(json_object_get(session, "notes"));
    copy_keys(out, session, keys, sizeof keys / sizeof *keys);
    copy_keys(meta_out, meta, meta_keys, sizeof meta_keys / sizeof *meta_keys);
    json_object_set_new(out, "meta", meta_out);
    rh_shared_notes(&notes, share);
    json_object_set_new(out, "notes", notes);
    json_object_set_new(out, "report",
                        json_is_object(json_object_get(session, "report")) ? rh_shared_report(session, share, media_dir)
                                                                           : json_null());
    return out;
}
