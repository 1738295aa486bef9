/* array.h - arrays that grow. Threads: any. */
#ifndef RH_ARRAY_H
#define RH_ARRAY_H

#include <stddef.h>
#include "rehearse/base/status.h"

/* Makes room for `n` items of `size` bytes: `items` is the address of the array's pointer (NULL at first), `*cap` the
 * number of items it has room for (0 at first), which grows by half. RH_ERR_NOMEM: all is as before. */
rh_status rh_array_reserve(void *items, size_t *cap, size_t n, size_t size);

#endif
