/* copy.h - the two stores of a copy on its way: its rows (copy.c), its files (copy_files.c). */
#ifndef RH_STORE_COPY_H
#define RH_STORE_COPY_H

#include "place.h"
#include "tables.h"

/* Statements of both databases: one for each table, then these. */
enum { COPY_SESSION = STORE_TABLES, COPY_IDS, COPY_COUNT, COPY_MEDIA };

typedef struct {
    store_place from, to;
    bool resumed;
    bool writes[STORE_TABLES + 1];                      /* the statement that inserts into it is written */
    char *piece;                                        /* RH_MEDIA_PIECE bytes */
    int64_t n_rows_done, n_rows, n_bytes_done, n_bytes; /* of all: sessions, and bytes of files */
    void (*progress)(void *user, double done);
    void *user;
    rh_store_copied *out;
} store_copy;

/* copy_files.c */
void store_copy_tell(const store_copy *c);                  /* how far it is */
rh_status store_copy_measure(store_copy *c, rh_error *err); /* n_bytes */
rh_status store_copy_files(store_copy *c, rh_error *err);

#endif
