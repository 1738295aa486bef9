/* turn_table.h - what was learned about ends of turns (tools/train_turns.py): weights of what turns.c knows. */
#ifndef RH_TURN_TABLE_H
#define RH_TURN_TABLE_H

enum { RH_TURN_FEATURES = 5 };

extern const float rh_turn_weights[RH_TURN_FEATURES];
/* Probabilities from which an end is sure, soon, and from which it is one after the person's patience. */
extern const float rh_turn_sure, rh_turn_likely;

#endif
