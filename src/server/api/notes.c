#include "notes.h"

#include <stdlib.h>
#include <string.h>
#include "ask.h"
#include "note_wish.h"
#include "shares.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/json.h"
#include "text_field.h"

/* ---- notes ---- */

static rh_status list(rh_ask *a)
{
    json_t *notes = NULL;
    rh_status st = rh_store_notes(a->server->store, a->id, &notes, &a->err);
    if (st == RH_OK && a->share)
        rh_shared_notes(&notes, a->share);
    if (st == RH_OK)
        rh_ask_json(a, json_pack("{s:o}", "notes", notes));
    return st;
}

static rh_status make(rh_ask *a)
{
    json_t *note = NULL;
    char *text = NULL;
    double t = 0;
    a->param = "t";
    rh_status st = rh_wish_moment(a->wish, &t, &a->err);
    if (st == RH_OK) {
        a->param = "text";
        st = rh_wish_text(a->wish, "text", RH_MAX_NOTE_CHARS, &text, &a->err);
    }
    if (st == RH_OK) {
        a->param = NULL;
        rh_store_note n = {.t = rh_round(t, 100), .text = text, .most = RH_MAX_NOTES};
        if (a->share) { /* a mentor's */
            n.author = a->asker.name;
            n.share = rh_json_str(a->share, "id");
            n.most = RH_MAX_COMMENTS;
        }
        st = rh_store_note_new(a->server->store, a->id, &n, &note, &a->err);
    }
    if (st == RH_OK) {
        rh_ask_json(a, note);
        a->status = 201;
    }
    rh_free(text);
    return st;
}

static rh_status delete_note(rh_ask *a)
{
    char *end;
    long note = strtol(a->part, &end, 10);
    a->status = 204;
    if (*end || end == a->part || note < 1 || note > 0x7fffffff)
        return rh_fail(&a->err, RH_ERR_NOTFOUND, "no note \"%.20s\": GET lists them with their ids", a->part);
    return rh_store_note_delete(a->server->store, a->id, (int)note, a->share ? rh_json_str(a->share, "id") : NULL,
                                &a->err);
}

/* ---- goals ---- */

/* Whose goal is meant. */
static rh_status client_of(rh_ask *a, const char **client)
{
    *client = *a->client ? a->client : "me";
    rh_status st = rh_text_field_check("client", a->client, strlen(a->client), &a->err);
    a->param = st == RH_OK ? NULL : "client";
    return st;
}

static rh_status goal(rh_ask *a)
{
    json_t *goals = NULL;
    const char *client;
    rh_status st = client_of(a, &client);
    if (st == RH_OK)
        st = rh_store_goals(a->server->store, &(rh_store_whose){.person = rh_ask_person(a), .client = client}, &goals,
                            &a->err);
    if (st == RH_OK) {
        json_t *first = json_array_get(goals, 0);
        rh_ask_json(a, json_pack("{s:O?}", "goal", first));
    }
    json_decref(goals);
    return st;
}

static rh_status put_goal(rh_ask *a)
{
    json_t *wanted = NULL;
    const char *client;
    rh_status st = client_of(a, &client);
    if (st == RH_OK)
        st = rh_wish_goal(a->wish, &wanted, &a->param, &a->err);
    if (st == RH_OK)
        st = rh_store_goal_set(a->server->store, rh_ask_person(a), client, wanted, &a->err);
    json_decref(wanted);
    return st == RH_OK ? goal(a) : st;
}

static rh_status delete_goal(rh_ask *a)
{
    const char *client;
    a->status = 204;
    return client_of(a, &client) == RH_OK ? rh_store_goal_set(a->server->store, rh_ask_person(a), client, NULL, &a->err)
                                          : a->err.code;
}

/* ---- on the loop ---- */

void rh_notes_list(rh_http *h)
{
    rh_ask_start(h, list, NULL);
}

void rh_note_new(rh_http *h)
{
    rh_ask_start_json(h, make);
}

void rh_note_delete(rh_http *h)
{
    rh_ask_start(h, delete_note, NULL);
}

void rh_goal_get(rh_http *h)
{
    rh_ask_start(h, goal, NULL);
}

void rh_goal_put(rh_http *h)
{
    rh_ask_start_json(h, put_goal);
}

void rh_goal_delete(rh_http *h)
{
    rh_ask_start(h, delete_goal, NULL);
}
