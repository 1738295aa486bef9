#include "error_body.h"

#include <jansson.h>
#include "router.h"
#include "status_map.h"

static const char *type_of(int status)
{
    return status >= 500 ? "server_error" : status == 429 ? "rate_limit_error" : "invalid_request_error";
}

static const char *code_of(int status)
{
    return status == 401 ? "invalid_api_key" : status == 429 ? "rate_limit_exceeded" : NULL;
}

char *rh_error_body(const char *path, int status, const char *param, const char *code, const char *msg)
{
    json_t *text = json_string(msg); /* NULL when a client's bytes in it are not UTF-8 */
    if (!text)
        text = json_string(rh_http_reason(status));
    json_t *whole = text ? json_pack("{s:O}", "detail", text) : NULL;
    if (whole && rh_route_is_v1(path))
        (void)json_object_set_new(whole, "error",
                                  json_pack("{s:O, s:s, s:s?, s:s?}", "message", text, "type", type_of(status), "param",
                                            param, "code", code ? code : code_of(status)));
    json_decref(text);
    char *body = whole ? json_dumps(whole, JSON_COMPACT) : NULL;
    json_decref(whole);
    return body;
}
