/* hearing.c - see hearing.h.
 *
 * Words are read from the transcript's tokens: a word's probability is the
 * geometric mean over its tokens that carry letters or digits, since the
 * punctuation behind a word says nothing about how it was said. */
#include "rehearse/coach/hearing.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/asr/recording.h"
#include "rehearse/asr/verbatim.h"

enum { LATEST_REFERENCE_BYTES = 1200 }; /* of a forced piece: some 300 tokens, below the decoder's limit */

typedef struct {
    rh_word *at;
    size_t n, cap;
} word_list;

struct rh_hearing {
    rh_transcript transcript;   /* of the whole recording */
    rh_transcript forced;       /* of the reference, piece after piece */
    rh_transcript verbatim;     /* second decode, hesitations and all */
    rh_transcript part;         /* scratch */
    rh_pitch_track track;
    rh_contour contour;
    rh_speech_span *vad_spans;
    rh_time_span *spans;
    rh_speech_segment *segments;
    size_t n_segments, cap_segments;
    word_list words, forced_words, verbatim_words;
    char *reference;            /* NUL-terminated copy */
    size_t reference_at;        /* bytes of it already spoken of */
    char *word_text, *forced_text, *verbatim_text; /* texts of the words, each NUL-terminated */
    rh_disfluency disfluency;
    rh_speech_filler *fillers;  /* the same, as the measures want them */
    char model[RH_HEARING_MODEL];
    rh_asr_model_info info;
    rh_asr_params params;
    bool no_verbatim;
    bool language_asked;       /* the first long piece was listened to for its language */
    rh_heard_language other;   /* what was heard is plainly in another one; code "" = no */
    rh_speech_input in;
};

static bool has_letter(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (isalnum((unsigned char)s[i]) || (unsigned char)s[i] >= 0x80)
            return true;
    return false;
}

rh_word rh_hearing_word(const rh_transcript *t, const rh_asr_word *w)
{
    double log_p = 0.0, log_rival = 0.0, entropy = 0.0;
    int n = 0;
    for (int pass = 0; pass < 2 && n == 0; pass++) /* second pass: a word without letters */
        for (int32_t i = w->first_token; i < w->first_token + w->n_tokens && i < t->n_tokens; i++) {
            const rh_asr_token *k = &t->tokens[i];
            if (pass == 0 && !has_letter(t->text + k->text_off, k->text_len))
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

void rh_hearing_model_name(const rh_asr_model *model, char out[RH_HEARING_MODEL])
{
    rh_asr_model_info info = rh_asr_model_describe(model);
    (void)snprintf(out, RH_HEARING_MODEL, "%s%s", info.size, info.multilingual ? "" : ".en");
}

static rh_status collect_words(const rh_transcript *t, word_list *out, char **text, rh_error *err)
{
    size_t bytes = 1;
    for (int i = 0; i < t->n_words; i++)
        bytes += t->words[i].text_len + 1;
    *text = rh_alloc(bytes);
    out->at = rh_calloc((size_t)t->n_words + 1, sizeof *out->at);
    if (!*text || !out->at)
        return rh_fail(err, RH_ERR_NOMEM, "words: out of memory");
    char *s = *text;
    for (int i = 0; i < t->n_words; i++) {
        const rh_asr_word *w = &t->words[i];
        rh_word *o = &out->at[out->n++];
        memcpy(s, t->text + w->text_off, w->text_len);
        s[w->text_len] = '\0';
        *o = rh_hearing_word(t, w);
        o->text = s;
        s += w->text_len + 1;
    }
    return RH_OK;
}

static rh_status add_segment(rh_hearing *h, rh_speech_segment **out, rh_error *err)
{
    if (h->n_segments == h->cap_segments) {
        size_t cap = h->cap_segments ? h->cap_segments * 2 : 8;
        rh_speech_segment *s = rh_realloc(h->segments, cap * sizeof *s);
        if (!s)
            return rh_fail(err, RH_ERR_NOMEM, "segments: out of memory");
        h->segments = s;
        h->cap_segments = cap;
    }
    *out = &h->segments[h->n_segments++];
    **out = (rh_speech_segment){0};
    return RH_OK;
}

static void average_segments(const rh_transcript *part, rh_speech_segment *s)
{
    double log_p = 0.0, none = 0.0;
    int n = 0;
    for (int i = 0; i < part->n_segments; i++) {
        log_p += (double)part->segments[i].avg_logprob * part->segments[i].n_tokens;
        none += (double)part->segments[i].no_speech_prob;
        n += part->segments[i].n_tokens;
    }
    s->avg_logprob = n ? (float)(log_p / n) : 0.0f;
    s->no_speech_prob = part->n_segments ? (float)(none / part->n_segments) : 0.0f;
}

static rh_status pool(rh_hearing *h, rh_asr_stream *stream, rh_speech_segment *s, rh_error *err)
{
    size_t n = 2 * (size_t)h->info.n_state;
    float *x = rh_alloc_array(n, sizeof *x);
    if (!x)
        return rh_fail(err, RH_ERR_NOMEM, "encoder output: out of memory");
    rh_status st = rh_asr_pooled(stream, x, n, err);
    if (st != RH_OK) {
        rh_free(x);
        return st == RH_ERR_UNSUPPORTED ? RH_OK : st;
    }
    s->pooled = x;
    s->n_pooled = n;
    s->pooled_s = s->end - s->start;
    return RH_OK;
}

/* The words of `part` with their texts, for finding one's place in the reference. */
static rh_status reached(rh_hearing *h, const rh_transcript *part, size_t *bytes, rh_error *err)
{
    word_list words = {0};
    char *text = NULL;
    rh_status st = collect_words(part, &words, &text, err);
    if (st == RH_OK)
        st = rh_reference_reached(h->reference + h->reference_at, words.at, words.n, bytes, err);
    rh_free(text);
    rh_free(words.at);
    return st;
}

static rh_status force(rh_hearing *h, rh_asr_stream *stream, const rh_transcript *part,
                       rh_speech_segment *s, bool is_last, rh_error *err)
{
    const char *rest = h->reference + h->reference_at;
    size_t bytes = strlen(rest);
    s->first_forced = (size_t)h->forced.n_words;
    if (!is_last) {
        rh_status st = reached(h, part, &bytes, err);
        if (st != RH_OK)
            return st;
    }
    h->reference_at += bytes;
    /* Far more text than a piece of sound can hold: the speaker left the rest out. */
    if (bytes == 0 || bytes > LATEST_REFERENCE_BYTES)
        return RH_OK;
    char *piece = rh_strndup(rest, bytes), *text = piece ? rh_reference_text(piece) : NULL;
    rh_free(piece);
    if (!text)
        return rh_fail(err, RH_ERR_NOMEM, "reference text: out of memory");
    rh_status st = rh_asr_force(stream, text, &h->params, &h->part, err);
    rh_free(text);
    if (st == RH_ERR_UNSUPPORTED || st == RH_ERR_LIMIT) /* more than can be said in 30 s */
        return RH_OK;
    if (st == RH_OK)
        st = rh_transcript_append(&h->forced, &h->part, (double)s->start);
    s->n_forced = (size_t)h->forced.n_words - s->first_forced;
    return st;
}

static rh_status hear_verbatim(rh_hearing *h, rh_asr_stream *stream, const rh_transcript *part,
                               const rh_speech_segment *s, rh_error *err)
{
    rh_status st = rh_asr_verbatim(stream, part, &h->params, &h->part, err);
    if (st == RH_ERR_UNSUPPORTED)
        return RH_OK; /* the engine's clean words and the sound must do */
    return st == RH_OK ? rh_transcript_append(&h->verbatim, &h->part, (double)s->start) : st;
}

/* Asked of the first piece that is long enough to tell. Short and accented English is often taken
 * for something else, so the sound must leave no doubt (docs/api.md). */
static rh_status listen_for_language(rh_hearing *h, rh_asr_stream *stream, double length_s, rh_error *err)
{
    static const double LEAST_S = 3.0;
    static const float SURE = 0.85f, RULED_OUT = 0.02f;
    char code[RH_ASR_LANG_LEN];
    rh_heard_language heard;
    if (h->language_asked || length_s < LEAST_S || !h->params.language)
        return RH_OK;
    h->language_asked = true;
    if (!rh_asr_language(h->params.language, code) || !*code)
        return RH_OK;
    rh_status st = rh_asr_heard_language(stream, code, &heard, err);
    if (st == RH_ERR_UNSUPPORTED)
        return RH_OK;
    if (st == RH_OK && strcmp(heard.code, code) != 0 && heard.p >= SURE && heard.p_asked <= RULED_OUT)
        h->other = heard;
    return st;
}

static rh_status on_piece(void *user, rh_asr_stream *stream, const rh_transcript *part,
                          double from_s, double to_s, bool is_last, rh_error *err)
{
    rh_hearing *h = user;
    rh_speech_segment *s = NULL;
    rh_status st = add_segment(h, &s, err);
    if (st != RH_OK)
        return st;
    s->start = (float)from_s;
    s->end = (float)to_s;
    s->first_word = h->words.n; /* counted here, filled in once all are known */
    s->n_words = (size_t)part->n_words;
    h->words.n += s->n_words;
    average_segments(part, s);
    if (part->n_words == 0)
        return RH_OK;
    st = pool(h, stream, s, err);
    if (st == RH_OK)
        st = listen_for_language(h, stream, to_s - from_s, err);
    if (st == RH_OK && !h->no_verbatim)
        st = hear_verbatim(h, stream, part, s, err);
    if (st == RH_OK && h->reference)
        st = force(h, stream, part, s, is_last, err);
    return st;
}

static rh_status measure_sound(rh_hearing *h, const float *samples, size_t n, rh_error *err)
{
    rh_status st = rh_pitch_track_run(&h->track, samples, n, err);
    if (st != RH_OK)
        return st;
    const rh_pitch_track *t = &h->track;
    h->contour = (rh_contour){.n = t->n_hops, .f0_hz = t->f0_hz, .voicing = t->voicing,
                              .level_db = t->level_db, .change_db = t->change_db,
                              .noise_db = t->noise_db, .speech_db = t->speech_db,
                              .clipped = t->clipped, .peak = t->peak};
    return RH_OK;
}

static rh_status collect_spans(rh_hearing *h, size_t n_spans, rh_error *err)
{
    h->spans = rh_calloc(n_spans + 1, sizeof *h->spans);
    if (!h->spans)
        return rh_fail(err, RH_ERR_NOMEM, "speech spans: out of memory");
    for (size_t i = 0; i < n_spans; i++) {
        h->spans[i].start = (float)h->vad_spans[i].start / RH_ASR_RATE_HZ;
        h->spans[i].end = (float)h->vad_spans[i].end / RH_ASR_RATE_HZ;
        h->in.speech_s += (double)(h->spans[i].end - h->spans[i].start);
    }
    h->in.speech = h->spans;
    h->in.n_speech = n_spans;
    h->in.onset_s = n_spans ? (double)h->spans[0].start : 0.0;
    return RH_OK;
}

static void average_all(rh_hearing *h)
{
    double log_p = 0.0, none = 0.0, n = 0.0;
    for (size_t i = 0; i < h->n_segments; i++) {
        double words = (double)h->segments[i].n_words;
        log_p += (double)h->segments[i].avg_logprob * words;
        none += (double)h->segments[i].no_speech_prob * words;
        n += words;
    }
    h->in.avg_logprob = n > 0.0 ? (float)(log_p / n) : 0.0f;
    h->in.no_speech_prob = n > 0.0 ? (float)(none / n) : 0.0f;
}

static rh_status find_fillers(rh_hearing *h, rh_error *err)
{
    rh_status st = rh_disfluency_find(&h->in, h->verbatim_words.at, h->verbatim_words.n,
                                      &h->disfluency, err);
    if (st == RH_ERR_LIMIT)
        return RH_OK; /* hours of speech: counted by their words */
    if (st != RH_OK)
        return st;
    size_t n = h->disfluency.n_fillers;
    h->fillers = rh_calloc(n + 1, sizeof *h->fillers);
    if (!h->fillers)
        return rh_fail(err, RH_ERR_NOMEM, "fillers: out of memory");
    for (size_t i = 0; i < n; i++) {
        const rh_filler *f = &h->disfluency.fillers[i];
        h->fillers[i] = (rh_speech_filler){f->start, f->end, rh_filler_name(f->kind)};
    }
    h->in.fillers = h->fillers;
    h->in.n_fillers = n;
    h->in.fillers_known = true;
    return RH_OK;
}

static rh_status assemble(rh_hearing *h, size_t n, size_t n_spans, rh_error *err)
{
    rh_speech_input *in = &h->in;
    h->words.n = 0;
    rh_status st = collect_words(&h->transcript, &h->words, &h->word_text, err);
    if (st == RH_OK)
        st = collect_words(&h->forced, &h->forced_words, &h->forced_text, err);
    if (st == RH_OK)
        st = collect_words(&h->verbatim, &h->verbatim_words, &h->verbatim_text, err);
    if (st == RH_OK)
        st = collect_spans(h, n_spans, err);
    if (st != RH_OK)
        return st;
    in->words = h->words.at;
    in->n_words = h->words.n;
    in->forced = h->forced_words.at;
    in->n_forced = h->forced_words.n;
    in->segments = h->segments;
    in->n_segments = h->n_segments;
    in->duration_s = (double)n / RH_ASR_RATE_HZ;
    in->contour = &h->contour;
    in->language = h->transcript.language;
    in->reference = h->reference;
    in->model = h->model;
    average_all(h);
    return find_fillers(h, err);
}

static rh_status run(rh_hearing *h, rh_asr_stream *stream, const rh_vad_model *vad,
                     const float *samples, size_t n, const rh_hearing_options *o, rh_error *err)
{
    if (o->reference && o->reference[0]) {
        h->reference = rh_reference_text(o->reference); /* words apart, whatever is between them */
        if (!h->reference)
            return rh_fail(err, RH_ERR_NOMEM, "reference text: out of memory");
    }
    h->no_verbatim = o->no_verbatim;
    h->params = rh_asr_params_default();
    h->params.language = o->language;
    h->params.cancel = o->cancel;
    h->params.deadline_us = o->deadline_us;
    rh_asr_params p = h->params;
    p.progress = o->progress;
    p.progress_user = o->progress_user;
    size_t n_spans = 0;
    rh_status st = rh_recording_pieces(stream, vad, samples, n, &p, on_piece, h, &h->transcript,
                                       vad ? &h->vad_spans : NULL, &n_spans, err);
    if (st == RH_OK)
        st = measure_sound(h, samples, n, err);
    return st == RH_OK ? assemble(h, n, n_spans, err) : st;
}

rh_status rh_hearing_new(rh_hearing **out, rh_asr_stream *stream, const rh_asr_model *model,
                         const rh_vad_model *vad, const float *samples, size_t n,
                         const rh_hearing_options *o, rh_error *err)
{
    static const rh_hearing_options defaults = {0};
    rh_hearing *h = rh_calloc(1, sizeof *h);
    if (!h)
        return rh_fail(err, RH_ERR_NOMEM, "hearing: out of memory");
    rh_transcript_init(&h->transcript);
    rh_transcript_init(&h->forced);
    rh_transcript_init(&h->verbatim);
    rh_transcript_init(&h->part);
    h->info = rh_asr_model_describe(model);
    rh_hearing_model_name(model, h->model);
    rh_status st = run(h, stream, vad, samples, n, o ? o : &defaults, err);
    if (st != RH_OK) {
        rh_hearing_free(h);
        return st;
    }
    *out = h;
    return RH_OK;
}

const rh_speech_input *rh_hearing_input(const rh_hearing *h)
{
    return &h->in;
}

const rh_transcript *rh_hearing_transcript(const rh_hearing *h)
{
    return &h->transcript;
}

const rh_disfluency *rh_hearing_disfluency(const rh_hearing *h)
{
    return &h->disfluency;
}

const rh_transcript *rh_hearing_verbatim(const rh_hearing *h)
{
    return &h->verbatim;
}

const rh_heard_language *rh_hearing_other_language(const rh_hearing *h)
{
    return h->other.code[0] ? &h->other : NULL;
}

void rh_hearing_free(rh_hearing *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < h->n_segments; i++)
        rh_free((void *)(uintptr_t)h->segments[i].pooled);
    rh_free(h->segments);
    rh_free(h->spans);
    rh_free(h->vad_spans);
    rh_free(h->words.at);
    rh_free(h->forced_words.at);
    rh_free(h->word_text);
    rh_free(h->forced_text);
    rh_free(h->reference);
    rh_pitch_track_done(&h->track);
    rh_transcript_done(&h->transcript);
    rh_transcript_done(&h->forced);
    rh_transcript_done(&h->verbatim);
    rh_transcript_done(&h->part);
    rh_disfluency_done(&h->disfluency);
    rh_free(h->fillers);
    rh_free(h->verbatim_words.at);
    rh_free(h->verbatim_text);
    rh_free(h);
}
