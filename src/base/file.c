#include "rehearse/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

rh_status rh_file_read(const char *path, rh_buf *out, rh_error *err)
{
    char chunk[16384];
    FILE *f = fopen(path, "rbe");
    if (!f)
        return rh_fail(err, RH_ERR_IO, "%s", strerror(errno));
    rh_status st = RH_OK;
    for (size_t n; st == RH_OK && (n = fread(chunk, 1, sizeof chunk, f)) > 0;)
        st = rh_buf_add(out, chunk, n);
    if (st != RH_OK)
        rh_fail(err, st, "%s", st == RH_ERR_LIMIT ? "the file is too large" : "out of memory");
    else if (ferror(f))
        st = rh_fail(err, RH_ERR_IO, "%s", strerror(errno));
    fclose(f);
    return st;
}

rh_status rh_file_map(const char *path, const void **bytes, size_t *n, rh_error *err)
{
    struct stat info = {0};
    void *at = MAP_FAILED;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool known = fd >= 0 && fstat(fd, &info) == 0, usable = S_ISREG(info.st_mode) && info.st_size > 0;
    if (known && usable)
        at = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    int why = errno;
    if (fd >= 0)
        close(fd);
    if (known && !usable)
        return rh_fail(err, RH_ERR_FORMAT, "%s is %s", path, S_ISREG(info.st_mode) ? "empty" : "not a regular file");
    if (at == MAP_FAILED)
        return rh_fail(err, RH_ERR_IO, "%s: %s", path, strerror(why));
    *bytes = at;
    *n = (size_t)info.st_size;
    return RH_OK;
}

rh_status rh_file_write(int fd, const void *bytes, size_t n, off_t at)
{
    const char *p = bytes;
    for (size_t done = 0; done < n;) {
        ssize_t k = at < 0 ? write(fd, p + done, n - done) : pwrite(fd, p + done, n - done, at + (off_t)done);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0) {
            errno = k == 0 ? ENOSPC : errno;
            return RH_ERR_IO;
        }
        done += (size_t)k;
    }
    return RH_OK;
}
