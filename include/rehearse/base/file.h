/* file.h - files as a whole. Threads: any. */
#ifndef RH_FILE_H
#define RH_FILE_H

#include <sys/types.h>
#include "rehearse/base/buf.h"

/* Adds what the file holds to `out`. RH_ERR_IO; RH_ERR_LIMIT more than out->max; RH_ERR_NOMEM.
 * The error has the reason alone: how a name is shown is the caller's. */
rh_status rh_file_read(const char *path, rh_buf *out, rh_error *err);
/* The file in memory, read-only and shared, until munmap(). RH_ERR_IO; RH_ERR_FORMAT empty, or no regular file. */
rh_status rh_file_map(const char *path, const void **bytes, size_t *n, rh_error *err);
/* Writes all of it at `at`, or where the file stands with -1. RH_ERR_IO, and why in errno: ENOSPC for a full disk. */
rh_status rh_file_write(int fd, const void *bytes, size_t n, off_t at);

#endif
