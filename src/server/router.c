#include "router.h"

#include <stdio.h>
#include <string.h>
#include "rehearse/base/utf8.h"

static bool usable(const char *s)
{
    size_t n = strlen(s);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
            return false;
    return n > 0 && n <= RH_MAX_CLIENT_ID && rh_utf8_valid(s, n);
}

static bool take(char *out, const char *value, size_t n)
{
    if (n > RH_MAX_CLIENT_ID)
        return false;
    memcpy(out, value, n);
    out[n] = '\0';
    return usable(out);
}

static bool matches(const char *pattern, const char *path, rh_route *r)
{
    char *params[] = {r->param, r->param2};
    size_t n_params = 0, n_values[2];
    const char *values[2], *p = path;
    for (const char *hole; (hole = strstr(pattern, "{}")) && n_params < 2; pattern = hole + 2) {
        size_t n = (size_t)(hole - pattern);
        if (strncmp(p, pattern, n) != 0)
            return false;
        p += n;
        values[n_params] = p;
        n_values[n_params++] = strcspn(p, "/");
        p += strcspn(p, "/");
    }
    /* "/health/" is "/health", as most frameworks have it */
    size_t n = strlen(pattern);
    if (strncmp(p, pattern, n) != 0 || (p[n] && (strcmp(p + n, "/") != 0 || (n == 1 && !n_params))))
        return false;
    for (size_t i = 0; i < n_params; i++)
        r->bad_param |= !take(params[i], values[i], n_values[i]);
    return true;
}

static bool upgrades(const rh_route_row *row)
{
    return row->socket != NULL;
}

rh_route rh_route_match(const rh_route_table *table, const char *method, const char *path, bool upgrade)
{
    rh_route r = {0};
    const rh_route_row *other = NULL;
    if (strcmp(method, "HEAD") == 0)
        method = "GET";
    for (size_t i = 0; i < table->n; i++) {
        const rh_route_row *row = &table->rows[i];
        if (!row->pattern && !upgrade && strcmp(method, row->method) == 0)
            other = row;
        if (!row->pattern || upgrades(row) != upgrade || !matches(row->pattern, path, &r))
            continue;
        r.open |= row->open;
        if (strcmp(method, row->method) == 0) {
            r.row = row;
            r.wrong_method = false;
            return r;
        }
        r.wrong_method = true;
        size_t n = strlen(r.allow);
        (void)snprintf(r.allow + n, sizeof r.allow - n, "%s%s", n ? ", " : "", row->method);
    }
    if (!r.wrong_method)
        r.row = other;
    return r;
}

static bool is_under(const char *path, const char *root)
{
    size_t n = strlen(root);
    return strncmp(path, root, n) == 0 && (!path[n] || path[n] == '/');
}

bool rh_route_is_v1(const char *path)
{
    return is_under(path, "/v1");
}

bool rh_route_is_guarded(const char *path)
{
    return rh_route_is_v1(path) || is_under(path, "/metrics");
}

bool rh_route_is_shared(const char *path)
{
    return is_under(path, "/shared");
}

bool rh_route_allows(const rh_route_row *row, const rh_person *who, const char **why)
{
    if (who->role == RH_ROLE_OWNER)
        return true;
    if (row->who == RH_FOR_OWNERS)
        *why = "only an owner may do this";
    else if (who->role == RH_ROLE_MENTOR && row->who != RH_FOR_MENTORS_TOO)
        *why = "a mentor may read what is shared with them and write notes on it, nothing else";
    else
        return true;
    return false;
}
