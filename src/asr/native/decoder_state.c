/* A stream's memory: slots for the keys and values of its tokens, taken in
 * chunks as they are needed, and the steps that fill them. A sequence is a list
 * of slots, so beams share what they have in common. */
#include <string.h>
#include "decoder_internal.h"
#include "rehearse/base/alloc.h"

rh_status rh_dec_state_new(rh_dec_state **out, rh_dec_model *m, rh_error *err)
{
    rh_dec_state *s = rh_calloc(1, sizeof *s);
    if (!s)
        return rh_fail(err, RH_ERR_NOMEM, "decoder: out of memory");
    s->m = m;
    size_t d = (size_t)m->d, layers = (size_t)m->n_layers, pad = (size_t)m->n_audio_pad;
    size_t rows = layers * (size_t)m->n_heads * pad;
    bool ok = true;
    if (m->f32) {
        s->cross_kf = rh_alloc_aligned(layers * pad * d, sizeof *s->cross_kf);
        s->cross_vf = rh_alloc_aligned(layers * pad * d, sizeof *s->cross_vf);
        ok = s->cross_kf && s->cross_vf;
    } else {
        if (rh_arena_init(&s->arena, 2 * rows * RH_KERNEL_HEAD) == RH_OK) {
            s->cross_k = rh_arena_take(&s->arena, rows * RH_KERNEL_HEAD);
            s->cross_v = rh_arena_take(&s->arena, rows * RH_KERNEL_HEAD);
        }
        s->cross_k_scale = rh_alloc_aligned(rows, sizeof *s->cross_k_scale);
        s->cross_v_scale = rh_alloc_aligned(rows, sizeof *s->cross_v_scale);
        s->cross_k_chan = rh_alloc_aligned(layers * d, sizeof *s->cross_k_chan);
        s->cross_v_chan = rh_alloc_aligned(layers * d, sizeof *s->cross_v_chan);
        s->cross_v_mean = rh_alloc_aligned(layers * d, sizeof *s->cross_v_mean);
        ok = s->cross_k && s->cross_v && s->cross_k_scale && s->cross_v_scale && s->cross_k_chan && s->cross_v_chan &&
             s->cross_v_mean;
    }
    s->logits = rh_alloc_aligned((size_t)DEC_LOGIT_ROWS * (size_t)m->n_vocab, sizeof *s->logits);
    if (!ok || !s->logits) {
        rh_dec_state_free(s);
        return rh_fail(err, RH_ERR_NOMEM, "decoder: out of memory");
    }
    *out = s;
    return RH_OK;
}

void rh_dec_state_free(rh_dec_state *s)
{
    if (!s)
        return;
    rh_arena_done(&s->arena);
    rh_free(s->cross_k_scale);
    rh_free(s->cross_v_scale);
    rh_free(s->cross_k_chan);
    rh_free(s->cross_v_chan);
    rh_free(s->cross_v_mean);
    rh_free(s->cross_kf);
    rh_free(s->cross_vf);
    rh_free(s->logits);
    for (int i = 0; i < s->n_chunks; i++)
        rh_free(s->chunks[i]);
    rh_free(s);
}

rh_status dec_slot_take(rh_dec_state *s, uint16_t *slot, rh_error *err)
{
    for (int c = 0; c < DEC_MAX_CHUNKS; c++) {
        if (c == s->n_chunks) {
            size_t n = (size_t)s->m->n_layers * 2 * DEC_CHUNK_SLOTS * (size_t)s->m->d;
            s->chunks[c] = rh_alloc_aligned(n, sizeof *s->chunks[c]);
            if (!s->chunks[c])
                break;
            s->used[c] = 0;
            s->n_chunks++;
        }
        if (~s->used[c]) {
            int bit = __builtin_ctzll(~s->used[c]);
            s->used[c] |= (uint64_t)1 << bit;
            *slot = (uint16_t)(c * DEC_CHUNK_SLOTS + bit);
            return RH_OK;
        }
    }
    return rh_fail(err, RH_ERR_NOMEM, "decoder: no memory for more tokens");
}

void dec_slots_clear(rh_dec_state *s)
{
    memset(s->used, 0, sizeof s->used);
}

void dec_slots_begin(rh_dec_state *s)
{
    enum { KEPT = 4 }; /* chunks: a window's prompt and answer seldom need more, five sampled answers do */
    dec_slots_clear(s);
    while (s->n_chunks > KEPT) {
        rh_free(s->chunks[--s->n_chunks]);
        s->chunks[s->n_chunks] = NULL;
    }
}

void dec_slots_keep(rh_dec_state *s, dec_sequence *const *seqs, int n)
{
    dec_slots_clear(s);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < seqs[i]->n; j++) {
            uint16_t slot = seqs[i]->slots[j];
            s->used[slot / DEC_CHUNK_SLOTS] |= (uint64_t)1 << (slot % DEC_CHUNK_SLOTS);
        }
}

rh_status dec_extend(rh_dec_state *s, dec_sequence *q, const int32_t *tokens, int n, int first_logits, float *heads,
                     int64_t deadline_us, rh_error *err)
{
    return dec_extend_also(s, q, tokens, n, first_logits, -1, heads, deadline_us, err);
}

rh_status dec_extend_also(rh_dec_state *s, dec_sequence *q, const int32_t *tokens, int n, int first_logits, int also,
                          float *heads, int64_t deadline_us, rh_error *err)
{
    rh_dec_model *m = s->m;
    dec_row rows[DEC_MAX_ROWS];
    for (int done = 0; done < n;) {
        int k = n - done < DEC_MAX_ROWS ? n - done : DEC_MAX_ROWS;
        for (int i = 0; i < k; i++) {
            int at = done + i;
            rh_status st = dec_slot_take(s, &q->slots[q->n], err);
            if (st != RH_OK)
                return st;
            q->tokens[q->n] = tokens[at];
            rows[i] = (dec_row){.s = s, .token = tokens[at], .pos = q->n, .slots = q->slots};
            if (at >= first_logits || at == also)
                rows[i].logits = s->logits + (size_t)((at == also ? n : at) - first_logits) * (size_t)m->n_vocab;
            if (heads)
                rows[i].heads = heads + (size_t)at * (size_t)m->n_align_heads * (size_t)s->n_pos;
            q->n++;
        }
        dec_share_run(m, rows, k, deadline_us);
        done += k;
    }
    return RH_OK;
}
