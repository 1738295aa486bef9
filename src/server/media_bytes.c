#include "media_bytes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/base64.h"
#include "rehearse/base/clock.h"
#include "rehearse/media/image.h"
#include "rehearse/report/analysis_json.h"

enum { ANNOTATED_QUALITY = 80 };
static const float FAR = 8; /* no clipping goes so far */

rh_status rh_decode_media(const rh_message *m, rh_base64_ref ref, uint8_t **out, size_t *n_out, uint8_t **spare,
                          rh_error *err)
{
    size_t need = RH_BASE64_DECODED_MAX(ref.n);
    /* Long strings lie in the message itself, which was received with slack behind it. */
    uintptr_t at = (uintptr_t)ref.at, raw = m ? (uintptr_t)m->raw : 0;
    bool in_place = raw && at >= raw && at - raw < m->n_raw && ref.n >= 256;
    uint8_t *to = in_place ? (uint8_t *)at : rh_alloc(need);
    *spare = in_place ? NULL : to;
    if (!to)
        return rh_fail(err, RH_ERR_NOMEM, "out of memory");
    rh_error why;
    if (rh_base64_decode(to, need, n_out, ref.at, ref.n, &why) != RH_OK)
        return rh_fail(err, RH_ERR_INVAL, "%.220s", why.msg);
    *out = to;
    return RH_OK;
}

rh_status rh_samples_from_bytes(const uint8_t *bytes, size_t n, float **out, size_t *n_out, rh_error *err)
{
    if (n % 4)
        return rh_fail(err, RH_ERR_INVAL, "audio is %zu bytes long: float32 samples take 4 bytes each", n);
    size_t n_far = 0;
    bool whole = true;
    float peak = 0;
    float *x = rh_alloc_array(n / 4 + 1, sizeof *x);
    if (!x)
        return rh_fail(err, RH_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < n / 4; i++) {
        const uint8_t *b = bytes + 4 * i;
        uint32_t bits = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
        memcpy(&x[i], &bits, 4);
        if (!isfinite(x[i])) {
            bool nan = isnan(x[i]) != 0;
            rh_free(x);
            return rh_fail(err, RH_ERR_INVAL, "sample %zu is %s: send little-endian float32 from -1 to 1", i,
                           nan ? "not a number" : "infinite");
        }
        n_far += fabsf(x[i]) > FAR;
        whole = whole && x[i] == rintf(x[i]);
        peak = fmaxf(peak, fabsf(x[i]));
    }
    if ((whole && peak >= 2) || n_far > n / 4 / 100) { /* a few may be an overdriven microphone's */
        rh_free(x);
        return rh_fail(err, RH_ERR_INVAL,
                       "samples of up to %g look like 16-bit integers: send float32 from -1 to 1, "
                       "each divided by 32768",
                       (double)peak);
    }
    for (size_t i = 0; i < n / 4; i++)
        x[i] = x[i] > 1.0f ? 1.0f : x[i] < -1.0f ? -1.0f : x[i];
    *out = x;
    *n_out = n / 4;
    return RH_OK;
}

rh_status rh_annotate_reading(const void *picture, size_t n, const rh_face *face, json_t *reading, rh_error *err)
{
    static const char head[] = "data:image/jpeg;base64,";
    rh_image img = {0};
    uint8_t *jpeg = NULL;
    size_t n_jpeg = 0;
    rh_status st = rh_image_decode(&img, picture, n, err);
    if (st == RH_OK) {
        rh_face_annotate(&img, face);
        st = rh_image_encode_jpeg(&img, ANNOTATED_QUALITY, &jpeg, &n_jpeg, err);
    }
    rh_image_done(&img);
    if (st != RH_OK)
        return st;
    size_t n_text = sizeof head - 1 + RH_BASE64_ENCODED_LEN(n_jpeg);
    char *uri = rh_alloc(n_text + 1);
    if (uri) {
        memcpy(uri, head, sizeof head - 1);
        rh_base64_encode(uri + sizeof head - 1, jpeg, n_jpeg);
        (void)json_object_set_new(reading, "annotated_frame", json_stringn(uri, n_text));
    }
    rh_free(uri);
    rh_free(jpeg);
    return uri ? RH_OK : rh_fail(err, RH_ERR_NOMEM, "out of memory");
}

static rh_status measure(rh_worker *w, rh_model_set *models, const uint8_t *bytes, size_t n, bool annotate,
                         float fov_deg, json_t **out, rh_error *err)
{
    rh_face face;
    rh_face_options o = rh_face_options_default();
    rh_status st = RH_OK;
    if (!n)
        return rh_fail(err, RH_ERR_INVAL, "the frame is empty: send a JPEG, PNG or WebP picture");
    if (w->tracker && !(w->fov_deg == fov_deg)) { /* another camera than last time */
        rh_face_tracker_free(w->tracker);
        w->tracker = NULL;
    }
    o.fov_deg = w->fov_deg = fov_deg;
    if (!w->tracker)
        st = rh_face_tracker_new(&w->tracker, models->faces, &o, err);
    if (st != RH_OK)
        return st;
    rh_face_tracker_reset(w->tracker);
    rh_error remark = {0};
    st = rh_face_tracker_push_bytes(w->tracker, bytes, n, rh_now_us(), &face, &remark);
    if (st != RH_OK && err)
        *err = remark;
    if (st != RH_OK)
        return st;
    json_t *reading = rh_face_json(&face, rh_unix_time(), &remark);
    if (!reading)
        return rh_fail(err, RH_ERR_NOMEM, "out of memory");
    if (annotate)
        st = rh_annotate_reading(bytes, n, &face, reading, err);
    if (st == RH_OK)
        *out = reading;
    else
        json_decref(reading);
    return st;
}

/* Bytes of the request that mean the picture: JSON, or text of base64. */
static rh_status find_frame(char *body, size_t n, rh_message *m, rh_base64_ref *frame, rh_error *err)
{
    size_t i = strspn(body, " \t\r\n");
    *m = (rh_message){0};
    if (i < n && body[i] != '{' && body[i] != '[' && body[i] != '"')
        return rh_base64_of_uri(body + i, n - i - (n > i && body[n - 1] == '\n'), frame, err);
    char *raw = rh_alloc(n + RH_MESSAGE_SLACK);
    if (!raw)
        return rh_fail(err, RH_ERR_NOMEM, "out of memory");
    memcpy(raw, body, n);
    rh_status st = rh_message_parse_take(m, raw, n, err);
    if (st == RH_OK && m->frame_fault.code != RH_OK) {
        *err = m->frame_fault;
        return err->code;
    }
    if (st == RH_OK && !m->frame.at)
        return rh_fail(err, RH_ERR_INVAL,
                       "field \"frame\" is missing: send {\"frame\": "
                       "\"data:image/jpeg;base64,...\"}");
    *frame = m->frame;
    return st;
}

rh_status rh_measure_alone(rh_worker *w, rh_model_set *models, char *body, size_t n, bool is_picture, bool annotate,
                           float fov_deg, json_t **out, rh_error *err)
{
    if (is_picture)
        return measure(w, models, (const uint8_t *)body, n, annotate, fov_deg, out, err);
    rh_message m;
    rh_base64_ref frame = {0};
    uint8_t *bytes = NULL, *spare = NULL;
    size_t n_bytes = 0;
    rh_status st = find_frame(body, n, &m, &frame, err);
    if (st == RH_OK)
        st = rh_decode_media(&m, frame, &bytes, &n_bytes, &spare, err);
    if (st == RH_OK)
        st = measure(w, models, bytes, n_bytes, annotate, fov_deg, out, err);
    rh_free(spare);
    rh_message_done(&m);
    return st;
}
