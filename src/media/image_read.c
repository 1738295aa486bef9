/* image_read.c - recognises the format of a picture and hands it to its decoder. */
#include <assert.h>
#include <string.h>
#include "image_internal.h"

typedef enum { KIND_NONE, KIND_JPEG, KIND_PNG, KIND_WEBP } image_kind;

static image_kind kind_of(const uint8_t *b, size_t n)
{
    if (n >= 3 && b[0] == 0xff && b[1] == 0xd8 && b[2] == 0xff)
        return KIND_JPEG;
    if (n >= 8 && memcmp(b, "\x89PNG\r\n\x1a\n", 8) == 0)
        return KIND_PNG;
    if (n >= 12 && memcmp(b, "RIFF", 4) == 0 && memcmp(b + 8, "WEBP", 4) == 0)
        return KIND_WEBP;
    return KIND_NONE;
}

static rh_status not_a_picture(size_t n, rh_error *err)
{
    if (n == 0)
        return rh_fail(err, RH_ERR_FORMAT, "the picture is empty; send JPEG, PNG or WebP bytes");
    return rh_fail(err, RH_ERR_FORMAT, "these %zu bytes are not a picture; JPEG, PNG and WebP are understood", n);
}

rh_status rh_image_decode_part(rh_image_part *part, const void *bytes, size_t n, const rh_rect *region, int of_width,
                               int of_height, float min_scale, rh_error *err)
{
    const uint8_t *b = bytes;
    rh_image_want want = {region, of_width, of_height, min_scale};
    int orientation = 1;
    rh_status st;
    switch (kind_of(b, n)) {
    case KIND_JPEG: st = rh_jpeg_decode(part, &orientation, b, n, &want, err); break;
    case KIND_PNG: st = rh_png_decode(part, &orientation, b, n, err); break;
    case KIND_WEBP: st = rh_webp_decode(part, &orientation, b, n, err); break;
    default: return not_a_picture(n, err);
    }
    if (st != RH_OK || orientation <= 1)
        return st;
    assert(part->x0 == 0 && part->y0 == 0);
    if (orientation >= 5) {
        int w = part->full_width;
        part->full_width = part->full_height;
        part->full_height = w;
    }
    return rh_image_turn_upright(&part->img, orientation, err);
}

rh_status rh_image_decode(rh_image *img, const void *bytes, size_t n, rh_error *err)
{
    rh_image_part part = {.img = *img};
    rh_status st = rh_image_decode_part(&part, bytes, n, NULL, 0, 0, 1.0f, err);
    *img = part.img; /* also on failure: its memory may have moved */
    return st;
}

rh_status rh_image_probe(const void *bytes, size_t n, int *width, int *height, rh_error *err)
{
    int w = 0, h = 0, orientation = 1;
    rh_status st;
    switch (kind_of(bytes, n)) {
    case KIND_JPEG: st = rh_jpeg_probe(bytes, n, &w, &h, &orientation, err); break;
    case KIND_PNG: st = rh_png_probe(bytes, n, &w, &h, &orientation, err); break;
    case KIND_WEBP: st = rh_webp_probe(bytes, n, &w, &h, &orientation, err); break;
    default: return not_a_picture(n, err);
    }
    if (st != RH_OK)
        return st;
    *width = orientation >= 5 ? h : w;
    *height = orientation >= 5 ? w : h;
    return RH_OK;
}
