/* session_events.c - what a session tells its client and keeps for the report. */
#include <assert.h>
#include <string.h>
#include "rehearse/base/json.h"
#include "session_internal.h"

void rh_session_go_on(rh_session *s, rh_session_state to)
{
    assert(to >= s->state); /* nothing leads back; a closed one may be closed again */
    s->state = to;
}

/* What may not be lost on the way to the client. */
static bool is_numbered(const json_t *event)
{
    static const char *const kinds[] = {
        "transcript.final", "cue", "turn.started", "turn.ended", "gap", "error", "report"};
    const char *type = rh_json_str(event, "type");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(type, kinds[i]) == 0)
            return true;
    return false;
}

/* A report is kept with its session: of it there is only the number here. */
static rh_status keep_told(rh_session *s, const json_t *event, int segment)
{
    bool report = strcmp(rh_json_str(event, "type"), "report") == 0;
    json_t *kept = report ? json_pack("{s:I, s:s}", "seq", (json_int_t)s->n_told, "type", "report")
                          : json_incref((json_t *)(uintptr_t)event);
    rh_status st = rh_store_tell(s->store, s->o.id, s->n_told, kept, segment, s->receipt);
    json_decref(kept);
    return st;
}

void rh_session_send_final(rh_session *s, json_t *event, int segment)
{
    rh_status st = RH_OK;
    if (!event)
        return;
    pthread_mutex_lock(&s->emit_lock);
    if (is_numbered(event)) {
        json_t *numbered = json_pack("{s:I}", "seq", (json_int_t)++s->n_told);
        (void)json_object_update(numbered, event);
        json_decref(event);
        event = numbered;
        if (s->receipt)
            st = keep_told(s, event, segment);
    }
    if (s->o.emit)
        s->o.emit(s->o.user, event);
    pthread_mutex_unlock(&s->emit_lock);
    json_decref(event);
    rh_session_kept(s, st);
}

void rh_session_send(rh_session *s, json_t *event)
{
    rh_session_send_final(s, event, -1);
}

void rh_session_told(rh_session *s, const json_t *told)
{
    const json_t *last = json_array_get(told, json_array_size(told) - 1);
    s->n_told = (uint64_t)json_integer_value(json_object_get(last, "seq"));
}

int64_t rh_session_durable_seq(const rh_session *s)
{
    return s->receipt ? rh_store_receipt_seq(s->receipt) : -1;
}

int64_t rh_session_durable_us(const rh_session *cs)
{
    rh_session *s = (rh_session *)(uintptr_t)cs; /* the lock is no part of its value */
    return rh_session_durable_seq(s) < 0 ? 0 : (int64_t)((double)rh_spool_synced(&s->spool) * 1e6 / RH_ASR_RATE_HZ);
}

void rh_session_send_face(rh_session *s, const rh_face *f, double t, const rh_error *remark)
{
    pthread_mutex_lock(&s->emit_lock);
    if (s->o.saw)
        s->o.saw(s->o.user, f, t, s->created + t, remark);
    pthread_mutex_unlock(&s->emit_lock);
}

void rh_session_keep_event(rh_session *s, const char *kind, double start, double end, json_t *detail)
{
    if (s->store)
        rh_session_kept(s, rh_store_event(s->store, s->o.id, kind, start, end, detail));
    json_object_set_new(detail, "kind", json_string(kind));
    json_object_set_new(detail, "start", json_real(start));
    json_object_set_new(detail, "end", json_real(end));
    pthread_mutex_lock(&s->lock);
    size_t at = json_array_size(s->events);
    while (at > 0 && rh_json_num(json_array_get(s->events, at - 1), "start") > start)
        at--; /* in the order in which they began */
    json_array_insert_new(s->events, at, detail);
    pthread_mutex_unlock(&s->lock);
}

void rh_session_kept(rh_session *s, rh_status st)
{
    if (st == RH_OK)
        return;
    pthread_mutex_lock(&s->lock);
    s->not_stored = true;
    pthread_mutex_unlock(&s->lock);
}

void rh_session_count_word(rh_session *s, const json_t *word)
{
    const char *language = *s->said.language ? s->said.language : s->o.language;
    const rh_tongue *t = rh_tongue_of(language);
    const char *text = rh_json_str(word, "word");
    rh_timeline_word(&s->timeline, &(rh_timeline_said){.start = rh_json_num(word, "start"),
                                                       .end = rh_json_num(word, "end"),
                                                       .units = t->by_characters ? rh_tongue_units(t, text) : 1,
                                                       .syllables = t->syllables(text),
                                                       .filler = json_object_get(word, "filler") != NULL,
                                                       .unwritten = json_object_get(word, "heard") != NULL});
}
