/* audio_track_internal.h - one sound track of a container as mono float at its own rate, and which
 * of several tracks to take. */
#ifndef RH_AUDIO_TRACK_INTERNAL_H
#define RH_AUDIO_TRACK_INTERNAL_H

#include "audio_mix_internal.h"
#include "container_internal.h"

/* Finite mono samples at rate_hz, which may change in mid-stream. */
typedef rh_status (*rh_mono_fn)(void *user, const float *mono, size_t n, int rate_hz, rh_error *err);

typedef struct {
    rh_container *file;
    int stream;
    AVCodecContext *dec;
    struct SwrContext *swr;          /* to planes of float */
    int format, rate_hz, n_channels; /* what swr and mixer were made for; 0 = nothing yet */
    rh_mixer *mixer;
    float *planes; /* [n_channels][cap] */
    size_t cap;
    double seconds; /* given so far */
    rh_mono_fn fn;
    void *user;
} rh_sound_track;

/* RH_ERR_UNSUPPORTED a codec unknown here; RH_ERR_NOMEM. */
rh_status rh_sound_track_open(rh_sound_track *t, rh_container *file, int stream, rh_mono_fn fn, void *user,
                              rh_error *err);
/* Decodes a packet of its stream (NULL = the end) and gives what is ready; damaged ones are passed
 * over. RH_ERR_LIMIT too many channels, too slow; RH_ERR_FORMAT an absurd sample rate. `frame` is
 * scratch. */
rh_status rh_sound_track_feed(rh_sound_track *t, const AVPacket *packet, AVFrame *frame, rh_error *err);
void rh_sound_track_close(rh_sound_track *t);

/* The stream to listen to: the one marked as default, else the first; when it holds next to nothing
 * and another one does, that one. rh_container_start() has been
 * called; *read_on = it has to be called again, packets were taken. RH_ERR_FORMAT no sound track; RH_ERR_UNSUPPORTED none that can
 * be decoded; RH_ERR_NOMEM; RH_ERR_LIMIT. */
rh_status rh_sound_track_choose(rh_container *file, double max_s, const char *examples, int *stream, bool *read_on,
                                rh_error *err);

#endif
