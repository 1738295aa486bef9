/* tokenizer_pieces.c - text cut by the GPT-2 pattern. */
#include "tokenizer_internal.h"

#include <string.h>
#include "rehearse/base/text.h"

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
