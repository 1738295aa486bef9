/* Tokens into words (openai-whisper's split_to_word_tokens). */
#include <string.h>
#include "tokenizer_internal.h"

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

void rh_tokenizer_split_words(const rh_tokenizer *t, const int32_t *tokens, size_t n, const char *language,
                              uint32_t *ends, size_t *n_words)
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
                      (start == i && is_ascii_punctuation(first, first_len)) || words == 0 || by_character;
        if (starts)
            words++;
        ends[words - 1] = (uint32_t)(i + 1);
        start = i + 1;
    }
    *n_words = words;
}
