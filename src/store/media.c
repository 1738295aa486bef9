/* media.c - see media.h: files of a folder, or rows of a shared database. */
#include "rehearse/store/media.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/file.h"
#include "rehearse/base/json.h"
#include "store_internal.h"

enum { MAX_PATH = 4096 + RH_SESSION_ID_MAX + 64 };

/* ---- files ---- */

static rh_status path_of(const char *dir, const char *name, char out[MAX_PATH], rh_error *err)
{
    return snprintf(out, MAX_PATH, "%s/%s", dir, name) < MAX_PATH
               ? RH_OK
               : rh_fail(err, RH_ERR_IO, "the path of the media folder is too long");
}

static rh_status read_fault(rh_error *err, const char *name, int why)
{
    return rh_fail(err, why == ENOENT ? RH_ERR_NOTFOUND : RH_ERR_IO, "%s cannot be read: %s", name, strerror(why));
}

static rh_status open_file(const char *dir, const char *name, int flags, int *fd, rh_error *err)
{
    char path[MAX_PATH];
    rh_status st = path_of(dir, name, path, err);
    if (st != RH_OK)
        return st;
    *fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
    return *fd >= 0 ? RH_OK : read_fault(err, name, errno);
}

static rh_status read_whole(int fd, const char *name, uint64_t at, void *out, size_t n, rh_error *err)
{
    for (size_t got = 0; got < n;) {
        ssize_t k = pread(fd, (char *)out + got, n - got, (off_t)(at + got));
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return rh_fail(err, RH_ERR_IO, "%s cannot be read: %s", name, k ? strerror(errno) : "it is shorter");
        got += (size_t)k;
    }
    return RH_OK;
}

static void remove_file(const char *dir, const char *name)
{
    char path[MAX_PATH];
    if (path_of(dir, name, path, NULL) == RH_OK)
        (void)unlink(path);
}

/* ---- rows: on the store's thread ---- */

/* o: kind (the name), n (the number of the piece), text and start (its bytes, and how many) */
static rh_status run_piece(rh_store *s, store_op *o, rh_error *err)
{
    if (o->n == 0) { /* the first begins anew */
        rh_status st = store_do(s->db, RH_SQL_MEDIA_REMOVE, "media", NULL, err, VALUES(T(o->kind)));
        if (st == RH_OK)
            st = store_do(s->db, RH_SQL_MEDIA_NEW, "media", NULL, err, VALUES(T(o->kind), T(o->id)));
        if (st != RH_OK)
            return st;
    }
    return store_do(s->db, RH_SQL_MEDIA_PIECE, "media", NULL, err,
                    VALUES(T(o->kind), N(o->n), B(o->text, (int64_t)o->start)));
}

static rh_status run_whole(rh_store *s, store_op *o, rh_error *err)
{
    return store_do(s->db, RH_SQL_MEDIA_WHOLE, "media", NULL, err, VALUES(T(o->kind), N((int64_t)o->seq)));
}

static rh_status run_remove(rh_store *s, store_op *o, rh_error *err)
{
    return store_do(s->db, RH_SQL_MEDIA_REMOVE, "media", NULL, err, VALUES(T(o->kind)));
}

static rh_status run_look(rh_store *s, store_op *o, rh_error *err)
{
    rh_status st = store_rows(store_use(s->db, RH_SQL_MEDIA_LOOK, VALUES(T(o->kind))), &o->out, err);
    if (st == RH_OK && json_array_size(o->out) == 0)
        return rh_fail(err, RH_ERR_NOTFOUND, "%s is not there", o->kind);
    return st;
}

/* A piece from its byte number `end` on; text: where to, seq: how many. */
static rh_status run_read(rh_store *s, store_op *o, rh_error *err)
{
    store_query *q = store_use(s->db, RH_SQL_MEDIA_READ, VALUES(T(o->kind), N(o->n)));
    store_step step = store_query_step(q);
    bool there = false;
    if (step == STORE_ROW) {
        store_value v = store_query_value(q, 0);
        size_t from = (size_t)o->end;
        there = v.type == STORE_BYTES && v.bytes && from + o->seq <= (uint64_t)v.whole;
        if (there)
            memcpy(o->text, (const char *)v.bytes + from, (size_t)o->seq);
        step = store_query_step(q);
    }
    rh_status st = store_query_end(q, step, "media", err);
    return st == RH_OK && !there ? rh_fail(err, RH_ERR_IO, "%s has gone", o->kind) : st;
}

/* ---- rows: for whoever waits ---- */

static rh_status keep_rows(rh_store *s, int fd, const char *name, const char *session, rh_error *err)
{
    struct stat f;
    char *piece = rh_alloc(RH_MEDIA_PIECE);
    rh_status st = piece ? RH_OK : rh_fail(err, RH_ERR_NOMEM, "out of memory");
    uint64_t size = 0;
    if (st == RH_OK && fstat(fd, &f) != 0)
        st = read_fault(err, name, errno);
    else if (st == RH_OK)
        size = (uint64_t)f.st_size;
    for (uint64_t at = 0; st == RH_OK && (at < size || at == 0); at += RH_MEDIA_PIECE) {
        size_t n = size - at < RH_MEDIA_PIECE ? (size_t)(size - at) : RH_MEDIA_PIECE;
        st = read_whole(fd, name, at, piece, n, err);
        store_op o = {.how = STORE_WRITE,
                      .run = run_piece,
                      .kind = store_lent(name),
                      .n = (int)(at / RH_MEDIA_PIECE),
                      .text = piece,
                      .start = (double)n};
        if (st == RH_OK)
            st = store_ask_about(s, o, session, NULL, err);
    }
    store_op whole = {.how = STORE_WRITE, .durable = true, .run = run_whole, .kind = store_lent(name), .seq = size};
    if (st == RH_OK)
        st = store_ask(s, &whole, NULL, err);
    rh_free(piece);
    return st;
}

static rh_status look_rows(rh_store *s, const char *name, rh_media_info *out, rh_error *err)
{
    json_t *rows = NULL;
    store_op o = {.how = STORE_READ, .run = run_look, .kind = store_lent(name)};
    rh_status st = store_ask(s, &o, &rows, err);
    const json_t *row = json_array_get(rows, 0);
    if (st == RH_OK)
        *out = (rh_media_info){.size = (uint64_t)json_integer_value(json_object_get(row, "size")),
                               .modified = rh_json_num(row, "created")};
    json_decref(rows);
    return st;
}

static rh_status read_rows(rh_store *s, const char *name, uint64_t at, char *out, size_t n, rh_error *err)
{
    rh_status st = RH_OK;
    for (size_t done = 0; done < n && st == RH_OK;) {
        uint64_t in_piece = (at + done) % RH_MEDIA_PIECE, k = RH_MEDIA_PIECE - in_piece;
        k = k < n - done ? k : n - done;
        store_op o = {.how = STORE_READ,
                      .run = run_read,
                      .kind = store_lent(name),
                      .n = (int)((at + done) / RH_MEDIA_PIECE),
                      .end = (double)in_piece,
                      .text = out + done,
                      .seq = k};
        st = store_ask(s, &o, NULL, err);
        done += (size_t)k;
    }
    return st;
}

static rh_status fetch_rows(rh_store *s, int fd, const char *name, rh_error *err)
{
    rh_media_info info = {0};
    char *piece = rh_alloc(RH_MEDIA_PIECE);
    rh_status st = piece ? look_rows(s, name, &info, err) : rh_fail(err, RH_ERR_NOMEM, "out of memory");
    for (uint64_t at = 0; st == RH_OK && at < info.size; at += RH_MEDIA_PIECE) {
        size_t n = info.size - at < RH_MEDIA_PIECE ? (size_t)(info.size - at) : RH_MEDIA_PIECE;
        st = read_rows(s, name, at, piece, n, err);
        if (st == RH_OK && rh_file_write(fd, piece, n, (off_t)at) != RH_OK)
            st = rh_fail(err, RH_ERR_IO, "%s cannot be written: %s", name, strerror(errno));
    }
    rh_free(piece);
    return st;
}

/* ---- either ---- */

rh_status rh_media_keep(rh_store *s, const char *dir, const char *name, const char *session, rh_error *err)
{
    int fd = -1;
    if (!s || !rh_store_is_shared(s))
        return RH_OK;
    rh_status st = open_file(dir, name, O_RDONLY, &fd, err);
    if (st != RH_OK)
        return st;
    st = keep_rows(s, fd, name, session, err);
    close(fd);
    if (st == RH_OK)
        remove_file(dir, name);
    return st;
}

rh_status rh_media_fetch(rh_store *s, const char *dir, const char *name, rh_error *err)
{
    int fd = -1;
    if (!rh_store_is_shared(s))
        return RH_OK;
    (void)mkdir(dir, 0700); /* an error shows at the next line */
    rh_status st = open_file(dir, name, O_WRONLY | O_CREAT | O_TRUNC, &fd, err);
    if (st != RH_OK)
        return st;
    st = fetch_rows(s, fd, name, err);
    if (close(fd) != 0 && st == RH_OK)
        st = rh_fail(err, RH_ERR_IO, "%s cannot be written: %s", name, strerror(errno));
    if (st != RH_OK)
        remove_file(dir, name);
    return st;
}

void rh_media_release(rh_store *s, const char *dir, const char *name)
{
    if (rh_store_is_shared(s))
        remove_file(dir, name);
}

void rh_media_remove(rh_store *s, const char *dir, const char *name)
{
    store_op o = {.how = STORE_WRITE, .run = run_remove, .kind = store_lent(name)};
    remove_file(dir, name);
    if (rh_store_is_shared(s))
        (void)store_ask(s, &o, NULL, NULL);
}

rh_status rh_media_look(rh_store *s, const char *dir, const char *name, rh_media_info *out, rh_error *err)
{
    int fd = -1;
    struct stat f;
    if (rh_store_is_shared(s))
        return look_rows(s, name, out, err);
    rh_status st = open_file(dir, name, O_RDONLY, &fd, err);
    if (st != RH_OK)
        return st;
    if (fstat(fd, &f) != 0 || !S_ISREG(f.st_mode))
        st = rh_fail(err, RH_ERR_NOTFOUND, "%s is not there", name);
    else
        *out = (rh_media_info){.size = (uint64_t)f.st_size,
                               .modified = (double)f.st_mtim.tv_sec + (double)f.st_mtim.tv_nsec / 1e9};
    close(fd);
    return st;
}

rh_status rh_media_read(rh_store *s, const char *dir, const char *name, uint64_t at, void *out, size_t n, rh_error *err)
{
    int fd = -1;
    if (rh_store_is_shared(s))
        return read_rows(s, name, at, out, n, err);
    rh_status st = open_file(dir, name, O_RDONLY, &fd, err);
    if (st == RH_OK)
        st = read_whole(fd, name, at, out, n, err);
    if (fd >= 0)
        close(fd);
    return st;
}
