#include "incoming.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/file.h"
#include "rehearse/base/buf.h"
#include "rehearse/base/random.h"

enum { PIECE_BYTES = 256 << 10, MAX_WAITING_BYTES = 1 << 20, MAX_TEXT_BYTES = 64 << 10 };

struct rh_incoming {
    rh_job job; /* the one under way, when `busy`: it has `writing`, `fd` and `path` */
    rh_server *server;
    uint64_t conn;
    rh_incoming_told told;
    rh_incoming_sink sink; /* `take` NULL: it becomes a file */
    rh_buf bytes;          /* all of it; on the disk: what waits to be written */
    rh_buf writing;
    size_t n, n_mem; /* of it; counted in server.upload_bytes */
    bool on_disk, busy, whole, abandoned;
    int fd;
    char path[4096 + 64]; /* "" when there is no such file (any more) */
    rh_error err;
};

static rh_incoming *of(rh_job *job)
{
    return (rh_incoming *)((char *)job - offsetof(rh_incoming, job));
}

rh_incoming *rh_incoming_new(rh_server *s, uint64_t conn, rh_incoming_told told)
{
    rh_incoming *in = rh_calloc(1, sizeof *in);
    if (!in)
        return NULL;
    in->server = s;
    in->conn = conn;
    in->told = told;
    in->fd = -1;
    rh_buf_init(&in->bytes, RH_MAX_SMALL_FILE_BYTES + 2 * MAX_WAITING_BYTES);
    rh_buf_init(&in->writing, RH_MAX_SMALL_FILE_BYTES + 2 * MAX_WAITING_BYTES);
    return in;
}

rh_incoming *rh_incoming_new_to(rh_server *s, uint64_t conn, rh_incoming_told told, const rh_incoming_sink *sink)
{
    rh_incoming *in = rh_incoming_new(s, conn, told);
    if (!in)
        return NULL;
    in->sink = *sink;
    in->on_disk = true;
    return in;
}

/* ---- on the disk ---- */

static rh_status disk_fault(rh_error *err, int why)
{
    return rh_fail(err, RH_ERR_IO, "the recording can't be kept: %s",
                   why == ENOSPC ? "the disk is full" : strerror(why));
}

static rh_status write_all(int fd, const char *bytes, size_t n, rh_error *err)
{
    return rh_file_write(fd, bytes, n, -1) == RH_OK ? RH_OK : disk_fault(err, errno);
}

static rh_status create(const char *path, int *fd, rh_error *err)
{
    char dir[sizeof((rh_incoming *)0)->path];
    (void)snprintf(dir, sizeof dir, "%.*s", (int)(strrchr(path, '/') - path), path);
    (void)mkdir(dir, 0700); /* an error shows at the next line */
    *fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    return *fd >= 0 ? RH_OK : disk_fault(err, errno);
}

static void write_run(rh_job *job, rh_worker *w)
{
    rh_incoming *in = of(job);
    (void)w;
    if (in->sink.take) {
        (void)in->sink.take(in->sink.user, in->writing.data, in->writing.len, &in->err);
        return;
    }
    rh_status st = in->fd >= 0 ? RH_OK : create(in->path, &in->fd, &in->err);
    if (st == RH_OK)
        (void)write_all(in->fd, in->writing.data, in->writing.len, &in->err);
}

static void remove_run(rh_job *job, rh_worker *w)
{
    rh_incoming *in = of(job);
    (void)w;
    if (in->fd >= 0 && in->path[0])
        (void)unlink(in->path);
    if (in->fd >= 0)
        close(in->fd);
    in->fd = -1;
}

/* ---- on the loop ---- */

static void count(rh_incoming *in, size_t n)
{
    in->server->upload_bytes -= in->n_mem;
    in->n_mem = n;
    in->server->upload_bytes += n;
}

static void destroy(rh_server *s, rh_job *job)
{
    rh_incoming *in = of(job);
    count(in, 0);
    s->upload_file_bytes -= in->on_disk && !in->sink.take ? in->n : 0;
    if (in->sink.take)
        in->sink.over(s, in->sink.user);
    rh_buf_done(&in->bytes);
    rh_buf_done(&in->writing);
    rh_free(in);
}

static rh_pool *pool_of(const rh_incoming *in)
{
    return in->sink.take ? in->server->desk : in->server->disk;
}

static void swap(rh_incoming *in)
{
    rh_buf piece = in->bytes;
    in->bytes = in->writing;
    in->writing = piece;
}

static void remove_it(rh_incoming *in)
{
    if (in->sink.take && in->bytes.len && !in->err.code) { /* a client that comes back need not send it again */
        swap(in);
        in->job = (rh_job){.run = write_run, .done = destroy};
        if (rh_pool_submit(pool_of(in), &in->job) == RH_OK)
            return;
    }
    in->job = (rh_job){.run = remove_run, .done = destroy};
    if (in->fd >= 0 && rh_pool_submit(in->server->disk, &in->job) == RH_OK)
        return;
    remove_run(&in->job, NULL); /* nothing to remove, or the server ends */
    destroy(in->server, &in->job);
}

void rh_incoming_free(rh_incoming *in)
{
    if (in && in->busy)
        in->abandoned = true;
    else if (in)
        remove_it(in);
}

static void schedule_write(rh_incoming *in);

static void write_done(rh_server *s, rh_job *job)
{
    rh_incoming *in = of(job);
    in->busy = false;
    rh_buf_clear(&in->writing);
    count(in, in->bytes.len);
    if (in->abandoned) {
        remove_it(in);
        return;
    }
    schedule_write(in);
    in->told(s, in->conn); /* may free it */
}

static void schedule_write(rh_incoming *in)
{
    size_t piece = in->sink.take ? RH_SINK_PIECE_BYTES : PIECE_BYTES;
    if (in->busy || !in->on_disk || in->err.code || !in->bytes.len || (in->bytes.len < piece && !in->whole))
        return;
    swap(in);
    in->job = (rh_job){.run = write_run, .done = write_done};
    rh_status st = rh_pool_submit(pool_of(in), &in->job);
    in->busy = st == RH_OK;
    if (st == RH_END)
        (void)rh_fail(&in->err, RH_ERR_CANCELED, "the server is stopping");
    else if (st != RH_OK)
        (void)rh_fail(&in->err, RH_ERR_BUSY, "too many uploads at once: try again in a moment");
}

/* From here on it goes to the disk. */
static void spill(rh_incoming *in)
{
    char name[17];
    (void)rh_random_hex(name, 8);
    (void)snprintf(in->path, sizeof in->path, "%.4000s/%s.part", in->server->media_dir, name);
    in->on_disk = true;
    in->server->upload_file_bytes += in->n;
}

rh_status rh_incoming_add(rh_incoming *in, const char *bytes, size_t n, rh_error *err)
{
    rh_server *s = in->server;
    size_t most = ((size_t)s->o.config->max_upload_mb << 20) * RH_MAX_FILE_JOBS;
    if (in->err.code)
        return rh_incoming_fault(in, err);
    bool in_file = in->on_disk && !in->sink.take;
    if (s->upload_bytes + n > RH_MAX_BODY_BYTES || (in_file && s->upload_file_bytes + n > most))
        return rh_fail(err, RH_ERR_BUSY, "too many uploads at once: try again in a moment");
    if (rh_buf_add(&in->bytes, bytes, n) != RH_OK)
        return rh_fail(err, RH_ERR_NOMEM, "out of memory for the upload");
    in->n += n;
    count(in, in->n_mem + n);
    if (in_file)
        s->upload_file_bytes += n;
    else if (!in->on_disk && in->n > RH_MAX_SMALL_FILE_BYTES)
        spill(in);
    schedule_write(in);
    return rh_incoming_fault(in, err);
}

void rh_incoming_end(rh_incoming *in)
{
    in->whole = true;
    schedule_write(in);
}

size_t rh_incoming_size(const rh_incoming *in)
{
    return in->n;
}

bool rh_incoming_full(const rh_incoming *in)
{
    return in->busy && in->bytes.len >= MAX_WAITING_BYTES;
}

bool rh_incoming_settled(const rh_incoming *in)
{
    return !in->busy && (in->err.code || (in->whole && (!in->on_disk || !in->bytes.len)));
}

rh_status rh_incoming_fault(const rh_incoming *in, rh_error *err)
{
    if (in->busy || !in->err.code) /* the job under way may be writing it */
        return RH_OK;
    if (err)
        *err = in->err;
    return in->err.code;
}

const char *rh_incoming_text(const rh_incoming *in)
{
    return in->bytes.data && !in->on_disk && in->n <= MAX_TEXT_BYTES ? in->bytes.data : "";
}

/* ---- using it ---- */

rh_status rh_incoming_audio(rh_incoming *in, double max_s, rh_audio *out, rh_error *err)
{
    char open_file[32]; /* whatever became of its name */
    (void)snprintf(open_file, sizeof open_file, "/proc/self/fd/%d", in->fd);
    rh_status st = in->on_disk ? rh_audio_read_file(out, open_file, max_s, err)
                               : rh_audio_read_memory(out, in->bytes.data, in->bytes.len, max_s, err);
    rh_buf_done(&in->bytes); /* the samples are enough from here on */
    return st;
}

static rh_status sync_folder(const char *path, rh_error *err)
{
    char dir[sizeof((rh_incoming *)0)->path];
    (void)snprintf(dir, sizeof dir, "%.*s", (int)(strrchr(path, '/') - path), path);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0)
        close(fd);
    return ok ? RH_OK : disk_fault(err, why);
}

rh_status rh_incoming_keep(rh_incoming *in, const char *path, rh_error *err)
{
    rh_status st = RH_OK;
    if (in->on_disk) {
        st = rename(in->path, path) == 0 ? RH_OK : disk_fault(err, errno);
    } else {
        st = create(path, &in->fd, err);
        if (st == RH_OK)
            st = write_all(in->fd, in->bytes.data, in->bytes.len, err);
    }
    if (st == RH_OK) /* else `path` is the caller's to remove */
        in->path[0] = '\0';
    if (st == RH_OK && fsync(in->fd) != 0)
        st = disk_fault(err, errno);
    return st == RH_OK ? sync_folder(path, err) : st;
}
