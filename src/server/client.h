/* client.h - one named person, whatever number of sockets they have open.
 * Loop thread only. */
#ifndef RH_CLIENT_H
#define RH_CLIENT_H

#include "server_internal.h"

struct rh_client {
    rh_client *next;
    int refs;
    double since; /* Unix time of the first socket */
    uint64_t n_frames, n_results;
    char name[];
};

#endif
