#include "rehearse/base/pipe.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const int64_t max_bytes = 4ll << 30;

static rh_status cannot_keep(rh_error *err)
{
    return rh_fail(err, RH_ERR_IO, "what comes through the pipe cannot be kept for reading: %s", strerror(errno));
}

static rh_status copy(int from, FILE *to, rh_error *err)
{
    char block[64 * 1024];
    for (int64_t total = 0;;) {
        ssize_t n = read(from, block, sizeof block);
        if (n == 0)
            return fflush(to) == 0 ? RH_OK : cannot_keep(err);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return rh_fail(err, RH_ERR_IO, "cannot read it: %s", strerror(errno));
        total += n;
        if (total > max_bytes)
            return rh_fail(err, RH_ERR_LIMIT, "more than %lld GB came through the pipe; give a file",
                           (long long)(max_bytes >> 30));
        if (fwrite(block, 1, (size_t)n, to) != (size_t)n)
            return cannot_keep(err);
    }
}

rh_status rh_pipe_to_file(int *fd, rh_error *err)
{
    if (lseek(*fd, 0, SEEK_CUR) >= 0)
        return RH_OK;
    FILE *f = tmpfile();
    rh_status st = f ? copy(*fd, f, err) : cannot_keep(err);
    int kept = st == RH_OK ? fcntl(fileno(f), F_DUPFD_CLOEXEC, 0) : -1;
    if (st == RH_OK && (kept < 0 || lseek(kept, 0, SEEK_SET) != 0))
        st = cannot_keep(err);
    if (f)
        fclose(f);
    if (st != RH_OK) {
        if (kept >= 0)
            close(kept);
        return st;
    }
    close(*fd);
    *fd = kept;
    return RH_OK;
}
