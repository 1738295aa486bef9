#include "rehearse/session/hearing.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "rehearse/asr/recording.h"
#include "rehearse/asr/transcript_format.h"
#include "rehearse/asr/verbatim.h"
#include "rehearse/base/alloc.h"
#include "rehearse/speech/scores.h"
#include "stretches.h"

enum { LATEST_REFERENCE_BYTES = 1200 }; /* of a forced piece: some 300 tokens, below the decoder's limit */

typedef struct {
    rh_hearing *h;
    const float *samples; /* of the recording */
    size_t n_samples;
    rh_transcript part;          /* scratch */
    size_t reference_at;         /* bytes of it already spoken of */
    float pooled[RH_ASR_POOLED]; /* scratch */
    uint8_t *phone_cost;         /* of the piece, owned; NULL = its sounds are not known */
    size_t n_phone_steps;
    rh_asr_params params;
    bool no_verbatim;
    bool language_asked; /* the first long piece was listened to for its language */
} hearing;

static rh_word measured_word(const rh_transcript *t, const rh_asr_word *w)
{
    double log_p = 0.0, log_rival = 0.0, entropy = 0.0;
    char form[RH_WORD_BYTES];
    int n = 0;
    for (int pass = 0; pass < 2 && n == 0; pass++) /* second pass: a word without letters */
        for (int32_t i = w->first_token; i < w->first_token + w->n_tokens && i < t->n_tokens; i++) {
            const rh_asr_token *k = &t->tokens[i];
            if (pass == 0 && rh_word_form(t->text + k->text_off, k->text_len, "", form) == 0)
                continue;
            log_p += log(fmax((double)k->p, 1e-9));
            log_rival += log(fmax((double)k->p_rival, 1e-9));
            entropy += (double)k->entropy;
            n++;
        }
    double m = n ? (double)n : 1.0;
    return (rh_word){.start = w->start,
                     .end = fmaxf(w->end, w->start),
                     .p = n ? (float)exp(log_p / m) : w->p,
                     .p_rival = n ? (float)exp(log_rival / m) : 1.0f - w->p,
                     .entropy = (float)(entropy / m)};
}

rh_status rh_hearing_words(rh_word_table *t, rh_words_of list, const rh_transcript *from, int first, int end,
                           float offset_s)
{
    rh_status st = RH_OK;
    for (int i = first; i < end && st == RH_OK; i++) {
        const rh_asr_word *w = &from->words[i];
        rh_word word = measured_word(from, w);
        word.start += offset_s;
        word.end += offset_s;
        st = rh_word_table_word(t, list, &word, from->text + w->text_off, w->text_len);
    }
    return st;
}

rh_status rh_hearing_sounds(rh_word_table *t, const uint8_t *cost, size_t n_steps, float start_s, rh_error *err)
{
    _Static_assert((int)RH_ASR_PHONES == (int)RH_PHONES && (int)RH_ASR_PHONE_COST_A_NAT == (int)RH_PHONE_COST_A_NAT,
                   "one table of sounds");
    const rh_speech_segment *s = &t->segments[t->n_segments - 1];
    bool forced = s->n_forced > 0;
    const rh_word *words =
        forced ? t->words[RH_WORDS_FORCED].at + s->first_forced : t->words[RH_WORDS_CLEAN].at + s->first_word;
    const rh_phone_steps steps = {
        .cost = cost, .n = n_steps, .start_s = start_s, .step_s = (float)RH_ASR_PHONE_STEP / RH_ASR_RATE_HZ};
    rh_phone_said *said = NULL;
    size_t n = 0;
    rh_status st = rh_phones_align(&steps, words, forced ? s->n_forced : s->n_words, &said, &n, err);
    if (st == RH_OK)
        st = rh_word_table_phones(t, forced, said, n);
    rh_free(said);
    return st;
}

void rh_hearing_model_name(const rh_asr_model *model, char out[RH_SPEECH_NAME])
{
    rh_asr_model_info info = rh_asr_model_describe(model);
    (void)snprintf(out, RH_SPEECH_NAME, "%s%s", info.size, info.multilingual ? "" : ".en");
}

rh_contour rh_hearing_curves(const rh_pitch_track *t)
{
    return (rh_contour){.n = t->n_hops,
                        .f0_hz = t->f0_hz,
                        .voicing = t->voicing,
                        .level_db = t->level_db,
                        .change_db = t->change_db,
                        .noise_db = t->noise_db,
                        .speech_db = t->speech_db,
                        .treble_db = t->treble_db,
                        .clipped = t->clipped,
                        .peak = t->peak};
}

static rh_status pool_stretch(hearing *r, rh_asr_stream *stream, float piece_s, rh_stretch g, rh_error *err)
{
    size_t piece = (size_t)lrintf(piece_s * RH_ASR_RATE_HZ);
    size_t from = piece + g.from * RH_ASR_PHONE_STEP, to = piece + g.to * RH_ASR_PHONE_STEP;
    to = to < r->n_samples ? to : r->n_samples;
    rh_status st = rh_asr_pool(stream, r->samples + from, to - from, r->pooled, err);
    return st == RH_OK ? rh_word_table_pooled(&r->h->words, (float)from / RH_ASR_RATE_HZ, (float)to / RH_ASR_RATE_HZ,
                                              r->pooled, RH_ASR_POOLED)
                       : st;
}

/* As live sound is judged (stretches.h). What the stream keeps may be gone then. */
static rh_status pool(hearing *r, rh_asr_stream *stream, float from_s, float to_s, rh_error *err)
{
    rh_stretch cut[RH_MOST_STRETCHES];
    size_t n = r->phone_cost ? rh_stretches_cut(r->phone_cost, r->n_phone_steps, cut) : 1;
    rh_status st = RH_OK;
    if (n > 1) {
        for (size_t i = 0; i < n && st == RH_OK; i++)
            st = pool_stretch(r, stream, from_s, cut[i], err);
        return st;
    }
    st = rh_asr_pooled(stream, r->pooled, err);
    if (st == RH_OK)
        st = rh_word_table_pooled(&r->h->words, from_s, to_s, r->pooled, RH_ASR_POOLED);
    return st == RH_ERR_UNSUPPORTED ? RH_OK : st;
}

/* How likely which sound is when, of the piece the stream holds: taken before other words are forced on it. */
static rh_status take_sounds(hearing *r, rh_asr_stream *stream, rh_error *err)
{
    rh_free(r->phone_cost);
    r->phone_cost = NULL;
    rh_status st = rh_asr_phones(stream, &r->phone_cost, &r->n_phone_steps, err);
    return st == RH_ERR_UNSUPPORTED ? RH_OK : st;
}

/* How far into the rest of the reference the piece has come. */
static rh_status reached(hearing *r, const char *rest, size_t n_words, size_t *bytes, rh_error *err)
{
    const rh_word_list *words = &r->h->words.words[RH_WORDS_CLEAN];
    return rh_reference_reached(rest, words->at + words->n - n_words, n_words, bytes, err);
}

static rh_status force(hearing *r, rh_asr_stream *stream, size_t n_words, float from_s, bool is_last, rh_error *err)
{
    const char *rest = r->h->words.reference + r->reference_at;
    size_t bytes = strlen(rest);
    rh_status st = is_last ? RH_OK : reached(r, rest, n_words, &bytes, err);
    if (st != RH_OK)
        return st;
    r->reference_at += bytes;
    /* Far more text than a piece of sound can hold: the speaker left the rest out. */
    if (bytes == 0 || bytes > LATEST_REFERENCE_BYTES)
        return RH_OK;
    char *piece = rh_strndup(rest, bytes), *text = piece ? rh_reference_text(piece) : NULL;
    rh_free(piece);
    if (!text)
        return RH_ERR_NOMEM;
    st = rh_asr_force(stream, text, &r->params, &r->part, err);
    rh_free(text);
    if (st == RH_ERR_UNSUPPORTED || st == RH_ERR_LIMIT) /* more than can be said in 30 s */
        return RH_OK;
    return st == RH_OK ? rh_hearing_words(&r->h->words, RH_WORDS_FORCED, &r->part, 0, r->part.n_words, from_s) : st;
}

static rh_status hear_verbatim(hearing *r, rh_asr_stream *stream, const rh_transcript *part, float from_s,
                               rh_error *err)
{
    rh_status st = rh_asr_verbatim(stream, part, &r->params, &r->part, err);
    if (st == RH_ERR_UNSUPPORTED)
        return RH_OK; /* the engine's clean words and the sound must do */
    return st == RH_OK ? rh_hearing_words(&r->h->words, RH_WORDS_VERBATIM, &r->part, 0, r->part.n_words, from_s) : st;
}

/* Asked of the first piece that is long enough to tell. Short and accented English is often taken
 * for something else, so the sound must leave no doubt (docs/api.md). */
static rh_status listen_for_language(hearing *r, rh_asr_stream *stream, double length_s, rh_error *err)
{
    static const double LEAST_S = 3.0;
    static const float SURE = 0.85f, RULED_OUT = 0.02f;
    char code[RH_ASR_LANG_LEN];
    rh_heard_language heard;
    if (r->language_asked || length_s < LEAST_S || !r->params.language)
        return RH_OK;
    r->language_asked = true;
    if (!rh_asr_language(r->params.language, code) || !*code)
        return RH_OK;
    rh_status st = rh_asr_heard_language(stream, code, &heard, err);
    if (st == RH_ERR_UNSUPPORTED)
        return RH_OK;
    if (st == RH_OK && strcmp(heard.code, code) != 0 && heard.p >= SURE && heard.p_asked <= RULED_OUT)
        r->h->other = heard;
    return st;
}

static rh_status on_piece(void *user, rh_asr_stream *stream, const rh_transcript *part, double from_s, double to_s,
                          bool is_last, rh_error *err)
{
    hearing *r = user;
    rh_word_table *t = &r->h->words;
    float from = (float)from_s;
    rh_status st = rh_word_table_segment(t, from, (float)to_s, part->text ? part->text : "");
    if (st != RH_OK || part->n_words == 0)
        return st;
    st = rh_hearing_words(t, RH_WORDS_CLEAN, part, 0, part->n_words, from);
    if (st == RH_OK)
        st = take_sounds(r, stream, err);
    if (st == RH_OK)
        st = listen_for_language(r, stream, to_s - from_s, err);
    if (st == RH_OK && !r->no_verbatim)
        st = hear_verbatim(r, stream, part, from, err);
    if (st == RH_OK && t->reference)
        st = force(r, stream, (size_t)part->n_words, from, is_last, err);
    if (st == RH_OK)
        st = pool(r, stream, from, (float)to_s, err);
    if (st == RH_OK && r->phone_cost && strcmp(part->language, "en") == 0) /* the dictionary is English */
        st = rh_hearing_sounds(t, r->phone_cost, r->n_phone_steps, from, err);
    return st;
}

/* What is known of the whole only: its voice, and words that do not begin in a silence. */
static rh_status complete_words(rh_hearing *h, const rh_speech_span *voice, size_t n_voice)
{
    rh_word_table *t = &h->words;
    rh_word *w = t->words[RH_WORDS_CLEAN].at;
    rh_status st = RH_OK;
    for (int i = 0; i < h->transcript.n_words; i++) {
        w[i].start = h->transcript.words[i].start;
        w[i].end = fmaxf(h->transcript.words[i].end, w[i].start);
    }
    for (size_t i = 0; i < n_voice && st == RH_OK; i++)
        st = rh_word_table_voice(t, (float)voice[i].start / RH_ASR_RATE_HZ, (float)voice[i].end / RH_ASR_RATE_HZ);
    (void)snprintf(t->language, sizeof t->language, "%s", h->transcript.language);
    return st;
}

static rh_status run(hearing *r, rh_asr_stream *stream, const rh_vad_model *vad, const float *samples, size_t n,
                     const rh_hearing_options *o, rh_error *err)
{
    rh_hearing *h = r->h;
    rh_asr_params p = r->params;
    rh_speech_span *voice = NULL;
    size_t n_voice = 0;
    p.progress = o->progress;
    p.progress_user = o->progress_user;
    if (o->reference && o->reference[0]) { /* words apart, whatever is between them */
        h->words.reference = rh_reference_text(o->reference);
        if (!h->words.reference)
            return RH_ERR_NOMEM;
    }
    rh_status st = rh_recording_pieces(stream, vad, samples, n, &p, o->told, on_piece, r, &h->transcript,
                                       vad ? &voice : NULL, &n_voice, err);
    if (st == RH_OK)
        st = complete_words(h, voice, n_voice);
    rh_free(voice);
    if (st == RH_OK)
        st = rh_pitch_track_run(&h->track, samples, n, err);
    h->curves = rh_hearing_curves(&h->track);
    return st;
}

rh_status rh_hear(rh_hearing *out, rh_asr_stream *stream, const rh_asr_model *model, const rh_vad_model *vad,
                  const float *samples, size_t n, const rh_hearing_options *o, rh_error *err)
{
    static const rh_hearing_options defaults = {0};
    o = o ? o : &defaults;
    hearing r = {
        .h = out, .samples = samples, .n_samples = n, .no_verbatim = o->no_verbatim, .params = rh_asr_params_default()};
    r.params.language = o->language;
    r.params.terms = o->terms;
    r.params.cancel = o->cancel;
    rh_transcript_init(&out->transcript);
    rh_transcript_init(&r.part);
    rh_hearing_model_name(model, out->words.model);
    rh_status st = run(&r, stream, vad, samples, n, o, err);
    rh_transcript_done(&r.part);
    rh_free(r.phone_cost);
    if (st != RH_OK)
        rh_hearing_done(out);
    return st == RH_ERR_NOMEM ? rh_fail(err, st, "speech: out of memory") : st;
}

void rh_hearing_done(rh_hearing *h)
{
    rh_transcript_done(&h->transcript);
    rh_word_table_done(&h->words);
    rh_pitch_track_done(&h->track);
    *h = (rh_hearing){0};
}

/* Laughter is recognised, but a recording of nothing else has no text. */
static rh_status take_text(rh_analysis *a, const rh_hearing *h, rh_error *err)
{
    char *text = a->report.spoken ? rh_transcript_plain(&h->transcript) : rh_strdup("");
    if (!text)
        return rh_fail(err, RH_ERR_NOMEM, "speech: out of memory");
    rh_free(a->text);
    a->text = text;
    if (!a->report.spoken) {
        a->said.n_fillers = a->said.n_disfluencies = 0;
        a->verbatim_text[0] = '\0';
    }
    (void)snprintf(a->other_language, sizeof a->other_language, "%s", a->report.spoken ? h->other.code : "");
    return RH_OK;
}

rh_status rh_analyze_recording(const rh_model_set *m, const float *samples, size_t n, const rh_hearing_options *o,
                               rh_analysis *out, rh_error *err)
{
    rh_hearing_options own = o ? *o : (rh_hearing_options){0};
    rh_hearing h = {0};
    rh_analysis a = {0};
    rh_asr_stream *stream = NULL;
    if (!m->asr)
        return rh_fail(err, RH_ERR_UNSUPPORTED, "no speech model is loaded");
    if (!own.language && m->language[0])
        own.language = m->language;
    rh_status st = rh_asr_stream_new(&stream, m->asr, err);
    if (st == RH_OK)
        st = rh_hear(&h, stream, m->asr, m->vad, samples, n, &own, err);
    rh_asr_stream_free(stream);
    if (st != RH_OK)
        return st;
    st = rh_word_table_question(&h.words, own.question, own.question_kind);
    if (st != RH_OK)
        rh_fail(err, st, "speech: out of memory");
    else
        st = rh_analyse(&h.words, &h.curves, own.faces, 0, (double)n / RH_ASR_RATE_HZ, &a, err);
    if (st == RH_OK)
        st = take_text(&a, &h, err);
    rh_hearing_done(&h);
    if (st == RH_OK)
        *out = a;
    else
        rh_analysis_done(&a);
    return st;
}
