/* video.c - frames of video files as upright RGB pictures with square pixels.
 *
 * Steps: demux and decode -> RGB, square pixels, at most so large -> turned as the camera
 * noted. Frames may change their size in mid-stream; those that cannot be shown (absurdly
 * large, unknown pixels) are passed over like damaged ones. */
#include "rehearse/media/video.h"
#include <libavutil/version.h>
#include <stdbool.h>
#include "container_internal.h"
#include "image_internal.h"
#include "rehearse/base/alloc.h"
#include "video_internal.h"

static const char formats[] = "matroska,webm,mov,mp4,m4a,3gp,3g2,avi,flv,asf,mpegts,mpeg,mpegvideo,"
                              "ogg,gif,apng,mjpeg,mp3,wav,flac,aac";
#define EXAMPLES "MP4, WebM, MKV, MOV, AVI or GIF"
enum { DECODE_THREADS = 2, SMALL_PX = 640 * 480 };

/* Times beyond are nonsense; sums of two stay far from overflow. */
static const int64_t max_time_us = 1ll << 52;

struct rh_video {
    rh_container file;
    AVCodecContext *dec;
    AVPacket *packet;
    AVFrame *frame;
    struct SwsContext *sws;
    int stream, max_side_px, orientation; /* orientation: of the track, 1..8; 0 = its frames tell */
    bool draining, started;
    int64_t first_us, last_us;
    uint8_t *rgb; /* as shown, not turned yet */
    size_t rgb_cap;
    rh_image turned;
    rh_error refused; /* why a frame could not be shown */
};

static rh_status no_memory(rh_error *err)
{
    return rh_fail(err, RH_ERR_NOMEM, "not enough memory to decode the video");
}

/* The track's own display matrix. */
static int orientation_of_track(const AVStream *s)
{
    const uint8_t *matrix = NULL;
#if LIBAVFORMAT_VERSION_INT >= AV_VERSION_INT(60, 15, 100)
    const AVPacketSideData *d = av_packet_side_data_get(s->codecpar->coded_side_data, s->codecpar->nb_coded_side_data,
                                                        AV_PKT_DATA_DISPLAYMATRIX);
    if (d && d->size >= 9 * sizeof(int32_t))
        matrix = d->data;
#else
    size_t size = 0;
    matrix = av_stream_get_side_data(s, AV_PKT_DATA_DISPLAYMATRIX, &size);
    if (size < 9 * sizeof(int32_t))
        matrix = NULL;
#endif
    return matrix ? rh_matrix_orientation((const int32_t *)(const void *)matrix) : 0;
}

static rh_status open_decoder(rh_video *v, rh_error *err)
{
    AVFormatContext *fmt = v->file.fmt;
    v->stream = av_find_best_stream(fmt, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    /* The cover picture of a song is no video. */
    if (v->stream < 0 || (fmt->streams[v->stream]->disposition & AV_DISPOSITION_ATTACHED_PIC))
        return rh_fail(err, RH_ERR_NOTFOUND, "it holds no moving pictures");
    const AVCodecParameters *par = fmt->streams[v->stream]->codecpar;
    rh_status st = rh_image_check_size(par->width, par->height, err);
    /* Small pictures are decoded faster than they are handed to another thread. */
    bool small = st == RH_OK && (int64_t)par->width * par->height <= SMALL_PX;
    if (st == RH_OK)
        st = rh_container_decoder(&v->dec, &v->file, v->stream, small ? 1 : DECODE_THREADS, err);
    if (st != RH_OK)
        return st;
    v->packet = av_packet_alloc();
    v->frame = av_frame_alloc();
    if (!v->packet || !v->frame)
        return no_memory(err);
    v->orientation = orientation_of_track(fmt->streams[v->stream]);
    for (unsigned i = 0; i < fmt->nb_streams; i++)
        if ((int)i != v->stream)
            fmt->streams[i]->discard = AVDISCARD_ALL;
    return RH_OK;
}

static rh_status start(rh_video **out, rh_video *v, rh_status st, rh_error *err)
{
    if (st == RH_OK)
        st = rh_container_start(&v->file, formats, "a video that can be read; give " EXAMPLES, err);
    if (st == RH_OK)
        st = open_decoder(v, err);
    if (st == RH_OK)
        *out = v;
    else
        rh_video_close(v);
    return st;
}

static rh_status new_video(rh_video **v, int max_side_px, rh_error *err)
{
    if (max_side_px < 16 || max_side_px > RH_IMAGE_MAX_SIDE_PX)
        return rh_fail(err, RH_ERR_INVAL, "side of %d px outside 16..%d", max_side_px, RH_IMAGE_MAX_SIDE_PX);
    *v = rh_calloc(1, sizeof **v);
    if (!*v)
        return no_memory(err);
    (*v)->max_side_px = max_side_px;
    return RH_OK;
}

rh_status rh_video_open(rh_video **out, const char *path, int max_side_px, rh_error *err)
{
    rh_video *v = NULL;
    rh_status st = new_video(&v, max_side_px, err);
    if (st != RH_OK)
        return st;
    st = rh_container_open_file(&v->file, path, EXAMPLES, err);
    if (st == RH_ERR_NOTFOUND) /* which here means a recording without pictures */
        st = RH_ERR_IO;
    return start(out, v, st, err);
}

rh_status rh_video_open_memory(rh_video **out, const void *bytes, size_t n, int max_side_px, rh_error *err)
{
    rh_video *v = NULL;
    rh_status st = new_video(&v, max_side_px, err);
    return st == RH_OK ? start(out, v, rh_container_open_memory(&v->file, bytes, n, EXAMPLES, err), err) : st;
}

void rh_video_close(rh_video *v)
{
    if (!v)
        return;
    sws_freeContext(v->sws);
    av_frame_free(&v->frame);
    av_packet_free(&v->packet);
    avcodec_free_context(&v->dec);
    rh_container_done(&v->file);
    rh_free(v->rgb);
    rh_image_done(&v->turned);
    rh_free(v);
}

double rh_video_duration_s(const rh_video *v)
{
    int64_t us = v->file.fmt->duration;
    return us > 0 ? (double)us / AV_TIME_BASE : 0;
}

/* Gives the decoder what comes next; RH_END when nothing does. */
static rh_status feed(rh_video *v, rh_error *err)
{
    rh_status st = rh_container_read(&v->file, v->packet, err);
    if (st < 0)
        return st;
    rh_container_enter(&v->file);
    if (st == RH_END) {
        v->draining = true;
        (void)avcodec_send_packet(v->dec, NULL);
    } else {
        if (v->packet->stream_index == v->stream)
            (void)avcodec_send_packet(v->dec, v->packet); /* a damaged packet is passed over */
        av_packet_unref(v->packet);
    }
    return rh_container_leave(&v->file, (double)v->last_us * 1e-6, err);
}

/* One decoded frame into v->frame. */
static rh_status decode(rh_video *v, rh_error *err)
{
    for (;;) {
        rh_container_enter(&v->file);
        int av = avcodec_receive_frame(v->dec, v->frame);
        rh_status st = rh_container_leave(&v->file, (double)v->last_us * 1e-6, err);
        if (av == 0 || st != RH_OK)
            return st;
        if (av == AVERROR(ENOMEM))
            return no_memory(err);
        if (av == AVERROR_EOF || v->draining)
            return RH_END;
        st = feed(v, err);
        if (st != RH_OK)
            return st;
    }
}

static int orientation_of(const rh_video *v)
{
    if (v->orientation)
        return v->orientation;
    const AVFrameSideData *d = av_frame_get_side_data(v->frame, AV_FRAME_DATA_DISPLAYMATRIX);
    return d && d->size >= 9 * sizeof(int32_t) ? rh_matrix_orientation((const int32_t *)(const void *)d->data) : 1;
}

static rh_status make_room(rh_video *v, int w, int h, rh_error *err)
{
    size_t need = rh_rgb_bytes(w, h);
    if (need <= v->rgb_cap)
        return RH_OK;
    rh_free(v->rgb);
    v->rgb_cap = 0;
    v->rgb = rh_alloc_aligned(need, 1);
    if (!v->rgb)
        return no_memory(err);
    v->rgb_cap = need;
    return RH_OK;
}

static rh_status convert(rh_video *v, rh_image *img, rh_error *err)
{
    int w, h, orientation = orientation_of(v);
    rh_status st = rh_image_check_size(v->frame->width, v->frame->height, err);
    if (st != RH_OK)
        return st;
    AVStream *s = v->file.fmt->streams[v->stream];
    rh_shown_size(v->frame->width, v->frame->height, av_guess_sample_aspect_ratio(v->file.fmt, s, v->frame),
                  v->max_side_px, &w, &h);
    st = rh_image_check_size(w, h, err);
    if (st == RH_OK)
        st = make_room(v, w, h, err);
    if (st == RH_OK)
        st = rh_frame_to_rgb(&v->sws, v->frame, v->rgb, w, h, err);
    if (st != RH_OK)
        return st;
    *img = (rh_image){.data = v->rgb, .width = w, .height = h, .stride = rh_rgb_stride(w)};
    if (orientation == 1)
        return RH_OK;
    st = rh_image_upright(&v->turned, img, orientation, err);
    *img = v->turned;
    img->cap = 0; /* borrowed */
    return st;
}

/* From the first picture; -1 = nonsense. */
static int64_t time_of(rh_video *v)
{
    int64_t ts = v->frame->best_effort_timestamp;
    if (ts == AV_NOPTS_VALUE)
        return v->started ? v->last_us + 40000 : 0;
    AVRational us = {1, 1000000};
    int64_t t = av_rescale_q(ts, v->file.fmt->streams[v->stream]->time_base, us);
    if (t < -max_time_us || t > max_time_us)
        return -1;
    if (!v->started)
        v->first_us = t;
    return t - v->first_us;
}

rh_status rh_video_next(rh_video *v, int64_t min_step_us, rh_image *img, int64_t *t_us, rh_error *err)
{
    for (;;) {
        rh_image shown;
        rh_status st = decode(v, err);
        if (st == RH_END && !v->started) {
            if (v->refused.code == RH_OK)
                (void)rh_fail(&v->refused, RH_ERR_FORMAT,
                              "not one picture of the video could be decoded; the file may be cut short");
            if (err)
                *err = v->refused;
            return v->refused.code;
        }
        if (st != RH_OK)
            return st;
        int64_t t = time_of(v);
        /* Cameras stamp a little unevenly: a tenth early is not skipped. */
        if (t < 0 || (v->started && (t <= v->last_us || t - v->last_us < min_step_us - min_step_us / 10))) {
            av_frame_unref(v->frame);
            continue;
        }
        st = convert(v, &shown, &v->refused);
        av_frame_unref(v->frame);
        if (st == RH_ERR_NOMEM)
            return no_memory(err);
        if (st != RH_OK)
            continue;
        v->started = true;
        v->last_us = t;
        *img = shown;
        *t_us = t;
        return RH_OK;
    }
}
