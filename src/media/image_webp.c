/* image_webp.c - WebP through libwebp. */
#include <string.h>
#include <webp/decode.h>
#include "image_internal.h"

/* Chunks of the RIFF container (name, length, data padded to even) up to "EXIF". */
static int orientation_of(const uint8_t *b, size_t n)
{
    size_t at = 12;
    while (at + 8 <= n) {
        size_t len =
            (size_t)b[at + 4] | ((size_t)b[at + 5] << 8) | ((size_t)b[at + 6] << 16) | ((size_t)b[at + 7] << 24);
        if (len > n - at - 8)
            break;
        const uint8_t *data = b + at + 8;
        if (memcmp(b + at, "EXIF", 4) == 0) {
            /* Some writers keep JPEG's prefix. */
            size_t skip = len >= 6 && memcmp(data, "Exif\0", 5) == 0 ? 6 : 0;
            return rh_exif_orientation(data + skip, len - skip);
        }
        at += 8 + len + (len & 1);
    }
    return 1;
}

rh_status rh_webp_probe(const uint8_t *bytes, size_t n, int *w, int *h, int *orientation, rh_error *err)
{
    WebPBitstreamFeatures f;
    if (WebPGetFeatures(bytes, n, &f) != VP8_STATUS_OK)
        return rh_fail(err, RH_ERR_FORMAT, "broken WebP: its header cannot be read");
    if (f.has_animation)
        return rh_fail(err, RH_ERR_FORMAT, "this WebP is an animation; send one picture a frame");
    rh_status st = rh_image_check_size(f.width, f.height, err);
    if (st != RH_OK)
        return st;
    *w = f.width;
    *h = f.height;
    *orientation = orientation_of(bytes, n);
    return RH_OK;
}

rh_status rh_webp_decode(rh_image_part *part, int *orientation, const uint8_t *bytes, size_t n, rh_error *err)
{
    int w, h;
    rh_status st = rh_webp_probe(bytes, n, &w, &h, orientation, err);
    if (st == RH_OK)
        st = rh_image_resize(&part->img, w, h, err);
    if (st != RH_OK)
        return st;
    if (!WebPDecodeRGBInto(bytes, n, part->img.data, part->img.stride * (size_t)h, (int)part->img.stride))
        return rh_fail(err, RH_ERR_FORMAT, "broken WebP: its pixels cannot be read");
    part->full_width = w;
    part->full_height = h;
    part->x0 = part->y0 = 0;
    part->scale = 1.0f;
    return RH_OK;
}
