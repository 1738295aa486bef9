/* status_map.h - the one table from rh_status to HTTP statuses and WebSocket
 * close codes. Threads: any. */
#ifndef RH_STATUS_MAP_H
#define RH_STATUS_MAP_H

#include "rehearse/base/status.h"

int rh_status_http(rh_status st);
int rh_status_close(rh_status st); /* RFC 6455, section 7.4.1 */
const char *rh_http_reason(int http_status);

#endif
