/* image_internal.h - what the picture formats share. */
#ifndef RH_IMAGE_INTERNAL_H
#define RH_IMAGE_INTERNAL_H

#include <stdbool.h>
#include "rehearse/media/image.h"

/* What a decoder is asked for, in px of the picture as stored (before rotation). */
typedef struct {
    const rh_rect *region; /* NULL = all */
    int of_width, of_height;
    float min_scale;
} rh_image_want;

/* Each fills *part with the picture as stored and *orientation with 1..8 of
 * EXIF (1 = upright). A rotated JPEG is always decoded whole. */
rh_status rh_jpeg_decode(rh_image_part *part, int *orientation, const uint8_t *bytes, size_t n,
                         const rh_image_want *want, rh_error *err);
rh_status rh_png_decode(rh_image_part *part, int *orientation, const uint8_t *bytes, size_t n, rh_error *err);
rh_status rh_webp_decode(rh_image_part *part, int *orientation, const uint8_t *bytes, size_t n, rh_error *err);

/* Sizes as stored. */
rh_status rh_jpeg_probe(const uint8_t *bytes, size_t n, int *w, int *h, int *orientation, rh_error *err);
rh_status rh_png_probe(const uint8_t *bytes, size_t n, int *w, int *h, int *orientation, rh_error *err);
rh_status rh_webp_probe(const uint8_t *bytes, size_t n, int *w, int *h, int *orientation, rh_error *err);

/* Orientation 1..8 from a TIFF block (what follows "Exif\0\0"); 1 when it has none. */
int rh_exif_orientation(const uint8_t *tiff, size_t n);
/* The upright form of `img` into `up`, whose memory is reused. */
rh_status rh_image_upright(rh_image *up, const rh_image *img, int orientation, rh_error *err);
/* Replaces the picture by its upright form. */
rh_status rh_image_turn_upright(rh_image *img, int orientation, rh_error *err);
rh_status rh_image_check_size(long long width, long long height, rh_error *err);

#endif
