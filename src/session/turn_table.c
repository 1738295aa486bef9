/* turn_table.c - made by tools/train_turns.py. */
#include "turn_table.h"

const float rh_turn_weights[RH_TURN_FEATURES] = {-0.815f, 0.908f, 0.328f, -0.158f, -1.634f};
const float rh_turn_sure = 0.960f, rh_turn_likely = 0.830f;
