#include "bank.h"

#include <stdio.h>
#include <string.h>
#include "rehearse/base/json.h"

static const char COMMON[] = "general";

static json_t *read_json(const rh_site *site, const char *file)
{
    char path[128];
    size_t n;
    (void)snprintf(path, sizeof path, "/%.120s", file);
    const char *bytes = rh_site_file(site, path, &n);
    return bytes ? json_loadb(bytes, n, 0, NULL) : NULL;
}

static const json_t *role_of(const json_t *roles, const char *id)
{
    size_t i;
    json_t *role;
    json_array_foreach(roles, i, role)
        if (strcmp(rh_json_str(role, "id"), id) == 0)
            return role;
    return NULL;
}

static rh_status no_such_role(const json_t *roles, const char *id, rh_error *err)
{
    char list[300];
    size_t i, n = 0;
    json_t *role;
    list[0] = '\0';
    json_array_foreach(roles, i, role)
        if (n < sizeof list)
            n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", i ? ", " : "", rh_json_str(role, "id"));
    return rh_fail(err, RH_ERR_INVAL, "role \"%.40s\" is none of %s", id, list);
}

static void add_questions(const rh_site *site, const json_t *role, json_t *to)
{
    json_t *file = read_json(site, rh_json_str(role, "file"));
    json_array_extend(to, json_object_get(file, "questions"));
    json_decref(file);
}

rh_status rh_bank_read(const rh_site *site, const char *role, json_t **out, char name[RH_ROLE_NAME_BYTES],
                       rh_error *err)
{
    json_t *index = read_json(site, "questions.json"), *questions = json_array();
    const json_t *roles = json_object_get(index, "roles"), *own = role_of(roles, role);
    rh_status st = RH_OK;
    if (!index)
        st = rh_fail(err, RH_ERR_UNSUPPORTED, "the page's folder with its questions is not there");
    else if (!own)
        st = no_such_role(roles, role, err);
    if (st == RH_OK) {
        add_questions(site, own, questions);
        if (strcmp(role, COMMON) != 0)
            add_questions(site, role_of(roles, COMMON), questions);
    }
    if (st == RH_OK && json_array_size(questions) == 0)
        st = rh_fail(err, RH_ERR_UNSUPPORTED, "the questions of the page's folder cannot be read");
    if (st == RH_OK) {
        (void)snprintf(name, RH_ROLE_NAME_BYTES, "%s", rh_json_str(own, "name"));
        *out = questions;
    } else {
        json_decref(questions);
    }
    json_decref(index);
    return st;
}
