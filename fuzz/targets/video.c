/* video.c - any bytes as a video: an error, or pictures in order whose every pixel is there. */
#include <stdint.h>
#include <stdlib.h>
#include "rehearse/media/video.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t sink;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { PICTURES = 20, SIDE_PX = 200 };
    rh_video *v = NULL;
    rh_error err = {0};
    rh_status st = rh_video_open_memory(&v, data, size, SIDE_PX, &err);
    if (st != RH_OK) {
        if (st > 0 || !err.msg[0] || v)
            abort();
        return 0;
    }
    if (!(rh_video_duration_s(v) >= 0))
        abort();
    int64_t last = -1, t = 0;
    rh_image img;
    for (int i = 0; i < PICTURES && (st = rh_video_next(v, i % 3 * 50000, &img, &t, &err)) == RH_OK; i++) {
        if (t <= last || img.width < 2 || img.height < 2 || img.width > SIDE_PX || img.height > SIDE_PX)
            abort();
        last = t;
        for (int y = 0; y < img.height; y++)
            for (int x = 0; x < img.width * 3; x++)
                sink ^= img.data[(size_t)y * img.stride + (size_t)x];
    }
    if (st < 0 && !err.msg[0])
        abort();
    rh_video_close(v);
    return 0;
}
