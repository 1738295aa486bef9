/* team.h - a few threads that work through one job together, phase by phase.
 *
 * Made for jobs of a millisecond with many short phases: a member spins a
 * little before it sleeps. A phase is over when its units are done, whoever
 * did them: nobody waits for a member that has lost its processor between two
 * units, and the caller alone gets through, at worst.
 * Threads: rh_team_run() from one thread at a time; the others from inside the
 * function it runs. */
#ifndef RH_TEAM_H
#define RH_TEAM_H

#include "rehearse/base/status.h"

typedef struct rh_team rh_team;
/* Takes units of the phase until there is none; it may be called for some members and phases only, member 0 in all. */
typedef void (*rh_team_fn)(void *arg, int member, int phase);

/* n_threads counts the caller of rh_team_run(), so 1 starts none.
 * RH_ERR_INVAL n_threads outside 1..RH_TEAM_MAX; RH_ERR_NOMEM. */
enum { RH_TEAM_MAX = 64 };
rh_status rh_team_new(rh_team **out, int n_threads, rh_error *err);
void rh_team_free(rh_team *t); /* NULL is fine; no job may be running */
int rh_team_size(const rh_team *t);

/* Runs phases 0 .. n_phases - 1 of fn, the caller being member 0; what a phase wrote the next can read. When it
 * returns nobody uses `arg` any more. */
void rh_team_run(rh_team *t, rh_team_fn fn, void *arg, int n_phases);

/* Inside fn: the next unit of this phase's work, 0, 1, 2 ...: whoever is free takes it. */
int rh_team_next(rh_team *t);

#endif
