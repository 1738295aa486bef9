#include "rehearse/store/upkeep.h"

#include "place.h"

rh_status rh_store_migrate(const rh_store_place *at, int *from, int *to, rh_error *err)
{
    store_place p;
    rh_status st = store_place_find(&p, at, true, err);
    if (st == RH_OK && !p.shared) /* a database has a lock of its own for that */
        st = store_place_lock(&p, "rehearse store migrate", err);
    if (st == RH_OK)
        st = store_place_open(&p, at, false, err);
    if (st == RH_OK) {
        *from = p.db->found;
        *to = rh_migrations_len;
    }
    store_place_close(&p);
    return st;
}
