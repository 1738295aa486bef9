/* disfluency_json.c - fillers and slips of a recording as JSON. */
#include <math.h>
#include "delivery.h"

static json_t *event(const char *kind, float start, float end, int after_word)
{
    return json_pack("{s:s, s:f, s:f, s:i}", "kind", kind, "start",
                     round((double)start * 1000) / 1000, "end", round((double)end * 1000) / 1000,
                     "after_word", after_word);
}

static json_t *fillers_json(const rh_disfluency *d)
{
    json_t *list = json_array();
    for (size_t i = 0; i < d->n_fillers; i++) {
        const rh_filler *f = &d->fillers[i];
        json_t *o = event(rh_filler_name(f->kind), f->start, f->end, f->after_word);
        if (o) {
            json_object_set_new(o, "confidence", json_real(round((double)f->p * 100) / 100));
            json_object_set_new(o, "words", json_integer(f->n_words));
        }
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *slips_json(const rh_disfluency *d)
{
    json_t *list = json_array();
    for (size_t i = 0; i < d->n_slips; i++) {
        const rh_slip *s = &d->slips[i];
        json_t *o = event(rh_slip_name(s->kind), s->start, s->end, s->after_word);
        if (o)
            json_object_set_new(o, "text", json_string(s->text));
        json_array_append_new(list, o);
    }
    return list;
}

rh_status rh_disfluency_add(json_t *result, const rh_disfluency *d, rh_error *err)
{
    int bad = json_object_set_new(result, "fillers", fillers_json(d));
    bad |= json_object_set_new(result, "slips", slips_json(d));
    bad |= json_object_set_new(result, "verbatim_text", json_string(d->verbatim ? d->verbatim : ""));
    return bad ? rh_fail(err, RH_ERR_NOMEM, "fillers: out of memory") : RH_OK;
}
