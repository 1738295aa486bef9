/* point_sight.c - how it looked: eyes, head, place in the picture. */
#include <math.h>
#include <stdio.h>
#include "points.h"

bool rh_point_eyes(const rh_analysis *a, rh_point *p)
{
    double share = (double)a->sight.eye_contact;
    if (share < 0)
        return false;
    *p = (rh_point){.distance = fmax(0, 63 - share) / 9,
                    .reserve = fmax(0, fmin(1, (share - 63) / 30)),
                    .group = RH_POINT_SIGHT,
                    .praise = "Eyes on the camera",
                    .problem = "Look at the camera more",
                    .advice = "Put the question next to the camera, and look there while you think."};
    (void)snprintf(p->detail, sizeof p->detail, "You looked at the camera %.0f %% of the time; aim at 65 or more.",
                   share);
    rh_point_longest(p, a->sight.track.away, a->sight.track.n_away, " away");
    return true;
}

bool rh_point_facing(const rh_analysis *a, rh_point *p)
{
    double facing = (double)a->sight.attention;
    if (facing < 0 || facing >= 70)
        return false;
    /* Where the eyes are the fault, the head is told with them. */
    *p = (rh_point){.distance = (70 - facing) / 20,
                    .group = RH_POINT_SIGHT,
                    .praise = "",
                    .problem = "Turn your head to the camera",
                    .advice = "Put the camera straight in front of you, at the height of your eyes."};
    (void)snprintf(p->detail, sizeof p->detail, "Your head faced the camera: %.0f of 100.", facing);
    return true;
}

bool rh_point_framing(const rh_analysis *a, rh_point *p)
{
    double share = (double)a->sight.in_frame;
    if (share < 0 || share >= 90)
        return false;
    *p = (rh_point){.distance = (90 - share) / 10,
                    .group = RH_POINT_SIGHT,
                    .praise = "",
                    .problem = "Stay in the picture",
                    .advice = "Sit so that your face is in the middle of the picture, a hand below its upper edge."};
    (void)snprintf(p->detail, sizeof p->detail, "Your face was in the picture %.0f %% of the time.", share);
    return true;
}
