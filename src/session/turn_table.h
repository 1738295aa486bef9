/* turn_table.h - what was learned about ends of turns (tools/train_turns.py).
 *
 * A row for each look at a pause, soon and late: weights of what turns.c knows then. */
#ifndef RH_TURN_TABLE_H
#define RH_TURN_TABLE_H

enum { RH_TURN_LOOKS = 2, RH_TURN_FEATURES = 9 };

extern const float rh_turn_weights[RH_TURN_LOOKS][RH_TURN_FEATURES];
/* Probabilities from which an end is sure, soon, and from which it is one after the person's patience. */
extern const float rh_turn_sure, rh_turn_likely;

#endif
