/* audio_resample.c - streaming change of sample rate, mono float.
 *
 * libswresample's windowed sinc; equal rates pass through untouched. What came
 * out so far never depends on how the input was cut into pieces. */
#include <libavutil/channel_layout.h>
#include <libavutil/samplefmt.h>
#include <libswresample/swresample.h>
#include <stdint.h>
#include "audio_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/array.h"

enum { PIECE = 1 << 16 }; /* input samples converted at a time, so that counts fit an int */

struct rh_resampler {
    SwrContext *swr; /* NULL: rates are equal */
    int in_hz, out_hz;
    float *buf;
    size_t cap;
};

rh_status rh_resampler_new_any(rh_resampler **out, int in_rate_hz, int out_rate_hz, rh_error *err)
{
    rh_resampler *r = rh_calloc(1, sizeof *r);
    if (!r)
        return rh_fail(err, RH_ERR_NOMEM, "resampler: out of memory");
    r->in_hz = in_rate_hz;
    r->out_hz = out_rate_hz;
    AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
    if (in_rate_hz != out_rate_hz && (swr_alloc_set_opts2(&r->swr, &mono, AV_SAMPLE_FMT_FLT, out_rate_hz, &mono,
                                                          AV_SAMPLE_FMT_FLT, in_rate_hz, 0, NULL) < 0 ||
                                      swr_init(r->swr) < 0)) {
        rh_resampler_free(r);
        return rh_fail(err, RH_ERR_NOMEM, "resampler from %d to %d Hz: out of memory", in_rate_hz, out_rate_hz);
    }
    *out = r;
    return RH_OK;
}

rh_status rh_resampler_new(rh_resampler **out, int in_rate_hz, int out_rate_hz, rh_error *err)
{
    int rates[] = {in_rate_hz, out_rate_hz};
    for (int i = 0; i < 2; i++)
        if (rates[i] < RH_AUDIO_MIN_RATE_HZ || rates[i] > RH_AUDIO_MAX_RATE_HZ)
            return rh_fail(err, RH_ERR_INVAL, "a sample rate of %d Hz is outside %d to %d", rates[i],
                           RH_AUDIO_MIN_RATE_HZ, RH_AUDIO_MAX_RATE_HZ);
    return rh_resampler_new_any(out, in_rate_hz, out_rate_hz, err);
}

/* Converts one piece (in = NULL: the tail) to behind the first *n_out samples. */
static rh_status convert(rh_resampler *r, const float *in, int n, size_t *n_out)
{
    int room = swr_get_out_samples(r->swr, n);
    if (room < 0)
        return RH_ERR_NOMEM;
    rh_status st = rh_array_reserve(&r->buf, &r->cap, *n_out + (size_t)room + 1, sizeof *r->buf);
    if (st != RH_OK)
        return st;
    uint8_t *dst = (uint8_t *)(r->buf + *n_out);
    const uint8_t *src = (const uint8_t *)in;
    int got = swr_convert(r->swr, &dst, room, in ? &src : NULL, n);
    if (got < 0)
        return RH_ERR_NOMEM;
    *n_out += (size_t)got;
    return RH_OK;
}

rh_status rh_resampler_feed(rh_resampler *r, const float *in, size_t n, const float **out, size_t *n_out)
{
    size_t got = 0;
    if (!r->swr) {
        *out = in;
        *n_out = n;
        return RH_OK;
    }
    rh_status st = n == 0 ? convert(r, NULL, 0, &got) : RH_OK;
    for (size_t i = 0; i < n && st == RH_OK; i += PIECE) {
        size_t piece = n - i < PIECE ? n - i : PIECE;
        st = convert(r, in + i, (int)piece, &got);
    }
    if (st != RH_OK)
        return st;
    *out = r->buf;
    *n_out = got;
    return RH_OK;
}

void rh_resampler_free(rh_resampler *r)
{
    if (!r)
        return;
    swr_free(&r->swr);
    rh_free(r->buf);
    rh_free(r);
}
