/* turn_table.c - made by tools/train_turns.py. */
#include "turn_table.h"

const float rh_turn_weights[RH_TURN_FEATURES] = {-1.069f, 0.893f, 0.241f, -0.412f, -0.477f};
const float rh_turn_sure = 0.958f, rh_turn_likely = 0.92f;
