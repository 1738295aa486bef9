#include "rehearse/media/remux.h"

#include <string.h>
#include <unistd.h>
#include "container_internal.h"
#include "rehearse/base/alloc.h"

static const char formats[] = "matroska,webm,mov,mp4,m4a,3gp,3g2";

typedef struct {
    rh_container in;
    AVFormatContext *out;
    int *to;       /* [in streams] their numbers in `out`; -1 = left out */
    int64_t *last; /* [out streams] decoding time of the packet before */
} copier;

static rh_status fault(rh_error *err, const char *what, int av)
{
    char why[AV_ERROR_MAX_STRING_SIZE] = "";
    (void)av_strerror(av, why, sizeof why);
    return rh_fail(err, av == AVERROR(ENOMEM) ? RH_ERR_NOMEM : RH_ERR_IO, "the video cannot be written: %s (%s)", what,
                   why);
}

static rh_status add_streams(copier *c, rh_error *err)
{
    const AVFormatContext *in = c->in.fmt;
    c->to = rh_alloc_array(in->nb_streams + 1, sizeof *c->to);
    c->last = rh_alloc_array(in->nb_streams + 1, sizeof *c->last);
    if (!c->to || !c->last)
        return rh_fail(err, RH_ERR_NOMEM, "out of memory");
    for (unsigned i = 0; i < in->nb_streams; i++) {
        const AVStream *from = in->streams[i];
        c->to[i] = -1;
        if (from->codecpar->codec_type != AVMEDIA_TYPE_VIDEO && from->codecpar->codec_type != AVMEDIA_TYPE_AUDIO)
            continue;
        AVStream *s = avformat_new_stream(c->out, NULL);
        if (!s || avcodec_parameters_copy(s->codecpar, from->codecpar) < 0)
            return rh_fail(err, RH_ERR_NOMEM, "out of memory");
        s->codecpar->codec_tag = 0;
        s->time_base = from->time_base;
        s->sample_aspect_ratio = from->sample_aspect_ratio;
        if (from->nb_side_data) { /* how the camera was held */
            const AVPacketSideData *d = from->side_data;
            for (int k = 0; k < from->nb_side_data; k++) {
                uint8_t *held = av_stream_new_side_data(s, d[k].type, d[k].size);
                if (held)
                    memcpy(held, d[k].data, d[k].size);
            }
        }
        c->to[i] = s->index;
        c->last[s->index] = INT64_MIN;
    }
    return c->out->nb_streams ? RH_OK
                              : rh_fail(err, RH_ERR_UNSUPPORTED, "the recording holds neither pictures nor sound");
}

/* Times of a stream only grow; a recorder that was paused may have written one twice. */
static rh_status write_packet(copier *c, AVPacket *p, rh_error *err)
{
    const AVStream *from = c->in.fmt->streams[p->stream_index];
    int to = c->to[p->stream_index];
    if (to < 0)
        return RH_OK;
    AVStream *s = c->out->streams[to];
    av_packet_rescale_ts(p, from->time_base, s->time_base);
    p->stream_index = to;
    p->pos = -1;
    if (p->dts == AV_NOPTS_VALUE)
        p->dts = p->pts;
    if (p->dts == AV_NOPTS_VALUE || p->dts <= c->last[to])
        return RH_OK;
    c->last[to] = p->dts;
    int av = av_interleaved_write_frame(c->out, p);
    return av < 0 ? fault(err, "the disk", av) : RH_OK;
}

static rh_status copy_packets(copier *c, rh_error *err)
{
    AVPacket *p = av_packet_alloc();
    rh_error broke_off = {0};
    if (!p)
        return rh_fail(err, RH_ERR_NOMEM, "out of memory");
    rh_status st = RH_OK;
    while (st == RH_OK) {
        if (rh_container_read(&c->in, p, &broke_off) != RH_OK)
            break; /* its end, or as far as it goes */
        if ((unsigned)p->stream_index < c->in.fmt->nb_streams) {
            double media_s = (double)p->dts * av_q2d(c->in.fmt->streams[p->stream_index]->time_base);
            rh_container_enter(&c->in);
            (void)rh_container_leave(&c->in, media_s, NULL); /* the more there is, the longer it may take */
            st = write_packet(c, p, err);
        }
        av_packet_unref(p);
    }
    av_packet_free(&p);
    if (st == RH_OK && broke_off.code == RH_ERR_LIMIT && err)
        *err = broke_off;
    return st == RH_OK && broke_off.code == RH_ERR_LIMIT ? RH_ERR_LIMIT : st;
}

static rh_status write_file(copier *c, const char *to, rh_error *err)
{
    AVDictionary *how = NULL;
    int av = avio_open(&c->out->pb, to, AVIO_FLAG_WRITE);
    if (av < 0)
        return fault(err, "the file cannot be made", av);
    (void)av_dict_set(&how, "movflags", "faststart", 0);
    (void)av_dict_set(&how, "cues_to_front", "1", 0);
    av = avformat_write_header(c->out, &how);
    av_dict_free(&how);
    rh_status st =
        av < 0 ? rh_fail(err, RH_ERR_UNSUPPORTED, "what the recording holds does not fit in %s", c->out->oformat->name)
               : copy_packets(c, err);
    if (av >= 0) { /* the header was written: the trailer frees what it took */
        av = av_write_trailer(c->out);
        if (st == RH_OK && av < 0)
            st = fault(err, "its end", av);
    }
    av = avio_closep(&c->out->pb);
    if (st == RH_OK && av < 0)
        st = fault(err, "the disk", av);
    if (st != RH_OK)
        (void)unlink(to);
    return st;
}

rh_status rh_remux(const char *from, const char *to, const char **type, rh_error *err)
{
    copier c = {.in = {.fd = -1}};
    rh_status st = rh_container_open_file(&c.in, from, "WebM or MP4", err);
    if (st == RH_OK)
        st = rh_container_start(&c.in, formats, "a recording that can be kept; give WebM or MP4", err);
    if (st == RH_OK) {
        bool webm = strstr(c.in.fmt->iformat->name, "webm") != NULL;
        *type = webm ? "video/webm" : "video/mp4";
        /* It is called by its name: to move the index to the front the file is read again. */
        if (avformat_alloc_output_context2(&c.out, NULL, webm ? "webm" : "mp4", to) < 0)
            st = rh_fail(err, RH_ERR_UNSUPPORTED, "this build's libavformat writes no %s", webm ? "WebM" : "MP4");
    }
    if (st == RH_OK)
        st = add_streams(&c, err);
    if (st == RH_OK)
        st = write_file(&c, to, err);
    avformat_free_context(c.out);
    rh_free(c.to);
    rh_free(c.last);
    rh_container_done(&c.in);
    return st;
}
