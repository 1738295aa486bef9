#include "rehearse/base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include "rehearse/base/utf8.h"

rh_status rh_fail(rh_error *err, rh_status code, const char *fmt, ...)
{
    if (err) {
        va_list ap;
        va_start(ap, fmt);
        err->code = code;
        (void)vsnprintf(err->msg, sizeof err->msg, fmt, ap);
        va_end(ap);
        rh_utf8_mend_cut(err->msg); /* it may quote a client, and cuts what is long */
    }
    return code;
}

const char *rh_status_name(rh_status st)
{
    switch (st) {
    case RH_OK: return "ok";
    case RH_AGAIN: return "again";
    case RH_END: return "end";
    case RH_ERR_NOMEM: return "out of memory";
    case RH_ERR_INVAL: return "invalid argument";
    case RH_ERR_IO: return "input/output error";
    case RH_ERR_FORMAT: return "bad format";
    case RH_ERR_LIMIT: return "limit exceeded";
    case RH_ERR_NOTFOUND: return "not found";
    case RH_ERR_CANCELED: return "canceled";
    case RH_ERR_UNSUPPORTED: return "unsupported";
    case RH_ERR_BUSY: return "busy";
    case RH_ERR_UNAVAILABLE: return "not available just now";
    }
    return "unknown status";
}
