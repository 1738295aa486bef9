/* turn_table.c - made by tools/train_turns.py. */
#include "turn_table.h"

const float rh_turn_weights[RH_TURN_FEATURES] = {-1.407f, 1.079f, 0.294f, 0.000f, -0.801f};
const float rh_turn_sure = 0.960f, rh_turn_likely = 0.850f;
