/* store_internal.h - the statements of the store. */
#ifndef RH_STORE_INTERNAL_H
#define RH_STORE_INTERNAL_H

typedef enum {
    RH_SQL_BEGIN,
    RH_SQL_TOUCH,
    RH_SQL_SEGMENT,
    RH_SQL_EVENT,
    RH_SQL_SECOND,
    RH_SQL_END,
    RH_SQL_MEDIA,
    RH_SQL_LIST,
    RH_SQL_GET,
    RH_SQL_SEGMENTS,
    RH_SQL_EVENTS,
    RH_SQL_SECONDS,
    RH_SQL_DELETE,
    RH_SQL_OLDER,
    RH_SQL_UNENDED,
    RH_SQL_COUNT
} rh_sql;

extern const char *const rh_sql_text[RH_SQL_COUNT];

/* Made from migration_*.sql at build time; entry i leads from version i to i + 1. */
extern const char *const rh_migrations[];
extern const int rh_migrations_len;

#endif
