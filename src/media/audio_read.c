/* audio_read.c - any sound or video file to mono float PCM at 16 kHz.
 *
 * Bytes come through our own reader (a memory block or a descriptor), so a
 * name is never taken for a URL, and only the demuxers listed below may run:
 * playlists that would open further files are not among them.
 * Steps: demux and decode -> mix to mono float at the source rate -> clean
 * non-finite samples -> resample.
 * Damaged files give what could be decoded; it is an error only when that is
 * nothing. */
#include "rehearse/audio.h"

#include <errno.h>
#include <fcntl.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "audio_internal.h"
#include "rehearse/alloc.h"

enum {
    RATE_HZ = 16000,
    IO_BYTES = 32 * 1024,
    MAX_SOURCE_RATE_HZ = 768000,
};

#define EXAMPLES "WAV, MP3, M4A, WebM, OGG or FLAC"

/* Names of AVInputFormat, any of a comma-separated name. */
static const char formats[] = "wav,w64,aiff,au,caf,flac,mp3,aac,ac3,eac3,ogg,matroska,webm,mov,mp4,"
                              "m4a,3gp,3g2,avi,flv,asf,mpegts,mpeg,amr,amrnb,amrwb,wv,ape,tta,"
                              "gsm,voc,dsf,mpc,mpc8,sox";

typedef struct {
    const uint8_t *bytes; /* NULL: read from fd */
    size_t n, pos;
    int fd;
    int saved_errno;
} source;

typedef struct {
    source src;
    double max_s;
    AVFormatContext *fmt;
    AVIOContext *io;
    AVCodecContext *dec;
    AVPacket *packet;
    AVFrame *frame;
    SwrContext *mix;
    AVChannelLayout mix_layout; /* what `mix` was made for */
    int mix_format, mix_rate_hz;
    rh_resampler *resampler;
    float *mono;
    int mono_cap;
    float *out;
    size_t n_out, cap_out;
    int stream;
} reader;

static pthread_once_t quiet_once = PTHREAD_ONCE_INIT;

static void quiet(void)
{
    av_log_set_level(AV_LOG_QUIET); /* library modules stay silent */
}

static int read_source(void *opaque, uint8_t *buf, int n)
{
    source *s = opaque;
    if (s->bytes) {
        size_t left = s->n - s->pos, take = (size_t)n < left ? (size_t)n : left;
        if (take == 0)
            return AVERROR_EOF;
        memcpy(buf, s->bytes + s->pos, take);
        s->pos += take;
        return (int)take;
    }
    ssize_t got;
    do
        got = read(s->fd, buf, (size_t)n);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        s->saved_errno = errno;
    return got > 0 ? (int)got : got == 0 ? AVERROR_EOF : AVERROR(errno);
}

static int64_t seek_source(void *opaque, int64_t offset, int whence)
{
    source *s = opaque;
    whence &= ~AVSEEK_FORCE;
    if (!s->bytes) {
        struct stat st;
        if (whence == AVSEEK_SIZE)
            return fstat(s->fd, &st) == 0 ? (int64_t)st.st_size : AVERROR(errno);
        off_t at = lseek(s->fd, (off_t)offset, whence);
        return at < 0 ? AVERROR(errno) : (int64_t)at;
    }
    int64_t size = (int64_t)s->n;
    if (whence == AVSEEK_SIZE)
        return size;
    int64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? (int64_t)s->pos : size;
    if (offset > size || offset < -size || base + offset < 0 || base + offset > size)
        return AVERROR(EINVAL);
    s->pos = (size_t)(base + offset);
    return base + offset;
}

static rh_status out_of_memory(rh_error *err)
{
    return rh_fail(err, RH_ERR_NOMEM, "not enough memory to decode the sound");
}

static rh_status not_sound(const reader *r, int av, rh_error *err)
{
    if (av == AVERROR(ENOMEM))
        return out_of_memory(err);
    if (r->src.saved_errno)
        return rh_fail(err, RH_ERR_IO, "cannot read it: %s", strerror(r->src.saved_errno));
    return rh_fail(err, RH_ERR_FORMAT,
                   "this is not a sound file that can be read; send " EXAMPLES);
}

static rh_status open_container(reader *r, rh_error *err)
{
    uint8_t *buf = av_malloc(IO_BYTES);
    bool seekable = r->src.bytes || lseek(r->src.fd, 0, SEEK_CUR) >= 0;
    r->io = buf ? avio_alloc_context(buf, IO_BYTES, 0, &r->src, read_source, NULL,
                                     seekable ? seek_source : NULL)
                : NULL;
    r->fmt = avformat_alloc_context();
    if (!r->io || !r->fmt) {
        if (!r->io)
            av_free(buf);
        return out_of_memory(err);
    }
    r->fmt->pb = r->io;
    r->fmt->format_whitelist = av_strdup(formats);
    r->fmt->protocol_whitelist = av_strdup("none"); /* nothing else may be opened */
    if (!r->fmt->format_whitelist || !r->fmt->protocol_whitelist)
        return out_of_memory(err);
    int av = avformat_open_input(&r->fmt, NULL, NULL, NULL); /* frees r->fmt on failure */
    if (av == 0)
        av = avformat_find_stream_info(r->fmt, NULL);
    return av < 0 ? not_sound(r, av, err) : RH_OK;
}

static rh_status open_decoder(reader *r, rh_error *err)
{
    const AVCodec *codec = NULL;
    r->stream = av_find_best_stream(r->fmt, AVMEDIA_TYPE_AUDIO, -1, -1, &codec, 0);
    if (r->stream == AVERROR_DECODER_NOT_FOUND)
        return rh_fail(err, RH_ERR_UNSUPPORTED,
                       "the sound is in a codec that cannot be decoded here; send " EXAMPLES);
    if (r->stream < 0)
        return rh_fail(err, RH_ERR_FORMAT, "there is no sound track in it; send " EXAMPLES
                                           ", or a video with sound");
    for (unsigned i = 0; i < r->fmt->nb_streams; i++)
        if ((int)i != r->stream)
            r->fmt->streams[i]->discard = AVDISCARD_ALL;
    const AVStream *s = r->fmt->streams[r->stream];
    r->dec = avcodec_alloc_context3(codec);
    if (!r->dec)
        return out_of_memory(err);
    if (avcodec_parameters_to_context(r->dec, s->codecpar) < 0)
        return out_of_memory(err);
    r->dec->pkt_timebase = s->time_base;
    r->dec->thread_count = 1;
    int av = avcodec_open2(r->dec, codec, NULL);
    return av < 0 ? not_sound(r, av, err) : RH_OK;
}

/* Takes samples at 16 kHz. */
static rh_status keep(reader *r, const float *s, size_t n, rh_error *err)
{
    double limit = r->max_s * RATE_HZ;
    if ((double)r->n_out + (double)n > limit)
        return rh_fail(err, RH_ERR_LIMIT, "the recording is longer than %g seconds", r->max_s);
    if (n > r->cap_out - r->n_out) {
        size_t cap = r->cap_out ? r->cap_out : (size_t)RATE_HZ * 16;
        while (cap - r->n_out < n)
            cap += cap / 2;
        if (cap > SIZE_MAX / sizeof *r->out)
            return out_of_memory(err);
        float *p = rh_realloc(r->out, cap * sizeof *p);
        if (!p)
            return out_of_memory(err);
        r->out = p;
        r->cap_out = cap;
    }
    for (size_t i = 0; i < n; i++) /* resampling overshoots loud edges a little */
        r->out[r->n_out + i] = s[i] > 1.0f ? 1.0f : s[i] < -1.0f ? -1.0f : s[i];
    r->n_out += n;
    return RH_OK;
}

static rh_status resample(reader *r, const float *mono, size_t n, rh_error *err)
{
    const float *s;
    size_t got;
    rh_status st = rh_resampler_feed(r->resampler, mono, n, &s, &got);
    if (st != RH_OK)
        return rh_fail(err, st, "the sound could not be resampled: %s", rh_status_name(st));
    return keep(r, s, got, err);
}

/* A new mixer and resampler for the frame's format; formats may change in mid-stream. */
static rh_status set_up_mixing(reader *r, const AVFrame *f, rh_error *err)
{
    if (f->sample_rate < 1 || f->sample_rate > MAX_SOURCE_RATE_HZ)
        return rh_fail(err, RH_ERR_FORMAT, "a sample rate of %d Hz makes no sense", f->sample_rate);
    if (r->resampler && r->mix_rate_hz != f->sample_rate) {
        rh_status st = resample(r, NULL, 0, err);
        if (st != RH_OK)
            return st;
        rh_resampler_free(r->resampler);
        r->resampler = NULL;
    }
    swr_free(&r->mix);
    av_channel_layout_uninit(&r->mix_layout);
    AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
    /* Formats without a layout tell only the number of channels. */
    if (f->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
        av_channel_layout_default(&r->mix_layout, f->ch_layout.nb_channels);
    else if (av_channel_layout_copy(&r->mix_layout, &f->ch_layout) < 0)
        return out_of_memory(err);
    r->mix_format = f->format;
    r->mix_rate_hz = f->sample_rate;
    if (swr_alloc_set_opts2(&r->mix, &mono, AV_SAMPLE_FMT_FLT, f->sample_rate, &r->mix_layout,
                            f->format, f->sample_rate, 0, NULL) < 0 ||
        /* Float mixing would otherwise add correlated channels to 3 dB too loud. */
        av_opt_set_double(r->mix, "rematrix_maxval", 1.0, 0) < 0 || swr_init(r->mix) < 0)
        return rh_fail(err, RH_ERR_UNSUPPORTED, "%d channels of this kind cannot be mixed to one",
                       f->ch_layout.nb_channels);
    return r->resampler ? RH_OK : rh_resampler_new_any(&r->resampler, f->sample_rate, RATE_HZ, err);
}

static bool same_format(const reader *r, const AVFrame *f)
{
    return r->mix && r->mix_format == f->format && r->mix_rate_hz == f->sample_rate &&
           r->mix_layout.nb_channels == f->ch_layout.nb_channels;
}

static rh_status take_frame(reader *r, rh_error *err)
{
    const AVFrame *f = r->frame;
    if (f->nb_samples <= 0)
        return RH_OK;
    rh_status st = same_format(r, f) ? RH_OK : set_up_mixing(r, f, err);
    if (st != RH_OK)
        return st;
    if (f->nb_samples > r->mono_cap) {
        float *p = rh_realloc(r->mono, (size_t)f->nb_samples * sizeof *p);
        if (!p)
            return out_of_memory(err);
        r->mono = p;
        r->mono_cap = f->nb_samples;
    }
    uint8_t *dst = (uint8_t *)r->mono;
    int n = swr_convert(r->mix, &dst, r->mono_cap, (const uint8_t **)f->extended_data,
                        f->nb_samples);
    if (n < 0)
        return out_of_memory(err);
    for (int i = 0; i < n; i++) /* float files may hold NaN; resampling would spread it */
        if (!isfinite(r->mono[i]))
            r->mono[i] = 0.0f;
    return resample(r, r->mono, (size_t)n, err);
}

/* A sound track that begins after the pictures is moved to its place by silence. */
static rh_status pad_start(reader *r, rh_error *err)
{
    const AVStream *s = r->fmt->streams[r->stream];
    if (av_find_best_stream(r->fmt, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0) < 0 ||
        s->start_time == AV_NOPTS_VALUE || r->fmt->start_time == AV_NOPTS_VALUE)
        return RH_OK;
    double late_s = (double)s->start_time * av_q2d(s->time_base) -
                    (double)r->fmt->start_time / AV_TIME_BASE;
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

/* Takes what the decoder has ready; undecodable packets are passed over. */
static rh_status drain(reader *r, rh_error *err)
{
    for (;;) {
        int av = avcodec_receive_frame(r->dec, r->frame);
        if (av == AVERROR(ENOMEM))
            return out_of_memory(err);
        if (av < 0)
            return RH_OK;
        rh_status st = take_frame(r, err);
        av_frame_unref(r->frame);
        if (st != RH_OK)
            return st;
    }
}

static rh_status decode_all(reader *r, rh_error *err)
{
    r->packet = av_packet_alloc();
    r->frame = av_frame_alloc();
    if (!r->packet || !r->frame)
        return out_of_memory(err);
    rh_status st = pad_start(r, err);
    size_t n_silence = r->n_out;
    while (st == RH_OK && av_read_frame(r->fmt, r->packet) >= 0) {
        if (r->packet->stream_index == r->stream) {
            (void)avcodec_send_packet(r->dec, r->packet);
            st = drain(r, err);
        }
        av_packet_unref(r->packet);
    }
    if (st == RH_OK) {
        (void)avcodec_send_packet(r->dec, NULL);
        st = drain(r, err);
    }
    if (st == RH_OK && r->resampler)
        st = resample(r, NULL, 0, err);
    if (st == RH_OK && r->src.saved_errno)
        return not_sound(r, 0, err);
    if (st == RH_OK && r->n_out == n_silence)
        return rh_fail(err, RH_ERR_FORMAT,
                       "the sound track holds no samples; the file may be cut short");
    return st;
}

static void reader_done(reader *r)
{
    av_packet_free(&r->packet);
    av_frame_free(&r->frame);
    avcodec_free_context(&r->dec);
    avformat_close_input(&r->fmt);
    if (r->io)
        av_freep(&r->io->buffer);
    avio_context_free(&r->io);
    swr_free(&r->mix);
    av_channel_layout_uninit(&r->mix_layout);
    rh_resampler_free(r->resampler);
    rh_free(r->mono);
    rh_free(r->out);
}

static rh_status read_audio(rh_audio *out, source src, double max_s, rh_error *err)
{
    pthread_once(&quiet_once, quiet);
    reader r = {.src = src, .max_s = max_s};
    rh_status st = open_container(&r, err);
    if (st == RH_OK)
        st = open_decoder(&r, err);
    if (st == RH_OK)
        st = decode_all(&r, err);
    if (st == RH_OK) {
        *out = (rh_audio){.samples = r.out,
                          .n = r.n_out,
                          .rate_hz = RATE_HZ,
                          .source_rate_hz = r.mix_rate_hz,
                          .source_channels = r.mix_layout.nb_channels};
        strncpy(out->codec, avcodec_get_name(r.dec->codec_id), sizeof out->codec - 1);
        r.out = NULL;
    }
    reader_done(&r);
    return st;
}

rh_status rh_audio_read_memory(rh_audio *out, const void *bytes, size_t n, double max_s,
                               rh_error *err)
{
    if (n == 0)
        return rh_fail(err, RH_ERR_FORMAT, "it is empty (0 bytes); send " EXAMPLES);
    return read_audio(out, (source){.bytes = bytes, .n = n, .fd = -1}, max_s, err);
}

rh_status rh_audio_read_file(rh_audio *out, const char *path, double max_s, rh_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return rh_fail(err, errno == ENOENT ? RH_ERR_NOTFOUND : RH_ERR_IO, "cannot open it: %s",
                       strerror(errno));
    rh_status st;
    struct stat s;
    if (fstat(fd, &s) == 0 && S_ISDIR(s.st_mode))
        st = rh_fail(err, RH_ERR_IO, "it is a folder, not a sound file");
    else if (fstat(fd, &s) == 0 && S_ISREG(s.st_mode) && s.st_size == 0)
        st = rh_fail(err, RH_ERR_FORMAT, "it is empty (0 bytes); give " EXAMPLES);
    else
        st = read_audio(out, (source){.fd = fd}, max_s, err);
    close(fd);
    return st;
}

void rh_audio_done(rh_audio *a)
{
    rh_free(a->samples);
    *a = (rh_audio){0};
}
