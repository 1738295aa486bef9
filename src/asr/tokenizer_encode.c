/* tokenizer_encode.c - text to tokens and back. */
#include "tokenizer_internal.h"

#include <string.h>

/* Pieces longer than this are cut: merging is quadratic and text may come from
 * a client. No word is this long. */
enum { MAX_PIECE = 512 };

static uint64_t hash_bytes(const char *s, size_t n)
{
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < n; i++)
        h = (h ^ (uint8_t)s[i]) * 0x100000001b3u;
    return h ^ (h >> 29);
}

int32_t rh_tokenizer_find(const rh_tokenizer *t, const char *s, size_t n)
{
    for (size_t i = hash_bytes(s, n) & t->mask; t->table[i] >= 0; i = (i + 1) & t->mask) {
        int32_t id = t->table[i];
        if (t->length[id] == n && memcmp(t->bytes + t->offset[id], s, n) == 0)
            return id;
    }
    return -1;
}

const char *rh_tokenizer_bytes(const rh_tokenizer *t, int32_t id, size_t *n)
{
    bool text = id >= 0 && id < t->n_text;
    *n = text ? t->length[id] : 0;
    return text ? t->bytes + t->offset[id] : "";
}

/* Merges the parts of one piece: ends[i] is where part i ends. */
static size_t merge_piece(const rh_tokenizer *t, const char *s, size_t n, int32_t *ids)
{
    uint16_t ends[MAX_PIECE];
    size_t parts = n;
    for (size_t i = 0; i < n; i++) {
        ends[i] = (uint16_t)(i + 1);
        ids[i] = t->byte_token[(uint8_t)s[i]];
    }
    while (parts > 1) {
        int32_t best = INT32_MAX;
        size_t at = 0;
        for (size_t i = 0; i + 1 < parts; i++) {
            size_t start = i ? ends[i - 1] : 0;
            int32_t id = rh_tokenizer_find(t, s + start, ends[i + 1] - start);
            if (id >= 0 && id < best) {
                best = id;
                at = i;
            }
        }
        if (best == INT32_MAX)
            break;
        ids[at] = best;
        memmove(ends + at, ends + at + 1, (parts - at - 1) * sizeof *ends);
        memmove(ids + at + 1, ids + at + 2, (parts - at - 2) * sizeof *ids);
        parts--;
    }
    return parts;
}

rh_status rh_tokenizer_encode(const rh_tokenizer *t, const char *text, size_t n, int32_t *out, size_t cap,
                              size_t *n_out)
{
    size_t count = 0;
    for (size_t at = 0; at < n;) {
        size_t len = rh_tokenizer_next_piece(text + at, n - at);
        len = len > MAX_PIECE ? MAX_PIECE : len;
        int32_t ids[MAX_PIECE];
        int32_t whole = rh_tokenizer_find(t, text + at, len);
        size_t k = 1;
        if (whole >= 0)
            ids[0] = whole;
        else
            k = merge_piece(t, text + at, len, ids);
        for (size_t i = 0; i < k; i++, count++)
            if (count < cap)
                out[count] = ids[i];
        at += len;
    }
    *n_out = count;
    return RH_OK;
}

void rh_tokenizer_insert(rh_tokenizer *t, int32_t id)
{
    size_t i = hash_bytes(t->bytes + t->offset[id], t->length[id]) & t->mask;
    while (t->table[i] >= 0)
        i = (i + 1) & t->mask;
    t->table[i] = id;
}
