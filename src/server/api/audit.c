#include "audit.h"

#include <stdio.h>
#include <string.h>
#include "rehearse/base/clock.h"
#include "rehearse/base/json.h"

enum { AGAIN_S = 60, DIGITS = 17 };

/* A page that plays a sound asks for it many times. */
static bool seen(rh_audit_recent *r, const char *key)
{
    int64_t now = rh_now_us();
    for (int i = 0; i < RH_AUDIT_RECENT; i++)
        if (strcmp(r->rows[i].key, key) == 0 && now - r->rows[i].at_us < (int64_t)AGAIN_S * 1000000)
            return true;
    (void)snprintf(r->rows[r->next].key, sizeof r->rows[r->next].key, "%s", key);
    r->rows[r->next].at_us = now;
    r->next = (r->next + 1) % RH_AUDIT_RECENT;
    return false;
}

void rh_audit_note(rh_server *s, const rh_ask *a)
{
    char key[sizeof s->audits.rows[0].key];
    const rh_config *c = s->o.config;
    if (!a->what || c->audit_days == 0 || !rh_access_asks(c))
        return;
    const char *role = a->shared ? "link" : rh_role_name(a->asker.role);
    (void)snprintf(key, sizeof key, "%s/%s/%s/%s", a->shared ? a->address : a->asker.name, role, a->what, a->audited);
    if (strcmp(a->what, "read") == 0 && seen(&s->audits, key))
        return;
    json_t *row =
        json_pack("{s:s*, s:s, s:s, s:s*, s:s}", "person", *a->asker.name && !a->shared ? a->asker.name : NULL, "role",
                  role, "what", a->what, "session", *a->audited ? a->audited : NULL, "address", a->address);
    if (!row || rh_store_audit(s->store, row) != RH_OK)
        rh_log(RH_LOG_WARN, "the audit misses a row: too much waits to be written");
    json_decref(row);
}

static rh_status list(rh_ask *a)
{
    json_t *rows = NULL, *row;
    size_t i;
    rh_status st = rh_ask_range(a);
    if (st == RH_OK)
        st = rh_store_audits(a->server->store, a->has_person ? a->person : NULL, a->session[0] ? a->session : NULL,
                             a->limit, a->before, &rows, &a->err);
    json_array_foreach(rows, i, row)
        json_object_del(row, "id");
    if (st == RH_OK)
        rh_ask_json_exact(a, json_pack("{s:o}", "audit", rows), DIGITS);
    return st;
}

void rh_audit_list(rh_http *h)
{
    rh_ask *a = rh_ask_new(h, list, NULL);
    if (a)
        (void)rh_query(h, "session", a->session, sizeof a->session);
    rh_ask_go(h, a);
}
