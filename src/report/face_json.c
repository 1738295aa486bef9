/* face_json.c - a face reading as the protocol's video result. */
#include <math.h>
#include "rehearse/report/analysis_json.h"

/* Rounded so that its text is short: 0.1 prints as 0.1. NaN never comes here, but a
 * reply must stay valid JSON whatever happens. */
static json_t *rounded(float v, double unit)
{
    double r = isfinite(v) ? round((double)v / unit) * unit : 0.0;
    double clean = round(r * 1000) / 1000;
    return json_real(clean == 0 ? 0.0 : clean); /* no -0.0 */
}

static void add(json_t *o, const char *key, json_t *v)
{
    (void)json_object_set_new_nocheck(o, key, v);
}

static json_t *not_visible(const rh_face *f)
{
    json_t *list = json_array();
    if (f->eyes_hidden)
        (void)json_array_append_new(list, json_string("eyes"));
    if (f->mouth_hidden)
        (void)json_array_append_new(list, json_string("mouth"));
    return list;
}

json_t *rh_face_json(const rh_face *f, double unix_time, const rh_error *remark)
{
    json_t *o = json_object();
    if (!o)
        return NULL;
    add(o, "yaw", rounded(f->yaw_deg, 0.1));
    add(o, "pitch", rounded(f->pitch_deg, 0.1));
    add(o, "roll", rounded(f->roll_deg, 0.1));
    add(o, "is_looking_at_camera", json_boolean(f->looking));
    add(o, "attention_score", rounded(f->attention, 0.1));
    add(o, "eye_contact_score", rounded(f->eye_contact, 0.1));
    add(o, "face_detected", json_boolean(f->present));
    add(o, "timestamp", json_real(unix_time));
    add(o, "confidence", rounded(f->confidence, 0.01));
    add(o, "gaze_yaw", rounded(f->gaze_yaw_deg, 0.1));
    add(o, "gaze_pitch", rounded(f->gaze_pitch_deg, 0.1));
    add(o, "gaze_known", json_boolean(f->gaze_known));
    add(o, "not_visible", not_visible(f));
    add(o, "pitch_known", json_boolean(f->pitch_known));
    add(o, "eye_contact_probability", rounded(f->contact_probability, 0.001));
    add(o, "look", json_string_nocheck(rh_look_name(f->look)));
    add(o, "calibrated", json_boolean(f->calibrated));
    add(o, "blink", json_boolean(f->blink));
    add(o, "blinks_per_minute", rounded(f->blinks_per_minute, 0.1));
    add(o, "smile", rounded(f->smile, 0.01));
    add(o, "distance", rounded(f->distance, 0.01));
    if (f->distance_cm > 0) {
        add(o, "axis_yaw", rounded(f->axis_yaw_deg, 0.1));
        add(o, "axis_pitch", rounded(f->axis_pitch_deg, 0.1));
        add(o, "distance_cm", rounded(f->distance_cm, 1.0));
    }
    add(o, "centered", rounded(f->centered, 0.01));
    add(o, "brightness", rounded(f->brightness, 0.01));
    add(o, "faces", json_integer(f->n_faces));
    if (remark && remark->code == RH_OK && remark->msg[0])
        (void)json_object_set_new(o, "warning", json_string(remark->msg));
    return o;
}
