/* Any bytes as a sound file: an error or finite samples within the limit. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include "rehearse/media/audio.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rh_audio a;
    rh_error err = {0};
    rh_status st = rh_audio_read_memory(&a, data, size, 2.0, &err);
    if (st != RH_OK) {
        if (st > 0 || !err.msg[0])
            abort();
        return 0;
    }
    if (a.n == 0 || a.n > 2 * 16000)
        abort();
    for (size_t i = 0; i < a.n; i++)
        if (!isfinite(a.samples[i]) || fabsf(a.samples[i]) > 1.0f)
            abort();
    rh_audio_done(&a);
    return 0;
}
