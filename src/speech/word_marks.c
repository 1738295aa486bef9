#include "word_marks_internal.h"

#include <ctype.h>
#include <string.h>

/* Last character that is not a closing quote or bracket; "..." for an ellipsis
 * and "--" for a long dash in UTF-8. */
static const char *last_mark(const char *text, size_t *len)
{
    size_t n = strlen(text);
    for (;;) {
        if (n > 0 && (text[n - 1] == '"' || text[n - 1] == '\'' || text[n - 1] == ')' || text[n - 1] == ']')) {
            n--;
        } else if (n >= 3 && memcmp(text + n - 3, "\xE2\x80", 2) == 0 &&
                   ((unsigned char)text[n - 1] == 0x9D || (unsigned char)text[n - 1] == 0x99)) {
            n -= 3;
        } else {
            break;
        }
    }
    *len = n;
    return n ? text + n - 1 : "";
}

static bool ends_with_dash(const char *text, size_t n)
{
    return (n > 0 && text[n - 1] == '-') ||
           (n >= 3 && memcmp(text + n - 3, "\xE2\x80", 2) == 0 &&
            ((unsigned char)text[n - 1] == 0x93 || (unsigned char)text[n - 1] == 0x94));
}

static bool ends_with_ellipsis(const char *text, size_t n)
{
    return (n >= 3 && (memcmp(text + n - 3, "...", 3) == 0 || memcmp(text + n - 3, "\xE2\x80\xA6", 3) == 0));
}

/* The last character is one of `signs`, three bytes each: the full stop and comma of Chinese and Japanese. */
static bool ends_with_sign(const char *text, size_t n, const char *signs)
{
    for (; *signs; signs += 3)
        if (n >= 3 && memcmp(text + n - 3, signs, 3) == 0)
            return true;
    return false;
}

bool rh_ends_sentence(const char *text)
{
    static const char abbreviations[] = "dr e.g etc i.e jr mr mrs ms prof sr st vs";
    size_t n;
    const char *c = last_mark(text, &n);
    if (ends_with_ellipsis(text, n) || *c == '?' || *c == '!' || ends_with_sign(text, n, "。！？"))
        return true;
    if (*c != '.')
        return false;
    char key[RH_WORD_BYTES];
    size_t k = 0;
    for (size_t i = 0; i + 1 < n && k + 1 < sizeof key; i++)
        if (isalnum((unsigned char)text[i]) || text[i] == '.')
            key[k++] = (char)tolower((unsigned char)text[i]);
    key[k] = '\0';
    return !rh_word_in(key, abbreviations);
}

bool rh_ends_question(const char *text)
{
    size_t n;
    return *last_mark(text, &n) == '?' || ends_with_sign(text, n, "？");
}

bool rh_ends_clause(const char *text)
{
    size_t n;
    const char *c = last_mark(text, &n);
    return rh_ends_sentence(text) || *c == ',' || *c == ';' || *c == ':' || ends_with_dash(text, n) ||
           ends_with_sign(text, n, "，、；：");
}

bool rh_trails_off(const char *text)
{
    size_t n;
    last_mark(text, &n);
    return ends_with_dash(text, n) || ends_with_ellipsis(text, n);
}

bool rh_sentence_ends_at(const rh_speech_input *in, size_t word)
{
    return word + 1 >= in->n_words || rh_ends_sentence(in->words[word].text);
}
