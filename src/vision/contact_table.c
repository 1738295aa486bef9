/* contact_table.c - what tools/train_eyes.py learned of looks at the camera, from 214 faces of photographs (WIDER
 * FACE, labelled anew) and 630 pictures of the seven people of Pointing'04. The pictures are not here, only these
 * coefficients; contact_model.c tells how they are used. */
#include "contact_internal.h"

/* clang-format off */
const rh_contact_table rh_learned_contact = {
.constant = 10.085f,
.weight = {-10.915f, -5.2522f, 1.4574f, 0.069082f, 0.029269f, -0.31749f, -0.37581f},
.head_constant = 3.1668f,
.head = {-2.6568f, -1.465f, -0.73692f},
.head_pitch = -4.1751f, .gaze_pitch = 0.74827f,
.threshold = 0.0f, /* a probability of 0.5 */
};
