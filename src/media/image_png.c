/* image_png.c - PNG through libpng's simplified interface. */
#include <png.h>
#include <string.h>
#include "image_internal.h"

/* The chunk list (length, name, data, checksum) is walked here up to the end of the picture:
 * libpng takes memory for as many bytes as a chunk claims, 2 GB in a file of 80 bytes,
 * and its simplified interface does not give the eXIf chunk. */
static rh_status walk_chunks(const uint8_t *b, size_t n, int *orientation, rh_error *err)
{
    *orientation = 1;
    for (size_t at = 8; at + 12 <= n;) {
        size_t len = ((size_t)b[at] << 24) | ((size_t)b[at + 1] << 16) | ((size_t)b[at + 2] << 8) | b[at + 3];
        if (len > n - at - 12)
            break;
        if (memcmp(b + at + 4, "IEND", 4) == 0)
            return RH_OK;
        if (memcmp(b + at + 4, "eXIf", 4) == 0)
            *orientation = rh_exif_orientation(b + at + 8, len);
        at += 12 + len;
    }
    return rh_fail(err, RH_ERR_FORMAT, "broken PNG: cut off before its end");
}

static rh_status begin(png_image *png, int *orientation, const uint8_t *bytes, size_t n, rh_error *err)
{
    rh_status st = walk_chunks(bytes, n, orientation, err);
    if (st != RH_OK)
        return st;
    memset(png, 0, sizeof *png);
    png->version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_memory(png, bytes, n)) {
        st = rh_fail(err, RH_ERR_FORMAT, "broken PNG: %s", png->message);
        png_image_free(png);
        return st;
    }
    /* 16 bits are not linear light unless the file says so: most writers mean sRGB. */
    png->flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
    st = rh_image_check_size(png->width, png->height, err);
    if (st != RH_OK)
        png_image_free(png);
    return st;
}

rh_status rh_png_probe(const uint8_t *bytes, size_t n, int *w, int *h, int *orientation, rh_error *err)
{
    png_image png;
    rh_status st = begin(&png, orientation, bytes, n, err);
    if (st != RH_OK)
        return st;
    *w = (int)png.width;
    *h = (int)png.height;
    png_image_free(&png);
    return RH_OK;
}

rh_status rh_png_decode(rh_image_part *part, int *orientation, const uint8_t *bytes, size_t n, rh_error *err)
{
    png_image png;
    rh_status st = begin(&png, orientation, bytes, n, err);
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
    return RH_OK;
}
