/* A window's answer: initial tokens, language, temperature fallback, and
 * forced text. Source: openai-whisper, decoding.py and transcribe.py. */
#include <math.h>
#include <string.h>
#include <zlib.h>
#include "decoder_internal.h"
#include "rehearse/base/alloc.h"
#include "asr/tokenizer_internal.h"
#include "asr/transcript_internal.h"

enum { MAX_INITIAL_TIMESTAMP = 50 /* 1 s */ };

rh_dec_params rh_dec_params_default(void)
{
    return (rh_dec_params){.timestamps = true,
                           .beam = 1,
                           .fallback = true,
                           .logprob_min = -1.0f,
                           .compression_max = 2.4f,
                           .no_speech_max = 0.6f,
                           .seed = 1};
}

rh_status dec_start_tokens(const rh_dec_state *s, int32_t language_token, bool translate, bool timestamps, int32_t *out,
                           int *n, rh_error *err)
{
    const rh_special_tokens *t = rh_tokenizer_special(s->m->tokenizer);
    *n = 0;
    out[(*n)++] = t->sot;
    if (t->multilingual) {
        out[(*n)++] = language_token;
        out[(*n)++] = translate ? t->translate : t->transcribe;
    } else if (translate) {
        return rh_fail(err, RH_ERR_INVAL,
                       "an English-only model cannot translate; use the one "
                       "without .en");
    }
    if (!timestamps)
        out[(*n)++] = t->no_timestamps;
    return RH_OK;
}

static rh_status need_audio(const rh_dec_state *s, rh_error *err)
{
    return s->n_pos > 0 ? RH_OK : rh_fail(err, RH_ERR_INVAL, "decoder: no audio was given yet");
}

rh_status rh_dec_detect_language(rh_dec_state *s, int32_t *language_token, float *p, rh_error *err)
{
    const rh_special_tokens *t = rh_tokenizer_special(s->m->tokenizer);
    rh_status st = need_audio(s, err);
    if (st != RH_OK)
        return st;
    int best = 0;
    if (t->multilingual) {
        dec_sequence q = {.n = 0};
        dec_slots_clear(s);
        st = dec_extend(s, &q, &t->sot, 1, 0, NULL, 0, err);
        dec_slots_clear(s);
        if (st != RH_OK)
            return st;
        float *x = s->logits + t->first_language;
        s->m->k->softmax(x, t->n_languages);
        for (int i = 1; i < t->n_languages; i++)
            if (x[i] > x[best])
                best = i;
        if (p)
            memcpy(p, x, (size_t)t->n_languages * sizeof *p);
    } else if (p) {
        memset(p, 0, (size_t)t->n_languages * sizeof *p);
        p[0] = 1.0f;
    }
    *language_token = t->first_language + best;
    return RH_OK;
}

rh_status dec_language_of(rh_dec_state *s, const rh_dec_params *p, int32_t *token, rh_error *err)
{
    if (!p->language)
        return rh_dec_detect_language(s, token, NULL, err);
    *token = rh_tokenizer_language(s->m->tokenizer, p->language);
    if (*token < 0)
        return rh_fail(err, RH_ERR_INVAL, "the model does not know the language \"%s\"", p->language);
    return RH_OK;
}

typedef struct {
    int32_t tokens[RH_DEC_MAX_TOKENS];
    int n, sot; /* index of the start token */
} initial;

static rh_status initial_tokens(const rh_dec_state *s, const rh_dec_params *p, int32_t language, initial *in,
                                rh_error *err)
{
    const rh_special_tokens *t = rh_tokenizer_special(s->m->tokenizer);
    int half = s->m->hp.n_text_ctx / 2, keep = half - 1, n;
    in->n = 0;
    if (p->n_prompt > 0) {
        in->tokens[in->n++] = t->sot_prev;
        for (int i = p->n_prompt > keep ? p->n_prompt - keep : 0; i < p->n_prompt; i++)
            in->tokens[in->n++] = p->prompt[i];
    }
    in->sot = in->n;
    rh_status st = dec_start_tokens(s, language, p->translate, p->timestamps, in->tokens + in->n, &n, err);
    if (st != RH_OK)
        return st;
    in->n += n;
    int room = s->m->hp.n_text_ctx - in->n - 4;
    if (p->n_prefix > room || p->n_prefix > half)
        return rh_fail(err, RH_ERR_INVAL, "the prefix has %d tokens, at most %d fit", p->n_prefix,
                       room < half ? room : half);
    for (int i = 0; i < p->n_prefix; i++)
        in->tokens[in->n++] = p->prefix[i];
    for (int i = 0; i < in->n; i++)
        if (in->tokens[i] < 0 || in->tokens[i] >= t->n_vocab)
            return rh_fail(err, RH_ERR_INVAL, "token %d is not in the vocabulary", in->tokens[i]);
    return RH_OK;
}

/* Runs the initial tokens, in one pass. The chance of silence is read at the start
 * token; the last token's logits stay in row 0. */
static rh_status run_initial(dec_search *q, const initial *in, dec_sequence *seq, float *no_speech_prob, rh_error *err)
{
    rh_dec_state *s = q->s;
    const rh_special_tokens *t = rh_tokenizer_special(s->m->tokenizer);
    int last = in->n - 1, also = in->sot < last ? in->sot : -1;
    dec_slots_clear(s);
    seq->n = 0;
    rh_status st = dec_extend_also(s, seq, in->tokens, in->n, last, also, NULL, q->p->deadline_us, err);
    if (st != RH_OK)
        return st;
    float *x = s->logits + (also >= 0 ? (size_t)s->m->n_vocab : 0);
    dec_dist d = dec_dist_of(s->m, x);
    *no_speech_prob = dec_token_of(&d, x, t->no_speech).p;
    q->n_steps++;
    return RH_OK;
}

/* Of an answer that was stopped in a repetition: as if it had gone on. */
static float compression_of(const dec_search *q, const dec_path *path)
{
    char text[16384];
    size_t n = 0;
    int n_tokens = path->period ? q->max_tokens : path->n;
    for (int i = 0, k = 0; i < n_tokens; i++, k++) {
        size_t len;
        if (k >= path->n)
            k -= path->period;
        const char *b = rh_tokenizer_bytes(q->s->m->tokenizer, path->tokens[k].id, &len);
        if (n + len > sizeof text)
            break;
        memcpy(text + n, b, len);
        n += len;
    }
    size_t start = 0; /* the reference strips the text */
    while (start < n && (text[start] == ' ' || text[start] == '\n'))
        start++;
    while (n > start && (text[n - 1] == ' ' || text[n - 1] == '\n'))
        n--;
    return rh_compression_ratio(text + start, n - start);
}

bool rh_dec_good_enough(const rh_dec_params *p, const rh_dec_result *r)
{
    if (r->no_speech_prob > p->no_speech_max && r->avg_logprob < p->logprob_min)
        return true; /* silence: hotter will not help */
    return !(r->compression_ratio > p->compression_max) && !(r->avg_logprob < p->logprob_min);
}

static rh_status attempt(dec_search *q, const initial *in, float temperature, rh_dec_result *out, rh_error *err)
{
    dec_sequence first;
    rh_status st = run_initial(q, in, &first, &out->no_speech_prob, err);
    if (st != RH_OK)
        return st;
    if (temperature > 0.0f)
        st = dec_sample(q, &first, temperature, err);
    else if (q->p->beam > 1)
        st = dec_beam(q, &first, err);
    else
        st = dec_greedy(q, &first, err);
    if (st != RH_OK)
        return st;
    const dec_path *path = &q->paths[0];
    memcpy(out->tokens, path->tokens, (size_t)path->n * sizeof out->tokens[0]);
    out->n_tokens = path->n;
    if (q->p->filler_boost == 0.0f) /* the words of a repetition once */
        out->n_tokens -= path->n_loop - path->period;
    out->avg_logprob = path->sum_logprob / (float)(path->n + 1);
    out->compression_ratio = compression_of(q, path);
    out->temperature = temperature;
    return RH_OK;
}

bool rh_dec_other_language(rh_dec_state *s, const char *language)
{
    static const float SURE = 0.85f, RULED_OUT = 0.02f;
    const rh_special_tokens *t = rh_tokenizer_special(s->m->tokenizer);
    float p[RH_MAX_LANGUAGES];
    int32_t best, asked = language ? rh_tokenizer_language(s->m->tokenizer, language) : -1;
    if (asked < 0 || !t->multilingual || t->n_languages > RH_MAX_LANGUAGES ||
        rh_dec_detect_language(s, &best, p, NULL) != RH_OK)
        return false;
    return p[best - t->first_language] >= SURE && p[asked - t->first_language] <= RULED_OUT;
}

/* Which of two answers that both fail is the better one. */
static bool better(const rh_dec_params *p, const rh_dec_result *a, const rh_dec_result *b)
{
    bool a_loops = a->compression_ratio > p->compression_max;
    bool b_loops = b->compression_ratio > p->compression_max;
    return a_loops == b_loops ? a->avg_logprob > b->avg_logprob : b_loops;
}

/* The last answer ended by itself, and each of its words is plain: what repeats itself is the speech. */
static bool is_plain(const dec_search *q, const rh_dec_result *r)
{
    static const float PLAIN = -0.3f;
    return q->paths[0].period == 0 && q->paths[0].n < q->max_tokens && r->avg_logprob > PLAIN;
}

/* The first answer that is good enough, hotter each time; the best one where none is. A second plain
 * one ends the search: somebody does say the same again and again. A wrong
 * language fails in all of them, and in any case they may not take much more work than the sound
 * is worth. */
static rh_status answer(dec_search *q, const initial *in, rh_dec_result *best, rh_error *err)
{
    const rh_dec_params *p = q->p;
    q->most_steps = 0;
    q->least_sum = -INFINITY;
    rh_status st = attempt(q, in, p->temperature, best, err);
    if (st != RH_OK || !p->fallback || rh_dec_good_enough(p, best) || rh_dec_other_language(q->s, p->language))
        return st;
    rh_dec_result *r = rh_calloc(1, sizeof *r);
    if (!r)
        return rh_fail(err, RH_ERR_NOMEM, "decoder: out of memory");
    bool plain = is_plain(q, best);
    q->most_steps = p->retry_steps ? q->n_steps + p->retry_steps : 0;
    q->least_sum = p->logprob_min * (float)(q->max_tokens + 1);
    for (float t = p->temperature + 0.2f; st == RH_OK && t < 1.0f + 1e-3f; t += 0.2f) {
        if (q->most_steps && q->n_steps >= q->most_steps)
            break;
        st = attempt(q, in, t, r, err);
        if (st == RH_AGAIN) {
            st = RH_OK;
            continue;
        }
        bool good = st == RH_OK && rh_dec_good_enough(p, r), again = st == RH_OK && plain && is_plain(q, r);
        if (st == RH_OK && (good || better(p, r, best)))
            *best = *r;
        if (good || again)
            break;
    }
    rh_free(r);
    return st;
}

static rh_status check_params(const rh_dec_state *s, const rh_dec_params *p, rh_error *err)
{
    if (p->beam < 1 || p->beam > DEC_MAX_GROUP)
        return rh_fail(err, RH_ERR_INVAL, "beam %d: 1 to %d are possible", p->beam, DEC_MAX_GROUP);
    if (!(p->temperature >= 0.0f && p->temperature <= 2.0f))
        return rh_fail(err, RH_ERR_INVAL, "temperature %g outside 0 to 2", (double)p->temperature);
    return need_audio(s, err);
}

static rh_status search_new(dec_search *q, rh_error *err)
{
    /* Beams need two sets and a place for the best finished one. */
    size_t group = q->p->beam > 1 ? (size_t)DEC_MAX_GROUP : (size_t)DEC_BEST_OF;
    q->paths = rh_alloc_array(group + 1, sizeof *q->paths);
    q->next = q->p->beam > 1 ? rh_alloc_array(DEC_MAX_GROUP + 1, sizeof *q->next) : NULL;
    q->scratch = rh_alloc_array((size_t)q->s->m->n_vocab, sizeof *q->scratch);
    if (q->paths && q->scratch && (q->next || q->p->beam == 1))
        return RH_OK;
    return rh_fail(err, RH_ERR_NOMEM, "decoder: out of memory");
}

rh_status rh_dec_run(rh_dec_state *s, const rh_dec_params *p, rh_dec_result *out, rh_error *err)
{
    rh_status st = check_params(s, p, err);
    if (st != RH_OK)
        return st;
    int32_t language;
    initial in;
    int half = s->m->hp.n_text_ctx / 2;
    dec_search q = {.s = s, .p = p, .random = p->seed};
    q.max_tokens = p->max_tokens > 0 && p->max_tokens < half ? p->max_tokens : half;
    q.rules = (dec_rules){
        .m = s->m, .timestamps = p->timestamps, .max_initial = MAX_INITIAL_TIMESTAMP, .filler_boost = p->filler_boost};
    dec_share_begin(s->m);
    st = dec_language_of(s, p, &language, err);
    if (st == RH_OK)
        st = initial_tokens(s, p, language, &in, err);
    if (st == RH_OK)
        st = search_new(&q, err);
    rh_dec_result *r = st == RH_OK ? rh_calloc(1, sizeof *r) : NULL;
    if (st == RH_OK && !r)
        st = rh_fail(err, RH_ERR_NOMEM, "decoder: out of memory");
    if (st == RH_OK)
        st = answer(&q, &in, r, err);
    if (st == RH_OK && rh_terms_count(p->terms))
        st = dec_terms_apply(s, p, in.tokens, in.n, r, &q.n_steps, err);
    dec_share_end(s->m);
    if (st == RH_OK) {
        const char *code = rh_tokenizer_language_code(s->m->tokenizer, language);
        strncpy(r->language, code ? code : "en", sizeof r->language - 1);
        r->n_steps = q.n_steps;
        *out = *r;
    }
    rh_free(r);
    rh_free(q.paths);
    rh_free(q.next);
    rh_free(q.scratch);
    return st;
}

rh_status rh_dec_force(rh_dec_state *s, const rh_dec_params *p, const int32_t *tokens, int n, rh_dec_token *out,
                       rh_error *err)
{
    rh_status st = need_audio(s, err);
    if (st != RH_OK)
        return st;
    const rh_special_tokens *t = rh_tokenizer_special(s->m->tokenizer);
    if (n < 0 || n > s->m->hp.n_text_ctx - 5)
        return rh_fail(err, RH_ERR_INVAL, "%d tokens: at most %d fit", n, s->m->hp.n_text_ctx - 5);
    for (int i = 0; i < n; i++)
        if (tokens[i] < 0 || tokens[i] >= t->n_vocab)
            return rh_fail(err, RH_ERR_INVAL, "token %d is not in the vocabulary", tokens[i]);
    int32_t language, start[4];
    int n_start;
    st = dec_language_of(s, p, &language, err);
    if (st == RH_OK)
        st = dec_start_tokens(s, language, p->translate, false, start, &n_start, err);
    if (st != RH_OK)
        return st;
    dec_sequence q = {.n = 0};
    dec_rules rules = {.m = s->m};
    dec_slots_clear(s);
    st = dec_extend(s, &q, start, n_start, n_start - 1, NULL, p->deadline_us, err);
    for (int at = 0; at < n && st == RH_OK;) {
        /* Row i's logits are of what follows token i - 1: run tokens behind what they judge. */
        int have = at == 0 ? 1 : 0, k = 0;
        if (!have) {
            k = n - at < DEC_LOGIT_ROWS ? n - at : DEC_LOGIT_ROWS;
            st = dec_extend(s, &q, tokens + at - 1, k, 0, NULL, p->deadline_us, err);
        }
        for (int i = 0; i < k + have && st == RH_OK; i++) {
            float *x = s->logits + (size_t)i * (size_t)s->m->n_vocab;
            float own = x[tokens[at + i]];
            dec_dist d = dec_rules_apply(&rules, x, tokens, at + i + 1);
            x[tokens[at + i]] = own; /* a given token may be one that is never chosen */
            out[at + i] = dec_token_of(&d, x, tokens[at + i]);
            out[at + i].p = out[at + i].p > 1.0f ? 1.0f : out[at + i].p;
        }
        at += k + have;
    }
    dec_slots_clear(s);
    return st;
}

rh_status rh_dec_next(rh_dec_state *s, const rh_dec_params *p, const int32_t *tokens, int n, float **p_next,
                      rh_error *err)
{
    int32_t language, all[RH_DEC_MAX_TOKENS];
    int count;
    if (n < 0 || n > s->m->hp.n_text_ctx - 5)
        return rh_fail(err, RH_ERR_INVAL, "%d tokens: at most %d fit", n, s->m->hp.n_text_ctx - 5);
    rh_status st = need_audio(s, err);
    if (st == RH_OK)
        st = dec_language_of(s, p, &language, err);
    if (st == RH_OK)
        st = dec_start_tokens(s, language, p->translate, false, all, &count, err);
    if (st != RH_OK)
        return st;
    memcpy(all + count, tokens, (size_t)n * sizeof *tokens);
    count += n;
    dec_sequence q = {.n = 0};
    dec_slots_clear(s);
    st = dec_extend(s, &q, all, count, count - 1, NULL, p->deadline_us, err);
    dec_slots_clear(s);
    if (st == RH_OK)
        s->m->k->softmax(s->logits, s->m->n_vocab);
    *p_next = s->logits;
    return st;
}
