/* run.c - recordings to transcripts with whisper.cpp.
 *
 * Rules of decoding are whisper.cpp's; where openai-whisper differs and a
 * callback allows it, the reference's rule holds: the first token is a
 * timestamp, and symbols that are not speech are suppressed. Its cut of the
 * encoder's window (audio_ctx) is not used: it costs words.
 * Token times come from its dynamic time warping over the alignment heads,
 * which tells when each token ends; a token starts where the one before ended.
 * Its C API gives those only for what whisper_full() decodes: a verbatim decode
 * and a given text therefore run on the kept sound again, encoder included. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "asr/transcript_internal.h"
#include "whisper_cpp_internal.h"

enum {
    MAX_BEAM = 8,                  /* WHISPER_MAX_DECODERS */
    CS = 100,                      /* whisper.cpp counts time in 1/100 s */
    LEAST = RH_ASR_RATE_HZ / 10,   /* it takes nothing below 100 ms */
    SHORTEST = RH_ASR_RATE_HZ / 5, /* below 160 ms its time warping ends the process */
    SHORTEST_CS = 16,
    WINDOW = 30 * RH_ASR_RATE_HZ,
    WINDOW_CS = 30 * CS,
    MAX_STAMP = 1500, /* the timestamp of 30 s */
};

static bool canceled(const wcpp_stream *s)
{
    return s->p->cancel && atomic_load_explicit(s->p->cancel, memory_order_relaxed);
}

static bool on_abort(void *user)
{
    return canceled(user);
}

static void on_progress(struct whisper_context *ctx, struct whisper_state *state, int percent, void *user)
{
    (void)ctx;
    (void)state;
    const wcpp_stream *s = user;
    if (s->p->progress)
        s->p->progress(s->p->progress_user, percent < 100 ? percent / 100.0 : 1.0);
}

/* From the text so far: which timestamps came together, and which was the last. */
static void note_stamps(wcpp_stream *s, const whisper_token_data *tokens, int n)
{
    int beg = whisper_token_beg(s->m->ctx);
    if (n == 0) {
        s->last_stamp = -1;
        for (size_t i = 0; i < sizeof s->next_stamp / sizeof *s->next_stamp; i++)
            s->next_stamp[i] = -1;
        return;
    }
    int stamp = tokens[n - 1].id - beg;
    int before = n > 1 ? tokens[n - 2].id - beg : -1;
    s->stamp_alone = stamp > 0 && n > 1 && before < 0;
    if (stamp > 0)
        s->last_stamp = stamp;
    if (stamp > 0 && before > 0 && before <= MAX_STAMP)
        s->next_stamp[before] = (int16_t)stamp;
}

/* How far the window before reached, by the rules of whisper_full(). */
static int next_seek(const wcpp_stream *s, struct whisper_state *state)
{
    int n = whisper_full_n_segments_from_state(state), stamp = s->last_stamp;
    bool alone = s->stamp_alone;
    if (!s->p->timestamps)
        return s->seek + WINDOW_CS;
    if (n > s->n_segments) { /* of several decodes these are the segments of the one chosen */
        int last = whisper_full_n_tokens_from_state(state, n - 1) - 1;
        int end = (int)whisper_full_get_segment_t1_from_state(state, n - 1);
        if (last < 0 || whisper_full_get_token_id_from_state(state, n - 1, last) <= whisper_token_beg(s->m->ctx))
            return end;
        stamp = (end - s->seek) / 2;
        int next = stamp > 0 && stamp <= MAX_STAMP ? s->next_stamp[stamp] : -1;
        alone = next < 0;
        stamp = next > stamp ? next : stamp;
    }
    return alone || stamp < 0 ? s->seek + WINDOW_CS : s->seek + 2 * stamp;
}

/* False for a last window that is too short for the time warping. */
static bool begin_window(wcpp_stream *s, struct whisper_state *state)
{
    pthread_mutex_lock(&s->steps.lock);
    if (s->n_windows > 0)
        s->seek = next_seek(s, state);
    pthread_mutex_unlock(&s->steps.lock);
    s->n_segments = whisper_full_n_segments_from_state(state);
    return whisper_n_len_from_state(state) - s->seek >= SHORTEST_CS;
}

static bool on_window(struct whisper_context *ctx, struct whisper_state *state, void *user)
{
    (void)ctx;
    wcpp_stream *s = user;
    if (!begin_window(s, state))
        return false;
    if (s->n_windows < WCPP_MAX_WINDOWS) {
        s->first_segment[s->n_windows] = whisper_full_n_segments_from_state(state);
        s->n_tries[s->n_windows++] = 0;
    }
    s->encode_from_us = rh_now_us();
    return !canceled(s);
}

/* Leaves only `token` possible. */
static void leave_only(float *logits, int n, int32_t token)
{
    float keep = logits[token] > -INFINITY ? logits[token] : 0.0f;
    for (int i = 0; i < n; i++)
        logits[i] = -INFINITY;
    logits[token] = keep;
}

/* The token that must come after n_text text tokens of this window, -1 when it is free. */
static int32_t next_given(const wcpp_stream *s, int n_text)
{
    if (s->n_windows > 1)
        return -1;
    if (n_text < s->n_given)
        return s->given[n_text];
    return s->forced ? whisper_token_eot(s->m->ctx) : -1;
}

static void apply_rules(wcpp_stream *s, const whisper_token_data *tokens, int n_tokens, int n_text, float *logits)
{
    struct whisper_context *ctx = s->m->ctx;
    int eot = whisper_token_eot(ctx);
    if (s->own_timestamps && n_tokens == 0) {
        for (int i = 0; i <= eot; i++)
            logits[i] = -INFINITY; /* reference: the first token is a timestamp */
        return;
    }
    if (s->own_timestamps) /* a first segment that short would be too short for the time warping */
        for (int i = 1; i < SHORTEST / (RH_ASR_RATE_HZ / 50); i++)
            logits[whisper_token_beg(ctx) + i] = -INFINITY;
    if (s->p->filler_boost == 0.0f)
        return;
    /* A word that ends with a hyphen goes on; everything else may be followed by a filler. */
    const char *last = n_text ? whisper_token_to_str(ctx, tokens[n_tokens - 1].id) : "";
    size_t len = strlen(last);
    if (len > 0 && last[len - 1] == '-')
        return;
    for (int i = 0; i < s->m->n_fillers; i++)
        logits[s->m->fillers[i]] += s->p->filler_boost;
}

static void on_logits(struct whisper_context *ctx, struct whisper_state *state, const whisper_token_data *tokens,
                      int n_tokens, float *logits, void *user)
{
    (void)state;
    wcpp_stream *s = user;
    int eot = whisper_token_eot(ctx), n = whisper_n_vocab(ctx), n_text = 0;
    uint64_t key = rh_steps_key((uint64_t)s->n_windows, -1);
    for (int i = 0; i < n_tokens; i++) {
        if (tokens[i].id >= eot)
            continue;
        key = rh_steps_key(key, tokens[i].id);
        n_text++;
    }
    int32_t given = next_given(s, n_text);
    bool free_choice = given < 0 || (s->own_timestamps && n_tokens == 0);
    if (free_choice)
        apply_rules(s, tokens, n_tokens, n_text, logits);
    rh_steps_add(&s->steps, key, logits, n, given);
    if (!free_choice)
        leave_only(logits, n, given);
    pthread_mutex_lock(&s->steps.lock);
    note_stamps(s, tokens, n_tokens);
    s->n_steps++;
    if (n_tokens == 0) {
        if (s->encode_from_us)
            s->encode_us += rh_now_us() - s->encode_from_us;
        s->encode_from_us = 0;
        if (s->n_windows > 0)
            s->n_tries[s->n_windows - 1]++;
    }
    pthread_mutex_unlock(&s->steps.lock);
}

/* `text` (NULL = none) is what the first window begins with. */
static rh_status set_given(wcpp_stream *s, const char *text, bool forced, rh_error *err)
{
    size_t n = 0;
    s->n_given = s->n_given_seen = 0;
    s->forced = forced;
    while (text && *text == ' ')
        text++;
    if (!text || !*text)
        return RH_OK;
    size_t len = strlen(text);
    char *line = rh_alloc(len + 2); /* the first word follows a space, as every word */
    rh_status st = line ? RH_OK : RH_ERR_NOMEM;
    if (line) {
        (void)snprintf(line, len + 2, " %s", text);
        st = rh_tokenizer_encode(s->m->tokenizer, line, len + 1, s->given, WCPP_MAX_GIVEN, &n);
    }
    rh_free(line);
    if (st != RH_OK)
        return rh_fail(err, st, "given text: out of memory");
    if (n > WCPP_MAX_GIVEN)
        return rh_fail(err, RH_ERR_LIMIT,
                       "the given text has %zu tokens: with whisper.cpp at most "
                       "%d fit one window",
                       n, WCPP_MAX_GIVEN);
    s->n_given = (int)n;
    return RH_OK;
}

static rh_status make_params(wcpp_stream *s, const rh_asr_params *p, struct whisper_full_params *out, rh_error *err)
{
    if (p->beam > MAX_BEAM)
        return rh_fail(err, RH_ERR_INVAL, "whisper.cpp takes beams up to %d, not %d", MAX_BEAM, p->beam);
    bool multilingual = s->m->info.multilingual;
    if (p->language && (whisper_lang_id(p->language) < 0 || (!multilingual && strcmp(p->language, "en") != 0)))
        return rh_fail(err, RH_ERR_INVAL, "the model does not know the language \"%s\"", p->language);
    if (p->translate && !multilingual)
        return rh_fail(err, RH_ERR_INVAL, "an English-only model cannot translate");
    struct whisper_full_params w =
        whisper_full_default_params(p->beam > 1 ? WHISPER_SAMPLING_BEAM_SEARCH : WHISPER_SAMPLING_GREEDY);
    w.n_threads = s->m->info.n_threads;
    w.beam_search.beam_size = p->beam;
    w.translate = p->translate;
    w.no_context = true;
    w.no_timestamps = !p->timestamps;
    w.print_progress = w.print_realtime = w.print_special = w.print_timestamps = false;
    w.suppress_nst = w.suppress_blank = !s->forced; /* a given text may hold anything */
    w.initial_prompt = p->prompt && *p->prompt ? p->prompt : NULL;
    w.language = p->language ? p->language : multilingual ? "auto" : "en";
    w.temperature = p->temperature;
    w.temperature_inc = p->fallback ? 0.2f : 0.0f;
    w.logprob_thold = p->logprob_min;
    w.entropy_thold = p->compression_max; /* its own measure of loops, on the same scale */
    w.no_speech_thold = s->forced ? 1.0f : p->no_speech_max;
    w.abort_callback = on_abort;
    w.progress_callback = on_progress;
    w.encoder_begin_callback = on_window;
    w.logits_filter_callback = on_logits;
    w.abort_callback_user_data = w.progress_callback_user_data = s;
    w.encoder_begin_callback_user_data = w.logits_filter_callback_user_data = s;
    *out = w;
    return RH_OK;
}

static void add_details(wcpp_stream *s, uint64_t key, rh_asr_token *t)
{
    rh_step step;
    if (!rh_steps_find(&s->steps, key, &step))
        return;
    bool is_best = step.best == t->id;
    t->entropy = step.entropy;
    if (s->forced)
        t->p = step.p_given;
    t->rival_id = is_best ? step.second : step.best;
    t->p_filler = 1.0f;
    t->p_rival = is_best ? step.p_second : step.p_best;
}

/* Copies segment i; `key` runs on through a window, *from_cs is where its next token starts. */
static rh_status copy_segment(wcpp_stream *s, int i, int window, uint64_t *key, int64_t *from_cs, rh_transcript *out)
{
    struct whisper_context *ctx = s->m->ctx;
    int64_t t0 = whisper_full_get_segment_t0_from_state(s->state, i);
    int64_t t1 = whisper_full_get_segment_t1_from_state(s->state, i);
    rh_asr_segment seg = {
        .start = (float)t0 / CS,
        .end = (float)t1 / CS,
        .window =
            window > 0 ? (float)whisper_full_get_segment_t0_from_state(s->state, s->first_segment[window]) / CS : 0,
        .first_token = out->n_tokens,
        .no_speech_prob = whisper_full_get_segment_no_speech_prob_from_state(s->state, i),
    };
    double sum = 0;
    int n = whisper_full_n_tokens_from_state(s->state, i), n_sum = 0;
    size_t text_from = out->_len_text;
    int64_t from = *from_cs > t0 ? *from_cs : t0;
    for (int k = 0; k < n; k++) {
        whisper_token_data d = whisper_full_get_token_data_from_state(s->state, i, k);
        if (!s->forced)
            sum += (double)d.plog;
        n_sum++;
        if (d.id >= whisper_token_eot(ctx))
            continue;
        bool known = !s->forced && window <= 0 && s->n_given_seen < s->n_given;
        int64_t to = d.t_dtw > from ? d.t_dtw : from;
        rh_asr_token t = {
            .id = d.id, .start = (float)from / CS, .end = (float)to / CS, .p = d.p, .rival_id = -1, .p_filler = 1.0f};
        add_details(s, *key, &t);
        if (s->forced)
            sum += log(fmax((double)t.p, 1e-9));
        *key = rh_steps_key(*key, d.id);
        from = to;
        if (known) {
            s->n_given_seen++;
            continue;
        }
        const char *text = whisper_token_to_str(ctx, d.id);
        rh_status st = rh_transcript_add_token(out, &t, text, strlen(text));
        if (st != RH_OK)
            return st;
    }
    *from_cs = from;
    seg.avg_logprob = n_sum ? (float)(sum / n_sum) : 0;
    seg.compression_ratio =
        rh_compression_ratio(out->_len_text ? out->text + text_from : "", out->_len_text - text_from);
    int tries = window >= 0 ? s->n_tries[window] : 1;
    seg.temperature = s->p->temperature + 0.2f * (float)(tries > 1 ? tries - 1 : 0);
    return rh_transcript_end_segment(out, &seg, s->p->word_times);
}

static rh_status copy_result(wcpp_stream *s, rh_transcript *out)
{
    int n = whisper_full_n_segments_from_state(s->state), window = -1;
    uint64_t key = 0;
    int64_t from_cs = 0;
    const char *lang = s->m->info.multilingual ? whisper_lang_str(whisper_full_lang_id_from_state(s->state)) : "en";
    if (lang)
        (void)snprintf(out->language, sizeof out->language, "%s", lang);
    for (int i = 0; i < n; i++) {
        while (window + 1 < s->n_windows && s->first_segment[window + 1] <= i)
            key = rh_steps_key((uint64_t)(++window + 1), -1);
        rh_status st = copy_segment(s, i, window, &key, &from_cs, out);
        if (st != RH_OK)
            return st;
    }
    return RH_OK;
}

/* Decodes `samples` by what set_given() set. */
static rh_status run(wcpp_stream *s, const float *samples, size_t n, const rh_asr_params *p, rh_transcript *out,
                     rh_error *err)
{
    struct whisper_full_params w;
    s->p = p;
    rh_status st = make_params(s, p, &w, err);
    if (st != RH_OK)
        return st;
    if (!s->state && !(s->state = whisper_init_state(s->m->ctx)))
        return rh_fail(err, RH_ERR_NOMEM, "whisper.cpp has no memory for the stream");
    s->own_timestamps = p->timestamps;
    s->encode_from_us = s->encode_us = 0;
    s->n_steps = s->n_windows = s->seek = s->n_segments = 0;
    rh_steps_clear(&s->steps);
    int64_t from = rh_now_us();
    int rc = whisper_full_with_state(s->m->ctx, s->state, w, samples, (int)n);
    if (canceled(s))
        return rh_fail(err, RH_ERR_CANCELED, "the transcription was canceled");
    if (rc != 0) {
        if (rc == -7)
            s->state = NULL; /* it has freed the state itself */
        return rh_fail(err, RH_ERR_NOMEM, "whisper.cpp failed (%d): probably out of memory", rc);
    }
    st = copy_result(s, out);
    out->encode_us = s->encode_us;
    out->decode_us = rh_now_us() - from - s->encode_us;
    out->n_steps = s->n_steps;
    return st == RH_OK ? st : rh_fail(err, st, "transcript: %s", rh_status_name(st));
}

/* Copies a window's sound, for decodes to come. */
static rh_status keep(wcpp_stream *s, const float *samples, size_t n, rh_error *err)
{
    if (!s->kept)
        s->kept = rh_alloc_array(WINDOW, sizeof *s->kept);
    if (!s->kept)
        return rh_fail(err, RH_ERR_NOMEM, "speech stream: out of memory");
    memcpy(s->kept, samples, n * sizeof *samples);
    for (s->n_kept = n; s->n_kept < SHORTEST; s->n_kept++)
        s->kept[s->n_kept] = 0.0f;
    return RH_OK;
}

rh_status wcpp_transcribe(void *stream, const float *samples, size_t n, const rh_asr_params *p, rh_transcript *out,
                          rh_error *err)
{
    wcpp_stream *s = stream;
    s->n_kept = 0;
    if (n > INT32_MAX)
        return rh_fail(err, RH_ERR_LIMIT, "the recording is too long for whisper.cpp");
    rh_status st = set_given(s, p->prefix, false, err);
    if (st == RH_OK && n >= LEAST && n <= WINDOW) {
        st = keep(s, samples, n, err);
        samples = s->kept;
        n = s->n_kept;
    }
    if (st != RH_OK)
        return st;
    if (n < LEAST) { /* wrong parameters are an error all the same */
        struct whisper_full_params w;
        s->p = p;
        return make_params(s, p, &w, err);
    }
    st = run(s, samples, n, p, out, err);
    memcpy(s->language, out->language, sizeof s->language);
    return st;
}

rh_status wcpp_nothing_kept(rh_error *err)
{
    return rh_fail(err, RH_ERR_INVAL, "no recording of at most 30 s was transcribed before");
}

rh_status wcpp_redecode(void *stream, const rh_asr_params *p, rh_transcript *out, rh_error *err)
{
    wcpp_stream *s = stream;
    rh_asr_params again = *p;
    if (!s->n_kept)
        return wcpp_nothing_kept(err);
    if (!p->language && s->language[0])
        again.language = s->language;
    rh_status st = set_given(s, p->prefix, false, err);
    return st == RH_OK ? run(s, s->kept, s->n_kept, &again, out, err) : st;
}

rh_status wcpp_force(void *stream, const char *text, const rh_asr_params *p, rh_transcript *out, rh_error *err)
{
    wcpp_stream *s = stream;
    rh_asr_params q = *p;
    if (!s->n_kept)
        return wcpp_nothing_kept(err);
    if (!p->language && s->language[0])
        q.language = s->language;
    q.timestamps = q.fallback = false;
    q.word_times = true;
    q.beam = 1;
    q.temperature = q.filler_boost = 0.0f;
    q.prompt = NULL;
    rh_status st = set_given(s, text, true, err);
    if (st != RH_OK || s->n_given == 0)
        return st;
    return run(s, s->kept, s->n_kept, &q, out, err);
}
