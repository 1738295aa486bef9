/* notes.h - notes on moments of a session, and the goal of a client. Loop thread only. */
#ifndef RH_SERVER_NOTES_H
#define RH_SERVER_NOTES_H

#include "server/http.h"

void rh_notes_list(rh_http *h);
void rh_note_new(rh_http *h);
void rh_note_delete(rh_http *h);
void rh_goal_get(rh_http *h);
void rh_goal_put(rh_http *h);
void rh_goal_delete(rh_http *h);

#endif
