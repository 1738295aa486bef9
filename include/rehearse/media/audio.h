/* audio.h - sound from files and of any rate to mono float PCM at 16 kHz.
 *
 * Source: libavformat, libavcodec, libswresample.
 * Threads: a resampler from one thread at a time; decoding from any. */
#ifndef RH_AUDIO_H
#define RH_AUDIO_H

#include <stddef.h>
#include "rehearse/base/status.h"

enum {
    RH_AUDIO_MIN_RATE_HZ = 8000,
    RH_AUDIO_MAX_RATE_HZ = 96000,
    RH_AUDIO_MAX_CHANNELS = 64,
    RH_MEDIA_MAX_TRACKS = 64, /* of a sound or video file, of any kind */
};

typedef struct {
    float *samples; /* mono, [-1,1], finite; freed by rh_audio_done() */
    size_t n;
    int rate_hz; /* of `samples`: 16000 */
    int source_rate_hz, source_channels;
    char codec[24]; /* "mp3", "opus", "pcm_s16le" */
} rh_audio;

/* Whole file or bytes, any container and codec, at most max_s seconds
 * (RH_ERR_LIMIT past it, and for more than RH_AUDIO_MAX_CHANNELS or RH_MEDIA_MAX_TRACKS, and
 * when decoding takes far longer than the sound). RH_ERR_NOTFOUND no such file; RH_ERR_IO unreadable;
 * RH_ERR_FORMAT no sound in it; RH_ERR_UNSUPPORTED a codec unknown here.
 * Of several tracks: the default or first one, unless it is next to silent and another is not.
 * Channels are mixed so that no speech is lost, whichever it is on. A pipe is read to its end
 * first. A file cut short gives what it holds. Non-finite samples become 0. RH_ERR_NOMEM. */
rh_status rh_audio_read_file(rh_audio *out, const char *path, double max_s, rh_error *err);
rh_status rh_audio_read_memory(rh_audio *out, const void *bytes, size_t n, double max_s, rh_error *err);
void rh_audio_done(rh_audio *a);

typedef struct rh_resampler rh_resampler;
/* Streaming, mono float in and out. RH_ERR_INVAL rate outside 8..96 kHz; RH_ERR_NOMEM. */
rh_status rh_resampler_new(rh_resampler **out, int in_rate_hz, int out_rate_hz, rh_error *err);
/* Feeds n samples (n = 0 gives the tail and ends the stream). *out points to n_out samples owned
 * by the resampler, valid until the next call (to `in` itself
 * when the rates are equal). RH_ERR_NOMEM. */
rh_status rh_resampler_feed(rh_resampler *r, const float *in, size_t n, const float **out, size_t *n_out);
void rh_resampler_free(rh_resampler *r);

#endif
