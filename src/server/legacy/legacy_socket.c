/* legacy_socket.c - messages of /ws/video, /ws/audio and /ws/combined: what each asks for, and where it goes. */
#include "legacy.h"

#include <string.h>
#include "record.h"
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

static void open_stream(rh_ws *w)
{
    if (w->stream || !w->server->models)
        return;
    w->stream = rh_stream_new(w->server, w->record);
    w->record = NULL;
}

static bool open_legacy(rh_ws *w)
{
    w->annotate = flag_set(w->net, "annotate");
    w->gaze = !flag_is(w->net, "gaze", "0", "false");
    w->fov_deg = rh_query_number_of(w->net, "fov");
    w->record = rh_record_ref(w->server, w->net, w->name);
    open_stream(w); /* else when the models are there */
    return w->stream || !w->server->models;
}

static void free_audio_items(rh_ws *w)
{
    rh_audio_item *item = w->audio_head;
    bool in_job = w->feeding; /* the first one belongs to the job that decodes it */
    while (item) {
        rh_audio_item *next = item->next;
        if (!in_job) {
            rh_message_done(&item->message);
            rh_free(item);
        }
        in_job = false;
        item = next;
    }
}

static void gone(rh_ws *w)
{
    if (w->stream && !w->feeding && !rh_audio_flush(w->stream))
        atomic_store(&w->stream->cancel, true);
    free_audio_items(w);
    rh_video_forget(w);
    json_decref(w->ready_result);
    rh_stream_unref(w->stream);
    rh_record_unref(w->record);
}

/* ---- messages ---- */

static void unusable(rh_ws *w, rh_slot *slot, const char *msg)
{
    slot->plain_error = rh_strdup(msg);
    w->server->count.n_errors++;
}

static void calibrate(rh_ws *w, rh_slot *slot)
{
    if (w->stream)
        atomic_store(&w->stream->calibrate, true);
    slot->video.state = RH_HALF_RESULT;
    slot->video.result = json_pack("{s:s, s:f}", "status", "calibrating", "timestamp", rh_unix_time());
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

static void take_video(rh_ws *w, rh_slot *slot, rh_message *m, bool share)
{
    rh_message own = {0};
    if (m->frame_fault.code != RH_OK) {
        rh_half_error(&slot->video, m->frame_fault.msg);
    } else if (m->frame.at) {
        slot->video.state = RH_HALF_WAITING;
        if (!share) {
            own = *m;
            *m = (rh_message){0};
        } else if (split_frame(m, &own) != RH_OK) {
            rh_half_error(&slot->video, "out of memory");
            return;
        }
        rh_video_take(w, &own, slot->seq);
    }
}

static void take_audio(rh_ws *w, rh_slot *slot, rh_message *m, size_t n)
{
    if (m->audio_fault.code != RH_OK) {
        rh_half_error(&slot->audio, m->audio_fault.msg);
        return;
    }
    slot->audio.state = RH_HALF_WAITING;
    rh_audio_take(w, m, slot->seq, n);
}

static void dispatch(rh_ws *w, rh_slot *slot, rh_message *m, size_t n)
{
    bool video = w->kind->video && (m->frame.at || m->frame_fault.code != RH_OK);
    bool audio = w->kind->audio &&
                 (m->audio.at || m->audio_fault.code != RH_OK ||
                  m->command == RH_COMMAND_ANALYZE || m->command == RH_COMMAND_CLEAR);
    if (m->command == RH_COMMAND_CALIBRATE && w->kind->video) {
        calibrate(w, slot);
        return;
    }
    if (video)
        take_video(w, slot, m, audio);
    if (audio)
        take_audio(w, slot, m, n);
    if (!video && !audio)
        unusable(w, slot, !w->kind->audio
                              ? "nothing to do: send {\"frame\": \"data:image/jpeg;base64,...\"}"
                          : !w->kind->video
                              ? "nothing to do: send {\"audio\": \"<base64 of float32>\", "
                                "\"sample_rate\": 16000} or {\"command\": \"analyze\"}"
                              : "nothing to do: send \"frame\", \"audio\" or \"command\"");
}

static void message(rh_ws *w, char *raw, size_t n, bool binary)
{
    rh_error err;
    rh_message m;
    (void)binary; /* JSON either way */
    rh_slot *slot = rh_slot_add(w);
    if (!slot) { /* without a slot no reply: better closed than out of step */
        rh_free(raw);
        rh_ws_close(w, 1013);
    } else if (!raw) {
        unusable(w, slot, "out of memory");
    } else if (rh_message_parse_take(&m, raw, n, &err) != RH_OK) {
        unusable(w, slot, err.msg);
    } else {
        dispatch(w, slot, &m, n);
        rh_message_done(&m);
    }
    rh_slots_flush(w);
}

static void too_large(rh_ws *w, const char *msg)
{
    rh_slot *slot = rh_slot_add(w);
    if (slot)
        unusable(w, slot, msg);
    else
        rh_ws_close(w, 1013);
    rh_slots_flush(w);
}

static void tick(rh_ws *w)
{
    open_stream(w);
    rh_video_pump(w);
    rh_audio_pump(w);
    rh_slots_flush(w);
}

#define CLIENT_RULE "the client id must have 1 to 128 bytes of printable UTF-8"

const rh_socket_kind rh_socket_video = {.video = true, .name_rule = CLIENT_RULE, .open = open_legacy, .message = message,
                                        .too_large = too_large, .tick = tick, .gone = gone};
const rh_socket_kind rh_socket_audio = {.audio = true, .name_rule = CLIENT_RULE, .open = open_legacy, .message = message,
                                        .too_large = too_large, .tick = tick, .gone = gone};
const rh_socket_kind rh_socket_combined = {.video = true, .audio = true, .name_rule = CLIENT_RULE, .open = open_legacy,
                                           .message = message, .too_large = too_large, .tick = tick, .gone = gone};
