#include "audit.h"

#include "ask.h"

enum { DIGITS = 17 };

static rh_status list(rh_ask *a)
{
    json_t *rows = NULL;
    rh_status st = rh_ask_range(a);
    if (st == RH_OK)
        st = rh_store_audits(a->server->store, a->has_person ? a->person : NULL, a->session[0] ? a->session : NULL,
                             rh_ask_page_of(a), &rows, &a->err);
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
