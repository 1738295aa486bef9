/* Text messages of the WebSockets, down to decoded media. */
#include <stdint.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "server/media_bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    rh_message m;
    rh_error err;
    char *raw = rh_alloc(n + RH_MESSAGE_SLACK);
    if (!raw)
        return 0;
    memcpy(raw, bytes, n);
    if (rh_message_parse_take(&m, raw, n, &err) != RH_OK)
        return 0;
    uint8_t *out, *spare = NULL;
    size_t n_out, n_samples;
    float *x = NULL;
    if (m.frame.at && rh_decode_media(&m, m.frame, &out, &n_out, &spare, &err) == RH_OK)
        rh_free(spare);
    else
        rh_free(spare);
    spare = NULL;
    if (m.audio.at && rh_decode_media(&m, m.audio, &out, &n_out, &spare, &err) == RH_OK &&
        rh_samples_from_bytes(out, n_out, &x, &n_samples, &err) == RH_OK)
        rh_free(x);
    rh_free(spare);
    rh_message_done(&m);
    return 0;
}
