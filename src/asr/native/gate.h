/* gate.h - lets a few jobs in at a time, the most urgent first.
 *
 * Jobs with a deadline go before those without, earlier ones first; equal ones
 * in the order of their arrival. A job inside is never interrupted, so jobs
 * should be short (a window of a file, not the file).
 * Threads: any. */
#ifndef RH_GATE_H
#define RH_GATE_H

#include <stdint.h>
#include "rehearse/base/status.h"

typedef struct rh_gate rh_gate;

rh_status rh_gate_new(rh_gate **out, int n_slots, rh_error *err);
void rh_gate_free(rh_gate *g); /* nobody may be inside; NULL is fine */
/* Waits for a slot and returns its number, 0 .. n_slots - 1. 0 = no deadline. */
int rh_gate_enter(rh_gate *g, int64_t deadline_us);
void rh_gate_leave(rh_gate *g, int slot);
/* Jobs inside or waiting. */
int rh_gate_load(rh_gate *g);

#endif
