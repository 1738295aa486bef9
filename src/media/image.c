/* image.c - pictures in memory: size, scaling, turning upright. */
#include <string.h>
#include "image_internal.h"
#include "rehearse/base/alloc.h"

rh_status rh_image_check_size(long long width, long long height, rh_error *err)
{
    if (width < 1 || height < 1)
        return rh_fail(err, RH_ERR_FORMAT, "the picture has no pixels (%lldx%lld)", width, height);
    if (width > RH_IMAGE_MAX_SIDE_PX || height > RH_IMAGE_MAX_SIDE_PX || width * height > RH_IMAGE_MAX_PIXELS)
        return rh_fail(err, RH_ERR_LIMIT, "the picture is %lldx%lld; at most %d px a side and %d million pixels", width,
                       height, RH_IMAGE_MAX_SIDE_PX, RH_IMAGE_MAX_PIXELS / 1000000);
    return RH_OK;
}

rh_status rh_image_resize(rh_image *img, int width, int height, rh_error *err)
{
    rh_status st = rh_image_check_size(width, height, err);
    if (st != RH_OK)
        return st;
    size_t stride = (size_t)width * 3;
    size_t need = stride * (size_t)height;
    if (img->cap < need) {
        uint8_t *data = rh_alloc(need);
        if (!data)
            return rh_fail(err, RH_ERR_NOMEM, "no memory for a picture of %dx%d", width, height);
        if (img->cap)
            rh_free(img->data);
        img->data = data;
        img->cap = need;
    }
    img->width = width;
    img->height = height;
    img->stride = stride;
    return RH_OK;
}

void rh_image_done(rh_image *img)
{
    if (img->cap)
        rh_free(img->data);
    *img = (rh_image){0};
}

/* Where the upright pixel (x, y) of a w x h result is found in the stored
 * picture; the eight cases of EXIF tag 0x0112. */
static void stored_at(int orientation, int x, int y, int w, int h, int *sx, int *sy)
{
    switch (orientation) {
    case 2: *sx = w - 1 - x, *sy = y; break;
    case 3: *sx = w - 1 - x, *sy = h - 1 - y; break;
    case 4: *sx = x, *sy = h - 1 - y; break;
    case 5: *sx = y, *sy = x; break;
    case 6: *sx = y, *sy = w - 1 - x; break;
    case 7: *sx = h - 1 - y, *sy = w - 1 - x; break;
    case 8: *sx = h - 1 - y, *sy = x; break;
    default: *sx = x, *sy = y; break;
    }
}

rh_status rh_image_upright(rh_image *up, const rh_image *img, int orientation, rh_error *err)
{
    bool swapped = orientation >= 5;
    int w = swapped ? img->height : img->width, h = swapped ? img->width : img->height;
    rh_status st = rh_image_resize(up, w, h, err);
    if (st != RH_OK)
        return st;
    for (int y = 0; y < h; y++) {
        for (int x = 0; x < w; x++) {
            int sx, sy;
            stored_at(orientation, x, y, w, h, &sx, &sy);
            memcpy(up->data + (size_t)y * up->stride + (size_t)x * 3,
                   img->data + (size_t)sy * img->stride + (size_t)sx * 3, 3);
        }
    }
    return RH_OK;
}

rh_status rh_image_turn_upright(rh_image *img, int orientation, rh_error *err)
{
    rh_image up = {0};
    rh_status st = rh_image_upright(&up, img, orientation, err);
    if (st != RH_OK)
        return st;
    rh_image_done(img);
    *img = up;
    return RH_OK;
}
