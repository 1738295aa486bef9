/* tables.h - the tables of the schema, for who copies or looks through all of them. What columns they have is the
 * database's to say. */
#ifndef RH_STORE_TABLES_H
#define RH_STORE_TABLES_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    const char *name;
    const char *key;    /* what tells people which row is meant */
    const char *number; /* the column by which rows are counted, or NULL */
    bool of_session;    /* its rows are of the session that they name, or of none where `apart` says so */
    const char *apart;  /* which of its rows are of no session; NULL: none are */
    const char *json;   /* its column of JSON, or NULL */
} store_table;

/* All but session, whose parts they are; media and media_piece, which may be files; node and copying, which are of the
 * database itself; and upload, whose rows last a day, and whose clients begin anew. In an order in which they can be written. */
enum { STORE_TABLES = 11 };
extern const store_table store_tables[STORE_TABLES];

#endif
