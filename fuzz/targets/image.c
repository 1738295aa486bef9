/* image.c - any bytes as a picture: whole, in part, turned, and written back. */
#include <stdint.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/media/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t sink;

static void touch(const rh_image *img)
{
    for (int y = 0; y < img->height; y++) /* every byte must be there */
        for (size_t x = 0; x < (size_t)img->width * 3; x++)
            sink ^= img->data[(size_t)y * img->stride + x];
}

static void try_part(const uint8_t *data, size_t size, int w, int h, unsigned seed)
{
    static const float scales[] = {1.0f, 0.5f, 0.3f, 0.125f};
    rh_image_part part = {0};
    rh_rect r = {(int)(seed % 97) * w / 97 - 8, (int)(seed / 97 % 89) * h / 89 - 8, (int)(seed / 7 % 61) * w / 61 + 1,
                 (int)(seed / 11 % 53) * h / 53 + 1};
    if (rh_image_decode_part(&part, data, size, &r, w, h, scales[seed % 4], NULL) == RH_OK)
        touch(&part.img);
    rh_image_done(&part.img);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int w = 0, h = 0;
    rh_image img = {0};
    if (rh_image_probe(data, size, &w, &h, NULL) != RH_OK || (int64_t)w * h > 1 << 20)
        return 0; /* large ones are only slow */
    unsigned seed = (unsigned)size * 2654435761u;
    for (size_t i = 0; i < size; i += 17)
        seed = seed * 31 + data[i];
    if (rh_image_decode(&img, data, size, NULL) == RH_OK) {
        touch(&img);
        uint8_t *jpeg = NULL;
        size_t n = 0;
        if (rh_image_encode_jpeg(&img, 80, &jpeg, &n, NULL) == RH_OK)
            rh_free(jpeg);
    }
    rh_image_done(&img);
    for (unsigned i = 0; i < 3; i++)
        try_part(data, size, w, h, (seed >> 3) + i * 40503u);
    return 0;
}
