/* copy_files.c - the files of a whole store: of the media folder, or rows of a shared database in pieces.
 *
 * Kept sound and recordings that wait become what the target keeps them as; what is there already with its size stays. The sound of
 * sessions that did not end is a file of samples, or rows of the table audio. Videos are files on both sides. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "copy.h"
#include "rehearse/base/file.h"
#include "rehearse/base/json.h"
#include "rehearse/store/media.h"

typedef struct {
    char name[RH_SESSION_ID_MAX + 64], session[RH_SESSION_ID_MAX + 1];
    double created; /* Unix time */
    uint64_t size;
    bool is_rows;  /* where the store is shared; others are files always */
    bool is_sound; /* samples of a session that did not end */
} item;
typedef rh_status (*item_work)(store_copy *c, const item *f, rh_error *err);

void store_copy_tell(const store_copy *c)
{
    enum { AS_BYTES = 200000 }; /* a session takes about as long as so much kept sound */
    double done = (double)c->n_rows_done * AS_BYTES + (double)c->n_bytes_done;
    double all = (double)c->n_rows * AS_BYTES + (double)c->n_bytes;
    if (c->progress)
        c->progress(c->user, all > 0 ? done / all : 1);
}

static rh_status fault(const char *name, const char *what, rh_error *err)
{
    return rh_fail(err, RH_ERR_IO, "%s cannot be %s: %s", name, what, errno ? strerror(errno) : "it is shorter");
}

static rh_status open_in(const char *dir, const char *name, int flags, int *fd, rh_error *err)
{
    char path[STORE_PATH + sizeof((item *)0)->name];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    errno = 0;
    *fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
    return *fd >= 0 ? RH_OK : fault(name, flags == O_RDONLY ? "read" : "written", err);
}

/* ---- reading ---- */

static rh_status read_rows(store_copy *c, const item *f, uint64_t at, size_t n, rh_error *err)
{
    store_query *q = store_use(c->from.db, RH_SQL_MEDIA_READ, VALUES(T(f->name), N((int64_t)(at / RH_MEDIA_PIECE))));
    store_step step = store_query_step(q);
    bool whole = false;
    if (step == STORE_ROW) {
        store_value v = store_query_value(q, 0);
        whole = v.type == STORE_BYTES && v.bytes && v.whole == (int64_t)n;
        if (whole)
            memcpy(c->piece, v.bytes, n);
        step = store_query_step(q);
    }
    rh_status st = store_query_end(q, step, "read", err);
    return st == RH_OK && !whole ? rh_fail(err, RH_ERR_IO, "a piece of %s is missing", f->name) : st;
}

static rh_status read_file(store_copy *c, const item *f, int fd, uint64_t at, size_t n, rh_error *err)
{
    for (size_t got = 0; got < n;) {
        errno = 0;
        ssize_t k = pread(fd, c->piece + got, n - got, (off_t)(at + got));
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return fault(f->name, "read", err);
        got += (size_t)k;
    }
    return RH_OK;
}

typedef rh_status (*piece_work)(store_copy *c, const item *f, int to, uint64_t at, size_t n, rh_error *err);

/* Each piece in order, in c->piece. */
static rh_status each_piece(store_copy *c, const item *f, int to, piece_work work, rh_error *err)
{
    int fd = -1;
    bool rows = f->is_rows && c->from.shared;
    rh_status st = rows ? RH_OK : open_in(c->from.media, f->name, O_RDONLY, &fd, err);
    for (uint64_t at = 0; st == RH_OK && (at < f->size || at == 0); at += RH_MEDIA_PIECE) {
        size_t n = f->size - at < RH_MEDIA_PIECE ? (size_t)(f->size - at) : RH_MEDIA_PIECE;
        st = rows ? read_rows(c, f, at, n, err) : read_file(c, f, fd, at, n, err);
        if (st == RH_OK)
            st = work(c, f, to, at, n, err);
        c->n_bytes_done += (int64_t)n;
        store_copy_tell(c);
    }
    if (fd >= 0)
        close(fd);
    return st;
}

/* ---- writing ---- */

static rh_status write_file(store_copy *c, const item *f, int to, uint64_t at, size_t n, rh_error *err)
{
    errno = 0;
    return rh_file_write(to, c->piece, n, (off_t)at) == RH_OK ? RH_OK : fault(f->name, "written", err);
}

/* On the disk under another name first, so that there is never half of one. */
static rh_status to_file(store_copy *c, const item *f, rh_error *err)
{
    char name[sizeof f->name + 8], from[STORE_PATH + sizeof name], to[STORE_PATH + sizeof name];
    struct stat there;
    int fd = -1;
    (void)snprintf(name, sizeof name, "%s.copy", f->name);
    (void)snprintf(from, sizeof from, "%s/%s", c->to.media, name);
    (void)snprintf(to, sizeof to, "%s/%s", c->to.media, f->name);
    if (c->resumed && stat(to, &there) == 0 && (uint64_t)there.st_size == f->size)
        return RH_OK;
    (void)mkdir(c->to.media, 0700); /* an error shows at the next line */
    rh_status st = open_in(c->to.media, name, O_WRONLY | O_CREAT | O_TRUNC, &fd, err);
    if (st != RH_OK)
        return st;
    st = each_piece(c, f, fd, write_file, err);
    const struct timespec as_it_was[2] = {{.tv_sec = (time_t)f->created}, {.tv_sec = (time_t)f->created}};
    (void)futimens(fd, as_it_was);
    errno = 0;
    if (st == RH_OK && fsync(fd) != 0)
        st = fault(f->name, "written", err);
    if (close(fd) != 0 && st == RH_OK)
        st = fault(f->name, "written", err);
    if (st == RH_OK && rename(from, to) != 0)
        st = fault(f->name, "written", err);
    if (st != RH_OK)
        (void)unlink(from);
    return st;
}

static rh_status write_piece(store_copy *c, const item *f, int to, uint64_t at, size_t n, rh_error *err)
{
    (void)to;
    return store_do(c->to.db, RH_SQL_MEDIA_PIECE, "copy", NULL, err,
                    VALUES(T(f->name), N((int64_t)(at / RH_MEDIA_PIECE)), B(c->piece, (int64_t)n)));
}

static rh_status write_sound(store_copy *c, const item *f, int to, uint64_t at, size_t n, rh_error *err)
{
    rh_status st = RH_OK;
    (void)to;
    for (size_t k = 0; k + 1 < n && st == RH_OK; k += RH_STORE_AUDIO_PIECE * sizeof(int16_t)) {
        size_t left = (n - k) & ~(size_t)1, most = RH_STORE_AUDIO_PIECE * sizeof(int16_t);
        st = store_do(c->to.db, RH_SQL_AUDIO, "copy", NULL, err,
                      VALUES(T(f->session), N((int64_t)((at + k) / sizeof(int16_t))),
                             B(c->piece + k, (int64_t)(left < most ? left : most))));
    }
    return st;
}

static rh_status media_rows(store_copy *c, const item *f, rh_error *err)
{
    int there = 0;
    rh_status st = store_do(c->to.db, (rh_sql)(RH_SQL_OTHER + COPY_COUNT), "copy", &there, err,
                            VALUES(T(f->name), N((int64_t)f->size)));
    if (st != RH_OK || there)
        return st;
    st = store_do(c->to.db, RH_SQL_MEDIA_REMOVE, "copy", NULL, err, VALUES(T(f->name)));
    if (st == RH_OK)
        st = store_do(c->to.db, (rh_sql)(RH_SQL_OTHER + COPY_MEDIA), "copy", NULL, err,
                      VALUES(T(f->name), T(f->session), R(f->created), N((int64_t)f->size)));
    return st == RH_OK ? each_piece(c, f, -1, write_piece, err) : st;
}

static rh_status to_rows(store_copy *c, const item *f, rh_error *err)
{
    rh_status st = store_db_begin(c->to.db, false, err);
    if (st != RH_OK)
        return st;
    st = f->is_sound ? each_piece(c, f, -1, write_sound, err) : media_rows(c, f, err);
    if (st == RH_OK)
        st = store_db_commit(c->to.db, err);
    if (st != RH_OK)
        store_db_roll_back(c->to.db);
    return st;
}

static rh_status copy_item(store_copy *c, const item *f, rh_error *err)
{
    rh_status st = (f->is_rows || f->is_sound) && c->to.shared ? to_rows(c, f, err) : to_file(c, f, err);
    c->out->n_files += st == RH_OK;
    c->out->n_bytes += st == RH_OK ? (int64_t)f->size : 0;
    return st;
}

static rh_status count_item(store_copy *c, const item *f, rh_error *err)
{
    (void)err;
    c->n_bytes += (int64_t)f->size;
    return RH_OK;
}

/* ---- what there is ---- */

/* Files of the source's folder that its sessions need, and that are to be moved: not what is rows, nor what stays in a
 * folder that both have. */
static rh_status each_file(store_copy *c, item_work work, rh_error *err)
{
    json_t *sessions = NULL;
    rh_status st = store_files(c->from.db, &sessions, err);
    DIR *dir = st == RH_OK ? opendir(c->from.media) : NULL; /* none: there are no files */
    bool same = store_same_folder(c->from.folder, c->to.folder);
    for (struct dirent *e; st == RH_OK && dir && (e = readdir(dir));) {
        item f = {0};
        struct stat s;
        const char *ending = store_media_ending(e->d_name, f.session);
        if (!ending || fstatat(dirfd(dir), e->d_name, &s, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(s.st_mode) ||
            !store_media_needed(json_object_get(sessions, f.session), e->d_name, ending))
            continue;
        if (strcmp(rh_json_str(json_object_get(sessions, f.session), "state"), "upload") == 0)
            continue; /* its client begins it anew */
        bool video = strcmp(ending, "webm") == 0 || strcmp(ending, "mp4") == 0;
        if (video ? same : c->from.shared)
            continue;
        f.is_sound = strcmp(ending, "pcm") == 0;
        f.is_rows = !video && !f.is_sound;
        f.size = (uint64_t)s.st_size;
        f.created = (double)s.st_mtim.tv_sec;
        (void)snprintf(f.name, sizeof f.name, "%s", e->d_name);
        st = work(c, &f, err);
    }
    if (dir)
        closedir(dir);
    json_decref(sessions);
    return st;
}

static rh_status each_row(store_copy *c, item_work work, rh_error *err)
{
    store_query *q = store_use(c->from.db, (rh_sql)(RH_SQL_OTHER + COPY_MEDIA), NULL, 0);
    store_step step;
    rh_status st = RH_OK;
    while ((step = store_query_step(q)) == STORE_ROW && st == RH_OK) {
        item f = {.is_rows = true, .created = store_query_real(q, 2), .size = (uint64_t)store_query_value(q, 3).whole};
        (void)snprintf(f.name, sizeof f.name, "%s", store_query_text(q, 0));
        (void)snprintf(f.session, sizeof f.session, "%s", store_query_text(q, 1));
        st = work(c, &f, err);
    }
    rh_status ended = store_query_end(q, step, "read", st == RH_OK ? err : NULL);
    return st == RH_OK ? ended : st;
}

static rh_status each_item(store_copy *c, item_work work, rh_error *err)
{
    rh_status st = each_file(c, work, err);
    return st == RH_OK && c->from.shared ? each_row(c, work, err) : st;
}

/* ---- sound of sessions that did not end, from rows to files ---- */

/* Rows in order; what one says of a sample that was there before counts. */
static rh_status sound_file(store_copy *c, const char *id, int fd, rh_error *err)
{
    int64_t after = -1, end = 0;
    int n = 1;
    rh_status st = RH_OK;
    while (st == RH_OK && n) {
        store_query *q = store_use(c->from.db, RH_SQL_AUDIO_READ, VALUES(T(id), N(after), N(RH_STORE_AUDIO_ROWS)));
        store_step step;
        for (n = 0; (step = store_query_step(q)) == STORE_ROW && st == RH_OK; n++) {
            after = store_query_value(q, 0).whole;
            store_value v = store_query_value(q, 1);
            int64_t until = after + v.whole / (int64_t)sizeof(int16_t), from = after > end ? after : end;
            size_t skip = (size_t)(from - after) * sizeof(int16_t);
            if (until <= from)
                continue;
            errno = 0;
            if (rh_file_write(fd, (const char *)v.bytes + skip, (size_t)v.whole - skip,
                              (off_t)(from * (int64_t)sizeof(int16_t))) != RH_OK)
                st = fault(id, "written", err);
            end = until;
        }
        rh_status ended = store_query_end(q, step, "read", st == RH_OK ? err : NULL);
        st = st == RH_OK ? ended : st;
    }
    if (st == RH_OK && fsync(fd) != 0)
        st = fault(id, "written", err);
    return st;
}

static rh_status sound_to_files(store_copy *c, rh_error *err)
{
    store_query *q = store_use(c->from.db, (rh_sql)(RH_SQL_OTHER + COPY_IDS), NULL, 0);
    store_step step;
    rh_status st = RH_OK;
    (void)mkdir(c->to.media, 0700); /* an error shows when a file is made */
    while ((step = store_query_step(q)) == STORE_ROW && st == RH_OK) {
        char name[RH_SESSION_ID_MAX + 8];
        int fd = -1;
        const char *id = store_query_text(q, 0);
        (void)snprintf(name, sizeof name, "%s.pcm", id);
        st = open_in(c->to.media, name, O_WRONLY | O_CREAT | O_TRUNC, &fd, err);
        if (st == RH_OK)
            st = sound_file(c, id, fd, err);
        if (fd >= 0 && close(fd) != 0 && st == RH_OK)
            st = fault(name, "written", err);
        c->out->n_files += st == RH_OK;
    }
    rh_status ended = store_query_end(q, step, "read", st == RH_OK ? err : NULL);
    return st == RH_OK ? ended : st;
}

/* ---- both ---- */

rh_status store_copy_measure(store_copy *c, rh_error *err)
{
    rh_status st = RH_OK;
    if (c->from.shared)
        st = store_write_query(c->from.db, COPY_MEDIA,
                               "SELECT name, session, created, size FROM media WHERE size IS NOT NULL ORDER BY name",
                               err);
    return st == RH_OK ? each_item(c, count_item, err) : st;
}

rh_status store_copy_files(store_copy *c, rh_error *err)
{
    rh_status st = RH_OK;
    if (c->to.shared) {
        st = store_write_query(c->to.db, COPY_COUNT, "SELECT 1 FROM media WHERE name = ?1 AND size = ?2", err);
        if (st == RH_OK)
            st = store_write_query(c->to.db, COPY_MEDIA,
                                   "INSERT INTO media (name, session, created, size) VALUES (?1, ?2, ?3, ?4)", err);
    }
    if (st == RH_OK)
        st = each_item(c, copy_item, err);
    if (st == RH_OK && c->from.shared && !c->to.shared) {
        st = store_write_query(c->from.db, COPY_IDS, "SELECT DISTINCT session FROM audio", err);
        if (st == RH_OK)
            st = sound_to_files(c, err);
    }
    return st;
}
