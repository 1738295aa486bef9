/* uploads.c - see uploads.h. */
#include "rehearse/store/uploads.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "rehearse/base/clock.h"
#include "rehearse/base/file.h"
#include "rehearse/base/json.h"
#include "rehearse/store/media.h"
#include "store_internal.h"

typedef char media_name[RH_SESSION_ID_MAX + sizeof ".upload"];

static void name_of(const char *id, media_name out)
{
    (void)snprintf(out, sizeof(media_name), "%s.upload", id);
}

static int64_t whole(const json_t *row, const char *key)
{
    return json_integer_value(json_object_get(row, key));
}

static rh_status none(const char *id, rh_error *err)
{
    return rh_fail(err, RH_ERR_NOTFOUND, "no upload \"%s\"", id);
}

/* ---- making and asking ---- */

/* o: id, text, seq (bytes), end (seconds), n and n64 (the room) */
static rh_status run_new(rh_store *s, store_op *o, rh_error *err)
{
    int64_t n = 0;
    rh_status st = store_write(s->db, RH_SQL_UPLOAD_NEW, "upload", &n, err,
                               VALUES(T(o->id), N((int64_t)o->seq), R(o->end), T(o->text), N(o->n), N(o->n64)));
    if (st == RH_OK && n == 0)
        return rh_fail(err, RH_ERR_BUSY, "too many uploads are unfinished: try again later, or end one of them");
    return st;
}

rh_status rh_store_upload_new(rh_store *s, const char *id, int64_t length, double keep_s, const json_t *data,
                              const rh_upload_room *room, rh_error *err)
{
    store_op o = {.run = run_new, .seq = (uint64_t)length, .end = keep_s, .n = room->most, .n64 = room->most_bytes};
    return store_write_json(s, o, id, data, err);
}

static rh_status look(rh_store *s, const char *id, json_t **row, rh_error *err)
{
    json_t *rows = NULL;
    rh_status st = store_rows(store_use(s->db, RH_SQL_UPLOAD, VALUES(T(id))), &rows, err);
    *row = json_incref(json_array_get(rows, 0));
    json_decref(rows);
    if (st == RH_OK && !*row)
        return none(id, err);
    if (st == RH_OK && rh_json_num(*row, "left_s") <= 0)
        return rh_fail(err, RH_END, "the time of upload \"%s\" is over: begin it anew", id);
    return st;
}

static rh_status run_get(rh_store *s, store_op *o, rh_error *err)
{
    return look(s, o->id, &o->out, err);
}

rh_status rh_store_upload(rh_store *s, const char *id, json_t **out, rh_error *err)
{
    return store_ask_about(s, (store_op){.how = STORE_READ, .run = run_get}, id, out, err);
}

/* ---- more of it ---- */

static rh_status check(const json_t *row, int64_t at, size_t n, rh_error *err)
{
    int64_t kept = whole(row, "kept"), length = whole(row, "length");
    if (at != kept)
        return rh_fail(err, RH_ERR_INVAL, "%" PRId64 " bytes are kept: go on from there, not from %" PRId64, kept, at);
    if ((int64_t)n > length - kept)
        return rh_fail(err, RH_ERR_LIMIT, "the upload has %" PRId64 " bytes in all: these are more", length);
    return RH_OK;
}

static rh_status add_pieces(rh_store *s, const store_op *o, rh_error *err)
{
    media_name name;
    rh_status st = RH_OK;
    name_of(o->id, name);
    if (o->seq == 0)
        st = store_do(s->db, RH_SQL_MEDIA_NEW, "upload", NULL, err, VALUES(T(name), T(o->id)));
    for (size_t done = 0; done < o->n_bytes && st == RH_OK;) {
        size_t room = RH_MEDIA_PIECE - (size_t)((o->seq + done) % RH_MEDIA_PIECE);
        size_t n = o->n_bytes - done < room ? o->n_bytes - done : room;
        st = store_do(s->db, RH_SQL_MEDIA_APPEND, "upload", NULL, err,
                      VALUES(T(name), N((int64_t)((o->seq + done) / RH_MEDIA_PIECE)), B(o->text + done, (int64_t)n)));
        done += n;
    }
    return st;
}

/* All has come: it becomes what it is for. */
static rh_status become(rh_store *s, const char *id, const json_t *row, rh_error *err)
{
    bool transcription = strcmp(rh_json_str(row, "for"), "transcription") == 0;
    media_name name;
    name_of(id, name);
    store_op o = {.start = rh_unix_time(), .n = INT_MAX}; /* it had its place from its begin on */
    (void)snprintf(o.id, sizeof o.id, "%s", id);
    o.text = json_dumps(json_object_get(row, "wanted"), JSON_COMPACT | JSON_REAL_PRECISION(9));
    rh_status st = o.text ? RH_OK : rh_fail(err, RH_ERR_NOMEM, "store: out of memory");
    if (st == RH_OK)
        st = transcription ? store_run_transcription(s, &o, err) : store_run_recording(s, &o, err);
    if (st == RH_OK && s->db->engine->shared)
        st = store_do(s->db, RH_SQL_MEDIA_WHOLE, "upload", NULL, err, VALUES(T(name), N(whole(row, "length"))));
    free(o.text);
    return st;
}

/* o: id, seq (from), text and n_bytes (its bytes), end (seconds) */
static rh_status run_add(rh_store *s, store_op *o, rh_error *err)
{
    json_t *row = NULL;
    int64_t n = 0;
    rh_status st = look(s, o->id, &row, err);
    if (st == RH_OK)
        st = check(row, (int64_t)o->seq, o->n_bytes, err);
    if (st == RH_OK)
        st = store_write(s->db, RH_SQL_UPLOAD_ADD, "upload", &n, err,
                         VALUES(N((int64_t)o->n_bytes), R(o->end), T(o->id), N((int64_t)o->seq)));
    if (st == RH_OK && n == 0) /* another server was faster */
        st = rh_fail(err, RH_ERR_INVAL, "more of the upload came in another way: ask how much is kept");
    if (st == RH_OK && s->db->engine->shared)
        st = add_pieces(s, o, err);
    if (st == RH_OK && (int64_t)(o->seq + o->n_bytes) == whole(row, "length"))
        st = become(s, o->id, row, err);
    json_decref(row);
    return st;
}

static rh_status disk_fault(rh_error *err)
{
    return rh_fail(err, RH_ERR_IO, "the recording can't be kept: %s",
                   errno == ENOSPC ? "the disk is full" : strerror(errno));
}

/* A file is there after a loss of power only if its folder has been synced too. */
static bool sync_folder(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

static rh_status write_file(const char *dir, const char *id, int64_t at, const char *bytes, size_t n, rh_error *err)
{
    char path[4096 + 64];
    media_name name;
    name_of(id, name);
    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
        return rh_fail(err, RH_ERR_IO, "the path of the media folder is too long");
    (void)mkdir(dir, 0700); /* an error shows at the next line */
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = fd >= 0 && rh_file_write(fd, bytes, n, (off_t)at) == RH_OK && fdatasync(fd) == 0 &&
              (at > 0 || sync_folder(dir));
    rh_status st = ok ? RH_OK : disk_fault(err);
    if (fd >= 0)
        close(fd);
    return st;
}

rh_status rh_store_upload_add(rh_store *s, const char *media_dir, const char *id, int64_t at, const char *bytes,
                              size_t n, double keep_s, rh_error *err)
{
    rh_status st = RH_OK;
    if (!rh_store_is_shared(s)) {
        json_t *row = NULL;
        st = rh_store_upload(s, id, &row, err);
        if (st == RH_OK)
            st = check(row, at, n, err);
        if (st == RH_OK)
            st = write_file(media_dir, id, at, bytes, n, err);
        json_decref(row);
    }
    store_op o = {.how = STORE_WRITE,
                  .durable = true,
                  .run = run_add,
                  .seq = (uint64_t)at,
                  .text = store_lent(bytes),
                  .n_bytes = n,
                  .end = keep_s};
    return st == RH_OK ? store_ask_about(s, o, id, NULL, err) : st;
}

/* ---- its end ---- */

static rh_status run_delete(rh_store *s, store_op *o, rh_error *err)
{
    int64_t unfinished = -1;
    rh_status st = store_number(s->db, RH_SQL_UPLOAD_DELETE, "delete", &unfinished, err, VALUES(T(o->id)));
    if (st == RH_OK && unfinished < 0)
        return none(o->id, err);
    if (st == RH_OK && unfinished > 0)
        st = store_do(s->db, RH_SQL_MEDIA_REMOVE_SESSION, "delete", NULL, err, VALUES(T(o->id)));
    s->checkpoint_due |= st == RH_OK;
    o->out = json_boolean(unfinished > 0);
    return st;
}

rh_status rh_store_upload_delete(rh_store *s, const char *media_dir, const char *id, rh_error *err)
{
    json_t *unfinished = NULL;
    rh_status st = store_ask_about(s, (store_op){.how = STORE_WRITE, .run = run_delete}, id, &unfinished, err);
    if (st == RH_OK && json_is_true(unfinished))
        rh_store_remove_files(media_dir, id);
    json_decref(unfinished);
    return st;
}

static rh_status run_expired(rh_store *s, store_op *o, rh_error *err)
{
    return store_rows(store_use(s->db, RH_SQL_UPLOADS_EXPIRED, NULL, 0), &o->out, err);
}

rh_status rh_store_uploads_expire(rh_store *s, const char *media_dir, int *n, rh_error *err)
{
    store_op o = {.how = STORE_READ, .run = run_expired};
    return store_erase_rows(s, &o, rh_store_upload_delete, media_dir, n, err);
}
