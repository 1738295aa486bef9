/* Routes: the first byte chooses method and kind, the rest is a decoded path. No path
 * may reach what is guarded without being seen as guarded. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "server/routes.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const methods[] = {"GET", "POST", "HEAD", "DELETE", "OPTIONS", "PUT", "get", ""};
    char path[RH_MAX_PATH];
    if (!n)
        return 0;
    size_t n_path = n - 1 < sizeof path - 1 ? n - 1 : sizeof path - 1;
    memcpy(path, bytes + 1, n_path);
    path[n_path] = '\0';
    rh_route r = rh_route_match(&rh_routes, methods[bytes[0] & 7], path, (bytes[0] & 8) != 0);
    bool known = (r.row && r.row->pattern) || r.wrong_method;
    if (known && !r.open && !rh_route_is_guarded(path))
        abort();
    if (rh_route_is_v1(path) && (r.open || !rh_route_is_guarded(path)))
        abort();
    if (strlen(r.param) >= sizeof r.param || strlen(r.allow) >= sizeof r.allow)
        abort();
    for (const char *p = r.param; known && !r.bad_param && *p; p++)
        if ((unsigned char)*p < 0x20 || *p == '/')
            abort();
    return 0;
}
