#include "start_message.h"

#include <string.h>
#include "server/media_bytes.h"
#include "server/numbers.h"
#include "rehearse/base/alloc.h"
#include "rehearse/asr/asr.h"
#include "rehearse/session/session.h"
#include "server/api/pasted.h"
#include "server/api/text_field.h"
#include "server/server_limits.h"

static const char not_a_binary_message[] = "binary messages begin with 1 (JPEG), 2 (PCM 16-bit) or 3 (PCM float32), "
                                           "then 8 bytes of time in microseconds";

/* Null is as good as not there. */
static const json_t *value_of(const json_t *m, const char *key)
{
    const json_t *v = json_object_get(m, key);
    return json_is_null(v) ? NULL : v;
}

static rh_status read_text(const json_t *m, const char *key, const char **out, rh_error *err)
{
    const json_t *v = value_of(m, key);
    if (v && !json_is_string(v))
        return rh_fail(err, RH_ERR_INVAL, "%s must be a text in quotes", key);
    if (!v || json_string_length(v) == 0)
        return RH_OK;
    *out = json_string_value(v);
    return rh_text_field_check(key, *out, json_string_length(v), err);
}

static rh_status read_pasted(const json_t *m, const char *key, const char **out, rh_error *err)
{
    const json_t *v = value_of(m, key);
    if (v && !json_is_string(v))
        return rh_fail(err, RH_ERR_INVAL, "%s must be a text in quotes", key);
    if (!v || json_string_length(v) == 0)
        return RH_OK;
    *out = json_string_value(v);
    if (strlen(*out) != json_string_length(v))
        return rh_fail(err, RH_ERR_INVAL, "%s holds a NUL: plain text is expected", key);
    return rh_pasted_check(key, *out, json_string_length(v), err);
}

/* Names that may be said. */
static rh_status read_expected(rh_start_message *s, const json_t *m, rh_error *err)
{
    rh_status st = read_pasted(m, "job_ad", &s->job_ad, err);
    if (st == RH_OK)
        st = read_pasted(m, "cv", &s->cv, err);
    s->key_terms = value_of(m, "key_terms");
    return st == RH_OK && s->key_terms ? rh_key_terms_check(s->key_terms, err) : st;
}

static rh_status read_resume(rh_start_message *s, const json_t *m, rh_error *err)
{
    const json_t *last = value_of(m, "last_seq"), *after = value_of(m, "after_seq"); /* two names of the same */
    const char *name = last ? "last_seq" : "after_seq";
    last = last ? last : after;
    if (last && (!json_is_integer(last) || json_integer_value(last) < 0))
        return rh_fail(err, RH_ERR_INVAL, "%s must be the seq of an event: a whole number, 0 for none", name);
    s->has_last_seq = last != NULL;
    s->last_seq = last ? (uint64_t)json_integer_value(last) : 0;
    return read_text(m, "resume", &s->resume, err);
}

static rh_status read_interview(rh_start_message *s, const json_t *m, rh_error *err)
{
    static const rh_number_range questions = {0, RH_INTERVIEW_QUESTIONS - 1, true};
    static const rh_number_range follow_ups = {0, RH_INTERVIEW_FOLLOW_UPS, true};
    double index = 0, follow_up = 0;
    rh_status st = read_text(m, "interview", &s->interview, err);
    if (st == RH_OK && s->interview && !value_of(m, "question_index"))
        st = rh_fail(err, RH_ERR_INVAL, "interview needs question_index: which question of its plan is answered");
    if (st == RH_OK && !s->interview && (value_of(m, "question_index") || value_of(m, "follow_up")))
        st =
            rh_fail(err, RH_ERR_INVAL, "question_index and follow_up belong to an interview: give its id as interview");
    if (st == RH_OK)
        st = rh_number_of(m, "question_index", questions, &index, err);
    if (st == RH_OK)
        st = rh_number_of(m, "follow_up", follow_ups, &follow_up, err);
    s->question_index = (int)index;
    s->follow_up = (int)follow_up;
    return st;
}

static rh_status read_switch(const json_t *m, const char *key, bool *out, rh_error *err)
{
    const json_t *v = value_of(m, key);
    if (v && !json_is_boolean(v))
        return rh_fail(err, RH_ERR_INVAL, "%s must be true or false", key);
    *out = json_is_true(v);
    return RH_OK;
}

rh_status rh_start_message_read(rh_start_message *out, const json_t *m, rh_error *err)
{
    rh_start_message s = {0};
    double rate = RH_ASR_RATE_HZ, face_hz = 0, fov = 0;
    const struct {
        const char *key, **to;
    } texts[] = {{"client", &s.client},
                 {"question", &s.question},
                 {"kind", &s.kind},
                 {"language", &s.language},
                 {"reference_text", &s.reference}};
    rh_status st = json_is_object(m) ? RH_OK : rh_fail(err, RH_ERR_INVAL, "start must be a JSON object");
    for (size_t i = 0; i < sizeof texts / sizeof *texts && st == RH_OK; i++)
        st = read_text(m, texts[i].key, texts[i].to, err);
    if (st == RH_OK)
        st = rh_number_of(m, "sample_rate", rh_sample_rates, &rate, err);
    if (st == RH_OK)
        st = rh_number_of(m, "face_hz", rh_face_rates, &face_hz, err);
    if (st == RH_OK)
        st = rh_number_of(m, "fov", rh_fields_of_view, &fov, err);
    if (st == RH_OK)
        st = rh_number_of(m, "patience_s", rh_patiences, &s.patience_s, err);
    if (st == RH_OK)
        st = read_switch(m, "keep_media", &s.keep_media, err);
    if (st == RH_OK)
        st = read_switch(m, "keep_video", &s.keep_video, err);
    if (st == RH_OK)
        st = read_switch(m, "turns", &s.turns, err);
    if (st == RH_OK)
        st = read_expected(&s, m, err);
    if (st == RH_OK)
        st = read_switch(m, "acks", &s.acks, err);
    if (st == RH_OK)
        st = read_interview(&s, m, err);
    if (st == RH_OK)
        st = read_resume(&s, m, err);
    if (st != RH_OK)
        return st;
    s.rate_hz = (int)rate;
    s.face_hz = (float)face_hz;
    s.fov_deg = (float)fov;
    *out = s;
    return RH_OK;
}

rh_status rh_media_head(const char *raw, size_t n, int *kind, int64_t *t_us, rh_error *err)
{
    const uint64_t most = (uint64_t)RH_SESSION_MAX_S * 2000000;
    if (n < RH_MEDIA_HEAD || raw[0] < RH_MEDIA_JPEG || raw[0] > RH_MEDIA_FLOAT32)
        return rh_fail(err, RH_ERR_INVAL, "%s", not_a_binary_message);
    uint64_t t = 0;
    for (int i = RH_MEDIA_HEAD - 1; i >= 1; i--)
        t = t << 8 | (unsigned char)raw[i];
    *kind = raw[0];
    *t_us = (int64_t)(t > most ? most : t);
    return RH_OK;
}

rh_status rh_media_samples(const char *raw, size_t n_raw, float **out, size_t *n_out, rh_error *err)
{
    if (n_raw < RH_MEDIA_HEAD || (raw[0] != RH_MEDIA_PCM16 && raw[0] != RH_MEDIA_FLOAT32))
        return rh_fail(err, RH_ERR_INVAL, "%s", not_a_binary_message);
    const uint8_t *b = (const uint8_t *)raw + RH_MEDIA_HEAD;
    size_t n = n_raw - RH_MEDIA_HEAD, width = raw[0] == RH_MEDIA_PCM16 ? 2 : 4;
    if (width == 4)
        return rh_samples_from_bytes(b, n, out, n_out, err);
    if (n % width)
        return rh_fail(err, RH_ERR_INVAL, "sound of %zu bytes: samples take %zu bytes each", n, width);
    float *x = rh_alloc_array(n / width + 1, sizeof *x);
    if (!x)
        return rh_fail(err, RH_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < n / width; i++)
        x[i] = (float)(int16_t)(uint16_t)(b[2 * i] | b[2 * i + 1] << 8) / 32768.0f;
    *out = x;
    *n_out = n / width;
    return RH_OK;
}
