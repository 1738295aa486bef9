/* image.h - pictures in memory, and from JPEG, PNG and WebP bytes.
 *
 * Pixels: 8 bits a channel, rows top to bottom, origin top-left, not mirrored.
 * Source: libjpeg-turbo, libpng, libwebp.
 * Threads: any, one image from one thread at a time. */
#ifndef RH_IMAGE_H
#define RH_IMAGE_H

#include <stddef.h>
#include <stdint.h>
#include "rehearse/status.h"

enum { RH_IMAGE_MAX_SIDE_PX = 8192 };

typedef struct {
    uint8_t *data; /* [height][stride], RGB */
    int width, height;
    size_t stride; /* bytes a row */
    size_t cap;    /* bytes owned by the image; 0 = borrowed */
} rh_image;

/* Decodes into `img`, reusing its memory when it is large enough (start with
 * {0}). EXIF rotation is applied. RH_ERR_FORMAT not a picture, or a broken one;
 * RH_ERR_LIMIT a side over RH_IMAGE_MAX_SIDE_PX. */
rh_status rh_image_decode(rh_image *img, const void *bytes, size_t n, rh_error *err);
/* JPEG bytes, freed with rh_free(). quality 1..100. */
rh_status rh_image_encode_jpeg(const rh_image *img, int quality, uint8_t **out, size_t *n_out,
                               rh_error *err);
void rh_image_done(rh_image *img);

#endif
