#include "scores.h"

#include <math.h>

static json_t *rounded(float v, double steps)
{
    return json_real(round((double)v * steps) / steps);
}

static void put(json_t *o, const char *key, float v, double steps)
{
    json_object_set_new(o, key, rounded(v, steps));
}

static json_t *score_json(const rh_score *s)
{
    json_t *parts = json_array();
    for (int i = 0; i < s->n_parts; i++) {
        const rh_score_part *p = &s->parts[i];
        json_array_append_new(parts, json_pack("{s:s, s:o, s:s, s:o}", "name", p->name, "value",
                                               rounded(p->value, 1000), "unit", p->unit, "points",
                                               rounded(p->points, 10)));
    }
    return json_pack("{s:o, s:s, s:o}", "value", rounded(s->value, 10), "advice", s->advice, "parts",
                     parts);
}

static json_t *scores_json(const rh_speech_report *r)
{
    json_t *o = json_object();
    const struct {
        const char *name;
        const rh_score *score;
    } all[] = {{"fluency", &r->fluency}, {"clarity", &r->clarity},
               {"pronunciation", &r->pronunciation}, {"prosody", &r->prosody},
               {"overall", &r->overall}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].score->known)
            json_object_set_new(o, all[i].name, score_json(all[i].score));
    return o;
}

static json_t *fillers_json(const rh_speech_report *r)
{
    json_t *o = json_object();
    for (size_t i = 0; i < r->n_fillers; i++)
        json_object_set_new(o, r->fillers[i].word, json_integer(r->fillers[i].count));
    return o;
}

static json_t *words_json(const rh_speech_report *r)
{
    static const char *const fates[] = {"said", "missed", "added", "replaced", "mispronounced"};
    json_t *list = json_array();
    for (size_t i = 0; i < r->n_word_scores; i++) {
        const rh_word_score *w = &r->word_scores[i];
        json_t *o = json_object();
        if (w->heard)
            json_object_set_new(o, "word", json_string(w->heard));
        if (r->has_reference) {
            json_object_set_new(o, "what", json_string(fates[w->what]));
            if (w->expected)
                json_object_set_new(o, "expected", json_string(w->expected));
        }
        put(o, "start", w->start, 1000);
        put(o, "end", w->end, 1000);
        put(o, "score", w->score, 10);
        json_array_append_new(list, o);
    }
    return list;
}

rh_status rh_scores_add(json_t *result, const rh_speech_report *r, rh_error *err)
{
    put(result, "clarity_score", r->clarity.value, 10);
    put(result, "fluency_score", r->fluency.value, 10);
    put(result, "pronunciation_score", r->pronunciation.value, 10);
    put(result, "prosody_score", r->prosody.value, 10);
    put(result, "overall_score", r->overall.value, 10);
    put(result, "pace_wpm", r->pace_wpm, 10);
    put(result, "confidence", r->confidence, 100);
    json_object_set_new(result, "filler_words_count", json_integer(r->filler_words_count));
    put(result, "fillers_per_minute", r->fillers_per_minute, 10);
    json_t *fillers = fillers_json(r), *scores = scores_json(r), *words = words_json(r);
    if (!fillers || !scores || !words) {
        json_decref(fillers);
        json_decref(scores);
        json_decref(words);
        return rh_fail(err, RH_ERR_NOMEM, "scores: out of memory");
    }
    json_object_set_new(result, "filler_words_detail", fillers);
    json_object_set_new(result, "scores", scores);
    json_object_set_new(result, "words", words);
    if (!r->spoken)
        json_object_set_new(result, "reason", json_string(r->reason));
    if (r->has_reference)
        json_object_set_new(result, "reference",
                            json_pack("{s:i, s:i, s:i, s:i, s:o}", "missed", r->n_missed, "added",
                                      r->n_added, "replaced", r->n_replaced - r->n_mispronounced,
                                      "mispronounced", r->n_mispronounced, "completeness",
                                      rounded(r->completeness, 1000)));
    return RH_OK;
}
