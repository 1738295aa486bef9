/* status.h - how every call of the library reports what happened.
 *
 * 0 is success, positive values steer flow, negative ones are failures.
 * Detail goes into a caller's rh_error, which may travel between threads. */
#ifndef RH_STATUS_H
#define RH_STATUS_H

typedef enum {
    RH_OK = 0,
    RH_AGAIN = 1, /* nothing to give now, feed more */
    RH_END = 2,   /* nothing to give any more */
    RH_ERR_NOMEM = -1,
    RH_ERR_INVAL = -2,  /* the caller's argument is wrong */
    RH_ERR_IO = -3,     /* a file or the network could not be read or written */
    RH_ERR_FORMAT = -4, /* bytes are not what they should be */
    RH_ERR_LIMIT = -5,  /* a named limit would be passed */
    RH_ERR_NOTFOUND = -6,
    RH_ERR_CANCELED = -7,
    RH_ERR_UNSUPPORTED = -8,  /* well-formed, but not something this build can do */
    RH_ERR_BUSY = -9,         /* too much at once: the same may go in a moment */
    RH_ERR_UNAVAILABLE = -10, /* what it needs can't be had just now: a database that is away or locked */
} rh_status;

enum { RH_ERROR_MSG = 240 };

typedef struct {
    rh_status code;
    char msg[RH_ERROR_MSG]; /* one sentence: what was wrong and what would be right */
} rh_error;

/* Fills `err` (may be NULL) and returns `code`, so that a failure is one line:
 *   return rh_fail(err, RH_ERR_INVAL, "rate %d outside 8000..96000", rate); */
rh_status rh_fail(rh_error *err, rh_status code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Short constant name of a status, for example "not found". */
const char *rh_status_name(rh_status st);

#endif
