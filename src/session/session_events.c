/* session_events.c - what a session tells its client and keeps for the report. */
#include <assert.h>
#include "rehearse/base/json.h"
#include "session_internal.h"

void rh_session_go_on(rh_session *s, rh_session_state to)
{
    assert(to >= s->state); /* nothing leads back; a closed one may be closed again */
    s->state = to;
}

void rh_session_send(rh_session *s, json_t *event)
{
    if (!event)
        return;
    pthread_mutex_lock(&s->emit_lock);
    if (s->o.emit)
        s->o.emit(s->o.user, event);
    pthread_mutex_unlock(&s->emit_lock);
    json_decref(event);
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

bool rh_session_is_filler(const json_t *word)
{
    return json_object_get(word, "filler") != NULL;
}

int rh_session_units(const rh_session *s, const json_t *word)
{
    const char *language = *s->said.language ? s->said.language : s->o.language;
    const rh_tongue *t = rh_tongue_of(language);
    return t->by_characters ? rh_tongue_units(t, rh_json_str(word, "word")) : 1;
}
