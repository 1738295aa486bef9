/* subtitles.c - see subtitles.h. Lengths of lines and cues are those of common
 * subtitling guides (Netflix Timed Text Style Guide: 42 characters, 7 s). */
#include "rehearse/asr/subtitles.h"

#include <math.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/text.h"
#include "rehearse/base/array.h"

enum { MAX_TEXT = 64 << 20, GAP_MS = 1500 /* so long a silence ends a cue */ };

struct rh_subtitle_word {
    size_t off, len; /* in `text` */
    size_t chars;
    int64_t start_ms, end_ms;
    bool joined;
};

void rh_subtitles_init(rh_subtitles *s, rh_subtitle_form form, rh_buf *out)
{
    *s = (rh_subtitles){.out = out, .form = form, .st = RH_OK};
    rh_buf_init(&s->text, MAX_TEXT);
    if (form == RH_SUBTITLES_VTT)
        s->st = rh_buf_puts(out, "WEBVTT\n\n");
}

static int64_t to_ms(double s)
{
    static const double LAST_S = 3600.0 * 1000;
    return s > 0 ? llround(fmin(s, LAST_S) * 1000) : 0; /* not a number: 0 */
}

static void add_word(rh_subtitles *s, const char *word, size_t len, size_t chars, double start, double end, bool joined)
{
    if (s->st == RH_OK)
        s->st = rh_array_reserve(&s->words, &s->cap, s->n + 1, sizeof *s->words);
    size_t off = s->text.len;
    if (s->st == RH_OK)
        s->st = rh_buf_add(&s->text, word, len);
    if (s->st != RH_OK)
        return;
    int64_t from = to_ms(start), to = to_ms(end);
    s->words[s->n++] = (rh_subtitle_word){off, len, chars, from, to > from ? to : from, joined && s->n > 0};
}

/* Bytes of the first `most` characters. */
static size_t first_chars(const char *s, size_t n, size_t most, size_t *chars)
{
    size_t at = 0;
    *chars = 0;
    while (at < n) {
        uint32_t cp;
        size_t len = rh_utf8_next(s + at, n - at, &cp);
        bool counts = rh_char_class_of(cp) != RH_CHAR_MARK;
        if (counts && *chars == most)
            break;
        *chars += counts;
        at += len;
    }
    return at;
}

/* Adds a word without spaces in it; what is longer than a line goes in parts. */
static void add_parts(rh_subtitles *s, const char *word, size_t n, double start, double end, bool joined)
{
    size_t total = n;
    double length = end > start ? end - start : 0;
    while (n > 0) {
        size_t chars, len = first_chars(word, n, RH_CUE_LINE, &chars);
        double from = start + length * (double)(total - n) / (double)total;
        double to = start + length * (double)(total - n + len) / (double)total;
        add_word(s, word, len, chars, from, to, joined);
        word += len;
        n -= len;
        joined = true;
    }
}

/* Length of the space or control characters at `s`. */
static size_t blank(const char *s, size_t n)
{
    size_t at = 0;
    while (at < n) {
        uint32_t cp;
        size_t len = rh_utf8_next(s + at, n - at, &cp);
        if (rh_char_class_of(cp) != RH_CHAR_SPACE && cp >= 0x20 && !(cp >= 0x7f && cp < 0xa0))
            break;
        at += len;
    }
    return at;
}

static size_t not_blank(const char *s, size_t n)
{
    size_t at = 0;
    while (at < n && !blank(s + at, n - at)) {
        uint32_t cp;
        at += rh_utf8_next(s + at, n - at, &cp);
    }
    return at;
}

/* A text's words share its time by their length. */
static void add_text(rh_subtitles *s, const char *text, size_t n, double start, double end, bool joined)
{
    char *whole = rh_utf8_mended(text, n);
    if (!whole) {
        s->st = s->st == RH_OK ? RH_ERR_NOMEM : s->st;
        return;
    }
    size_t total = strlen(whole), at = 0;
    double length = end > start ? end - start : 0;
    while (s->st == RH_OK && at < total) {
        size_t space = blank(whole + at, total - at);
        at += space;
        size_t len = not_blank(whole + at, total - at);
        if (len)
            add_parts(s, whole + at, len, start + length * (double)at / (double)total,
                      start + length * (double)(at + len) / (double)total, joined && !space);
        at += len;
        joined = false;
    }
    rh_free(whole);
}

void rh_subtitles_word(rh_subtitles *s, const char *word, size_t n, double start, double end, bool joined)
{
    add_text(s, word, n, start, end, joined);
}

void rh_subtitles_text(rh_subtitles *s, const char *text, size_t n, double start, double end)
{
    add_text(s, text, n, start, end, false);
}

/* ---- cues ---- */

/* Characters of the line of words i..j-1. */
static size_t line_chars(const rh_subtitles *s, size_t i, size_t j)
{
    size_t n = 0;
    for (size_t k = i; k < j; k++)
        n += s->words[k].chars + (k > i && !s->words[k].joined);
    return n;
}

/* 3 after a sentence, 2 after a clause, 1 after a word, 0 within one. */
static int liking(const rh_subtitles *s, size_t before)
{
    const rh_subtitle_word *w = &s->words[before - 1];
    const char *text = s->text.data + w->off;
    size_t n = w->len;
    while (n > 1 && strchr("\"')]", text[n - 1]))
        n--;
    static const char *const wide[] = {"\xe3\x80\x82", "\xef\xbc\x9f", "\xef\xbc\x81", "\xef\xbc\x8c", "\xe3\x80\x81"};
    for (int i = 0; i < 5; i++)
        if (n >= 3 && memcmp(text + n - 3, wide[i], 3) == 0)
            return i < 3 ? 3 : 2;
    if (strchr(".?!", text[n - 1]))
        return 3;
    if (strchr(",;:", text[n - 1]))
        return 2;
    return before < s->n && s->words[before].joined ? 0 : 1;
}

/* Where the second line of words i..j-1 begins: j = there is none, 0 = they need more than two. */
static size_t second_line(const rh_subtitles *s, size_t i, size_t j)
{
    size_t best = 0, least = SIZE_MAX;
    if (line_chars(s, i, j) <= RH_CUE_LINE)
        return j;
    for (size_t k = i + 1; k < j; k++) {
        size_t a = line_chars(s, i, k), b = line_chars(s, k, j);
        if (a > RH_CUE_LINE)
            break;
        size_t cost = (a > b ? a : b) + 6 * (size_t)(3 - liking(s, k)); /* even lines, whole clauses */
        if (b <= RH_CUE_LINE && cost < least) {
            least = cost;
            best = k;
        }
    }
    return best;
}

/* One past the last word that may share a cue with word i. */
static size_t fits_until(const rh_subtitles *s, size_t i)
{
    size_t j = i + 1;
    while (j < s->n && s->words[j].end_ms - s->words[i].start_ms <= RH_CUE_MS &&
           s->words[j].start_ms - s->words[j - 1].end_ms < GAP_MS && second_line(s, i, j + 1))
        j++;
    return j;
}

static size_t best_end(const rh_subtitles *s, size_t i, size_t j)
{
    size_t best = j;
    int most = -1;
    if (j == s->n)
        return j;
    for (size_t k = j; k > i + (j - i) / 3 && k > i; k--)
        if (liking(s, k) > most) {
            most = liking(s, k);
            best = k;
        }
    return best;
}

static void put_stamp(rh_subtitles *s, int64_t ms)
{
    if (s->st == RH_OK)
        s->st = rh_buf_printf(s->out, "%02d:%02d:%02d%c%03d", (int)(ms / 3600000), (int)(ms / 60000 % 60),
                              (int)(ms / 1000 % 60), s->form == RH_SUBTITLES_SRT ? ',' : '.', (int)(ms % 1000));
}

/* Writes the cue that waits, which ends when the next begins. */
static void flush(rh_subtitles *s, int64_t next_ms)
{
    if (!s->cue)
        return;
    int64_t end = s->end_ms < next_ms ? s->end_ms : next_ms;
    if (s->form == RH_SUBTITLES_SRT && s->st == RH_OK)
        s->st = rh_buf_printf(s->out, "%d\n", s->n_cues);
    put_stamp(s, s->start_ms);
    if (s->st == RH_OK)
        s->st = rh_buf_puts(s->out, " --> ");
    put_stamp(s, end);
    if (s->st == RH_OK)
        s->st = rh_buf_puts(s->out, "\n");
    if (s->st == RH_OK)
        s->st = rh_buf_puts(s->out, s->cue);
    if (s->st == RH_OK)
        s->st = rh_buf_puts(s->out, "\n\n");
    rh_free(s->cue);
    s->cue = NULL;
}

/* In WebVTT "&", "<" and "-->" mean something. */
static rh_status put_text(rh_buf *b, const char *text, size_t n, rh_subtitle_form form)
{
    rh_status st = RH_OK;
    for (size_t i = 0; i < n && st == RH_OK; i++) {
        const char *named = form == RH_SUBTITLES_SRT ? NULL
                            : text[i] == '&'         ? "&amp;"
                            : text[i] == '<'         ? "&lt;"
                            : text[i] == '>'         ? "&gt;"
                                                     : NULL;
        st = named ? rh_buf_puts(b, named) : rh_buf_add(b, text + i, 1);
    }
    return st;
}

static void put_cue(rh_subtitles *s, size_t i, size_t j)
{
    int64_t start = s->words[i].start_ms, end = s->words[j - 1].end_ms;
    if (s->n_cues > 0 && start <= s->start_ms) /* cues begin one after the other */
        start = s->start_ms + 1;
    flush(s, start);
    size_t second = second_line(s, i, j);
    rh_buf b;
    rh_buf_init(&b, MAX_TEXT);
    rh_status st = RH_OK;
    for (size_t k = i; k < j && st == RH_OK; k++) {
        const rh_subtitle_word *w = &s->words[k];
        if (k > i && (k == second || !w->joined))
            st = rh_buf_puts(&b, k == second ? "\n" : " ");
        if (st == RH_OK)
            st = put_text(&b, s->text.data + w->off, w->len, s->form);
    }
    s->cue = st == RH_OK ? rh_buf_take(&b) : NULL;
    rh_buf_done(&b);
    if (!s->cue)
        s->st = s->st == RH_OK ? RH_ERR_NOMEM : s->st;
    end = end > start ? end : start + 1;
    s->start_ms = start;
    s->end_ms = end < start + RH_CUE_MS ? end : start + RH_CUE_MS;
    s->n_cues++;
}

void rh_subtitles_break(rh_subtitles *s)
{
    for (size_t i = 0; i < s->n && s->st == RH_OK;) {
        size_t j = best_end(s, i, fits_until(s, i));
        put_cue(s, i, j);
        i = j;
    }
    s->n = 0;
    rh_buf_clear(&s->text);
}

rh_status rh_subtitles_done(rh_subtitles *s)
{
    rh_subtitles_break(s);
    flush(s, INT64_MAX);
    rh_free(s->words);
    rh_buf_done(&s->text);
    return s->st;
}
