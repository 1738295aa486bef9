#include "unique.h"

#include <stdio.h>
#include <unistd.h>
#include "rehearse/base/clock.h"
#include "rehearse/base/random.h"

void store_unique(char out[STORE_UNIQUE_LEN + 1])
{
    if (!rh_random_hex(out, STORE_UNIQUE_LEN / 2)) /* no randomness: time and process tell it from others */
        (void)snprintf(out, STORE_UNIQUE_LEN + 1, "%016llx",
                       (unsigned long long)rh_now_us() << 16 ^ (unsigned)getpid());
}
