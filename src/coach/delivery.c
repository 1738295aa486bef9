#include "delivery.h"

#include <math.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/buf.h"
#include "rehearse/speech/language.h"
#include "rehearse/media/pitch.h"
#include "rehearse/speech/prosody.h"
#include "rehearse/speech/timing.h"

enum { MAX_TEXT = 4096 };

static json_t *rounded(float v, double steps)
{
    return json_real(round((double)v * steps) / steps);
}

static void put(json_t *o, const char *key, float v)
{
    json_object_set_new(o, key, rounded(v, 100));
}

static void put_int(json_t *o, const char *key, long long v)
{
    json_object_set_new(o, key, json_integer(v));
}

/* Words first..first+n joined by spaces. */
static json_t *text_of(const rh_speech_input *in, int first, int n)
{
    rh_buf b;
    rh_buf_init(&b, MAX_TEXT);
    for (int i = first; i < first + n && (size_t)i < in->n_words; i++) {
        if (i > first)
            (void)rh_buf_puts(&b, " ");
        (void)rh_buf_puts(&b, in->words[i].text);
    }
    json_t *s = json_string(b.data ? b.data : "");
    rh_buf_done(&b);
    return s ? s : json_string("");
}

/* The same without the punctuation around it: "just," is the word just. */
static json_t *term_of(const rh_speech_input *in, int first, int n)
{
    json_t *whole = text_of(in, first, n);
    const char *s = json_string_value(whole);
    size_t len = strlen(s);
    while (*s && strchr("\"'(", *s)) {
        s++;
        len--;
    }
    while (len > 1 && strchr(".,;:?!\"')-", s[len - 1]))
        len--;
    json_t *term = json_stringn(s, len);
    json_decref(whole);
    return term ? term : json_string("");
}

static json_t *span(float start, float end)
{
    return json_pack("{s:o, s:o}", "start", rounded(start, 1000), "end", rounded(end, 1000));
}

/* ---- timing ---- */

static json_t *pauses_json(const rh_timing *t)
{
    static const char *const places[] = {"within", "clause", "sentence"};
    json_t *list = json_array();
    for (size_t i = 0; i < t->n_pauses; i++) {
        json_t *p = span(t->pauses[i].start, t->pauses[i].end);
        json_object_set_new(p, "place", json_string(places[t->pauses[i].place]));
        put_int(p, "after_word", t->pauses[i].after_word);
        json_array_append_new(list, p);
    }
    return list;
}

static json_t *rates_json(const rh_timing *t)
{
    json_t *list = json_array();
    for (size_t i = 0; i < t->n_rates; i++)
        json_array_append_new(list, json_pack("{s:o, s:o, s:o}", "t", rounded(t->rates[i].t, 100), "wpm",
                                              rounded(t->rates[i].wpm, 10), "articulation_rate",
                                              rounded(t->rates[i].articulation, 100)));
    return list;
}

static json_t *timing_json(const rh_timing *t)
{
    json_t *o = json_object();
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
    json_object_set_new(o, "rates", rates_json(t));
    return o;
}

/* ---- prosody ---- */

static json_t *ends_json(const rh_prosody *p)
{
    static const char *const kinds[] = {"fall", "level", "rise"};
    json_t *list = json_array();
    for (size_t i = 0; i < p->n_ends; i++) {
        json_t *e = json_object();
        put(e, "t", p->ends[i].t);
        put(e, "change_st", p->ends[i].change);
        put_int(e, "word", p->ends[i].word);
        json_object_set_new(e, "question", json_boolean(p->ends[i].question));
        json_object_set_new(e, "kind", json_string(kinds[p->ends[i].kind]));
        json_array_append_new(list, e);
    }
    return list;
}

static json_t *prosody_json(const rh_prosody *p)
{
    json_t *o = json_object();
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
    json_object_set_new(o, "sentence_ends", ends_json(p));
    return o;
}

static json_t *sound_json(unsigned sound)
{
    static const struct {
        unsigned bit;
        const char *name;
    } bits[] = {{RH_SOUND_CLIPPED, "clipped"}, {RH_SOUND_NOISY, "noisy"}, {RH_SOUND_QUIET, "quiet"},
                {RH_SOUND_NO_VOICE, "no_voice"}, {RH_SOUND_STEADY, "steady"}};
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
        if (sound & bits[i].bit)
            json_array_append_new(list, json_pack("{s:s, s:s}", "kind", bits[i].name, "text",
                                                  rh_sound_reason(bits[i].bit)));
    return list;
}

/* ---- language ---- */

static json_t *star_json(const rh_speech_input *in, const rh_language *l)
{
    json_t *star = json_object();
    for (int part = 0; part < RH_STAR_PARTS; part++) {
        int i = l->star_sentence[part];
        json_t *v = json_null();
        if (i >= 0 && (size_t)i < l->n_sentences) {
            const rh_sentence *s = &l->sentences[i];
            v = span(s->start, s->end);
            json_object_set_new(v, "text", text_of(in, s->first_word, s->n_words));
        }
        json_object_set_new(star, rh_star_name(part), v);
    }
    return star;
}

static json_t *longest_json(const rh_speech_input *in, const rh_language *l)
{
    if (l->longest_sentence < 0)
        return json_null();
    const rh_sentence *s = &l->sentences[l->longest_sentence];
    json_t *o = span(s->start, s->end);
    put_int(o, "words", s->n_words);
    json_object_set_new(o, "text", text_of(in, s->first_word, s->n_words));
    return o;
}

static json_t *language_json(const rh_speech_input *in, const rh_language *l)
{
    json_t *o = json_object(), *remarks = json_array(), *repeated = json_array(), *counts = json_object();
    put_int(o, "sentences", (long long)l->n_sentences);
    put(o, "sentence_words", l->sentence_words);
    json_object_set_new(o, "longest_sentence", longest_json(in, l));
    put(o, "variety", l->variety);
    put_int(o, "i", l->n_i);
    put_int(o, "we", l->n_we);
    put(o, "i_share", l->i_share);
    put(o, "hedges_per_100", l->hedges_per_100);
    put(o, "weak_per_100", l->weak_per_100);
    put(o, "strong_per_100", l->strong_per_100);
    put(o, "concreteness", l->concreteness);
    for (int k = 0; k < RH_REMARK_KINDS; k++)
        put_int(counts, rh_remark_name((rh_remark_kind)k), l->counts[k]);
    for (size_t i = 0; i < l->n_remarks; i++) {
        json_t *r = span(l->remarks[i].start, l->remarks[i].end);
        json_object_set_new(r, "kind", json_string(rh_remark_name(l->remarks[i].kind)));
        json_object_set_new(r, "text", term_of(in, l->remarks[i].first_word, l->remarks[i].n_words));
        json_array_append_new(remarks, r);
    }
    for (size_t i = 0; i < l->n_repeated; i++)
        json_array_append_new(repeated, json_pack("{s:o, s:i}", "word",
                                                  term_of(in, l->repeated[i].word, 1), "count",
                                                  l->repeated[i].count));
    json_object_set_new(o, "counts", counts);
    json_object_set_new(o, "remarks", remarks);
    json_object_set_new(o, "repeated", repeated);
    json_object_set_new(o, "star", star_json(in, l));
    return o;
}

/* ---- a value a second ---- */

/* Median pitch about the speaker's own, and mean level of voiced steps. */
static void second_of_voice(const rh_contour *t, float median_hz, size_t second, json_t *pitch,
                            json_t *loudness)
{
    size_t from = second * RH_CONTOUR_PER_S, to = from + RH_CONTOUR_PER_S, n = 0;
    double st = 0, power = 0;
    for (size_t i = from; i < to && i < t->n; i++) {
        if (t->f0_hz[i] <= 0)
            continue;
        st += (double)rh_semitones(t->f0_hz[i], median_hz);
        power += pow(10, (double)t->level_db[i] / 10);
        n++;
    }
    /* A tenth of a second of voice is the least that a value may rest on. */
    bool enough = n >= RH_CONTOUR_PER_S / 10;
    json_array_append_new(pitch, enough ? rounded((float)(st / (double)n), 100) : json_null());
    json_array_append_new(loudness, enough ? rounded((float)(10 * log10(power / (double)n)), 10) : json_null());
}

/* Words that begin within 5 s to either side, a minute; null in long silence. */
static json_t *pace_at(const rh_speech_input *in, double second)
{
    double from = second + 0.5 - 5, to = second + 0.5 + 5;
    double first = in->n_words ? (double)in->words[0].start : 0;
    double last = in->n_words ? (double)in->words[in->n_words - 1].end : 0;
    double length = fmin(to, last) - fmax(from, first);
    int n = 0;
    for (size_t i = 0; i < in->n_words; i++)
        n += (double)in->words[i].start >= from && (double)in->words[i].start < to;
    return n < 4 || length < 2 ? json_null() : rounded((float)(n * 60 / length), 10);
}

static json_t *timeline_json(const rh_speech_input *in, const rh_contour *t, float median_hz)
{
    json_t *pitch = json_array(), *loudness = json_array(), *pace = json_array();
    for (size_t s = 0; (double)s < in->duration_s; s++) {
        second_of_voice(t, median_hz, s, pitch, loudness);
        json_array_append_new(pace, pace_at(in, (double)s));
    }
    return json_pack("{s:i, s:f, s:o, s:o, s:o}", "step_s", 1, "from_s", 0.0, "pace_wpm", pace, "pitch_st",
                     pitch, "loudness_db", loudness);
}

rh_status rh_delivery_add(json_t *result, const rh_speech_input *in, const float *samples,
                          size_t n, rh_error *err)
{
    rh_pitch_track track = {0};
    rh_timing timing = {0};
    rh_prosody prosody = {0};
    rh_language language = {0};
    bool heard = in->contour || n > 0; /* else words are all that is known */
    rh_status st = in->contour || n == 0 ? RH_OK : rh_pitch_track_run(&track, samples, n, err);
    const rh_contour own = {.n = track.n_hops, .f0_hz = track.f0_hz, .voicing = track.voicing,
                          .level_db = track.level_db, .change_db = track.change_db,
                          .noise_db = track.noise_db, .speech_db = track.speech_db,
                          .clipped = track.clipped, .peak = track.peak};
    const rh_contour *c = in->contour ? in->contour : &own;
    if (st == RH_OK)
        st = rh_timing_measure(in, heard ? c : NULL, &timing, err);
    if (st == RH_OK)
        st = rh_prosody_measure(in, c, &prosody, err);
    if (st == RH_OK)
        st = rh_language_measure(in, &language, err);
    if (st == RH_OK) {
        json_object_set_new(result, "timing", timing_json(&timing));
        json_object_set_new(result, "pauses", pauses_json(&timing));
        json_object_set_new(result, "prosody", prosody_json(&prosody));
        json_object_set_new(result, "sound", sound_json(heard ? prosody.sound : 0));
        json_object_set_new(result, "language", language_json(in, &language));
        json_object_set_new(result, "timeline", timeline_json(in, c, prosody.f0_median_hz));
    }
    rh_language_done(&language);
    rh_prosody_done(&prosody);
    rh_timing_done(&timing);
    rh_pitch_track_done(&track);
    return st;
}

/* ---- indices ---- */

static void place_all(json_t *list, const char *key, const int *place, size_t n)
{
    size_t i;
    json_t *o;
    json_array_foreach(list, i, o) {
        json_int_t at = json_integer_value(json_object_get(o, key));
        if (at >= 0 && (size_t)at < n)
            json_object_set_new(o, key, json_integer(place[at]));
    }
}

rh_status rh_delivery_place(json_t *result, const rh_speech_input *in, rh_error *err)
{
    static const char *const lists[] = {"pauses", "fillers", "slips"};
    const json_t *words = json_object_get(result, "words");
    size_t k = 0, n = json_array_size(words);
    int *place = rh_alloc_array(in->n_words + 1, sizeof *place), last = -1;
    if (!place)
        return rh_fail(err, RH_ERR_NOMEM, "words: out of memory");
    /* Words that were heard come in the order of time on both sides. */
    for (size_t i = 0; i < in->n_words; i++) {
        for (; k < n; k++) {
            const json_t *w = json_array_get(words, k);
            double start = json_number_value(json_object_get(w, "start"));
            if (json_object_get(w, "word") && start > (double)in->words[i].start + 0.0006)
                break;
            if (json_object_get(w, "word"))
                last = (int)k;
        }
        place[i] = last;
    }
    for (size_t i = 0; i < 3; i++)
        place_all(json_object_get(result, lists[i]), "after_word", place, in->n_words);
    place_all(json_object_get(json_object_get(result, "prosody"), "sentence_ends"), "word", place,
              in->n_words);
    rh_free(place);
    return RH_OK;
}
