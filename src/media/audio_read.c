/* audio_read.c - any sound or video file to mono float PCM at 16 kHz.
 *
 * Steps: the container within limits (container_internal.h) -> which track
 * -> decode and mix to one channel -> resample.
 * Damaged files give what could be decoded; it is an error only when that is
 * nothing. */
#include "rehearse/media/audio.h"

#include <math.h>
#include <string.h>
#include "audio_internal.h"
#include "audio_track_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/array.h"

enum { RATE_HZ = 16000 };

#define EXAMPLES "WAV, MP3, M4A, WebM, OGG or FLAC"

/* Names of AVInputFormat, any of a comma-separated name. */
static const char formats[] = "wav,w64,aiff,au,caf,flac,mp3,aac,ac3,eac3,ogg,matroska,webm,mov,mp4,"
                              "m4a,3gp,3g2,avi,flv,asf,mpegts,mpeg,amr,amrnb,amrwb,wv,ape,tta,"
                              "gsm,voc,dsf,mpc,mpc8,sox";

typedef struct {
    rh_container file;
    rh_sound_track track;
    double max_s;
    AVPacket *packet;
    AVFrame *frame;
    rh_resampler *resampler;
    int resampler_hz;
    float *out;
    size_t n_out, cap_out;
} reader;

static rh_status out_of_memory(rh_error *err)
{
    return rh_fail(err, RH_ERR_NOMEM, "not enough memory to decode the sound");
}

/* Takes samples at 16 kHz. */
static rh_status keep(reader *r, const float *s, size_t n, rh_error *err)
{
    double limit = r->max_s * RATE_HZ;
    if ((double)r->n_out + (double)n > limit)
        return rh_fail(err, RH_ERR_LIMIT, "the recording is longer than %g seconds", r->max_s);
    if (rh_array_reserve(&r->out, &r->cap_out, r->n_out + n, sizeof *r->out) != RH_OK)
        return out_of_memory(err);
    for (size_t i = 0; i < n; i++) /* resampling overshoots loud edges a little */
        r->out[r->n_out + i] = s[i] > 1.0f ? 1.0f : s[i] < -1.0f ? -1.0f : s[i];
    r->n_out += n;
    return RH_OK;
}

/* Samples at the resampler's rate; n = 0 gives the tail. */
static rh_status resample(reader *r, const float *mono, size_t n, rh_error *err)
{
    const float *s;
    size_t got;
    rh_status st = rh_resampler_feed(r->resampler, mono, n, &s, &got);
    if (st != RH_OK)
        return rh_fail(err, st, "the sound could not be resampled: %s", rh_status_name(st));
    return keep(r, s, got, err);
}

/* A sound track that begins after the pictures is moved to its place by silence. */
static rh_status pad_start(reader *r, rh_error *err)
{
    const AVFormatContext *fmt = r->file.fmt;
    const AVStream *s = fmt->streams[r->track.stream];
    if (av_find_best_stream(r->file.fmt, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0) < 0 || s->start_time == AV_NOPTS_VALUE ||
        fmt->start_time == AV_NOPTS_VALUE)
        return RH_OK;
    double late_s = (double)s->start_time * av_q2d(s->time_base) - (double)fmt->start_time / AV_TIME_BASE;
    if (!(late_s > 0.02 && late_s < 60.0))
        return RH_OK;
    static const float silence[RATE_HZ / 100];
    for (long i = lround(late_s * 100); i > 0; i--) {
        rh_status st = keep(r, silence, RATE_HZ / 100, err);
        if (st != RH_OK)
            return st;
    }
    return RH_OK;
}

/* Mono at the track's own rate. */
static rh_status take(void *user, const float *mono, size_t n, int rate_hz, rh_error *err)
{
    reader *r = user;
    rh_status st = RH_OK;
    if (r->resampler && r->resampler_hz != rate_hz) {
        st = resample(r, NULL, 0, err);
        rh_resampler_free(r->resampler);
        r->resampler = NULL;
    }
    if (st == RH_OK && !r->resampler)
        st = rh_resampler_new_any(&r->resampler, rate_hz, RATE_HZ, err);
    r->resampler_hz = rate_hz;
    return st == RH_OK ? resample(r, mono, n, err) : st;
}

static rh_status decode_all(reader *r, rh_error *err)
{
    r->packet = av_packet_alloc();
    r->frame = av_frame_alloc();
    if (!r->packet || !r->frame)
        return out_of_memory(err);
    rh_status st = pad_start(r, err);
    size_t n_silence = r->n_out;
    while (st == RH_OK && (st = rh_container_read(&r->file, r->packet, err)) == RH_OK) {
        if (r->packet->stream_index == r->track.stream)
            st = rh_sound_track_feed(&r->track, r->packet, r->frame, err);
        av_packet_unref(r->packet);
    }
    if (st == RH_END)
        st = rh_sound_track_feed(&r->track, NULL, r->frame, err);
    if (st == RH_OK && r->resampler)
        st = resample(r, NULL, 0, err);
    if (st == RH_OK && r->file.saved_errno)
        return rh_fail(err, RH_ERR_IO, "cannot read it: %s", strerror(r->file.saved_errno));
    if (st == RH_OK && r->n_out == n_silence)
        return rh_fail(err, RH_ERR_FORMAT, "the sound track holds no samples; the file may be cut short");
    return st;
}

static rh_status start(reader *r, rh_error *err)
{
    return rh_container_start(&r->file, formats, "a sound file that can be read; send " EXAMPLES, err);
}

/* The one sound track, or the best of several. */
static rh_status open_track(reader *r, rh_error *err)
{
    int stream = -1;
    bool read_on = false;
    rh_status st = start(r, err);
    if (st == RH_OK)
        st = rh_sound_track_choose(&r->file, r->max_s, EXAMPLES, &stream, &read_on, err);
    if (st == RH_OK && read_on)
        st = start(r, err);
    if (st == RH_OK && stream >= (int)r->file.fmt->nb_streams)
        st = rh_fail(err, RH_ERR_IO, "it changed while it was read");
    for (unsigned i = 0; st == RH_OK && i < r->file.fmt->nb_streams; i++)
        r->file.fmt->streams[i]->discard = (int)i == stream ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    return st == RH_OK ? rh_sound_track_open(&r->track, &r->file, stream, take, r, err) : st;
}

static void reader_done(reader *r)
{
    av_packet_free(&r->packet);
    av_frame_free(&r->frame);
    rh_sound_track_close(&r->track);
    rh_container_done(&r->file);
    rh_resampler_free(r->resampler);
    rh_free(r->out);
}

/* r->file is open, or st says why not. */
static rh_status read_audio(rh_audio *out, reader *r, rh_status st, rh_error *err)
{
    if (st == RH_OK)
        st = open_track(r, err);
    if (st == RH_OK)
        st = decode_all(r, err);
    if (st == RH_OK) {
        *out = (rh_audio){.samples = r->out,
                          .n = r->n_out,
                          .rate_hz = RATE_HZ,
                          .source_rate_hz = r->track.rate_hz,
                          .source_channels = r->track.n_channels};
        strncpy(out->codec, avcodec_get_name(r->track.dec->codec_id), sizeof out->codec - 1);
        r->out = NULL;
    }
    reader_done(r);
    return st;
}

rh_status rh_audio_read_memory(rh_audio *out, const void *bytes, size_t n, double max_s, rh_error *err)
{
    reader r = {.max_s = max_s};
    return read_audio(out, &r, rh_container_open_memory(&r.file, bytes, n, EXAMPLES, err), err);
}

rh_status rh_audio_read_file(rh_audio *out, const char *path, double max_s, rh_error *err)
{
    reader r = {.max_s = max_s};
    return read_audio(out, &r, rh_container_open_file(&r.file, path, EXAMPLES, err), err);
}

void rh_audio_done(rh_audio *a)
{
    rh_free(a->samples);
    *a = (rh_audio){0};
}
