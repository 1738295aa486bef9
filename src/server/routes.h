/* routes.h - every endpoint of the server: the place to add one. */
#ifndef RH_ROUTES_H
#define RH_ROUTES_H

#include "router.h"

extern const rh_route_table rh_routes;

#endif
