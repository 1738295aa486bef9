/* Tokens are written in tokenizer files by GPT-2's alphabet, which gives each
 * byte a printable character; here they become bytes again.
 * Source: openai/gpt-2, encoder.py (bytes_to_unicode). */
#include "model_vocab_internal.h"

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "rehearse/base/alloc.h"

enum { MAX_TOKENS = 100000, LAST_LETTER = 256 + 68 };

static const char end_of_text[] = "<|endoftext|>";

/* letter -> byte, -1 for characters that stand for none. */
typedef struct {
    int16_t byte[LAST_LETTER];
} alphabet;

static alphabet make_alphabet(void)
{
    alphabet a;
    int next = 256;
    for (int i = 0; i < LAST_LETTER; i++)
        a.byte[i] = -1;
    for (int b = 0; b < 256; b++) {
        bool printable = (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
        a.byte[printable ? b : next++] = (int16_t)b;
    }
    return a;
}

/* The characters of the alphabet take one or two bytes of UTF-8. */
static bool decode(const alphabet *a, const char *text, uint8_t *out, uint32_t *n)
{
    *n = 0;
    for (const uint8_t *p = (const uint8_t *)text; *p;) {
        unsigned c = *p++;
        if (c >= 0xc0 && c < 0xe0 && (*p & 0xc0) == 0x80)
            c = (c & 0x1f) << 6 | (*p++ & 0x3f);
        if (c >= LAST_LETTER || a->byte[c] < 0)
            return false;
        out[(*n)++] = (uint8_t)a->byte[c];
    }
    return true;
}

static json_t *load(const char *dir, const char *name, char *path, size_t size)
{
    snprintf(path, size, "%s/%s", dir, name);
    return json_load_file(path, 0, NULL);
}

/* tokenizer.json: fills texts[0..end of text) from {"model": {"vocab": {text: number}}}. */
static int from_tokenizer(json_t *root, const char **texts)
{
    json_t *vocab = json_object_get(json_object_get(root, "model"), "vocab"), *entry, *id;
    size_t i;
    json_int_t end = -1;
    json_array_foreach(json_object_get(root, "added_tokens"), i, entry) {
        const char *content = json_string_value(json_object_get(entry, "content"));
        if (content && strcmp(content, end_of_text) == 0)
            end = json_integer_value(json_object_get(entry, "id"));
    }
    if (end <= 0 || end > MAX_TOKENS)
        return -1;
    const char *text;
    json_object_foreach(vocab, text, id)
        if (json_is_integer(id) && json_integer_value(id) >= 0 && json_integer_value(id) < end)
            texts[json_integer_value(id)] = text;
    return (int)end;
}

/* vocabulary.json: [text of token 0, text of token 1, ...]. */
static int from_list(json_t *root, const char **texts)
{
    size_t i;
    json_t *entry;
    json_array_foreach(root, i, entry) {
        const char *text = json_string_value(entry);
        if (i >= MAX_TOKENS || !text)
            return -1;
        if (strcmp(text, end_of_text) == 0)
            return (int)i;
        texts[i] = text;
    }
    return -1;
}

static rh_status write_tokens(const char **texts, int n, const char *path, rh_buf *out, rh_error *err)
{
    alphabet a = make_alphabet();
    uint8_t bytes[1024];
    for (int i = 0; i < n; i++) {
        uint32_t len;
        if (!texts[i] || strlen(texts[i]) > sizeof bytes || !decode(&a, texts[i], bytes, &len))
            return rh_fail(err, RH_ERR_FORMAT, "%s: token %d is missing or not byte-level BPE", path, i);
        if (rh_buf_add(out, &len, sizeof len) != RH_OK || rh_buf_add(out, bytes, len) != RH_OK)
            return rh_fail(err, RH_ERR_NOMEM, "model import: out of memory");
    }
    return RH_OK;
}

rh_status rh_model_vocab(const char *dir, bool with_end, rh_buf *out, int *n, rh_error *err)
{
    char path[PATH_MAX];
    unsigned long failures = rh_alloc_failures();
    json_t *root = load(dir, "tokenizer.json", path, sizeof path);
    if (!root)
        root = load(dir, "vocabulary.json", path, sizeof path);
    if (rh_alloc_failures() != failures) {
        json_decref(root);
        return rh_fail(err, RH_ERR_NOMEM, "model import: out of memory");
    }
    if (!root)
        return rh_fail(err, RH_ERR_IO, "%.100s holds no readable tokenizer.json or vocabulary.json", dir);
    rh_status st;
    const char **texts = rh_calloc(MAX_TOKENS + 1, sizeof *texts);
    if (!texts) {
        st = rh_fail(err, RH_ERR_NOMEM, "model import: out of memory");
    } else {
        *n = json_is_array(root) ? from_list(root, texts) : from_tokenizer(root, texts);
        if (*n > 0 && with_end)
            texts[(*n)++] = end_of_text;
        st = *n <= 0 ? rh_fail(err, RH_ERR_FORMAT, "%s names no %s", path, end_of_text)
                     : write_tokens(texts, *n, path, out, err);
    }
    rh_free(texts);
    json_decref(root);
    return st;
}
