/* answer.c - the words of an answer with their times, and whether a quote stands among them. */
#include <stdint.h>
#include <string.h>
#include "llm_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/json.h"
#include "rehearse/base/text.h"

/* Written without blanks: each of their signs counts as a word by itself. */
static bool is_sign(uint32_t cp)
{
    static const struct {
        uint32_t from, to;
    } scripts[] = {
        {0x0e00, 0x0eff}, /* Thai, Lao */
        {0x1000, 0x109f}, /* Burmese */
        {0x1780, 0x17ff}, /* Khmer */
        {0x3040, 0x30ff}, /* kana */
        {0x3400, 0x4dbf}, /* Han */
        {0x4e00, 0x9fff}, {0xf900, 0xfaff}, {0x20000, 0x3ffff},
    };
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
        if (cp >= scripts[i].from && cp <= scripts[i].to)
            return true;
    return false;
}

static bool in_word(uint32_t cp, bool begun)
{
    rh_char_class c = rh_char_class_of(cp);
    return c == RH_CHAR_LETTER || c == RH_CHAR_NUMBER || (begun && (c == RH_CHAR_MARK || cp == '\'' || cp == 0x2019));
}

/* The next word of the `n` bytes of `text` from `*at` on, and `*at` behind it. */
static bool next_word(const char *text, size_t n, size_t *at, rh_answer_word *w)
{
    uint32_t cp;
    while (*at < n) {
        size_t first = *at, len = rh_utf8_next(text + first, n - first, &cp);
        *at += len;
        if (!in_word(cp, false))
            continue;
        *w = (rh_answer_word){.at = first, .sign = is_sign(cp)};
        while (!w->sign && *at < n) {
            len = rh_utf8_next(text + *at, n - *at, &cp);
            if (!in_word(cp, true) || is_sign(cp))
                break;
            *at += len;
        }
        w->n = *at - first;
        if (rh_word_form(text + first, w->n, "", w->form) > 0)
            return true;
    }
    return false;
}

typedef struct {
    rh_buf text;
    rh_answer_word *words;
    size_t n, cap;
} maker;

static bool add_word(maker *m, const rh_answer_word *w)
{
    if (m->n == m->cap) {
        size_t cap = m->cap ? 2 * m->cap : 256;
        rh_answer_word *more = rh_realloc(m->words, cap * sizeof *more);
        if (!more)
            return false;
        m->words = more;
        m->cap = cap;
    }
    m->words[m->n++] = *w;
    return true;
}

static size_t count_words(const char *text)
{
    rh_answer_word w;
    size_t at = 0, n = 0, len = strlen(text);
    while (next_word(text, len, &at, &w))
        n++;
    return n;
}

/* Clean words only: what was heard besides, and what of a given text is missing, is not in the line's text. */
static bool is_clean(const json_t *item)
{
    return json_object_get(item, "word") && strcmp(rh_json_str(item, "mark"), "missed") != 0;
}

/* Gives the line's words, from `first` on, the times of its items; where these are not the same words, the line's. */
static void time_words(maker *m, size_t first, const json_t *line)
{
    const json_t *items = json_object_get(line, "words");
    json_t *item;
    size_t i, n = 0, k = first;
    json_array_foreach(items, i, item)
        n += is_clean(item) ? count_words(rh_json_str(item, "text")) : 0;
    for (size_t w = first; w < m->n; w++) {
        m->words[w].start = rh_json_num(line, "start");
        m->words[w].end = rh_json_num(line, "end");
    }
    if (n != m->n - first)
        return;
    json_array_foreach(items, i, item) {
        size_t of_item = is_clean(item) ? count_words(rh_json_str(item, "text")) : 0;
        for (; of_item > 0; of_item--, k++) {
            m->words[k].start = rh_json_num(item, "start");
            m->words[k].end = rh_json_num(item, "end");
        }
    }
}

static bool add_line(maker *m, const json_t *line)
{
    const char *text = rh_json_str(line, "text");
    size_t at = m->text.len + (m->text.len > 0), first = m->n;
    rh_answer_word w;
    if (rh_buf_printf(&m->text, "%s%s", m->text.len ? " " : "", text) != RH_OK)
        return false;
    while (next_word(m->text.data, m->text.len, &at, &w))
        if (!add_word(m, &w))
            return false;
    time_words(m, first, line);
    return true;
}

rh_status rh_answer_of(rh_answer *a, const json_t *report, rh_error *err)
{
    maker m = {0};
    json_t *line;
    size_t i;
    bool whole = true;
    rh_buf_init(&m.text, RH_LLM_ANSWER_BYTES + 1);
    json_array_foreach(json_object_get(report, "transcript"), i, line) {
        if (m.text.len + strlen(rh_json_str(line, "text")) >= RH_LLM_ANSWER_BYTES)
            break;
        whole = whole && add_line(&m, line);
    }
    a->text = rh_buf_take(&m.text);
    a->words = m.words;
    a->n_words = m.n;
    if (a->text && whole)
        return RH_OK;
    rh_answer_done(a);
    return rh_fail(err, RH_ERR_NOMEM, "language model: out of memory");
}

void rh_answer_done(rh_answer *a)
{
    rh_free(a->text);
    rh_free(a->words);
    *a = (rh_answer){0};
}

static bool stands_at(const rh_answer *a, size_t first, const rh_answer_word *quote, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(a->words[first + i].form, quote[i].form) != 0)
            return false;
    return true;
}

rh_status rh_answer_find(const rh_answer *a, const char *quote, size_t *first, size_t *n)
{
    rh_answer_word *words = rh_calloc(RH_LLM_QUOTE_MOST + 1, sizeof *words);
    size_t at = 0, len = strlen(quote), k = 0, halves = 0;
    rh_status st = RH_ERR_NOTFOUND;
    if (!words)
        return RH_ERR_NOMEM;
    while (k <= RH_LLM_QUOTE_MOST && next_word(quote, len, &at, &words[k]))
        halves += words[k++].sign ? 1 : 2;
    bool fits = k <= RH_LLM_QUOTE_MOST && halves >= 2 * RH_LLM_QUOTE_WORDS;
    for (size_t i = 0; fits && st != RH_OK && i + k <= a->n_words; i++)
        if (stands_at(a, i, words, k)) {
            *first = i;
            *n = k;
            st = RH_OK;
        }
    rh_free(words);
    return st;
}

bool rh_answer_has_numbers_of(const rh_answer *a, const char *text)
{
    rh_answer_word w;
    size_t at = 0, len = strlen(text);
    while (next_word(text, len, &at, &w)) {
        bool there = strcspn(w.form, "0123456789") == strlen(w.form);
        for (size_t i = 0; i < a->n_words && !there; i++)
            there = strcmp(a->words[i].form, w.form) == 0;
        if (!there)
            return false;
    }
    return true;
}
