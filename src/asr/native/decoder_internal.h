/* decoder_internal.h - what the files of the native decoder share.
 *
 *   _model.c  weights            _audio.c  cross-attention keys and values
 *   _pass.c   one pass over the weights for rows of any streams
 *   _state.c  a stream's memory and its sequences
 *   _share.c  passes of several streams at once
 *   _rules.c  what may come next   _search.c  greedy, sampling, beams
 *   _run.c    a window's answer: languages, fallback, forced text
 *   _align.c  times of tokens
 *   _terms.c  words that were given to be expected
 *
 * Sizes: d = n_state, heads of 64, n_ff = 4 d. */
#ifndef RH_NATIVE_DECODER_INTERNAL_H
#define RH_NATIVE_DECODER_INTERNAL_H

#include <pthread.h>
#include "decoder.h"
#include "rehearse/nn/kernels.h"
#include "rehearse/base/team.h"

enum {
    DEC_MAX_ROWS = 64,    /* rows of one pass */
    DEC_LOGIT_ROWS = 32,  /* of them with logits, for one stream */
    DEC_CHUNK_SLOTS = 64, /* cached tokens taken at a time */
    DEC_MAX_CHUNKS = 128,
    DEC_CROSS_TILE = 8, /* rows whose cross-attention is worked on together */
    DEC_MAX_ALIGN_HEADS = 24,
    DEC_MAX_FILLERS = 16,
    DEC_BEST_OF = 5, /* samples when the temperature is above 0, as the reference's program */
    DEC_MAX_GROUP = RH_ASR_MAX_BEAM,
};

/* A linear layer: packed, or in f32 [n_rows][n_cols] when the model is. */
typedef struct {
    rh_qmat q; /* sizes and bias hold in both cases */
    float *f;
} dec_linear;

typedef struct {
    float *gain, *shift;
} dec_norm;

typedef struct {
    dec_norm self_norm, cross_norm, mlp_norm;
    dec_linear query, key, value, out;
    dec_linear cross_query, cross_key, cross_value, cross_out;
    dec_linear fc1, fc2;
} dec_layer;

typedef struct {
    uint8_t layer, head;
} dec_head;

/* Scratch of one member of the team. */
typedef struct {
    float *norm;    /* [DEC_MAX_ROWS][n_ff] */
    rh_qvec acts;   /* DEC_MAX_ROWS vectors of up to n_ff */
    float *scores;  /* [DEC_CROSS_TILE][n_audio_pad] */
    float *head_kv; /* [n_audio_pad][64] */
    rh_qvec probs;  /* DEC_CROSS_TILE vectors of n_audio_ctx */
    rh_qvec heads;  /* DEC_CROSS_TILE vectors of 64 */
} dec_scratch;

typedef struct dec_job dec_job;

struct rh_dec_model {
    const rh_ggml_file *file;
    const rh_ggml_tensor *embedding; /* rows are read when tokens come */
    int n_embedded;                  /* {team} of them since pages were last given back */
    const rh_kernels *k;
    rh_tokenizer *tokenizer;
    rh_ggml_hparams hp;
    bool f32;
    int d, n_heads, n_layers, n_ff, n_vocab, n_audio_pad;
    rh_arena arena; /* packed weights */
    dec_layer *layers;
    dec_norm final_norm;
    dec_linear logits;
    float *positions; /* [n_text_ctx][d] */
    const dec_head *align_heads;
    int n_align_heads;
    dec_head default_heads[DEC_MAX_ALIGN_HEADS];
    int32_t fillers[DEC_MAX_FILLERS];
    int n_fillers;

    rh_team *team;
    /* scratch of the running pass */
    float *x, *o, *ff, *qkv; /* [DEC_MAX_ROWS][d, d, n_ff, 3 d] */
    dec_scratch *scratch;    /* one a member */
    rh_qvec audio;           /* [n_audio_pad] encoder output, quantised */

    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool busy;      /* {lock} somebody runs a pass */
    dec_job *queue; /* {lock} */
    int n_decoding; /* {lock} streams that will ask for another pass soon */
};

/* A sequence of tokens and where their keys and values lie. */
typedef struct {
    int n;
    int32_t tokens[RH_DEC_MAX_TOKENS + 1];
    uint16_t slots[RH_DEC_MAX_TOKENS + 1];
} dec_sequence;

struct rh_dec_state {
    rh_dec_model *m;
    int n_pos, n_pos_pad; /* 0 = no audio yet */
    /* Keys of layer l, head h: n_pos_pad rows of 64 columns; values: 64 rows of n_pos_pad. */
    int8_t *cross_k, *cross_v;
    rh_arena arena;                /* of these two */
    float *cross_k_scale;          /* [layer][head][n_audio_pad], of positions */
    float *cross_k_chan;           /* [layer][d], multiplied into queries */
    float *cross_v_scale;          /* [layer][head][n_audio_pad], multiplied into probabilities */
    float *cross_v_chan;           /* [layer][d] */
    float *cross_v_mean;           /* [layer][d], added to the result: probabilities sum to 1 */
    float *cross_kf, *cross_vf;    /* f32 models: [layer][n_audio_ctx][d] */
    float *chunks[DEC_MAX_CHUNKS]; /* [layer][2][DEC_CHUNK_SLOTS][d] */
    uint64_t used[DEC_MAX_CHUNKS]; /* a bit a slot */
    int n_chunks;
    float *logits; /* [DEC_LOGIT_ROWS][n_vocab] */
};

/* One token to be run. Rows of one sequence stand in order in a job. */
typedef struct {
    rh_dec_state *s;
    int32_t token;
    int pos;
    const uint16_t *slots; /* [pos + 1] */
    float *logits;         /* [n_vocab]; NULL = not wanted */
    float *heads;          /* [n_align_heads][n_pos] attention before softmax; NULL = not wanted */
} dec_row;

struct dec_job {
    const dec_row *rows;
    int n;
    int64_t deadline_us;
    bool done;
    dec_job *next;
};

/* _pass.c: runs at most DEC_MAX_ROWS rows; the caller holds the team. */
void dec_pass(rh_dec_model *m, const dec_row *rows, int n);
/* y rows of blocks [block0, block1) from n vectors x (f32, ld_x apart; acts quantised from them). */
void dec_linear_apply(const rh_dec_model *m, const dec_linear *l, int block0, int block1, const float *x, size_t ld_x,
                      const rh_qvec *acts, int n, float *y, size_t ld_y, bool add);

/* _share.c */
void dec_share_begin(rh_dec_model *m); /* this stream is decoding: others may wait for it */
void dec_share_end(rh_dec_model *m);
void dec_share_run(rh_dec_model *m, const dec_row *rows, int n, int64_t deadline_us);
void dec_share_lock(rh_dec_model *m); /* the team for other work */
void dec_share_unlock(rh_dec_model *m);

/* _state.c: slots for cached tokens. RH_ERR_NOMEM. */
rh_status dec_slot_take(rh_dec_state *s, uint16_t *slot, rh_error *err);
void dec_slots_clear(rh_dec_state *s);
/* The same before a new window, and gives back what the last one took beyond the usual. */
void dec_slots_begin(rh_dec_state *s);
/* Frees every slot that none of the sequences uses. */
void dec_slots_keep(rh_dec_state *s, dec_sequence *const *seqs, int n);
static inline float *dec_slot(const rh_dec_state *s, int layer, int value, uint16_t slot)
{
    size_t at = ((size_t)(layer * 2 + value) * DEC_CHUNK_SLOTS + slot % DEC_CHUNK_SLOTS);
    return s->chunks[slot / DEC_CHUNK_SLOTS] + at * (size_t)s->m->d;
}
/* Appends tokens to `q` and runs them; rows from `first_logits` on (an index into tokens) leave
 * their logits in s->logits, at most DEC_LOGIT_ROWS of them. `heads` (may be NULL):
 * [n][n_align_heads][n_pos]. */
rh_status dec_extend(rh_dec_state *s, dec_sequence *q, const int32_t *tokens, int n, int first_logits, float *heads,
                     int64_t deadline_us, rh_error *err);
/* The same, and behind those logits the ones of row `also`, before them; < 0 = none. */
rh_status dec_extend_also(rh_dec_state *s, dec_sequence *q, const int32_t *tokens, int n, int first_logits, int also,
                          float *heads, int64_t deadline_us, rh_error *err);

/* _model.c: alignment heads of the official sizes. */
void dec_find_align_heads(rh_dec_model *m);

/* _rules.c: which tokens may come next. */
typedef struct {
    const rh_dec_model *m;
    bool timestamps;
    int max_initial; /* last timestamp a transcript may begin with, in steps of 20 ms */
    float filler_boost;
} dec_rules;

/* A row of logits after the rules: the distribution the next token comes from. */
typedef struct {
    float max, log_sum; /* log of the sum of exp(x - max) */
    float entropy;
    float filler;         /* largest logit of a hesitation; -INFINITY before any rules */
    int32_t best, second; /* second = -1 when only one is possible */
} dec_dist;

/* Masks `logits` in place; tokens[n] is what was said after the initial tokens. */
dec_dist dec_rules_apply(const dec_rules *r, float *logits, const int32_t *tokens, int n);
/* Distribution without any rule. */
dec_dist dec_dist_of(const rh_dec_model *m, const float *logits);
rh_dec_token dec_token_of(const dec_dist *d, const float *logits, int32_t id);

/* _search.c */
typedef struct {
    rh_dec_token tokens[RH_DEC_MAX_TOKENS];
    int n;
    float sum_logprob;
    dec_sequence seq;
    bool done;
    int period, n_loop; /* tokens of the repetition that it ended in: a turn, all of it; 0 = none */
} dec_path;

typedef struct {
    rh_dec_state *s;
    const rh_dec_params *p;
    dec_rules rules;
    int max_tokens;
    int n_steps;
    int most_steps;  /* a try that comes so far is given up; 0 = no limit */
    float least_sum; /* so is one whose log-probabilities sum to less */
    dec_path *paths; /* [DEC_MAX_GROUP] */
    dec_path *next;  /* [DEC_MAX_GROUP], beams only */
    float *scratch;  /* [n_vocab] */
    uint64_t random;
} dec_search;

/* `first`: the initial tokens, run already; logits of the last one in s->logits. The answer is
 * paths[0]. A sampled one that is given up: RH_AGAIN. */
rh_status dec_greedy(dec_search *q, const dec_sequence *first, rh_error *err);
rh_status dec_sample(dec_search *q, const dec_sequence *first, float temperature, rh_error *err);
rh_status dec_beam(dec_search *q, const dec_sequence *first, rh_error *err);

/* _run.c: start of transcript, language, task; *n of at most 4. */
rh_status dec_start_tokens(const rh_dec_state *s, int32_t language_token, bool translate, bool timestamps, int32_t *out,
                           int *n, rh_error *err);
rh_status dec_language_of(rh_dec_state *s, const rh_dec_params *p, int32_t *token, rh_error *err);

/* _terms.c: writes p->terms into the answer `r`, which came after the tokens `in`, where they are
 * likely enough. Takes the state's sequences. */
rh_status dec_terms_apply(rh_dec_state *s, const rh_dec_params *p, const int32_t *in, int n_in, rh_dec_result *r,
                          int *n_steps, rh_error *err);

#endif
