/* audio_track.c - decoding of one sound track; the choice among several.
 *
 * Steps: decode -> planes of float -> clean non-finite samples -> one channel. Formats may change
 * in mid-stream. */
#include "audio_track_internal.h"
#include <libswresample/swresample.h>
#include <math.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/array.h"

enum { MAX_SOURCE_RATE_HZ = 768000 };

static rh_status no_memory(rh_error *err)
{
    return rh_fail(err, RH_ERR_NOMEM, "not enough memory to decode the sound");
}

rh_status rh_sound_track_open(rh_sound_track *t, rh_container *file, int stream, rh_mono_fn fn, void *user,
                              rh_error *err)
{
    *t = (rh_sound_track){.file = file, .stream = stream, .fn = fn, .user = user};
    return rh_container_decoder(&t->dec, file, stream, 1, err);
}

void rh_sound_track_close(rh_sound_track *t)
{
    avcodec_free_context(&t->dec);
    swr_free(&t->swr);
    rh_mixer_free(t->mixer);
    rh_free(t->planes);
    *t = (rh_sound_track){0};
}

static rh_status give(rh_sound_track *t, const float *const *channels, size_t n, rh_error *err)
{
    const float *mono;
    size_t got;
    rh_status st = rh_mixer_feed(t->mixer, channels, n, &mono, &got, err);
    if (st != RH_OK || got == 0)
        return st;
    t->seconds += (double)got / t->rate_hz;
    return t->fn(t->user, mono, got, t->rate_hz, err);
}

static rh_status end_mixer(rh_sound_track *t, rh_error *err)
{
    rh_status st = t->mixer ? give(t, NULL, 0, err) : RH_OK;
    rh_mixer_free(t->mixer);
    t->mixer = NULL;
    return st;
}

static rh_status set_up(rh_sound_track *t, const AVFrame *f, rh_error *err)
{
    int n = f->ch_layout.nb_channels;
    if (f->sample_rate < 1 || f->sample_rate > MAX_SOURCE_RATE_HZ)
        return rh_fail(err, RH_ERR_FORMAT, "a sample rate of %d Hz makes no sense", f->sample_rate);
    if (n < 1 || n > RH_AUDIO_MAX_CHANNELS)
        return rh_fail(err, RH_ERR_LIMIT, "its sound has %d channels; at most %d can be mixed", n,
                       RH_AUDIO_MAX_CHANNELS);
    rh_status st = end_mixer(t, err);
    if (st != RH_OK)
        return st;
    t->format = f->format;
    t->rate_hz = f->sample_rate;
    t->n_channels = n;
    t->cap = 0; /* the planes lie at other places now */
    /* Which loudspeaker a channel belongs to does not matter: they are mixed by what they hold. */
    AVChannelLayout layout = {.order = AV_CHANNEL_ORDER_UNSPEC, .nb_channels = n};
    swr_free(&t->swr);
    if (swr_alloc_set_opts2(&t->swr, &layout, AV_SAMPLE_FMT_FLTP, f->sample_rate, &layout, f->format, f->sample_rate, 0,
                            NULL) < 0 ||
        swr_init(t->swr) < 0)
        return rh_fail(err, RH_ERR_UNSUPPORTED, "its %d channels of samples cannot be converted", n);
    return rh_mixer_new(&t->mixer, n, f->sample_rate, err);
}

/* Float files may hold NaN, which resampling would spread, and absurd numbers. */
static void clean(float *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        s[i] = isfinite(s[i]) ? fmaxf(-100, fminf(100, s[i])) : 0;
}

static rh_status take_frame(rh_sound_track *t, const AVFrame *f, rh_error *err)
{
    if (f->nb_samples <= 0)
        return RH_OK;
    if (!t->mixer || t->format != f->format || t->rate_hz != f->sample_rate ||
        t->n_channels != f->ch_layout.nb_channels) {
        rh_status st = set_up(t, f, err);
        if (st != RH_OK)
            return st;
    }
    size_t n = (size_t)f->nb_samples;
    if (rh_array_reserve(&t->planes, &t->cap, n, (size_t)t->n_channels * sizeof *t->planes) != RH_OK)
        return no_memory(err);
    float *planes[RH_AUDIO_MAX_CHANNELS];
    for (int c = 0; c < t->n_channels; c++)
        planes[c] = t->planes + (size_t)c * n;
    int got = swr_convert(t->swr, (uint8_t **)planes, f->nb_samples, (const uint8_t **)f->extended_data, f->nb_samples);
    if (got < 0)
        return no_memory(err);
    for (int c = 0; c < t->n_channels; c++)
        clean(planes[c], (size_t)got);
    return got ? give(t, (const float *const *)planes, (size_t)got, err) : RH_OK;
}

rh_status rh_sound_track_feed(rh_sound_track *t, const AVPacket *packet, AVFrame *frame, rh_error *err)
{
    rh_container_enter(t->file);
    (void)avcodec_send_packet(t->dec, packet);
    for (;;) {
        int av = avcodec_receive_frame(t->dec, frame);
        rh_status st = rh_container_leave(t->file, t->seconds, err);
        if (st == RH_OK && av == AVERROR(ENOMEM))
            st = no_memory(err);
        if (av < 0 && st == RH_OK)
            return packet ? RH_OK : end_mixer(t, err);
        if (av == 0 && st == RH_OK)
            st = take_frame(t, frame, err);
        av_frame_unref(frame);
        if (st != RH_OK)
            return st;
        rh_container_enter(t->file);
    }
}

/* ---- the choice ---- */

typedef struct {
    rh_sound_track track;
    rh_activity heard;
    bool open;
} candidate;

static rh_status listen(void *user, const float *mono, size_t n, int rate_hz, rh_error *err)
{
    (void)err;
    candidate *c = user;
    rh_activity_add(&c->heard, mono, n, rate_hz);
    return RH_OK;
}

/* All tracks are heard until the preferred one has said enough, or to the end. */
static rh_status hear_all(rh_container *file, candidate *of, const candidate *preferred, double max_s, rh_error *err)
{
    static const double enough_s = 3;
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    rh_status st = packet && frame ? RH_OK : no_memory(err);
    while (st == RH_OK) {
        st = rh_container_read(file, packet, err);
        /* Streams may appear in mid-file; they come too late to be chosen. */
        candidate *c = st == RH_OK && packet->stream_index < RH_MEDIA_MAX_TRACKS ? &of[packet->stream_index] : NULL;
        if (c && c->open && c->track.seconds <= max_s) {
            rh_status fed = rh_sound_track_feed(&c->track, packet, frame, err);
            if (fed == RH_ERR_NOMEM || file->late)
                st = fed;
            else if (fed != RH_OK) /* this one cannot be heard; another may */
                c->open = false;
        }
        if (st == RH_OK)
            av_packet_unref(packet);
        if (rh_activity_s(&preferred->heard) >= enough_s)
            break;
    }
    av_packet_free(&packet);
    av_frame_free(&frame);
    return st == RH_END ? RH_OK : st;
}

static int best_of(const candidate *of, int n, int preferred)
{
    static const double next_to_nothing = 0.1; /* of the most that another holds */
    int best = preferred;
    for (int i = 0; i < n; i++)
        if (rh_activity_s(&of[i].heard) > rh_activity_s(&of[best].heard))
            best = i;
    bool little = rh_activity_s(&of[preferred].heard) < next_to_nothing * rh_activity_s(&of[best].heard);
    if (best != preferred && little)
        return best;
    return preferred;
}

rh_status rh_sound_track_choose(rh_container *file, double max_s, const char *examples, int *stream, bool *read_on,
                                rh_error *err)
{
    AVFormatContext *fmt = file->fmt;
    int n = (int)fmt->nb_streams, n_sound = 0, n_open = 0, preferred = -1;
    candidate *of = rh_calloc(RH_MEDIA_MAX_TRACKS, sizeof *of);
    if (!of)
        return no_memory(err);
    rh_status st = RH_OK;
    for (int i = 0; i < n && st != RH_ERR_NOMEM; i++) {
        const AVStream *s = fmt->streams[i];
        fmt->streams[i]->discard = AVDISCARD_ALL;
        if (s->codecpar->codec_type != AVMEDIA_TYPE_AUDIO)
            continue;
        n_sound++;
        st = rh_sound_track_open(&of[i].track, file, i, listen, &of[i], err);
        of[i].open = st == RH_OK;
        if (!of[i].open)
            continue;
        fmt->streams[i]->discard = AVDISCARD_DEFAULT;
        n_open++;
        if (preferred < 0 || ((s->disposition & AV_DISPOSITION_DEFAULT) &&
                              !(fmt->streams[preferred]->disposition & AV_DISPOSITION_DEFAULT)))
            preferred = i;
    }
    if (st != RH_ERR_NOMEM && n_sound == 0)
        st = rh_fail(err, RH_ERR_FORMAT, "there is no sound track in it; send %s, or a video with sound", examples);
    else if (st != RH_ERR_NOMEM && n_open > 0)
        st = n_open > 1 ? hear_all(file, of, &of[preferred], max_s, err) : RH_OK;
    *read_on = n_open > 1;
    if (st == RH_OK)
        *stream = best_of(of, n, preferred);
    for (int i = 0; i < n; i++)
        rh_sound_track_close(&of[i].track);
    rh_free(of);
    return st;
}
