#include "status_map.h"

#include <stddef.h>

static const struct {
    rh_status st;
    int http, close;
} table[] = {
    {RH_OK, 200, 1000},
    {RH_AGAIN, 503, 1013},
    {RH_END, 410, 1000},
    {RH_ERR_NOMEM, 503, 1013},
    {RH_ERR_INVAL, 400, 1008},
    {RH_ERR_IO, 500, 1011},
    {RH_ERR_FORMAT, 415, 1007},
    {RH_ERR_LIMIT, 413, 1009},
    {RH_ERR_NOTFOUND, 404, 1008},
    {RH_ERR_CANCELED, 503, 1001},
    {RH_ERR_UNSUPPORTED, 415, 1003},
    {RH_ERR_BUSY, 429, 1013},
    {RH_ERR_UNAVAILABLE, 503, 1013},
};

int rh_status_http(rh_status st)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].st == st)
            return table[i].http;
    return 500;
}

int rh_status_close(rh_status st)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].st == st)
            return table[i].close;
    return 1011;
}

const char *rh_http_reason(int http_status)
{
    switch (http_status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 507: return "Insufficient Storage";
    case 503: return "Service Unavailable";
    default: return http_status >= 500 ? "Internal Server Error" : "Error";
    }
}
