#include "audit_note.h"

#include <stdio.h>
#include <string.h>
#include "access.h"
#include "rehearse/base/clock.h"

enum { AGAIN_S = 60 };

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

void rh_audit_note(rh_server *s, const rh_audit_row *r)
{
    char key[sizeof s->audits.rows[0].key];
    const rh_config *c = s->o.config;
    if (!r->what || c->audit_days == 0 || !rh_access_asks(c))
        return;
    const char *role = r->who ? rh_role_name(r->who->role) : "link", *person = r->who ? r->who->name : "";
    (void)snprintf(key, sizeof key, "%s/%s/%s/%s", r->who ? person : r->address, role, r->what, r->session);
    if (strcmp(r->what, "read") == 0 && seen(&s->audits, key))
        return;
    json_t *row = json_pack("{s:s*, s:s, s:s, s:s*, s:s}", "person", *person ? person : NULL, "role", role, "what",
                            r->what, "session", *r->session ? r->session : NULL, "address", r->address);
    if (!row || rh_store_audit(s->store, row) != RH_OK)
        rh_log(RH_LOG_WARN, "the audit misses a row: too much waits to be written");
    json_decref(row);
}
