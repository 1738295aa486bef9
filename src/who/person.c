#include "rehearse/who/person.h"

#include <ctype.h>
#include <string.h>

static const char *const names[RH_ROLE_COUNT] = {"owner", "member", "mentor"};

const char *rh_role_name(rh_role role)
{
    return names[role];
}

rh_role rh_role_of(const char *name, int n)
{
    rh_role role = 0;
    while (role < RH_ROLE_COUNT && ((int)strlen(names[role]) != n || strncmp(names[role], name, (size_t)n) != 0))
        role++;
    return role;
}

bool rh_person_name_valid(const char *name, int n)
{
    for (int i = 0; i < n; i++)
        if (!isalnum((unsigned char)name[i]) && (!name[i] || !strchr("._-@+", name[i])))
            return false;
    return n >= 1 && n <= RH_PERSON_NAME_MAX;
}

bool rh_person_may(const rh_person *p, const char *name)
{
    return p->role == RH_ROLE_OWNER || (p->role == RH_ROLE_MEMBER && strcmp(p->name, name) == 0);
}

rh_status rh_person_finds(const rh_person *p, const char *name, const char *what, const char *id, rh_error *err)
{
    return rh_person_may(p, name) ? RH_OK : rh_fail(err, RH_ERR_NOTFOUND, "no %s \"%s\"", what, id);
}
