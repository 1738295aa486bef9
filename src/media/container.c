/* container.c - see container_internal.h. */
#include "container_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "rehearse/base/clock.h"
#include "rehearse/media/image.h"
#include "rehearse/base/pipe.h"

enum {
    IO_BYTES = 16 * 1024, /* tracks are counted each time so much was read */
    /* One block of libav's, process-wide: the largest picture allowed, at 8 bytes a pixel; a
     * table of contents of 16 million entries. */
    MAX_BLOCK_BYTES = 400 * 1000 * 1000,
};

/* Recognising takes milliseconds and decoding a small part of the time that a recording lasts;
 * these are for slow and crowded machines. */
static const int64_t open_us = 15 * 1000000ll, decode_us = 60 * 1000000ll;
static const double decode_factor = 8;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void set_up_libav(void)
{
    av_log_set_level(AV_LOG_QUIET); /* library modules stay silent */
    av_max_alloc(MAX_BLOCK_BYTES);
}

static bool out_of_time(rh_container *c)
{
    int64_t now = c->entered_us ? rh_now_us() - c->entered_us : 0;
    c->late |= c->spent_us + now > c->allowed_us;
    return c->late;
}

static int interrupted(void *opaque)
{
    return out_of_time(opaque);
}

static int read_source(void *opaque, uint8_t *buf, int n)
{
    rh_container *c = opaque;
    c->crowded |= c->fmt && c->fmt->nb_streams > RH_MEDIA_MAX_TRACKS;
    if (c->crowded || out_of_time(c))
        return AVERROR_EXIT;
    if (c->bytes) {
        size_t left = c->n - c->pos, take = (size_t)n < left ? (size_t)n : left;
        if (take == 0)
            return AVERROR_EOF;
        memcpy(buf, c->bytes + c->pos, take);
        c->pos += take;
        return (int)take;
    }
    ssize_t got;
    do
        got = read(c->fd, buf, (size_t)n);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        c->saved_errno = errno;
    return got > 0 ? (int)got : got == 0 ? AVERROR_EOF : AVERROR(errno);
}

static int64_t seek_source(void *opaque, int64_t offset, int whence)
{
    rh_container *c = opaque;
    whence &= ~AVSEEK_FORCE;
    if (!c->bytes) {
        struct stat st;
        if (whence == AVSEEK_SIZE)
            return fstat(c->fd, &st) == 0 ? (int64_t)st.st_size : AVERROR(errno);
        off_t at = lseek(c->fd, (off_t)offset, whence);
        return at < 0 ? AVERROR(errno) : (int64_t)at;
    }
    int64_t size = (int64_t)c->n;
    if (whence == AVSEEK_SIZE)
        return size;
    int64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? (int64_t)c->pos : size;
    if (offset > size || offset < -size || base + offset < 0 || base + offset > size)
        return AVERROR(EINVAL);
    c->pos = (size_t)(base + offset);
    return base + offset;
}

static rh_status empty(const char *examples, rh_error *err)
{
    return rh_fail(err, RH_ERR_FORMAT, "it is empty (0 bytes); send %s", examples);
}

rh_status rh_container_open_file(rh_container *c, const char *path, const char *examples, rh_error *err)
{
    *c = (rh_container){.fd = open(path, O_RDONLY | O_CLOEXEC)};
    if (c->fd < 0)
        return rh_fail(err, errno == ENOENT ? RH_ERR_NOTFOUND : RH_ERR_IO, "cannot open it: %s", strerror(errno));
    struct stat s;
    if (fstat(c->fd, &s) == 0 && S_ISDIR(s.st_mode))
        return rh_fail(err, RH_ERR_IO, "it is a folder, not a recording; give %s", examples);
    rh_status st = rh_pipe_to_file(&c->fd, err);
    if (st == RH_OK && fstat(c->fd, &s) == 0 && S_ISREG(s.st_mode) && s.st_size == 0)
        st = empty(examples, err);
    return st;
}

rh_status rh_container_open_memory(rh_container *c, const void *bytes, size_t n, const char *examples, rh_error *err)
{
    *c = (rh_container){.bytes = bytes, .n = n, .fd = -1};
    return n == 0 ? empty(examples, err) : RH_OK;
}

static void stop(rh_container *c)
{
    avformat_close_input(&c->fmt);
    if (c->io)
        av_freep(&c->io->buffer);
    avio_context_free(&c->io);
}

void rh_container_done(rh_container *c)
{
    stop(c);
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

static rh_status no_memory(rh_error *err)
{
    return rh_fail(err, RH_ERR_NOMEM, "not enough memory to take the recording apart");
}

static rh_status took_too_long(rh_error *err)
{
    return rh_fail(err, RH_ERR_LIMIT, "it takes too long to decode for its length; save it anew as MP4 or WebM");
}

/* Why libav gave up. */
static rh_status refused(rh_container *c, int av, const char *what, rh_error *err)
{
    if (c->crowded)
        return rh_fail(err, RH_ERR_LIMIT, "it has more than %d tracks; save it anew with those that matter",
                       RH_MEDIA_MAX_TRACKS);
    if (c->late)
        return took_too_long(err);
    if (c->saved_errno)
        return rh_fail(err, RH_ERR_IO, "cannot read it: %s", strerror(c->saved_errno));
    if (av == AVERROR(ENOMEM)) /* also a table of contents that claims absurd sizes */
        return rh_fail(err, RH_ERR_FORMAT, "it is damaged: it claims to hold more than fits into memory");
    return rh_fail(err, RH_ERR_FORMAT, "this is not %s", what);
}

/* The decoders that look at the first packets take one thread and no absurd picture. */
static int find_streams(AVFormatContext *fmt)
{
    AVDictionary *o[RH_MEDIA_MAX_TRACKS] = {NULL};
    unsigned n = fmt->nb_streams;
    for (unsigned i = 0; i < n; i++) {
        (void)av_dict_set_int(&o[i], "max_pixels", RH_IMAGE_MAX_PIXELS, 0);
        (void)av_dict_set_int(&o[i], "threads", 1, 0);
    }
    int av = avformat_find_stream_info(fmt, n ? o : NULL);
    for (unsigned i = 0; i < n; i++)
        av_dict_free(&o[i]);
    return av;
}

rh_status rh_container_start(rh_container *c, const char *formats, const char *what, rh_error *err)
{
    pthread_once(&once, set_up_libav);
    stop(c);
    c->pos = 0;
    if (c->fd >= 0)
        (void)lseek(c->fd, 0, SEEK_SET); /* fails only on devices, which begin where they are */
    c->spent_us = 0;
    c->allowed_us = open_us;
    c->late = c->crowded = false;
    c->saved_errno = 0;
    uint8_t *buf = av_malloc(IO_BYTES);
    c->io = buf ? avio_alloc_context(buf, IO_BYTES, 0, c, read_source, NULL, seek_source) : NULL;
    c->fmt = avformat_alloc_context();
    if (!c->io || !c->fmt) {
        if (!c->io)
            av_free(buf);
        return no_memory(err);
    }
    c->fmt->pb = c->io;
    c->fmt->interrupt_callback = (AVIOInterruptCB){interrupted, c};
    c->fmt->format_whitelist = av_strdup(formats);
    c->fmt->protocol_whitelist = av_strdup("none"); /* nothing else may be opened */
    if (!c->fmt->format_whitelist || !c->fmt->protocol_whitelist)
        return no_memory(err);
    rh_container_enter(c);
    int av = avformat_open_input(&c->fmt, NULL, NULL, NULL); /* frees c->fmt on failure */
    c->crowded |= av == 0 && c->fmt->nb_streams > RH_MEDIA_MAX_TRACKS;
    if (av == 0 && !c->crowded)
        av = find_streams(c->fmt);
    (void)out_of_time(c);
    (void)rh_container_leave(c, 0, NULL);
    if (av < 0 || c->crowded || c->late)
        return refused(c, av, what, err);
    c->allowed_us += decode_us;
    return RH_OK;
}

rh_status rh_container_read(rh_container *c, AVPacket *packet, rh_error *err)
{
    rh_container_enter(c);
    int av = av_read_frame(c->fmt, packet);
    (void)rh_container_leave(c, 0, NULL);
    if (c->late || c->crowded)
        return refused(c, av, "", err);
    return av < 0 ? RH_END : RH_OK;
}

void rh_container_enter(rh_container *c)
{
    c->entered_us = rh_now_us();
}

rh_status rh_container_leave(rh_container *c, double media_s, rh_error *err)
{
    c->spent_us += rh_now_us() - c->entered_us;
    c->entered_us = 0;
    /* Times in a file can be absurd; a day is beyond all other limits. */
    double more_s = media_s > 0 ? decode_factor * (media_s < 86400 ? media_s : 86400) : 0;
    if (media_s > 0 && open_us + decode_us + (int64_t)(more_s * 1e6) > c->allowed_us)
        c->allowed_us = open_us + decode_us + (int64_t)(more_s * 1e6);
    return out_of_time(c) ? took_too_long(err) : RH_OK;
}

rh_status rh_container_decoder(AVCodecContext **out, const rh_container *c, int stream, int n_threads, rh_error *err)
{
    const AVStream *s = c->fmt->streams[stream];
    const AVCodec *codec = avcodec_find_decoder(s->codecpar->codec_id);
    if (!codec)
        return rh_fail(err, RH_ERR_UNSUPPORTED, "its codec %s cannot be decoded here",
                       avcodec_get_name(s->codecpar->codec_id));
    AVCodecContext *dec = avcodec_alloc_context3(codec);
    if (!dec)
        return no_memory(err);
    int av = avcodec_parameters_to_context(dec, s->codecpar);
    dec->pkt_timebase = s->time_base;
    dec->thread_count = n_threads;
    dec->max_pixels = RH_IMAGE_MAX_PIXELS;
    if (av == 0)
        av = avcodec_open2(dec, codec, NULL);
    if (av < 0) {
        avcodec_free_context(&dec);
        return av == AVERROR(ENOMEM)
                   ? no_memory(err)
                   : rh_fail(err, RH_ERR_UNSUPPORTED, "its codec %s cannot be opened: %s", codec->name, av_err2str(av));
    }
    *out = dec;
    return RH_OK;
}
