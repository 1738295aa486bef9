/* legacy_socket.c - messages of /ws/video, /ws/audio and /ws/combined: what each asks for, and where it goes. */
#include "legacy.h"

#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "server/http.h"

static bool flag_is(const rh_net_conn *net, const char *name, const char *a, const char *b)
{
    char v[16];
    return rh_net_query(net, name, v, sizeof v) && (strcmp(v, a) == 0 || strcmp(v, b) == 0);
}

static bool flag_set(const rh_net_conn *net, const char *name)
{
    return flag_is(net, name, "1", "true");
}

static bool open_socket(rh_ws *w, bool video, bool audio)
{
    rh_server *s = w->server;
    rh_legacy_socket *l = rh_calloc(1, sizeof *l);
    if (!l)
        return false;
    *l = (rh_legacy_socket){.next = s->legacy_sockets,
                            .refs = 1,
                            .server = s,
                            .ws = w,
                            .wants_video = video,
                            .wants_audio = audio,
                            .annotate = flag_set(w->net, "annotate"),
                            .faces = rh_face_options_default(),
                            .session = rh_legacy_session_ref(s, w->net, w->name)};
    if (!l->session) {
        rh_free(l);
        return false;
    }
    l->faces.gaze = !flag_is(w->net, "gaze", "0", "false");
    l->faces.fov_deg = rh_query_number_of(w->net, "fov");
    s->legacy_sockets = w->state = l;
    return true;
}

static bool open_video(rh_ws *w)
{
    return open_socket(w, true, false);
}

static bool open_audio(rh_ws *w)
{
    return open_socket(w, false, true);
}

static bool open_combined(rh_ws *w)
{
    return open_socket(w, true, true);
}

static void give_up(rh_ws *w)
{
    rh_pending_replies_drop(w->state);
}

static void gone(rh_ws *w)
{
    rh_legacy_socket *l = w->state;
    if (!l)
        return;
    if (!l->feeding && !rh_audio_flush(l))
        atomic_store(&l->cancel, true);
    rh_pending_replies_drop(l);
    rh_audio_forget(l);
    rh_video_forget(l);
    json_decref(l->ready_result);
    l->ready_result = NULL;
    l->ws = NULL;
    rh_legacy_unref(l);
}

/* ---- messages ---- */

static void unusable(rh_legacy_socket *l, rh_pending_reply *r, const char *msg)
{
    r->plain_error = rh_strdup(msg);
    l->server->count.n_errors++;
}

static void calibrate(rh_legacy_socket *l, rh_pending_reply *r)
{
    atomic_store(&l->calibrate, true);
    r->video.state = RH_REPLY_RESULT;
    r->video.result = json_pack("{s:s, s:f}", "status", "calibrating", "timestamp", rh_unix_time());
}

/* Both halves may hold media in the same message: the frame gets a message of
 * its own, since it is measured (and freed) at another time. */
static rh_status split_frame(const rh_message *m, rh_message *frame)
{
    char *raw = rh_alloc(m->frame.n + RH_MESSAGE_SLACK);
    if (!raw)
        return RH_ERR_NOMEM;
    memcpy(raw, m->frame.at, m->frame.n);
    *frame = (rh_message){.raw = raw, .n_raw = m->frame.n, .frame = {raw, m->frame.n}};
    return RH_OK;
}

static void take_video(rh_legacy_socket *l, rh_pending_reply *r, rh_message *m, bool share)
{
    rh_message own = {0};
    if (m->frame_fault.code != RH_OK) {
        rh_reply_error(&r->video, m->frame_fault.msg);
    } else if (m->frame.at) {
        r->video.state = RH_REPLY_WAITING;
        if (!share) {
            own = *m;
            *m = (rh_message){0};
        } else if (split_frame(m, &own) != RH_OK) {
            rh_reply_error(&r->video, "out of memory");
            return;
        }
        rh_video_enqueue(l, &own, r->seq);
    }
}

static void take_audio(rh_legacy_socket *l, rh_pending_reply *r, rh_message *m, size_t n)
{
    if (m->audio_fault.code != RH_OK) {
        rh_reply_error(&r->audio, m->audio_fault.msg);
        return;
    }
    r->audio.state = RH_REPLY_WAITING;
    rh_audio_enqueue(l, m, r->seq, n);
}

static void dispatch(rh_legacy_socket *l, rh_pending_reply *r, rh_message *m, size_t n)
{
    bool video = l->wants_video && (m->frame.at || m->frame_fault.code != RH_OK);
    bool audio = l->wants_audio && (m->audio.at || m->audio_fault.code != RH_OK || m->command == RH_COMMAND_ANALYZE ||
                                    m->command == RH_COMMAND_CLEAR);
    if (m->command == RH_COMMAND_CALIBRATE && l->wants_video) {
        calibrate(l, r);
        return;
    }
    if (video)
        take_video(l, r, m, audio);
    if (audio)
        take_audio(l, r, m, n);
    if (!video && !audio)
        unusable(l, r,
                 !l->wants_audio   ? "nothing to do: send {\"frame\": \"data:image/jpeg;base64,...\"}"
                 : !l->wants_video ? "nothing to do: send {\"audio\": \"<base64 of float32>\", "
                                     "\"sample_rate\": 16000} or {\"command\": \"analyze\"}"
                                   : "nothing to do: send \"frame\", \"audio\" or \"command\"");
}

static void message(rh_ws *w, char *raw, size_t n, bool binary)
{
    rh_error err;
    rh_message m;
    rh_legacy_socket *l = w->state;
    (void)binary; /* JSON either way */
    rh_pending_reply *r = rh_pending_reply_add(l);
    if (!r) { /* without it no reply: better closed than out of step */
        rh_free(raw);
        rh_ws_close(w, 1013);
    } else if (!raw) {
        unusable(l, r, "out of memory");
    } else if (rh_message_parse_take(&m, raw, n, &err) != RH_OK) {
        unusable(l, r, err.msg);
    } else {
        dispatch(l, r, &m, n);
        rh_message_done(&m);
    }
    rh_pending_replies_send(l);
}

static void too_large(rh_ws *w, const char *msg)
{
    rh_legacy_socket *l = w->state;
    rh_pending_reply *r = rh_pending_reply_add(l);
    if (r)
        unusable(l, r, msg);
    else
        rh_ws_close(w, 1013);
    rh_pending_replies_send(l);
}

static void tick(rh_ws *w)
{
    rh_legacy_socket *l = w->state;
    rh_video_schedule(l);
    rh_audio_schedule(l);
    rh_pending_replies_send(l);
}

#define LEGACY(opener)                                                                                                 \
    {                                                                                                                  \
        .name_rule = "the client id must have 1 to 128 bytes of printable UTF-8", .open = (opener),                    \
        .message = message, .too_large = too_large, .tick = tick, .give_up = give_up, .gone = gone                     \
    }
const rh_socket_kind rh_socket_video = LEGACY(open_video);
const rh_socket_kind rh_socket_audio = LEGACY(open_audio);
const rh_socket_kind rh_socket_combined = LEGACY(open_combined);
