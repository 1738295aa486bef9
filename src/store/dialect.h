/* dialect.h - the statements and the schema in PostgreSQL's words. */
#ifndef RH_STORE_DIALECT_H
#define RH_STORE_DIALECT_H

/* The functions on JSON that SQLite has and PostgreSQL has not; made with version 1. */
extern const char store_postgres_functions[];

/* rh_free(); NULL when memory is out. */
char *store_postgres_sql(const char *sql);

#endif
