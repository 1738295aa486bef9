/* team.h - a few threads that work through one job together, in step.
 *
 * Made for jobs of a millisecond with many short phases: a member spins a
 * little before it sleeps, at barriers and between jobs.
 * Threads: rh_team_run() from one thread at a time; the others from inside the
 * function it runs. */
#ifndef RH_TEAM_H
#define RH_TEAM_H

#include "rehearse/base/status.h"

typedef struct rh_team rh_team;
typedef void (*rh_team_fn)(void *arg, int member);

/* n_threads counts the caller of rh_team_run(), so 1 starts none.
 * RH_ERR_INVAL n_threads outside 1..RH_TEAM_MAX; RH_ERR_NOMEM. */
enum { RH_TEAM_MAX = 64 };
rh_status rh_team_new(rh_team **out, int n_threads, rh_error *err);
void rh_team_free(rh_team *t); /* NULL is fine; no job may be running */
int rh_team_size(const rh_team *t);

/* Runs fn(arg, member) on all members, 0 being the caller, and waits for them. */
void rh_team_run(rh_team *t, rh_team_fn fn, void *arg);

/* Inside fn: the next unit of this phase's work, 0, 1, 2 ...: whoever is free
 * takes it, so a member that lost its processor holds nobody up. */
int rh_team_next(rh_team *t);
/* Inside fn: waits for all members and starts a new phase of work. */
void rh_team_barrier(rh_team *t);

#endif
