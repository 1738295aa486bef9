/* video.c - frames of video files as upright RGB pictures.
 *
 * The name is opened as a plain file and only by the demuxers listed, none of
 * which opens further files. */
#include "rehearse/video.h"
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libswscale/swscale.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "image_internal.h"
#include "rehearse/alloc.h"

static const char formats[] = "matroska,webm,mov,mp4,m4a,3gp,3g2,avi,flv,asf,mpegts,mpeg,mpegvideo,"
                              "ogg,gif,apng,mjpeg,mp3,wav,flac,aac";
enum { DECODE_THREADS = 2 };

struct rh_video {
    AVFormatContext *fmt;
    AVCodecContext *dec;
    AVPacket *packet;
    AVFrame *frame;
    struct SwsContext *sws;
    int stream, max_side_px;
    bool draining, started;
    int64_t first_us, last_us;
    rh_image img;
};

static pthread_once_t quiet_once = PTHREAD_ONCE_INIT;

static void quiet(void)
{
    av_log_set_level(AV_LOG_QUIET);
}

static rh_status no_memory(rh_error *err)
{
    return rh_fail(err, RH_ERR_NOMEM, "not enough memory to decode the video");
}

static rh_status open_file(rh_video *v, const char *path, rh_error *err)
{
    char name[4200];
    int n = snprintf(name, sizeof name, "file:%s", path);
    if (n < 0 || (size_t)n >= sizeof name)
        return rh_fail(err, RH_ERR_INVAL, "the file's path is too long");
    if (access(path, R_OK) != 0)
        return rh_fail(err, RH_ERR_IO, "cannot read %s", path);
    AVDictionary *o = NULL;
    (void)av_dict_set(&o, "format_whitelist", formats, 0);
    (void)av_dict_set(&o, "protocol_whitelist", "file", 0);
    int av = avformat_open_input(&v->fmt, name, NULL, &o);
    av_dict_free(&o);
    if (av == AVERROR(ENOMEM))
        return no_memory(err);
    if (av < 0 || avformat_find_stream_info(v->fmt, NULL) < 0)
        return rh_fail(err, RH_ERR_FORMAT,
                       "%s is not a video that can be read; MP4, WebM, MKV, MOV, AVI and GIF are", path);
    return RH_OK;
}

static rh_status open_decoder(rh_video *v, const char *path, rh_error *err)
{
    const AVCodec *codec = NULL;
    v->stream = av_find_best_stream(v->fmt, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
    /* The cover picture of a song is no video. */
    if (v->stream < 0 || (v->fmt->streams[v->stream]->disposition & AV_DISPOSITION_ATTACHED_PIC))
        return rh_fail(err, RH_ERR_NOTFOUND, "%s holds no moving pictures", path);
    const AVCodecParameters *par = v->fmt->streams[v->stream]->codecpar;
    rh_status st = rh_image_check_size(par->width, par->height, err);
    if (st != RH_OK)
        return st;
    v->dec = avcodec_alloc_context3(codec);
    v->packet = av_packet_alloc();
    v->frame = av_frame_alloc();
    if (!v->dec || !v->packet || !v->frame)
        return no_memory(err);
    v->dec->thread_count = DECODE_THREADS;
    v->dec->pkt_timebase = v->fmt->streams[v->stream]->time_base;
    v->dec->max_pixels = RH_IMAGE_MAX_PIXELS;
    if (avcodec_parameters_to_context(v->dec, par) < 0 || avcodec_open2(v->dec, codec, NULL) < 0)
        return rh_fail(err, RH_ERR_FORMAT, "%s: its video codec %s cannot be opened", path,
                       codec ? codec->name : "unknown");
    for (unsigned i = 0; i < v->fmt->nb_streams; i++)
        if ((int)i != v->stream)
            v->fmt->streams[i]->discard = AVDISCARD_ALL;
    return RH_OK;
}

rh_status rh_video_open(rh_video **out, const char *path, int max_side_px, rh_error *err)
{
    if (max_side_px < 16 || max_side_px > RH_IMAGE_MAX_SIDE_PX)
        return rh_fail(err, RH_ERR_INVAL, "side of %d px outside 16..%d", max_side_px,
                       RH_IMAGE_MAX_SIDE_PX);
    pthread_once(&quiet_once, quiet);
    rh_video *v = rh_calloc(1, sizeof *v);
    if (!v)
        return no_memory(err);
    v->max_side_px = max_side_px;
    rh_status st = open_file(v, path, err);
    if (st == RH_OK)
        st = open_decoder(v, path, err);
    if (st != RH_OK) {
        rh_video_close(v);
        return st;
    }
    *out = v;
    return RH_OK;
}

void rh_video_close(rh_video *v)
{
    if (!v)
        return;
    sws_freeContext(v->sws);
    av_frame_free(&v->frame);
    av_packet_free(&v->packet);
    avcodec_free_context(&v->dec);
    avformat_close_input(&v->fmt);
    rh_image_done(&v->img);
    rh_free(v);
}

double rh_video_duration_s(const rh_video *v)
{
    return v->fmt->duration > 0 ? (double)v->fmt->duration / AV_TIME_BASE : 0;
}

/* One decoded frame into v->frame. */
static rh_status decode(rh_video *v, rh_error *err)
{
    for (;;) {
        int av = avcodec_receive_frame(v->dec, v->frame);
        if (av == 0)
            return RH_OK;
        if (av == AVERROR(ENOMEM))
            return no_memory(err);
        if (av == AVERROR_EOF || v->draining)
            return RH_END;
        av = av_read_frame(v->fmt, v->packet);
        if (av < 0) {
            v->draining = true;
            (void)avcodec_send_packet(v->dec, NULL);
            continue;
        }
        if (v->packet->stream_index == v->stream)
            (void)avcodec_send_packet(v->dec, v->packet); /* a damaged packet is passed over */
        av_packet_unref(v->packet);
    }
}

/* EXIF's number for the rotation the camera noted. */
static int orientation_of(const AVFrame *f)
{
    const AVFrameSideData *d = av_frame_get_side_data(f, AV_FRAME_DATA_DISPLAYMATRIX);
    if (!d || d->size < 9 * sizeof(int32_t))
        return 1;
    double turn = -av_display_rotation_get((const int32_t *)(const void *)d->data);
    if (!isfinite(turn))
        return 1;
    switch (((int)lround(turn / 90) % 4 + 4) % 4) {
    case 1: return 6;
    case 2: return 3;
    case 3: return 8;
    default: return 1;
    }
}

static rh_status convert(rh_video *v, rh_error *err)
{
    const AVFrame *f = v->frame;
    rh_status st = rh_image_check_size(f->width, f->height, err);
    if (st != RH_OK)
        return st;
    int longer = f->width > f->height ? f->width : f->height, w = f->width, h = f->height;
    if (longer > v->max_side_px) {
        w = (int)((int64_t)w * v->max_side_px / longer);
        h = (int)((int64_t)h * v->max_side_px / longer);
        w = w < 1 ? 1 : w;
        h = h < 1 ? 1 : h;
    }
    st = rh_image_resize(&v->img, w, h, err);
    if (st != RH_OK)
        return st;
    v->sws = sws_getCachedContext(v->sws, f->width, f->height, (enum AVPixelFormat)f->format, w, h,
                                  AV_PIX_FMT_RGB24, SWS_BILINEAR, NULL, NULL, NULL);
    if (!v->sws)
        return rh_fail(err, RH_ERR_UNSUPPORTED, "the video's pixel format cannot be converted");
    uint8_t *rows[4] = {v->img.data};
    int strides[4] = {(int)v->img.stride};
    if (sws_scale(v->sws, (const uint8_t *const *)f->data, f->linesize, 0, f->height, rows, strides) <= 0)
        return rh_fail(err, RH_ERR_FORMAT, "a picture of the video cannot be converted");
    int orientation = orientation_of(f);
    return orientation > 1 ? rh_image_turn_upright(&v->img, orientation, err) : RH_OK;
}

static int64_t time_of(rh_video *v)
{
    int64_t ts = v->frame->best_effort_timestamp;
    if (ts == AV_NOPTS_VALUE)
        return v->started ? v->last_us + 40000 : 0;
    AVRational us = {1, 1000000};
    int64_t t = av_rescale_q(ts, v->fmt->streams[v->stream]->time_base, us);
    if (!v->started)
        v->first_us = t;
    return t - v->first_us;
}

rh_status rh_video_next(rh_video *v, int64_t min_step_us, rh_image *img, int64_t *t_us, rh_error *err)
{
    for (;;) {
        rh_status st = decode(v, err);
        if (st != RH_OK)
            return st;
        int64_t t = time_of(v);
        /* Cameras stamp a little unevenly: a tenth early is not skipped. */
        if (v->started && (t <= v->last_us || t - v->last_us < min_step_us - min_step_us / 10)) {
            av_frame_unref(v->frame);
            continue;
        }
        st = convert(v, err);
        av_frame_unref(v->frame);
        if (st != RH_OK)
            return st;
        v->started = true;
        v->last_us = t;
        *img = v->img;
        img->cap = 0; /* borrowed */
        *t_us = t;
        return RH_OK;
    }
}
