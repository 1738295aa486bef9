/* worn.h - sunglasses, masks, hands and microphones drawn onto a measured face; turned pictures.
 *
 * Shapes follow the reading's points, so `f` must be of the same picture as it was before. */
#ifndef RH_WORN_H
#define RH_WORN_H

#include "rehearse/vision/face_tracker.h"

typedef struct {
    uint8_t r, g, b;
} rh_paint;

typedef enum {
    RH_GLASSES_ROUND,
    RH_GLASSES_SQUARE,
    RH_GLASSES_DROP,
    RH_GLASSES_BAR,
    RH_GLASSES_SHAPES
} rh_glasses_shape;
typedef enum {
    RH_MASK_NOSE,  /* from the bridge of the nose to the chin */
    RH_MASK_MOUTH, /* from under the nose to the chin */
    RH_MASK_PATCH, /* the mouth and little more */
    RH_MASK_SHAPES
} rh_mask_shape;

/* opacity [0,1]; `shine`: 0 = one colour, else the glass mirrors light from above, [0,1] */
void rh_draw_glasses(rh_image *img, const rh_face *f, rh_glasses_shape shape, rh_paint p, float opacity, float shine);
/* With folds and shade. */
void rh_draw_mask(rh_image *img, const rh_face *f, rh_mask_shape shape, rh_paint p);
/* A hand of the cheek's colour over both eyes, or over the mouth. */
void rh_draw_hand(rh_image *img, const rh_face *f, bool over_mouth);
/* A dark ball before the mouth, from below. */
void rh_draw_microphone(rh_image *img, const rh_face *f);
/* Lids of the cheek's colour over both eyes, with a dark line of lashes. */
void rh_draw_lids(rh_image *img, const rh_face *f);

/* `in` turned clockwise by `deg` into a new picture that holds all of it; grey beside it. */
rh_status rh_turn_image(rh_image *out, const rh_image *in, float deg);
rh_status rh_copy_image(rh_image *out, const rh_image *in);

#endif
