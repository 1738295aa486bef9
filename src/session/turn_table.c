/* turn_table.c - made by tools/train_turns.py. */
#include "turn_table.h"

const float rh_turn_weights[RH_TURN_FEATURES] = {-0.763f, 1.068f, 0.341f, -0.030f, -1.041f};
const float rh_turn_sure = 0.940f, rh_turn_likely = 0.910f;
