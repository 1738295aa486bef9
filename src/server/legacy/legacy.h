/* legacy.h - the sockets of the legacy API (PROTOCOL A): a message, a reply, in order. Loop thread
 * only, but for what says otherwise. */
#ifndef RH_SERVER_LEGACY_H
#define RH_SERVER_LEGACY_H

#include "server/ws.h"

extern const rh_socket_kind rh_socket_video, rh_socket_audio, rh_socket_combined;

/* slots.c */
rh_slot *rh_slot_add(rh_ws *w); /* NULL: out of memory */
rh_slot *rh_slot_find(rh_ws *w, uint64_t seq);
void rh_half_error(rh_half *half, const char *msg);
bool rh_slot_full(const rh_slot *slot);
json_t *rh_slot_reply(const rh_socket_kind *kind, const rh_slot *slot);
void rh_slots_flush(rh_ws *w); /* moves filled slots from the head to `out` */

/* video_lane.c, audio_lane.c: start whatever may run now */
void rh_video_pump(rh_ws *w);
void rh_video_forget(rh_ws *w); /* frames that wait */
void rh_video_take(rh_ws *w, rh_message *m, uint64_t seq); /* takes what the message holds */
void rh_audio_pump(rh_ws *w);
void rh_audio_take(rh_ws *w, rh_message *m, uint64_t seq, size_t n_bytes);
void rh_audio_release(rh_ws *w, double buffered_s);

/* Takes the reference of `record` (may be NULL). */
rh_stream *rh_stream_new(rh_server *s, rh_record *record);
void rh_stream_unref(rh_stream *st);
void rh_streams_cancel(rh_server *s);
/* The socket has gone: what is not recognised yet still belongs to the session.
 * False when there is nothing, or nobody to keep it. */
bool rh_audio_flush(rh_stream *st);

#endif
