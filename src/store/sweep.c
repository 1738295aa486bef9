/* sweep.c - the files of the media folder: those of a session, and those that belong to none any more. */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "place.h"
#include "store_internal.h"

bool rh_video_name_read(rh_video_name *out, const char *file)
{
    static const char *const endings[] = {"webm", "mp4"};
    const char *dot = strrchr(file, '.');
    int n_head = 0;
    if (!dot || sscanf(file, "%3d-%12" SCNd64 "-%n", &out->part, &out->start_ms, &n_head) != 2 || !n_head ||
        file + n_head >= dot || (size_t)(dot - file) - (size_t)n_head > RH_SESSION_ID_MAX)
        return false;
    size_t n = (size_t)(dot - file) - (size_t)n_head;
    memcpy(out->id, file + n_head, n);
    out->id[n] = '\0';
    out->ending = NULL;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        out->ending = strcmp(dot + 1, endings[i]) == 0 ? endings[i] : out->ending;
    return out->ending && out->part > 0 && out->start_ms >= 0 && rh_session_id_valid(out->id);
}

static bool is(const json_t *row, const char *key, const char *text)
{
    const char *have = json_string_value(json_object_get(row, key));
    return have && strcmp(have, text) == 0;
}

/* Whether the session of that row still needs the file. */
bool store_media_needed(const json_t *row, const char *file, const char *ending)
{
    bool running = is(row, "state", "live") || is(row, "state", "queued") || is(row, "state", "analysing");
    if (strcmp(ending, "upload") == 0)
        return is(row, "state", "queued") || is(row, "state", "analysing") || is(row, "state", "job") ||
               is(row, "state", "upload");
    if (strcmp(ending, "wav") == 0)
        return running || is(row, "media", file);
    if (strcmp(ending, "webm") == 0 || strcmp(ending, "mp4") == 0)
        return row != NULL;
    return running; /* pcm; a part has no session */
}

/* <id>.pcm, <id>.wav, <id>.upload, <any>.part of an upload on its way, and parts of videos; what has another
 * name is not ours. */
const char *store_media_ending(const char *file, char *id)
{
    static const char *const endings[] = {"pcm", "wav", "upload", "part"};
    const char *dot = strrchr(file, '.');
    rh_video_name video;
    if (rh_video_name_read(&video, file)) {
        strcpy(id, video.id);
        return video.ending;
    }
    if (!dot || dot == file || dot - file > RH_SESSION_ID_MAX)
        return NULL;
    memcpy(id, file, (size_t)(dot - file));
    id[dot - file] = '\0';
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (strcmp(dot + 1, endings[i]) == 0 && rh_session_id_valid(id))
            return endings[i];
    return NULL;
}

static rh_status run_sweep(rh_store *s, store_op *o, rh_error *err)
{
    (void)o;
    return store_do(s->db, RH_SQL_MEDIA_SWEEP, "sweep", NULL, err, NULL, 0);
}

rh_status rh_store_sweep(rh_store *s, const char *media_dir, double older_than, int *n_removed, rh_error *err)
{
    json_t *sessions = NULL;
    *n_removed = 0;
    rh_status st = rh_store_files(s, &sessions, err);
    store_op o = {.how = STORE_WRITE, .run = run_sweep};
    if (st == RH_OK && rh_store_is_shared(s))
        st = store_ask(s, &o, NULL, err);
    DIR *dir = st == RH_OK ? opendir(media_dir) : NULL; /* none: nothing to sweep */
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char id[RH_SESSION_ID_MAX + 1];
        struct stat f;
        const char *ending = store_media_ending(e->d_name, id);
        if (!ending || fstatat(dirfd(dir), e->d_name, &f, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(f.st_mode))
            continue;
        if ((double)f.st_mtime < older_than && !store_media_needed(json_object_get(sessions, id), e->d_name, ending))
            *n_removed += unlinkat(dirfd(dir), e->d_name, 0) == 0;
    }
    if (dir)
        closedir(dir);
    json_decref(sessions);
    return st;
}

void rh_store_remove_files(const char *media_dir, const char *id)
{
    DIR *dir = opendir(media_dir); /* none: there are no files */
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char of[RH_SESSION_ID_MAX + 1];
        const char *ending = store_media_ending(e->d_name, of);
        if (ending && strcmp(ending, "part") != 0 && strcmp(of, id) == 0)
            (void)unlinkat(dirfd(dir), e->d_name, 0);
    }
    if (dir)
        closedir(dir);
}

rh_status rh_store_erase(rh_store *s, const char *media_dir, const char *id, rh_error *err)
{
    rh_status st = rh_store_delete(s, id, NULL, err);
    if (st == RH_OK)
        rh_store_remove_files(media_dir, id);
    return st;
}
