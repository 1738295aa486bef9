/* config_internal.h - shared by the files of the config module. */
#ifndef RH_CONFIG_INTERNAL_H
#define RH_CONFIG_INTERNAL_H

#include <stddef.h>

/* "max_clients" -> "REHEARSE_MAX_CLIENTS". */
void rh_config_env_name(const char *name, char *buf, size_t size);

#endif
