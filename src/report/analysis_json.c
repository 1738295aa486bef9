/* analysis_json.c - an analysis as JSON: the protocol's audio result and ours. Keys: docs/api.md.
 *
 * An index into the words ("after_word", "word") is one into the result's "words", which
 * hold words of a reference that were not said, too. */
#include <math.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/report/analysis_json.h"
#include "rehearse/base/json.h"
#include "report_internal.h"

static void put(json_t *o, const char *key, float v)
{
    json_object_set_new(o, key, rh_rounded((double)v, 100));
}

static void put_tenth(json_t *o, const char *key, float v)
{
    json_object_set_new(o, key, rh_rounded((double)v, 10));
}

static void put_int(json_t *o, const char *key, long long v)
{
    json_object_set_new(o, key, json_integer(v));
}

static json_t *span(float start, float end)
{
    return json_pack("{s:o, s:o}", "start", rh_rounded((double)start, 1000), "end", rh_rounded((double)end, 1000));
}

static json_t *taken(char *text)
{
    json_t *s = json_string(text ? text : "");
    rh_free(text);
    return s ? s : json_string("");
}

/* ---- scores and words ---- */

static json_t *score_json(const rh_score *s)
{
    json_t *parts = json_array();
    for (int i = 0; i < s->n_parts; i++) {
        const rh_score_part *p = &s->parts[i];
        json_array_append_new(parts, json_pack("{s:s, s:o, s:s, s:o}", "name", p->name, "value",
                                               rh_rounded((double)p->value, 1000), "unit", p->unit, "points",
                                               rh_rounded((double)p->points, 10)));
    }
    return json_pack("{s:o, s:s, s:o}", "value", rh_rounded((double)s->value, 10), "advice", s->advice, "parts", parts);
}

static json_t *scores_json(const rh_speech_report *r)
{
    json_t *o = json_object();
    for (int i = 0; i < RH_SCORES; i++)
        if (rh_score_of(r, i)->known)
            json_object_set_new(o, rh_score_name(i), score_json(rh_score_of(r, i)));
    return o;
}

/* By the words of the language; where they are not listed, by their kinds. */
static json_t *filler_counts_json(const rh_analysis *a)
{
    const rh_tongue *t = rh_tongue_of(a->said.language);
    json_t *o = json_object();
    bool listed = a->said.fillers_are == RH_FILLERS_KNOWN;
    for (size_t i = 0; listed && i < a->said.n_fillers; i++) {
        const char *said = rh_filler_said(t, &a->said.fillers[i]);
        put_int(o, said, 1 + json_integer_value(json_object_get(o, said)));
    }
    for (int k = 0; k < RH_FILLER_KINDS && !listed; k++) {
        const rh_filler one = {.kind = (rh_filler_kind)k};
        if (a->report.fillers[k])
            put_int(o, rh_filler_said(t, &one), a->report.fillers[k]);
    }
    return o;
}

/* Sounds of a word of which at least one was another: shown with what each was taken for. */
static void add_phones(json_t *word, const rh_word_score *w)
{
    const rh_phone_said *worst = rh_word_worst_sound(w);
    if (!worst)
        return;
    json_t *list = json_array();
    for (size_t i = 0; i < w->n_phones; i++) {
        const rh_phone_said *p = &w->phones[i];
        json_t *o = span(p->start, p->end);
        json_object_set_new(o, "phone", json_string(rh_phone_name(p->phone)));
        put_tenth(o, "score", rh_phone_score(p));
        if (rh_phone_is_off(p, rh_word_is_understood(w)))
            json_object_set_new(o, "sounded_like", json_string(rh_phone_name(p->rival)));
        json_array_append_new(list, o);
    }
    json_object_set_new(word, "phones", list);
    json_object_set_new(word, "heard_as",
                        json_sprintf("%s sounded like %s", rh_phone_sound(worst->phone), rh_phone_sound(worst->rival)));
}

static json_t *words_json(const rh_speech_report *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->n_word_scores; i++) {
        const rh_word_score *w = &r->word_scores[i];
        json_t *o = span(w->start, w->end);
        if (w->heard)
            json_object_set_new(o, "word", json_string(w->heard));
        if (r->has_reference) {
            json_object_set_new(o, "what", json_string(rh_said_name(w->what)));
            if (w->expected)
                json_object_set_new(o, "expected", json_string(w->expected));
        }
        put_tenth(o, "score", w->score);
        add_phones(o, w);
        json_array_append_new(list, o);
    }
    return list;
}

/* pace_wpm is promised to older clients in any language; who counts characters is told so beside it. */
static void add_pace(json_t *o, const rh_analysis *a)
{
    const rh_tongue *t = rh_tongue_of(a->said.language);
    put_tenth(o, "pace_wpm", rh_tongue_pace_wpm(t, a->report.pace_wpm));
    json_object_set_new(o, "pace_unit", json_string(t->by_characters ? "characters" : "words"));
    if (t->by_characters)
        put_tenth(o, "characters_per_minute", a->report.pace_wpm);
}

/* What needs lists that the words' language has not. */
static json_t *not_measured_json(const rh_analysis *a)
{
    const rh_tongue *t = rh_tongue_of(a->said.language);
    json_t *list = json_array();
    if (!t->finds_fillers)
        json_array_append_new(list, json_string("fillers"));
    if (!t->hedges)
        json_array_append_new(list, json_string("hedges"));
    if (!t->has_structure) {
        json_array_append_new(list, json_string("structure"));
        json_array_append_new(list, json_string("content"));
    }
    if (!(t->pace_low > 0))
        json_array_append_new(list, json_string("pace_target"));
    return list;
}

static void add_report(json_t *o, const rh_analysis *a)
{
    const rh_speech_report *r = &a->report;
    put_tenth(o, "clarity_score", r->clarity.value);
    put_tenth(o, "fluency_score", r->fluency.value);
    put_tenth(o, "pronunciation_score", r->pronunciation.value);
    put_tenth(o, "prosody_score", r->prosody.value);
    if (r->pace.known || !r->spoken)
        put_tenth(o, "pace_score", r->pace.value);
    if (r->hesitation.known || !r->spoken)
        put_tenth(o, "fillers_score", r->hesitation.value);
    if (r->content.known)
        put_tenth(o, "content_score", r->content.value);
    put_tenth(o, "overall_score", r->overall.value);
    add_pace(o, a);
    json_object_set_new(o, "not_measured", not_measured_json(a));
    put(o, "confidence", r->confidence);
    put_int(o, "filler_words_count", r->filler_words_count);
    put_tenth(o, "fillers_per_minute", r->fillers_per_minute);
    json_object_set_new(o, "filler_words_detail", filler_counts_json(a));
    json_object_set_new(o, "scores", scores_json(r));
    json_object_set_new(o, "words", words_json(r));
    if (!r->spoken)
        json_object_set_new(o, "reason", json_string(r->reason));
    if (r->has_reference)
        json_object_set_new(o, "reference",
                            json_pack("{s:i, s:i, s:i, s:i, s:o}", "missed", r->n_missed, "added", r->n_added,
                                      "replaced", r->n_replaced - r->n_mispronounced, "mispronounced",
                                      r->n_mispronounced, "completeness", rh_rounded((double)r->completeness, 1000)));
}

/* ---- timing ---- */

static json_t *pauses_json(const rh_analysis *a)
{
    const rh_timing *t = &a->report.timing;
    json_t *list = json_array();
    for (size_t i = 0; i < t->n_pauses; i++) {
        json_t *p = span(t->pauses[i].start, t->pauses[i].end);
        json_object_set_new(p, "place", json_string(rh_pause_place_name(t->pauses[i].place)));
        put_int(p, "after_word", rh_analysis_place(a, t->pauses[i].after_word));
        json_array_append_new(list, p);
    }
    return list;
}

/* A rate of words, null where characters are counted: those have a key of their own. */
static json_t *rate_json(const rh_tongue *tongue, const rh_rate_point *r)
{
    json_t *o = json_object(), *rate = rh_rounded((double)r->wpm, 10);
    json_object_set_new(o, "t", rh_rounded((double)r->t, 100));
    json_object_set_new(o, "wpm", tongue->by_characters ? json_null() : json_incref(rate));
    if (tongue->by_characters)
        json_object_set(o, "characters_per_minute", rate);
    json_decref(rate);
    json_object_set_new(o, "articulation_rate", rh_rounded((double)r->articulation, 100));
    return o;
}

static json_t *timing_json(const rh_analysis *a)
{
    const rh_timing *t = &a->report.timing;
    const rh_tongue *tongue = rh_tongue_of(a->said.language);
    json_t *o = json_object(), *rates = json_array();
    put(o, "response_delay_s", t->response_delay_s);
    put(o, "speech_rate", t->speech_rate);
    put(o, "articulation_rate", t->articulation_rate);
    put(o, "articulation_heard", t->articulation_heard);
    put(o, "phonation_ratio", t->phonation_ratio);
    put(o, "pause_s", t->pause_s);
    put(o, "pauses_per_minute", t->pauses_per_minute);
    put(o, "longest_pause_s", t->longest_pause_s);
    put(o, "mean_run_syllables", t->mean_run_syllables);
    put(o, "mean_run_s", t->mean_run_s);
    put(o, "pace_variation", t->pace_variation);
    put_int(o, "syllables", t->n_syllables);
    put_int(o, "syllables_heard", t->n_syllables_heard);
    put_int(o, "pauses_within", t->n_within);
    put_int(o, "pauses_clause", t->n_clause);
    put_int(o, "pauses_sentence", t->n_sentence);
    put(o, "pause_within_s", t->within_s);
    put(o, "pause_clause_s", t->clause_s);
    put(o, "pause_sentence_s", t->sentence_s);
    for (size_t i = 0; i < t->n_rates; i++)
        json_array_append_new(rates, rate_json(tongue, &t->rates[i]));
    json_object_set_new(o, "rates", rates);
    return o;
}

/* ---- prosody ---- */

static json_t *prosody_json(const rh_analysis *a)
{
    static const char *const kinds[] = {"fall", "level", "rise"};
    const rh_prosody *p = &a->report.voice;
    json_t *o = json_object(), *ends = json_array();
    put(o, "voiced_s", p->voiced_s);
    put(o, "f0_median_hz", p->f0_median_hz);
    put(o, "f0_sd_st", p->f0_sd_st);
    put(o, "f0_spread_st", p->f0_spread_st);
    put(o, "f0_range_st", p->f0_range_st);
    put(o, "f0_speed_st_s", p->f0_speed_st_s);
    put(o, "loudness_median_db", p->loud_median_db);
    put(o, "loudness_spread_db", p->loud_spread_db);
    put(o, "fading_db", p->fading_db);
    put(o, "snr_db", p->snr_db);
    put_int(o, "falls", (long long)p->n_falls);
    put_int(o, "rises", (long long)p->n_rises);
    for (size_t i = 0; i < p->n_ends; i++) {
        json_t *e = json_object();
        put(e, "t", p->ends[i].t);
        put(e, "change_st", p->ends[i].change);
        put_int(e, "word", rh_analysis_place(a, p->ends[i].word));
        json_object_set_new(e, "question", json_boolean(p->ends[i].question));
        json_object_set_new(e, "kind", json_string(kinds[p->ends[i].kind]));
        json_array_append_new(ends, e);
    }
    json_object_set_new(o, "sentence_ends", ends);
    return o;
}

static json_t *sound_json(unsigned sound)
{
    static const struct {
        unsigned bit;
        const char *name;
    } bits[] = {{RH_SOUND_CLIPPED, "clipped"},
                {RH_SOUND_NOISY, "noisy"},
                {RH_SOUND_QUIET, "quiet"},
                {RH_SOUND_NO_VOICE, "no_voice"},
                {RH_SOUND_STEADY, "steady"}};
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
        if (sound & bits[i].bit)
            json_array_append_new(list,
                                  json_pack("{s:s, s:s}", "kind", bits[i].name, "text", rh_sound_reason(bits[i].bit)));
    return list;
}

/* ---- language ---- */

static json_t *sentence_json(const rh_analysis *a, int i)
{
    if (i < 0 || (size_t)i >= a->language.n_sentences)
        return json_null();
    const rh_sentence *s = &a->language.sentences[i];
    json_t *o = span(s->start, s->end);
    json_object_set_new(o, "text", taken(rh_analysis_words(a, s->first_word, s->n_words)));
    return o;
}

static json_t *longest_json(const rh_analysis *a)
{
    json_t *o = sentence_json(a, a->language.longest_sentence);
    if (json_is_object(o) && !rh_tongue_of(a->said.language)->by_characters)
        put_int(o, "words", a->language.sentences[a->language.longest_sentence].n_words);
    return o;
}

static bool finds_remark(const rh_tongue *t, rh_remark_kind kind)
{
    switch (kind) {
    case RH_REMARK_HEDGE: return t->hedges;
    case RH_REMARK_WEAK: return t->weak;
    case RH_REMARK_STRONG:
    case RH_REMARK_PASSIVE: return t->has_structure;
    case RH_REMARK_NUMBER: return t->numbers;
    case RH_REMARK_NAME: return t->names_by_capital;
    default: return false;
    }
}

/* Null: not measured in this language. */
static void count_if(json_t *o, const char *key, bool known, int n)
{
    json_object_set_new(o, key, known ? json_integer(n) : json_null());
}

static void put_if(json_t *o, const char *key, bool known, double v)
{
    json_object_set_new(o, key, known ? rh_rounded(v, 100) : json_null());
}

static json_t *language_json(const rh_analysis *a)
{
    const rh_language *l = &a->language;
    const rh_tongue *t = rh_tongue_of(a->said.language);
    json_t *o = json_object(), *remarks = json_array(), *repeated = json_array(), *counts = json_object();
    json_t *star = json_object();
    put_int(o, "sentences", (long long)l->n_sentences);
    put_if(o, "sentence_words", !t->by_characters, (double)l->sentence_words);
    json_object_set_new(o, "longest_sentence", longest_json(a));
    put_if(o, "variety", !t->by_characters, (double)l->variety);
    count_if(o, "i", t->i, l->n_i);
    count_if(o, "we", t->we, l->n_we);
    put_if(o, "i_share", t->i, (double)l->i_share);
    put_if(o, "hedges_per_100", t->hedges, (double)l->hedges_per_100);
    put_if(o, "weak_per_100", t->weak, (double)l->weak_per_100);
    put_if(o, "strong_per_100", t->has_structure, (double)l->strong_per_100);
    put_if(o, "concreteness", t->names_by_capital, (double)l->concreteness);
    for (int k = 0; k < RH_REMARK_KINDS; k++)
        count_if(counts, rh_remark_name((rh_remark_kind)k), finds_remark(t, (rh_remark_kind)k), l->counts[k]);
    for (size_t i = 0; i < l->n_remarks; i++) {
        json_t *r = span(l->remarks[i].start, l->remarks[i].end);
        json_object_set_new(r, "kind", json_string(rh_remark_name(l->remarks[i].kind)));
        json_object_set_new(r, "text", taken(rh_analysis_term(a, l->remarks[i].first_word, l->remarks[i].n_words)));
        json_array_append_new(remarks, r);
    }
    for (size_t i = 0; i < l->n_repeated; i++)
        json_array_append_new(repeated,
                              json_pack("{s:o, s:i}", "word", taken(rh_analysis_term(a, l->repeated[i].word, 1)),
                                        "count", l->repeated[i].count));
    for (int part = 0; part < RH_STAR_PARTS; part++)
        json_object_set_new(star, rh_star_name(part), sentence_json(a, l->star_sentence[part]));
    json_object_set_new(o, "counts", counts);
    json_object_set_new(o, "remarks", remarks);
    json_object_set_new(o, "repeated", repeated);
    json_object_set_new(o, "star", star);
    return o;
}

/* ---- fillers and disfluencies ---- */

static json_t *event(const rh_analysis *a, const char *kind, float start, float end, int after_word)
{
    json_t *o = span(start, end);
    json_object_set_new(o, "kind", json_string(kind));
    put_int(o, "after_word", rh_analysis_place(a, after_word));
    return o;
}

static json_t *fillers_json(const rh_analysis *a)
{
    json_t *list = json_array();
    for (size_t i = 0; i < a->said.n_fillers; i++) {
        const rh_filler *f = &a->said.fillers[i];
        json_t *o = event(a, rh_filler_said(rh_tongue_of(a->said.language), f), f->start, f->end, f->after_word);
        put(o, "confidence", f->p);
        put_int(o, "words", f->n_words);
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *disfluencies_json(const rh_analysis *a)
{
    json_t *list = json_array();
    for (size_t i = 0; i < a->said.n_disfluencies; i++) {
        const rh_disfluency *s = &a->said.disfluencies[i];
        json_t *o = event(a, rh_disfluency_name(s->kind), s->start, s->end, s->after_word);
        json_object_set_new(o, "text", json_string(s->text));
        json_array_append_new(list, o);
    }
    return list;
}

/* ---- a value a second ---- */

static json_t *or_null(float v, double steps)
{
    return isnan(v) ? json_null() : rh_rounded((double)v, steps);
}

static json_t *timeline_json(const rh_analysis *a)
{
    json_t *pitch = json_array(), *loudness = json_array(), *pace = json_array(), *words = json_array();
    bool by_characters = rh_tongue_of(a->said.language)->by_characters;
    for (size_t s = 0; s < a->n_seconds; s++) {
        json_array_append_new(pitch, or_null(a->seconds[s].pitch_st, 100));
        json_array_append_new(loudness, or_null(a->seconds[s].loudness_db, 10));
        json_array_append_new(pace, or_null(a->seconds[s].pace_wpm, 10));
        json_array_append_new(words, json_null());
    }
    json_t *o = json_pack("{s:i, s:o, s:o, s:o}", "step_s", 1, "from_s", rh_rounded(a->from_s, 1000), "pitch_st", pitch,
                          "loudness_db", loudness);
    json_object_set(o, "pace_wpm", by_characters ? words : pace);
    if (by_characters)
        json_object_set(o, "pace_cpm", pace);
    json_decref(pace);
    json_decref(words);
    return o;
}

/* Words of another language than was given are guesses: who reads them should know. */
static void add_language(json_t *o, const rh_analysis *a)
{
    if (!*a->other_language)
        return;
    json_object_set_new(o, "language_detected", json_string(a->other_language));
    json_object_set_new(o, "notice",
                        json_sprintf("The speech sounds like another language (%s) than the one it was recognised as "
                                     "(%s): give its language, or auto.",
                                     a->other_language, a->said.language));
}

json_t *rh_analysis_json(const rh_analysis *a)
{
    unsigned long failures = rh_alloc_failures();
    const char *language = *a->said.language ? a->said.language : "en";
    json_t *o = json_pack("{s:s, s:s, s:o, s:f}", "transcribed_text", a->text, "spoken_language", language,
                          "audio_duration", rh_rounded(a->duration_s, 100), "timestamp", rh_unix_time());
    if (!o)
        return NULL;
    add_report(o, a);
    add_language(o, a);
    json_object_set_new(o, "timing", timing_json(a));
    json_object_set_new(o, "pauses", pauses_json(a));
    json_object_set_new(o, "prosody", prosody_json(a));
    json_object_set_new(o, "sound", sound_json(a->sound_known ? a->report.voice.sound : 0));
    json_object_set_new(o, "language", language_json(a));
    json_object_set_new(o, "timeline", timeline_json(a));
    json_object_set_new(o, "fillers", fillers_json(a));
    json_object_set_new(o, "slips", disfluencies_json(a));
    json_object_set_new(o, "verbatim_text", json_string(a->verbatim_text));
    return rh_json_whole(o, failures);
}
