/* audit_note.h - who read, deleted, exported and shared, where people say who they are. Never what was said.
 * Loop thread only. */
#ifndef RH_SERVER_AUDIT_NOTE_H
#define RH_SERVER_AUDIT_NOTE_H

#include "server_internal.h"
#include "rehearse/who/person.h"

typedef struct {
    const rh_person *who; /* NULL: somebody who has a link */
    const char *what;     /* "read", ...; NULL: nothing that is noted */
    const char *session;  /* or interview; "" = none */
    const char *address;
} rh_audit_row;

/* Notes a request that was answered as asked for. The same reading by the same person within a minute is one row. */
void rh_audit_note(rh_server *s, const rh_audit_row *row);

#endif
