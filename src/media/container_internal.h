/* container_internal.h - a sound or video file, taken apart within limits.
 *
 * Bytes come through our own reader (a memory block or a descriptor), so a name is never
 * taken for a URL, and only the demuxers named may run: playlists that would open further
 * files are not among them. What cannot be sought (a pipe) is copied to a nameless temporary
 * file first: MP4 keeps its table of contents at the end.
 * Limits, so that a small file cannot keep us busy for long: RH_MEDIA_MAX_TRACKS; the time
 * spent in libav; one block of memory. */
#ifndef RH_CONTAINER_INTERNAL_H
#define RH_CONTAINER_INTERNAL_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <stdbool.h>
#include <stdint.h>
#include "rehearse/media/audio.h"
#include "rehearse/base/status.h"

typedef struct {
    const uint8_t *bytes; /* NULL: read from fd */
    size_t n, pos;
    int fd;          /* owned; -1 = none */
    int saved_errno; /* of a read that failed */

    AVFormatContext *fmt; /* NULL = not taken apart at present */
    AVIOContext *io;
    int64_t spent_us;   /* in libav, since rh_container_start() */
    int64_t allowed_us; /* spent_us beyond this ends the work */
    int64_t entered_us; /* when the present call of libav began; 0 = none */
    bool late, crowded; /* ended for its time; for its tracks */
} rh_container;

/* RH_ERR_NOTFOUND, RH_ERR_IO, RH_ERR_FORMAT (a folder, an empty file), RH_ERR_LIMIT a pipe
 * that gives too much. `examples` of what would be right, for messages. */
rh_status rh_container_open_file(rh_container *c, const char *path, const char *examples, rh_error *err);
/* Borrows the bytes until rh_container_done(). */
rh_status rh_container_open_memory(rh_container *c, const void *bytes, size_t n, const char *examples, rh_error *err);
void rh_container_done(rh_container *c); /* {.fd = -1} is fine, and twice too */

/* From the first byte: recognises the format and finds the streams of c->fmt. May be called again
 * to begin anew. `what` ("a sound file that can be read; send WAV") ends the message of a file
 * that is none. RH_ERR_FORMAT, RH_ERR_LIMIT, RH_ERR_IO, RH_ERR_NOMEM. */
rh_status rh_container_start(rh_container *c, const char *formats, const char *what, rh_error *err);
/* The next packet. RH_END after the last, and where the bytes end or cannot be read. */
rh_status rh_container_read(rh_container *c, AVPacket *packet, rh_error *err);

/* Around calls of a decoder, whose time counts too. */
void rh_container_enter(rh_container *c);
/* RH_ERR_LIMIT when the time is used up. media_s is how much has been decoded so far: more of it
 * may take longer. */
rh_status rh_container_leave(rh_container *c, double media_s, rh_error *err);

/* A decoder of the stream, opened with n_threads. RH_ERR_UNSUPPORTED, RH_ERR_NOMEM. */
rh_status rh_container_decoder(AVCodecContext **out, const rh_container *c, int stream, int n_threads, rh_error *err);

#endif
