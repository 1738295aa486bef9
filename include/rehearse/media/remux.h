/* remux.h - a recording in a new container: the same pictures and sound, not coded again.
 *
 * Browsers write WebM and MP4 as they go, without a length or an index, so that players cannot
 * seek in it; the copy has both. Threads: any. */
#ifndef RH_REMUX_H
#define RH_REMUX_H

#include "rehearse/base/status.h"

/* Writes what can be read of `from` to the new file `to`, as WebM or MP4 by what `from` is
 * (`*type`: its media type, a constant). One that breaks off is copied as far as it goes.
 * RH_ERR_NOTFOUND, RH_ERR_FORMAT no such recording, RH_ERR_UNSUPPORTED what is in it fits in
 * neither, RH_ERR_IO, RH_ERR_LIMIT it takes too long. On failure `to` is not there. */
rh_status rh_remux(const char *from, const char *to, const char **type, rh_error *err);

#endif
