/* hidden_internal.h - what of a face is not visible: eyes behind dark glasses or a hand, the mouth behind a
 * mask, a hand or a microphone. Answers are log odds: above 0 more likely hidden than not. */
#ifndef RH_HIDDEN_INTERNAL_H
#define RH_HIDDEN_INTERNAL_H

#include "face_nets_internal.h"

/* The eye whose crop is in the workspace and whose points the iris network has just found. `open` is the same
 * answer for lids that are open, since a blink hides an eye too. */
float rh_eye_hidden(const rh_face_workspace *e, const rh_image_part *part, const rh_roi *eye, bool left,
                    const float points[][3], float *open);
/* Fills the workspace's crop. */
float rh_mouth_hidden(rh_face_workspace *e, const rh_image_part *part, const float points[][3]);

enum { RH_EYE_SIGNS = 7, RH_EYE_OPENING = RH_EYE_SIGNS - 1, RH_MOUTH_SIGNS = 45 };
enum { RH_PART_POINTS = 65, RH_PART_POLY = 6, RH_PART_SIGNS = RH_PART_POLY + 3 * RH_PART_POINTS };

/* What the answers above are made of; the tables below, by tools/train_hidden, hold the weights. */
void rh_eye_signs(const rh_face_workspace *e, const rh_image_part *part, const rh_roi *eye, bool left,
                  const float points[][3], float sign[RH_EYE_SIGNS]);
void rh_mouth_signs(rh_face_workspace *e, const rh_image_part *part, const float points[][3],
                    float sign[RH_MOUTH_SIGNS]);

typedef struct {
    float constant, weight[RH_EYE_SIGNS];
} rh_eye_table;
extern const rh_eye_table rh_learned_eye;

typedef struct {
    float constant, weight[RH_MOUTH_SIGNS], size[RH_MOUTH_SIGNS]; /* of a sign, and of its magnitude */
} rh_mouth_table;
extern const rh_mouth_table rh_learned_mouth;

/* Pitch from the points of a part of the face alone: those of the middle, of the image's left, and their mirrored
 * ones in the same order. Upper: eyes, brows, forehead and bridge of the nose; lower: all below the cheekbones. */
enum { RH_PART_MIDDLE = 7 };
typedef struct {
    short point[RH_PART_POINTS];
    float pitch[RH_PART_POLY];
    float rest[RH_PART_POINTS][3]; /* degrees a centimetre */
} rh_part_table;
extern const rh_part_table rh_learned_upper, rh_learned_lower;

/* Terms of the angles of a fit to these points, then what it leaves of each of them, cm. */
void rh_part_signs(const short point[RH_PART_POINTS], const float points[][3], float sign[RH_PART_SIGNS]);
float rh_pitch_of_part(const rh_part_table *table, const float points[][3]);

#endif
