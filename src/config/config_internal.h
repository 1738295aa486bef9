/* config_internal.h - shared by the files of the config module. */
#ifndef RH_CONFIG_INTERNAL_H
#define RH_CONFIG_INTERNAL_H

#include <stddef.h>
#include "rehearse/config/config.h"

/* "max_clients" -> "REHEARSE_MAX_CLIENTS". */
void rh_config_env_name(const char *name, char *buf, size_t size);

/* As rh_config_set() from the file, but a further line of a list adds to it. */
rh_status rh_config_extend(rh_config *c, const char *name, const char *value, rh_error *err);

#endif
