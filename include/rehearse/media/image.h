/* image.h - pictures in memory, and from JPEG, PNG and WebP bytes.
 *
 * Pixels: 8 bits a channel, rows top to bottom, origin top-left, not mirrored.
 * Source: libjpeg-turbo, libpng, libwebp.
 * Threads: any, one image from one thread at a time. */
#ifndef RH_IMAGE_H
#define RH_IMAGE_H

#include <stddef.h>
#include <stdint.h>
#include "rehearse/base/status.h"

enum {
    RH_IMAGE_MAX_SIDE_PX = 8192,
    RH_IMAGE_MAX_PIXELS = 40 * 1000 * 1000, /* width times height */
};

typedef struct {
    uint8_t *data; /* [height][stride], RGB */
    int width, height;
    size_t stride; /* bytes a row */
    size_t cap;    /* bytes owned by the image; 0 = borrowed */
} rh_image;

/* Makes room for width x height, reusing memory; contents are undefined.
 * RH_ERR_FORMAT no pixels, RH_ERR_LIMIT, RH_ERR_NOMEM: the image is unchanged. */
rh_status rh_image_resize(rh_image *img, int width, int height, rh_error *err);

/* Decodes into `img`, reusing its memory when it is large enough (start with
 * {0}). EXIF rotation is applied, transparency shown on grey. RH_ERR_FORMAT not
 * a picture, or a broken one; RH_ERR_LIMIT a side over RH_IMAGE_MAX_SIDE_PX or
 * too many pixels. RH_OK with a message in `err` (code RH_OK) is a warning: a harmless fault of the
 * file; without one, `err` is untouched. */
rh_status rh_image_decode(rh_image *img, const void *bytes, size_t n, rh_error *err);

typedef struct {
    int x, y, width, height;
} rh_rect;

/* A picture of which perhaps only a part was decoded, perhaps smaller: the
 * point (u, v) of `img` (corner of its first pixel = 0, 0) is the point
 * (x0 + u / scale, y0 + v / scale) of the whole upright picture. */
typedef struct {
    rh_image img;
    int full_width, full_height;
    int x0, y0;
    float scale; /* (0,1] */
} rh_image_part;

/* As rh_image_decode(), but only what is needed: at least `region`, at
 * `min_scale` or more. Both are in terms of a picture of of_width x of_height;
 * when this one has another size, the whole is decoded. region may be NULL. */
rh_status rh_image_decode_part(rh_image_part *part, const void *bytes, size_t n, const rh_rect *region, int of_width,
                               int of_height, float min_scale, rh_error *err);
/* Size after rotation, from the first bytes, without decoding. */
rh_status rh_image_probe(const void *bytes, size_t n, int *width, int *height, rh_error *err);

/* JPEG bytes, freed with rh_free(). RH_ERR_INVAL quality outside 1..100; RH_ERR_NOMEM. */
rh_status rh_image_encode_jpeg(const rh_image *img, int quality, uint8_t **out, size_t *n_out, rh_error *err);
void rh_image_done(rh_image *img);

#endif
