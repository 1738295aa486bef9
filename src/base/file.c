#include "rehearse/base/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

rh_status rh_file_read(const char *path, rh_buf *out, rh_error *err)
{
    char chunk[16384];
    FILE *f = fopen(path, "rbe");
    if (!f)
        return rh_fail(err, RH_ERR_IO, "%.150s: %s", path, strerror(errno));
    rh_status st = RH_OK;
    for (size_t n; st == RH_OK && (n = fread(chunk, 1, sizeof chunk, f)) > 0;)
        st = rh_buf_add(out, chunk, n);
    if (st != RH_OK)
        rh_fail(err, st, "%.150s: %s", path, st == RH_ERR_LIMIT ? "the file is too large" : "out of memory");
    else if (ferror(f))
        st = rh_fail(err, RH_ERR_IO, "%.150s: %s", path, strerror(errno));
    fclose(f);
    return st;
}
