/* transcript.c - the growable result of recognition.
 *
 * All texts are ranges of one string, so that joining transcripts is a copy.
 * Rules for words are those of openai-whisper's tokenizer (split_to_word_tokens
 * and merge_punctuations), written anew. */
#include "transcript_internal.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <zlib.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/array.h"
#include "rehearse/base/text.h"

void rh_transcript_init(rh_transcript *t)
{
    *t = (rh_transcript){0};
}

void rh_transcript_done(rh_transcript *t)
{
    rh_free(t->text);
    rh_free(t->segments);
    rh_free(t->words);
    rh_free(t->tokens);
    *t = (rh_transcript){0};
}

void rh_transcript_clear(rh_transcript *t)
{
    if (t->text)
        t->text[0] = '\0';
    t->_len_text = 0;
    t->n_segments = t->n_words = t->n_tokens = 0;
    memset(t->language, 0, sizeof t->language);
    t->encode_us = t->decode_us = 0;
    t->n_steps = 0;
}

/* Room for `extra` more items of `size` bytes in *items, which holds n of *cap. */
static rh_status grow(void *items, int n, size_t *cap, int extra, size_t size)
{
    return extra > INT32_MAX / 2 - n ? RH_ERR_LIMIT : rh_array_reserve(items, cap, (size_t)(n + extra), size);
}

static rh_status grow_text(rh_transcript *t, size_t extra)
{
    size_t need = t->_len_text + extra + 1;
    bool is_first = !t->text;
    rh_status st = need > UINT32_MAX ? RH_ERR_LIMIT : rh_array_reserve(&t->text, &t->_cap_text, need, 1);
    if (st == RH_OK && is_first)
        t->text[0] = '\0';
    return st;
}

rh_status rh_transcript_add_token(rh_transcript *t, const rh_asr_token *token, const char *bytes, size_t n_bytes)
{
    rh_status st = grow_text(t, n_bytes);
    if (st == RH_OK)
        st = grow(&t->tokens, t->n_tokens, &t->_cap_tokens, 1, sizeof *t->tokens);
    if (st != RH_OK)
        return st;
    rh_asr_token k = *token;
    k.text_off = (uint32_t)t->_len_text;
    k.text_len = (uint32_t)n_bytes;
    memcpy(t->text + t->_len_text, bytes, n_bytes);
    t->_len_text += n_bytes;
    t->text[t->_len_text] = '\0';
    t->tokens[t->n_tokens++] = k;
    return RH_OK;
}

/* Where position `at` of the old text, in the character [from, from + len), comes to lie when
 * that is written at `to`. */
static uint32_t moved(size_t at, size_t from, size_t to, bool whole)
{
    return (uint32_t)(at == from ? to : whole ? to + (at - from) : to + 3);
}

/* Text of the tokens from `first` on: a model may end or begin in the middle of a character, or
 * write bytes that are none. Each such stretch becomes U+FFFD. */
static rh_status mend_text(rh_transcript *t, int first)
{
    if (first >= t->n_tokens)
        return RH_OK;
    size_t off = t->tokens[first].text_off, n = t->_len_text - off, len, at = off;
    if (rh_utf8_valid(t->text + off, n) && !memchr(t->text + off, 0, n))
        return RH_OK;
    rh_status st = grow_text(t, 2 * n);
    char *old = st == RH_OK ? rh_alloc(n) : NULL;
    if (!old)
        return RH_ERR_NOMEM;
    memcpy(old, t->text + off, n);
    int k = first;
    for (size_t i = 0; i < n; i += len) {
        uint32_t cp;
        len = rh_utf8_next(old + i, n - i, &cp);
        bool whole = cp && rh_utf8_valid(old + i, len);
        for (; k < t->n_tokens && t->tokens[k].text_off < off + i + len; k++)
            t->tokens[k].text_off = moved(t->tokens[k].text_off, off + i, at, whole);
        memcpy(t->text + at, whole ? old + i : "\xef\xbf\xbd", whole ? len : 3);
        at += whole ? len : 3;
    }
    rh_free(old);
    for (; k < t->n_tokens; k++) /* without text, at the end */
        t->tokens[k].text_off = (uint32_t)at;
    t->_len_text = at;
    t->text[at] = '\0';
    for (k = first; k < t->n_tokens; k++) {
        uint32_t end = k + 1 < t->n_tokens ? t->tokens[k + 1].text_off : (uint32_t)at;
        t->tokens[k].text_len = end - t->tokens[k].text_off;
    }
    return RH_OK;
}

static bool spaceless_language(const char *lang)
{
    static const char *const langs[] = {"zh", "ja", "th", "lo", "my", "yue"};
    for (size_t i = 0; i < sizeof langs / sizeof *langs; i++)
        if (strcmp(lang, langs[i]) == 0)
            return true;
    return false;
}

typedef enum { PLAIN, OPENS, CLOSES } punct_kind;

/* Whether a piece of text is nothing but punctuation that clings to the next
 * word (OPENS) or to the one before (CLOSES). */
static punct_kind punct_of(const char *s, size_t n)
{
    static const char closing[] = "\"'.,!?:;)]}%…。，！？：；”）］｝、»’";
    static const char opening[] = "\"'“¿([{-«‘";
    bool space = n > 0 && s[0] == ' ';
    if (space) {
        s++;
        n--;
    }
    const char *set = space ? opening : closing;
    if (n == 0)
        return PLAIN;
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        size_t len = rh_utf8_next(s + i, n - i, &cp);
        char one[5] = {0};
        memcpy(one, s + i, len);
        if (!strstr(set, one))
            return PLAIN;
        i += len;
    }
    return space ? OPENS : CLOSES;
}

static void finish_word(const rh_transcript *t, rh_asr_word *w, int end_token)
{
    const rh_asr_token *first = &t->tokens[w->first_token], *last = &t->tokens[end_token - 1];
    w->n_tokens = end_token - w->first_token;
    w->text_off = first->text_off;
    uint32_t end = last->text_off + last->text_len;
    while (w->text_off < end && t->text[w->text_off] == ' ')
        w->text_off++;
    while (end > w->text_off && t->text[end - 1] == ' ')
        end--;
    w->text_len = end - w->text_off;
    double sum = 0;
    bool timed = false;
    for (int i = w->first_token; i < end_token; i++) {
        const rh_asr_token *k = &t->tokens[i];
        sum += log(k->p > 1e-10f ? (double)k->p : 1e-10);
        /* Punctuation marks a pause, so its time is not the word's. */
        if (punct_of(t->text + k->text_off, k->text_len) != PLAIN)
            continue;
        if (!timed)
            w->start = k->start;
        w->end = k->end;
        timed = true;
    }
    if (!timed) {
        w->start = first->start;
        w->end = last->end;
    }
    w->p = (float)exp(sum / w->n_tokens);
}

static bool is_latin(char c)
{
    return isalnum((unsigned char)c) || c == '\'';
}

/* Whether token i begins a new word, `open` being the text of the word so far. */
static bool begins_word(const rh_transcript *t, int i, int word_start, bool spaceless)
{
    const rh_asr_token *k = &t->tokens[i];
    const char *s = t->text + k->text_off;
    uint32_t open_off = t->tokens[word_start].text_off;
    uint32_t open_len = k->text_off - open_off;
    if (!rh_utf8_valid(t->text + open_off, open_len))
        return false; /* in the middle of a character */
    if (punct_of(t->text + open_off, open_len) == OPENS)
        return false;
    punct_kind kind = punct_of(s, k->text_len);
    if (kind == CLOSES)
        return false;
    /* A word of Latin letters, or a number, stays one among characters. */
    bool in_latin = open_len > 0 && is_latin(t->text[k->text_off - 1]) && k->text_len > 0 && is_latin(s[0]);
    return (spaceless && !in_latin) || (k->text_len > 0 && s[0] == ' ');
}

static rh_status build_words(rh_transcript *t, rh_asr_segment *seg)
{
    bool spaceless = spaceless_language(t->language);
    int end = seg->first_token + seg->n_tokens, n_before = t->n_words;
    for (int i = seg->first_token; i < end;) {
        int j = i + 1;
        while (j < end && !begins_word(t, j, i, spaceless))
            j++;
        rh_status st = grow(&t->words, t->n_words, &t->_cap_words, 1, sizeof *t->words);
        if (st != RH_OK) {
            t->n_words = n_before;
            return st;
        }
        rh_asr_word w = {.first_token = i};
        finish_word(t, &w, j);
        if (w.text_len > 0)
            t->words[t->n_words++] = w;
        i = j;
    }
    seg->n_words = t->n_words - n_before;
    return RH_OK;
}

bool rh_word_clings(const rh_transcript *t, int i, bool goes_on)
{
    const rh_asr_word *w = &t->words[i];
    const rh_asr_token *first = &t->tokens[w->first_token];
    if (punct_of(t->text + w->text_off, w->text_len) == CLOSES)
        return true;
    return goes_on && !spaceless_language(t->language) && first->text_len > 0 && t->text[first->text_off] != ' ';
}

rh_status rh_transcript_end_segment(rh_transcript *t, const rh_asr_segment *segment, bool words)
{
    rh_status st = grow(&t->segments, t->n_segments, &t->_cap_segments, 1, sizeof *t->segments);
    if (st == RH_OK)
        st = grow_text(t, 0);
    if (st == RH_OK)
        st = mend_text(t, segment->first_token);
    if (st != RH_OK)
        return st;
    rh_asr_segment s = *segment;
    s.n_tokens = t->n_tokens - s.first_token;
    s.first_word = t->n_words;
    s.n_words = 0;
    s.text_off = s.n_tokens > 0 ? t->tokens[s.first_token].text_off : (uint32_t)t->_len_text;
    s.text_len = (uint32_t)t->_len_text - s.text_off;
    if (words && (st = build_words(t, &s)) != RH_OK)
        return st;
    t->segments[t->n_segments++] = s;
    return RH_OK;
}

static void move_times(rh_transcript *t, int seg0, int word0, int token0, float by)
{
    for (int i = seg0; i < t->n_segments; i++) {
        t->segments[i].start += by;
        t->segments[i].end += by;
        t->segments[i].window += by;
    }
    for (int i = word0; i < t->n_words; i++) {
        t->words[i].start += by;
        t->words[i].end += by;
    }
    for (int i = token0; i < t->n_tokens; i++) {
        t->tokens[i].start += by;
        t->tokens[i].end += by;
    }
}

rh_status rh_transcript_append(rh_transcript *dst, const rh_transcript *src, double offset_s)
{
    size_t len = src->_len_text;
    rh_status st = grow_text(dst, len);
    if (st == RH_OK)
        st = grow(&dst->segments, dst->n_segments, &dst->_cap_segments, src->n_segments, sizeof *dst->segments);
    if (st == RH_OK)
        st = grow(&dst->words, dst->n_words, &dst->_cap_words, src->n_words, sizeof *dst->words);
    if (st == RH_OK)
        st = grow(&dst->tokens, dst->n_tokens, &dst->_cap_tokens, src->n_tokens, sizeof *dst->tokens);
    if (st != RH_OK)
        return st;

    uint32_t off = (uint32_t)dst->_len_text;
    int seg0 = dst->n_segments, word0 = dst->n_words, token0 = dst->n_tokens;
    if (len)
        memcpy(dst->text + off, src->text, len);
    dst->_len_text += len;
    dst->text[dst->_len_text] = '\0';
    for (int i = 0; i < src->n_segments; i++) {
        rh_asr_segment s = src->segments[i];
        s.first_token += token0;
        s.first_word += word0;
        s.text_off += off;
        dst->segments[dst->n_segments++] = s;
    }
    for (int i = 0; i < src->n_words; i++) {
        rh_asr_word w = src->words[i];
        w.first_token += token0;
        w.text_off += off;
        dst->words[dst->n_words++] = w;
    }
    for (int i = 0; i < src->n_tokens; i++) {
        rh_asr_token k = src->tokens[i];
        k.text_off += off;
        dst->tokens[dst->n_tokens++] = k;
    }
    move_times(dst, seg0, word0, token0, (float)offset_s);
    if (!dst->language[0])
        memcpy(dst->language, src->language, sizeof dst->language);
    dst->encode_us += src->encode_us;
    dst->decode_us += src->decode_us;
    dst->n_steps += src->n_steps;
    return RH_OK;
}

void rh_transcript_shift(rh_transcript *t, double by_s)
{
    move_times(t, 0, 0, 0, (float)by_s);
}

static rh_status copy_word(rh_transcript *dst, const rh_transcript *src, const rh_asr_word *w)
{
    for (int k = w->first_token; k < w->first_token + w->n_tokens; k++) {
        const rh_asr_token *t = &src->tokens[k];
        rh_status st = rh_transcript_add_token(dst, t, src->text + t->text_off, t->text_len);
        if (st != RH_OK)
            return st;
    }
    return RH_OK;
}

rh_status rh_transcript_slice(rh_transcript *dst, const rh_transcript *src, int first, int end)
{
    rh_transcript_clear(dst);
    memcpy(dst->language, src->language, sizeof dst->language);
    for (int i = 0; i < src->n_segments; i++) {
        rh_asr_segment s = src->segments[i];
        int from = first > s.first_word ? first : s.first_word;
        int to = end < s.first_word + s.n_words ? end : s.first_word + s.n_words;
        if (from >= to)
            continue;
        s.first_token = dst->n_tokens;
        s.start = fmaxf(s.start, src->words[from].start);
        s.end = fminf(s.end, src->words[to - 1].end);
        int word0 = dst->n_words;
        for (int k = from; k < to; k++) {
            rh_status st = copy_word(dst, src, &src->words[k]);
            if (st != RH_OK)
                return st;
        }
        rh_status st = rh_transcript_end_segment(dst, &s, true);
        if (st != RH_OK)
            return st;
        /* Word times may have been corrected since they came from tokens. */
        for (int k = from; k < to && word0 + k - from < dst->n_words; k++) {
            dst->words[word0 + k - from].start = src->words[k].start;
            dst->words[word0 + k - from].end = src->words[k].end;
        }
    }
    return RH_OK;
}

float rh_compression_ratio(const char *text, size_t n)
{
    uLongf packed = compressBound((uLong)n);
    Bytef *scratch = rh_alloc(packed);
    float ratio = 1.0f; /* without memory: as if it were no loop */
    if (scratch && n > 0 && compress(scratch, &packed, (const Bytef *)text, (uLong)n) == Z_OK)
        ratio = (float)n / (float)packed;
    rh_free(scratch);
    return ratio;
}
