#include "message.h"

#include <string.h>
#include <strings.h>
#include "numbers.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/buf.h"

enum { MIN_LIFT = 512, MAX_LIFTED = 4, MAX_DEPTH = 32 };

typedef struct {
    rh_base64_ref at[MAX_LIFTED];
    int n;
} lifted;

/* The end of the string that begins behind `p` (its closing quote), NULL without one. */
static const char *string_end(const char *p, const char *end, bool *escapes)
{
    *escapes = false;
    for (;;) {
        const char *q = memchr(p, '"', (size_t)(end - p));
        if (!q)
            return NULL;
        const char *b = memchr(p, '\\', (size_t)(q - p));
        if (!b)
            return q;
        *escapes = true;
        p = b + 2 < end ? b + 2 : end;
    }
}

/* Copies JSON text, putting {"@":k} where the k-th long plain string stood. */
static rh_status lift(const char *raw, size_t n, rh_buf *small, lifted *l)
{
    const char *p = raw, *end = raw + n;
    rh_status st = RH_OK;
    while (p < end && st == RH_OK) {
        const char *q = memchr(p, '"', (size_t)(end - p));
        if (!q)
            return rh_buf_add(small, p, (size_t)(end - p));
        st = rh_buf_add(small, p, (size_t)(q - p));
        bool escapes;
        const char *close = string_end(q + 1, end, &escapes);
        if (!close) /* broken: let the parser say so */
            return st == RH_OK ? rh_buf_add(small, q, (size_t)(end - q)) : st;
        size_t len = (size_t)(close - q - 1);
        if (st == RH_OK && !escapes && len >= MIN_LIFT && l->n < MAX_LIFTED) {
            l->at[l->n] = (rh_base64_ref){q + 1, len};
            st = rh_buf_printf(small, "{\"@\":%d}", l->n++);
        } else if (st == RH_OK) {
            st = rh_buf_add(small, q, len + 2);
        }
        p = close + 1;
    }
    return st;
}

static rh_status parse_json(const char *raw, size_t n, lifted *l, json_t **out, rh_error *err)
{
    rh_buf small;
    rh_buf_init(&small, n + 64);
    json_error_t why;
    *out = NULL;
    rh_status st = lift(raw, n, &small, l);
    if (st == RH_OK)
        *out = json_loadb(small.data ? small.data : "", small.len, 0, &why);
    if (!*out && l->n) { /* a long key, say: the parser shall see all of it */
        l->n = 0;
        *out = json_loadb(raw, n, 0, &why);
    } else if (!*out && st != RH_OK) {
        (void)strcpy(why.text, "out of memory");
    }
    rh_buf_done(&small);
    if (!*out)
        return rh_fail(err, RH_ERR_INVAL,
                       "the message is not JSON (%.100s): send an object such "
                       "as {\"frame\": \"data:image/jpeg;base64,...\"}",
                       why.text);
    if (json_is_object(*out))
        return RH_OK;
    json_decref(*out);
    *out = NULL;
    return rh_fail(err, RH_ERR_INVAL,
                   "the message is JSON but not an object: send {\"frame\": "
                   "...} or {\"audio\": ...}");
}

rh_status rh_base64_of_uri(const char *s, size_t n, rh_base64_ref *out, rh_error *err)
{
    if (n >= 5 && strncasecmp(s, "data:", 5) == 0) {
        const char *comma = memchr(s, ',', n < 256 ? n : 256);
        if (!comma || comma - s < 12 || strncasecmp(comma - 7, ";base64", 7) != 0)
            return rh_fail(err, RH_ERR_INVAL, "the data URI has no \";base64,\": send data:image/jpeg;base64,...");
        n -= (size_t)(comma + 1 - s);
        s = comma + 1;
    }
    *out = (rh_base64_ref){s, n};
    return RH_OK;
}

static rh_status media(const json_t *small, const lifted *l, const char *key, rh_base64_ref *out, rh_error *err)
{
    const json_t *v = json_object_get(small, key);
    if (!v || json_is_null(v))
        return RH_OK;
    if (json_is_string(v))
        return rh_base64_of_uri(json_string_value(v), json_string_length(v), out, err);
    const json_t *k = json_is_object(v) && json_object_size(v) == 1 ? json_object_get(v, "@") : NULL;
    if (json_is_integer(k) && json_integer_value(k) >= 0 && json_integer_value(k) < l->n) {
        rh_base64_ref r = l->at[json_integer_value(k)];
        return rh_base64_of_uri(r.at, r.n, out, err);
    }
    return rh_fail(err, RH_ERR_INVAL, "\"%s\" must be a string of base64", key);
}

static rh_status sample_rate(const json_t *small, int *out, rh_error *err)
{
    double rate = 16000;
    rh_status st = rh_number_of(small, "sample_rate", rh_sample_rates, &rate, err);
    *out = (int)rate;
    return st;
}

static rh_status command(const json_t *small, rh_command *out, rh_error *err)
{
    static const char *const names[] = {"", "analyze", "clear", "calibrate"};
    const json_t *v = json_object_get(small, "command");
    *out = RH_COMMAND_NONE;
    if (!v || json_is_null(v))
        return RH_OK;
    for (int i = 1; json_is_string(v) && i < 4; i++)
        if (strcmp(json_string_value(v), names[i]) == 0) {
            *out = (rh_command)i;
            return RH_OK;
        }
    return rh_fail(err, RH_ERR_INVAL, "unknown command: \"analyze\", \"clear\" and \"calibrate\" exist");
}

rh_status rh_message_parse_take(rh_message *m, char *raw, size_t n, rh_error *err)
{
    *m = (rh_message){.raw = raw, .n_raw = n};
    lifted l = {0};
    rh_status st = parse_json(raw, n, &l, &m->small, err);
    if (st == RH_OK)
        st = command(m->small, &m->command, err);
    if (st == RH_OK) {
        (void)media(m->small, &l, "frame", &m->frame, &m->frame_fault);
        if (media(m->small, &l, "audio", &m->audio, &m->audio_fault) == RH_OK && m->audio.at)
            (void)sample_rate(m->small, &m->sample_rate_hz, &m->audio_fault);
    }
    if (st != RH_OK)
        rh_message_done(m);
    return st;
}

void rh_message_done(rh_message *m)
{
    json_decref(m->small);
    rh_free(m->raw);
    *m = (rh_message){0};
}
