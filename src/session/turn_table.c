/* turn_table.c - made by tools/train_turns.py. */
#include "turn_table.h"

const float rh_turn_weights[RH_TURN_LOOKS][RH_TURN_FEATURES] = {
    {-1.855f, 0.275f, 1.273f, 0.571f, -0.131f, -0.545f, -0.953f, 0.255f, -0.088f},
    {-2.283f, 0.118f, 1.613f, 0.899f, -0.155f, -0.403f, -1.300f, 0.215f, 0.199f},
};
const float rh_turn_sure = 0.88f, rh_turn_likely = 0.75f;
