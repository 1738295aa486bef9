/* person.h - who somebody is, and what they may do.
 *
 * An owner sees and changes everything; a member what is their own; a mentor reads what others share with them
 * and writes notes on it. Where nobody is asked who they are, everybody is the owner without a name.
 * Pure; threads: any. */
#ifndef RH_PERSON_H
#define RH_PERSON_H

#include <stdbool.h>
#include "rehearse/base/status.h"

enum { RH_PERSON_NAME_MAX = 64 };

typedef enum { RH_ROLE_OWNER, RH_ROLE_MEMBER, RH_ROLE_MENTOR, RH_ROLE_COUNT } rh_role;

typedef struct {
    char name[RH_PERSON_NAME_MAX + 1]; /* "" = without one */
    rh_role role;
} rh_person;

const char *rh_role_name(rh_role role); /* "owner", "member", "mentor" */
/* The role of that name, of `n` bytes; RH_ROLE_COUNT: there is none. */
rh_role rh_role_of(const char *name, int n);

/* True for 1 to RH_PERSON_NAME_MAX letters, digits and . _ - @ + of ASCII. */
bool rh_person_name_valid(const char *name, int n);

/* Whether what belongs to `name` ("" = to nobody by name) is theirs to use. Mentors own nothing. */
bool rh_person_may(const rh_person *p, const char *name);
/* RH_ERR_NOTFOUND where it is not: what is somebody else's is as good as not there. `what` ("session") and `id` are for
 * the sentence. */
rh_status rh_person_finds(const rh_person *p, const char *name, const char *what, const char *id, rh_error *err);

#endif
