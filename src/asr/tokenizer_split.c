/* Where text is cut: into pieces for merging (the GPT-2 pattern), and tokens
 * into words (openai-whisper's split_to_word_tokens). */
#include <string.h>
#include "rehearse/base/text.h"
#include "tokenizer_internal.h"

/* The pattern's classes: an accent is neither letter, number nor space to it. */
static rh_char_class classify(uint32_t cp)
{
    rh_char_class c = rh_char_class_of(cp);
    return c == RH_CHAR_MARK ? RH_CHAR_OTHER : c;
}

static size_t run_of(rh_char_class c, const char *s, size_t n)
{
    size_t at = 0;
    while (at < n) {
        uint32_t cp;
        size_t len = rh_utf8_next(s + at, n - at, &cp);
        if (classify(cp) != c)
            break;
        at += len;
    }
    return at;
}

static size_t contraction(const char *s, size_t n)
{
    static const char *const endings[] = {"s", "t", "re", "ve", "m", "ll", "d"};
    if (s[0] != '\'')
        return 0;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t len = strlen(endings[i]);
        if (n > len && memcmp(s + 1, endings[i], len) == 0)
            return len + 1;
    }
    return 0;
}

/* Pattern: 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ */
size_t rh_tokenizer_next_piece(const char *s, size_t n)
{
    size_t len = contraction(s, n);
    if (len)
        return len;
    size_t lead = s[0] == ' ' && n > 1 ? 1 : 0;
    uint32_t cp;
    rh_utf8_next(s + lead, n - lead, &cp);
    rh_char_class c = classify(cp);
    if (c != RH_CHAR_SPACE)
        return lead + run_of(c, s + lead, n - lead);
    size_t spaces = run_of(RH_CHAR_SPACE, s, n), last = 0;
    if (spaces == n)
        return n;
    for (size_t at = 0; at < spaces;) { /* the last space goes with what follows */
        last = at;
        at += rh_utf8_next(s + at, n - at, &cp);
    }
    return last ? last : spaces;
}

/* The symbols of the reference's non_speech_tokens(): speaker tags, sounds, music. */
static const char *const symbols[] = {
    "\"", "#", "(",  ")",  "*",   "+",   "/",  ":",  ";",  "<",   "=",   ">",    "@",   "[",   "\\",
    "]",  "^", "_",  "`",  "{",   "|",   "}",  "~",  "「", "」",  "『",  "』",   "<<",  ">>",  "<<<",
    ">>>", "--", "---", "-(", "-[", "('", "(\"", "((", "))", "(((", ")))", "[[", "]]", "{{", "}}",
    "♪♪", "♪♪♪"};
/* For these the first of several tokens is suppressed too. */
static const char *const notes[] = {"♩", "♪", "♫", "♬", "♭", "♮", "♯"};

static void add_non_speech(rh_tokenizer *t, const char *text, bool first_of_many)
{
    int32_t ids[8];
    size_t n;
    if (rh_tokenizer_encode(t, text, strlen(text), ids, 8, &n) != RH_OK || n == 0 ||
        (n > 1 && !first_of_many) || t->n_non_speech == RH_MAX_NON_SPEECH)
        return;
    size_t at = 0;
    while (at < t->n_non_speech && t->non_speech[at] < ids[0])
        at++;
    if (at < t->n_non_speech && t->non_speech[at] == ids[0])
        return;
    memmove(t->non_speech + at + 1, t->non_speech + at,
            (t->n_non_speech - at) * sizeof t->non_speech[0]);
    t->non_speech[at] = ids[0];
    t->n_non_speech++;
}

static void add_both(rh_tokenizer *t, const char *text, bool first_of_many)
{
    char spaced[16] = " ";
    strncat(spaced, text, sizeof spaced - 2);
    add_non_speech(t, text, first_of_many);
    add_non_speech(t, spaced, first_of_many);
}

rh_status rh_tokenizer_list_non_speech(rh_tokenizer *t, rh_error *err)
{
    add_non_speech(t, " -", true); /* hyphen and quote are allowed inside words only */
    add_non_speech(t, " '", true);
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++)
        add_both(t, symbols[i], false);
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++)
        add_both(t, notes[i], true);
    if (t->n_non_speech == RH_MAX_NON_SPEECH)
        return rh_fail(err, RH_ERR_FORMAT, "the vocabulary is not Whisper's");
    return RH_OK;
}

const int32_t *rh_tokenizer_non_speech(const rh_tokenizer *t, size_t *n)
{
    *n = t->n_non_speech;
    return t->non_speech;
}

/* Bytes at the end of s that begin a character whose rest is missing. */
static size_t incomplete_tail(const char *s, size_t n)
{
    for (size_t back = 1; back <= 3 && back <= n; back++) {
        uint8_t c = (uint8_t)s[n - back];
        if ((c & 0xc0) == 0x80)
            continue;
        size_t need = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
        return need > back ? back : 0;
    }
    return 0;
}

static bool is_ascii_punctuation(const char *s, size_t n)
{
    while (n && strchr(" \t\n\r\v\f", s[0]))
        s++, n--;
    while (n && strchr(" \t\n\r\v\f", s[n - 1]))
        n--;
    static const char all[] = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
    if (n == 0)
        return true; /* an empty string is part of any */
    for (size_t i = 0; i + n <= sizeof all - 1; i++)
        if (memcmp(all + i, s, n) == 0)
            return true;
    return false;
}

static bool written_without_spaces(const char *language)
{
    static const char *const codes[] = {"zh", "ja", "th", "lo", "my", "yue"};
    for (size_t i = 0; language && i < sizeof codes / sizeof codes[0]; i++)
        if (strcmp(language, codes[i]) == 0)
            return true;
    return false;
}

void rh_tokenizer_split_words(const rh_tokenizer *t, const int32_t *tokens, size_t n,
                              const char *language, uint32_t *ends, size_t *n_words)
{
    bool by_character = written_without_spaces(language);
    size_t words = 0, pending = 0; /* bytes of an unfinished character */
    char tail[4];
    size_t start = 0; /* first token of the subword being collected */
    for (size_t i = 0; i < n; i++) {
        size_t len;
        const char *s = rh_tokenizer_bytes(t, tokens[i], &len);
        char joined[4 + 64];
        size_t take = len > 64 ? 64 : len;
        memcpy(joined, tail, pending);
        memcpy(joined + pending, s + (len - take), take);
        size_t open = incomplete_tail(joined, pending + take);
        if (open && i + 1 < n) {
            memcpy(tail, joined + pending + take - open, open);
            pending = open;
            continue;
        }
        pending = 0;
        size_t first_len;
        const char *first = rh_tokenizer_bytes(t, tokens[start], &first_len);
        bool starts = tokens[start] >= t->special.eot || (first_len && first[0] == ' ') ||
                      (start == i && is_ascii_punctuation(first, first_len)) || words == 0 ||
                      by_character;
        if (starts)
            words++;
        ends[words - 1] = (uint32_t)(i + 1);
        start = i + 1;
    }
    *n_words = words;
}
