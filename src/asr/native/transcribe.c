/* transcribe.c - recordings to transcripts on the native engine.
 *
 * A recording of at most 30 s is one window and is decoded without timestamp
 * tokens: they cost steps and gain nothing, word times come from the attention.
 * A longer one is decoded in windows with timestamps by openai-whisper's rules
 * (transcribe.py): a window begins where the last finished segment ended, and
 * sees the text before it, unless that was decoded at a temperature above 0.5. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "native_internal.h"
#include "rehearse/base/clock.h"
#include "asr/transcript_internal.h"

enum { MIN_SAMPLES = RH_ASR_RATE_HZ / 10 }; /* 100 ms: less is no speech */

typedef struct {
    native_stream *s;
    const rh_asr_params *p;
    rh_transcript *out;
    rh_error *err;
    int32_t history[MAX_HISTORY]; /* prompt: what was said before this window */
    int n_history;
    int32_t prefix[MAX_HISTORY];
    int n_prefix;
    double offset_s; /* of the window */
    bool timed;      /* its words have times */
} job;

/* Tokens of " text", its end when there are too many. */
static rh_status tokens_of(const job *j, const char *text, int32_t *out, int *n)
{
    int32_t all[4 * MAX_HISTORY];
    char line[8 * MAX_HISTORY];
    size_t len = strlen(text), count = 0;
    while (len && (*text == ' ' || *text == '\n'))
        text++, len--;
    while (len && (text[len - 1] == ' ' || text[len - 1] == '\n'))
        len--;
    *n = 0;
    if (!len)
        return RH_OK;
    if (len > sizeof line - 1) {
        text += len - (sizeof line - 1);
        len = sizeof line - 1;
    }
    line[0] = ' ';
    memcpy(line + 1, text, len);
    rh_status st = rh_tokenizer_encode(rh_dec_model_tokenizer(j->s->model->decoder), line, len + 1, all,
                                       sizeof all / sizeof *all, &count);
    if (st != RH_OK)
        return rh_fail(j->err, st, "prompt: out of memory");
    size_t have = count < sizeof all / sizeof *all ? count : sizeof all / sizeof *all;
    size_t take = have < MAX_HISTORY ? have : MAX_HISTORY;
    memcpy(out, all + have - take, take * sizeof *out);
    *n = (int)take;
    return RH_OK;
}

static void remember(job *j, const int32_t *tokens, int n)
{
    for (int i = 0; i < n; i++) {
        if (j->n_history == MAX_HISTORY) {
            memmove(j->history, j->history + 1, (MAX_HISTORY - 1) * sizeof *j->history);
            j->n_history--;
        }
        j->history[j->n_history++] = tokens[i];
    }
}

static rh_dec_params decoder_params(const job *j, bool timestamps)
{
    const rh_asr_params *p = j->p;
    rh_dec_params d = rh_dec_params_default();
    /* Once known, the language holds for the rest of the recording. */
    d.language = p->language ? p->language : j->out->language[0] ? j->out->language : NULL;
    d.translate = p->translate;
    d.timestamps = timestamps;
    d.beam = p->beam;
    d.temperature = p->temperature;
    d.fallback = p->fallback;
    d.logprob_min = p->logprob_min;
    d.compression_max = p->compression_max;
    d.no_speech_max = p->no_speech_max;
    d.prompt = j->history;
    d.n_prompt = j->n_history;
    d.prefix = j->prefix;
    d.n_prefix = j->n_prefix;
    d.filler_boost = p->filler_boost;
    d.terms = p->translate ? NULL : p->terms;
    d.cancel = p->cancel;
    d.give_way = p->give_way;
    d.give_way_user = p->give_way_user;
    d.deadline_us = p->deadline_us;
    if (p->beam == 1 && !timestamps) {
        d.draft = p->draft;
        d.n_draft = p->n_draft;
        d.keep_to_draft = p->keep_to_draft;
    }
    return d;
}

/* People say three or four tokens a second (sixteen where a script has one for each byte); hotter
 * tries may together take what three usual ones take. */
static void limit_work(rh_dec_params *d, int n_hops)
{
    d->max_tokens = 32 + n_hops * 16 / 100;
    d->retry_steps = 60 + n_hops * 8 / 100;
}

static bool skip_window(const job *j)
{
    const rh_dec_result *r = &j->s->result;
    return r->no_speech_prob > j->p->no_speech_max && r->avg_logprob <= j->p->logprob_min;
}

/* Start of each text token of the planned segments, in s from the window's start. */
static rh_status find_times(job *j, const rh_dec_params *d)
{
    native_stream *s = j->s;
    const rh_window_plan *plan = &s->plan;
    int32_t eot = rh_tokenizer_special(rh_dec_model_tokenizer(s->model->decoder))->eot;
    int32_t text[RH_DEC_MAX_TOKENS];
    int n = 0, end = plan->n_segments ? plan->segments[plan->n_segments - 1].end : 0;
    /* The prefix has its place in the sound too. */
    int n_prefix = j->n_prefix + end < RH_DEC_MAX_TOKENS ? j->n_prefix : 0;
    for (int i = 0; i < n_prefix; i++)
        if (j->prefix[i] < eot)
            text[n++] = j->prefix[i];
    n_prefix = n;
    for (int i = 0; i < end; i++)
        if (s->result.tokens[i].id < eot)
            text[n++] = s->result.tokens[i].id;
    if (n == n_prefix)
        return RH_OK;
    rh_status st = rh_dec_align(s->decoder, d, text, n, s->kept.n_speech, s->starts, j->err);
    if (st == RH_OK && n_prefix > 0)
        memmove(s->starts, s->starts + n_prefix, (size_t)(n - n_prefix + 1) * sizeof *s->starts);
    return st;
}

static rh_status add_token(job *j, const rh_dec_token *t, double start, double end)
{
    size_t len = 0;
    const char *bytes = rh_tokenizer_bytes(rh_dec_model_tokenizer(j->s->model->decoder), t->id, &len);
    rh_asr_token token = {
        .id = t->id,
        .start = (float)start,
        .end = (float)end,
        .p = t->p,
        .entropy = t->entropy,
        .p_rival = t->p_rival,
        .rival_id = t->rival_id,
        .p_filler = t->p_filler,
    };
    return rh_transcript_add_token(j->out, &token, bytes, len);
}

/* Adds one planned segment; `at` counts the window's text tokens. */
static rh_status add_segment(job *j, const rh_window_segment *w, int *at)
{
    const native_stream *s = j->s;
    const rh_dec_result *r = &s->result;
    int32_t eot = rh_tokenizer_special(rh_dec_model_tokenizer(s->model->decoder))->eot;
    bool timed = j->timed;
    double start = j->offset_s + (double)w->start_s, end = j->offset_s + (double)w->end_s;
    rh_asr_segment segment = {
        .start = (float)start,
        .end = (float)end,
        .window = (float)j->offset_s,
        .avg_logprob = r->avg_logprob,
        .no_speech_prob = r->no_speech_prob,
        .compression_ratio = r->compression_ratio,
        .temperature = r->temperature,
        .first_token = j->out->n_tokens,
    };
    int first = *at;
    rh_status st = RH_OK;
    for (int i = w->first; i < w->end && st == RH_OK; i++) {
        if (r->tokens[i].id >= eot)
            continue;
        double from = timed ? j->offset_s + (double)s->starts[*at] : start;
        double to = timed ? j->offset_s + (double)s->starts[*at + 1] : start;
        st = add_token(j, &r->tokens[i], from, to);
        ++*at;
    }
    if (st == RH_OK && *at == first)
        return RH_OK; /* timestamps only */
    if (timed && r->n_tokens && !(r->tokens[0].id >= eot)) {
        /* Decoded without timestamps: the first and the last word say where the segment lies. */
        segment.start = (float)(j->offset_s + (double)s->starts[first]);
        segment.end = (float)(j->offset_s + (double)s->starts[*at]);
    }
    return st == RH_OK ? rh_transcript_end_segment(j->out, &segment, timed) : st;
}

/* The draft was kept to, all of it: who gave it knows its times. */
static bool is_draft(const job *j, const rh_dec_params *d)
{
    const rh_dec_result *r = &j->s->result;
    if (!d->keep_to_draft || r->n_tokens != d->n_draft)
        return false;
    for (int i = 0; i < r->n_tokens; i++)
        if (r->tokens[i].id != d->draft[i])
            return false;
    return true;
}

static rh_status add_window(job *j, const rh_dec_params *d)
{
    int at = 0;
    j->timed = j->p->word_times && !is_draft(j, d);
    rh_status st = j->timed ? find_times(j, d) : RH_OK;
    for (int i = 0; i < j->s->plan.n_segments && st == RH_OK; i++)
        st = add_segment(j, &j->s->plan.segments[i], &at);
    if (st == RH_ERR_NOMEM)
        (void)rh_fail(j->err, st, "transcript: out of memory");
    return st;
}

/* Without timestamps a window full of speech now and then ends after its first word ("One." for
 * 30 s of a sonnet), with a probability that looks well. */
static bool ended_early(const job *j, const rh_dec_result *r, int n_hops)
{
    enum { SHORTEST_HOPS = 800, HOPS_A_TOKEN = 100 /* people say three or four tokens a second */ };
    return !j->n_prefix && n_hops >= SHORTEST_HOPS && r->n_tokens * HOPS_A_TOKEN < n_hops;
}

static int count_text(const rh_dec_result *r, int32_t eot)
{
    int n = 0;
    for (int i = 0; i < r->n_tokens; i++)
        n += r->tokens[i].id < eot;
    return n;
}

/* Decodes with timestamps when there is little text without, and keeps what is clearly more. */
static rh_status run_decoder(job *j, rh_dec_params *d, int n_hops)
{
    native_stream *s = j->s;
    int32_t eot = rh_tokenizer_special(rh_dec_model_tokenizer(s->model->decoder))->eot;
    rh_status st = rh_dec_run(s->decoder, d, &s->result, j->err);
    if (st != RH_OK || d->timestamps || !ended_early(j, &s->result, n_hops))
        return st;
    rh_dec_result first = s->result;
    rh_dec_params again = *d;
    again.timestamps = true;
    again.n_draft = 0;
    st = rh_dec_run(s->decoder, &again, &s->result, j->err);
    s->result.n_steps += first.n_steps;
    if (st != RH_OK ||
        (count_text(&s->result, eot) > 2 * count_text(&first, eot) && s->result.avg_logprob > j->p->logprob_min))
        return st;
    first.n_steps = s->result.n_steps;
    s->result = first;
    return RH_OK;
}

static void give_way(const job *j)
{
    if (j->p->give_way)
        j->p->give_way(j->p->give_way_user);
}

static rh_status encode_window(job *j, const rh_enc_window *w)
{
    native_stream *s = j->s;
    s->kept.n_pos = 0;
    give_way(j);
    rh_status st = rh_enc_run(s->encoder, w, &s->kept, j->err);
    if (st != RH_OK)
        return st;
    give_way(j);
    int64_t start = rh_now_us();
    st = rh_dec_set_audio(s->decoder, s->kept.states, s->kept.n_pos, j->err);
    j->out->encode_us += s->kept.wall_us + rh_now_us() - start;
    return st;
}

/* Now and then the kept silence leads the decoder into repetitions where the whole window does
 * not: an answer that would be decoded again hotter is first tried on the whole window. */
static rh_status answer_window(job *j, rh_dec_params *d, const rh_enc_window *w, int n_hops)
{
    native_stream *s = j->s;
    bool shortened = w && s->kept.n_pos < RH_ENC_WINDOW_HOPS / RH_WINDOW_POS_HOPS;
    if (!shortened || !d->fallback || d->temperature > 0.0f)
        return run_decoder(j, d, n_hops);
    d->fallback = false;
    rh_status st = run_decoder(j, d, n_hops);
    d->fallback = true;
    if (st != RH_OK || rh_dec_good_enough(d, &s->result) || rh_dec_other_language(s->decoder, d->language))
        return st;
    int n_steps = s->result.n_steps;
    rh_enc_window whole = *w;
    whole.whole = true;
    d->n_draft = 0;
    st = encode_window(j, &whole);
    if (st == RH_OK)
        st = run_decoder(j, d, n_hops);
    s->result.n_steps += n_steps;
    return st;
}

/* Decodes the window whose audio the decoder holds; n_hops of sound are in it. `w` is how it was
 * encoded, NULL when it can't be again. */
static rh_status decode_window(job *j, const rh_enc_window *w, bool timestamps, int n_hops)
{
    native_stream *s = j->s;
    const rh_special_tokens *t = rh_tokenizer_special(rh_dec_model_tokenizer(s->model->decoder));
    int32_t ids[RH_DEC_MAX_TOKENS];
    rh_dec_params d = decoder_params(j, timestamps);
    limit_work(&d, n_hops);
    int64_t start = rh_now_us() + j->out->encode_us;
    rh_status st = answer_window(j, &d, w, n_hops);
    if (st == RH_OK) {
        memcpy(j->out->language, s->result.language, sizeof j->out->language);
        j->out->n_steps += s->result.n_steps;
        d.language = j->out->language;
        for (int i = 0; i < s->result.n_tokens; i++)
            ids[i] = s->result.tokens[i].id;
        rh_window_plan_make(&s->plan, ids, s->result.n_tokens, t->timestamp_begin, n_hops);
        while (s->plan.n_segments > 1 && s->plan.segments[s->plan.n_segments - 1].start_s * 100.0f >= (float)n_hops)
            s->plan.n_segments--; /* said after the end of the sound */
        if (skip_window(j)) {
            s->plan.n_segments = 0;
            s->plan.advance_hops = n_hops;
        } else {
            st = add_window(j, &d);
        }
    }
    if (st == RH_OK && timestamps) {
        int end = s->plan.n_segments ? s->plan.segments[s->plan.n_segments - 1].end : 0;
        remember(j, ids, end);
        if (s->result.temperature > 0.5f)
            j->n_history = 0;
    }
    j->out->decode_us += rh_now_us() + j->out->encode_us - start;
    return st;
}

static bool canceled(const rh_asr_params *p)
{
    return p->cancel && atomic_load_explicit(p->cancel, memory_order_relaxed);
}

/* The reference lets the next window begin at the end of the last word, where words are timed. */
static size_t next_window(const job *j, size_t seek)
{
    const rh_window_plan *plan = &j->s->plan;
    size_t next = seek + (size_t)plan->advance_hops;
    if (plan->finished || !plan->n_segments || !j->p->word_times || !j->out->n_words)
        return next;
    double end = (double)j->out->words[j->out->n_words - 1].end;
    size_t at = (size_t)lrint(end * 100.0);
    return end > j->offset_s && at > seek ? at : next;
}

static rh_status long_recording(job *j, const float *samples, size_t n)
{
    native_stream *s = j->s;
    size_t content = n / RH_MEL_HOP, seek = 0;
    float max = rh_log_mel_max(rh_enc_model_mel(s->model->encoder), samples, n);
    while (seek < content) {
        if (canceled(j->p))
            return rh_fail(j->err, RH_ERR_CANCELED, "canceled");
        size_t hops = content - seek < RH_ENC_WINDOW_HOPS ? content - seek : RH_ENC_WINDOW_HOPS;
        rh_enc_window w = {.samples = samples,
                           .n = n,
                           .first_hop = seek,
                           .n_hops = hops,
                           .max = &max,
                           .deadline_us = j->p->deadline_us};
        j->offset_s = (double)seek * RH_MEL_HOP / RH_ASR_RATE_HZ;
        rh_status st = encode_window(j, &w);
        if (st == RH_OK)
            st = decode_window(j, &w, true, (int)hops);
        if (st != RH_OK)
            return st;
        seek = next_window(j, seek);
        j->n_prefix = 0; /* the prefix began the first window */
        if (j->p->progress)
            j->p->progress(j->p->progress_user, seek < content ? (double)seek / (double)content : 1.0);
    }
    s->kept.n_pos = 0; /* what is kept is only the last window */
    return RH_OK;
}

static rh_status start_job(job *j)
{
    rh_status st = j->p->prompt ? tokens_of(j, j->p->prompt, j->history, &j->n_history) : RH_OK;
    if (st == RH_OK && j->p->prefix)
        st = tokens_of(j, j->p->prefix, j->prefix, &j->n_prefix);
    return st;
}

rh_status native_transcribe(void *stream, const float *samples, size_t n, const rh_asr_params *p, rh_transcript *out,
                            rh_error *err)
{
    native_stream *s = stream;
    job j = {.s = s, .p = p, .out = out, .err = err};
    s->kept.n_pos = 0;
    if (n < MIN_SAMPLES)
        return RH_OK;
    rh_status st = start_job(&j);
    if (st != RH_OK)
        return st;
    if (n > (size_t)RH_ENC_WINDOW_HOPS * RH_MEL_HOP)
        return long_recording(&j, samples, n);
    size_t hops = rh_log_mel_n_hops(n);
    rh_enc_window w = {.samples = samples, .n = n, .n_hops = hops, .deadline_us = p->deadline_us};
    s->kept_samples = n;
    st = encode_window(&j, &w);
    if (st == RH_OK)
        st = decode_window(&j, &w, false, (int)(n / RH_MEL_HOP));
    if (st == RH_OK && p->progress)
        p->progress(p->progress_user, 1.0);
    return st;
}

static rh_status need_kept(const native_stream *s, rh_error *err)
{
    if (s->kept.n_pos > 0)
        return RH_OK;
    return rh_fail(err, RH_ERR_INVAL, "no recording of at most 30 s was transcribed before");
}

rh_status native_redecode(void *stream, const rh_asr_params *p, rh_transcript *out, rh_error *err)
{
    native_stream *s = stream;
    job j = {.s = s, .p = p, .out = out, .err = err};
    rh_status st = need_kept(s, err);
    if (st == RH_OK)
        st = start_job(&j);
    return st == RH_OK ? decode_window(&j, NULL, false, (int)(s->kept_samples / RH_MEL_HOP)) : st;
}

/* Puts the tokens of `text` into the stream's result, with what the decoder thinks of them. */
static rh_status force_tokens(job *j, const char *text, const rh_dec_params *d)
{
    native_stream *s = j->s;
    rh_dec_result *r = &s->result;
    const rh_tokenizer *t = rh_dec_model_tokenizer(s->model->decoder);
    enum { MAX_FORCED = RH_DEC_MAX_TOKENS - 5 };
    int32_t ids[RH_DEC_MAX_TOKENS];
    size_t n = 0;
    char line[16 * RH_DEC_MAX_TOKENS];
    *r = (rh_dec_result){.n_tokens = 0};
    while (*text == ' ')
        text++;
    if (!*text)
        return RH_OK;
    int len = snprintf(line, sizeof line, " %s", text);
    if (len < 0 || (size_t)len >= sizeof line)
        return rh_fail(j->err, RH_ERR_LIMIT, "text of %d bytes: at most %zu fit one window", len, sizeof line - 1);
    rh_status st = rh_tokenizer_encode(t, line, (size_t)len, ids, RH_DEC_MAX_TOKENS, &n);
    if (st != RH_OK)
        return rh_fail(j->err, st, "text: out of memory");
    if (n > MAX_FORCED)
        return rh_fail(j->err, RH_ERR_LIMIT, "text of %zu tokens: at most %d fit one window", n, MAX_FORCED);
    r->n_tokens = (int)n;
    st = rh_dec_force(s->decoder, d, ids, (int)n, r->tokens, j->err);
    for (size_t i = 0; i < n && st == RH_OK; i++)
        r->avg_logprob += r->tokens[i].logprob / (float)n;
    r->compression_ratio = rh_compression_ratio(line, (size_t)len);
    return st;
}

rh_status native_force(void *stream, const char *text, const rh_asr_params *p, rh_transcript *out, rh_error *err)
{
    native_stream *s = stream;
    rh_asr_params timed = *p;
    timed.word_times = true;
    job j = {.s = s, .p = &timed, .out = out, .err = err};
    rh_status st = need_kept(s, err);
    if (st != RH_OK)
        return st;
    int64_t start = rh_now_us();
    rh_dec_params d = decoder_params(&j, false);
    st = force_tokens(&j, text, &d);
    if (st == RH_OK && s->result.n_tokens) {
        s->plan.n_segments = 1;
        s->plan.segments[0] = (rh_window_segment){.end = s->result.n_tokens};
        st = add_window(&j, &d);
    }
    out->decode_us = rh_now_us() - start;
    return st;
}
