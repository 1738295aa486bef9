/* image_png.c - PNG through libpng's simplified interface. */
#include <png.h>
#include <string.h>
#include "image_internal.h"

/* libpng's simplified interface does not give the eXIf chunk, so the chunk list
 * (length, name, data, checksum) is walked here up to the pixels. */
static int orientation_of(const uint8_t *b, size_t n)
{
    size_t at = 8;
    while (at + 12 <= n) {
        size_t len = ((size_t)b[at] << 24) | ((size_t)b[at + 1] << 16) | ((size_t)b[at + 2] << 8) |
                     b[at + 3];
        if (len > n - at - 12 || memcmp(b + at + 4, "IEND", 4) == 0)
            break;
        if (memcmp(b + at + 4, "eXIf", 4) == 0)
            return rh_exif_orientation(b + at + 8, len);
        at += 12 + len;
    }
    return 1;
}

static rh_status begin(png_image *png, const uint8_t *bytes, size_t n, rh_error *err)
{
    memset(png, 0, sizeof *png);
    png->version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_memory(png, bytes, n)) {
        rh_status st = rh_fail(err, RH_ERR_FORMAT, "broken PNG: %s", png->message);
        png_image_free(png);
        return st;
    }
    rh_status st = rh_image_check_size(png->width, png->height, err);
    if (st != RH_OK)
        png_image_free(png);
    return st;
}

rh_status rh_png_probe(const uint8_t *bytes, size_t n, int *w, int *h, int *orientation,
                       rh_error *err)
{
    png_image png;
    rh_status st = begin(&png, bytes, n, err);
    if (st != RH_OK)
        return st;
    *w = (int)png.width;
    *h = (int)png.height;
    *orientation = orientation_of(bytes, n);
    png_image_free(&png);
    return RH_OK;
}

rh_status rh_png_decode(rh_image_part *part, int *orientation, const uint8_t *bytes, size_t n,
                        rh_error *err)
{
    png_image png;
    rh_status st = begin(&png, bytes, n, err);
    if (st != RH_OK)
        return st;
    st = rh_image_resize(&part->img, (int)png.width, (int)png.height, err);
    if (st != RH_OK) {
        png_image_free(&png);
        return st;
    }
    png.format = PNG_FORMAT_RGB;
    png_color grey = {128, 128, 128};
    if (!png_image_finish_read(&png, &grey, part->img.data, (png_int_32)part->img.stride, NULL)) {
        st = rh_fail(err, RH_ERR_FORMAT, "broken PNG: %s", png.message);
        png_image_free(&png);
        return st;
    }
    part->full_width = part->img.width;
    part->full_height = part->img.height;
    part->x0 = part->y0 = 0;
    part->scale = 1.0f;
    *orientation = orientation_of(bytes, n);
    return RH_OK;
}
