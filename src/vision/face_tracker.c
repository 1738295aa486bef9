/* face_tracker.c - one person's stream: joins following, pose, eyes and contact
 * into a reading. */
#include "face_tracker_internal.h"
#include <math.h>
#include <string.h>
#include "rehearse/base/alloc.h"

static const int64_t SHUT_US = 500000;  /* a blink takes less */
static const int64_t MOUTH_US = 480000; /* between looks at the mouth */
static const float MOUTH_S = 0.8f;      /* time constant */

rh_face_options rh_face_options_default(void)
{
    return (rh_face_options){.min_confidence = 0.5f, .smooth_ms = 80, .gaze = true};
}

rh_status rh_face_tracker_new(rh_face_tracker **out, const rh_face_model *m, const rh_face_options *opts, rh_error *err)
{
    rh_face_options o = opts ? *opts : rh_face_options_default();
    if (!(o.min_confidence > 0 && o.min_confidence < 1))
        return rh_fail(err, RH_ERR_INVAL, "min_confidence %g outside (0,1)", (double)o.min_confidence);
    if (o.smooth_ms < 0 || o.smooth_ms > 10000)
        return rh_fail(err, RH_ERR_INVAL, "smooth_ms %d outside 0..10000", o.smooth_ms);
    if (o.fov_deg != 0 && !(o.fov_deg > 10 && o.fov_deg < 170))
        return rh_fail(err, RH_ERR_INVAL,
                       "field of view %g: expected 10 to 170 degrees across the "
                       "picture's width",
                       (double)o.fov_deg);
    rh_face_tracker *t = rh_calloc(1, sizeof *t);
    if (!t)
        return rh_fail(err, RH_ERR_NOMEM, "no memory for a face tracker");
    t->model = m;
    t->opts = o;
    rh_contact_init(&t->contact);
    *out = t;
    return RH_OK;
}

void rh_face_tracker_free(rh_face_tracker *t)
{
    rh_free(t);
}

void rh_face_tracker_reset(rh_face_tracker *t)
{
    const rh_face_model *m = t->model;
    rh_face_options o = t->opts;
    memset(t, 0, sizeof *t);
    t->model = m;
    t->opts = o;
    rh_contact_init(&t->contact);
}

void rh_face_tracker_calibrate(rh_face_tracker *t)
{
    rh_contact_calibrate(&t->contact);
}

/* Exponential smoothing by time; quicker while the head moves fast, so that it
 * does not lag, slower while it is still. */
static float follow(float old, float now, float dt, float tau)
{
    float moved = fabsf(now - old);
    float slow = 1 + 5 * expf(-moved * moved / (2 * 1.2f * 1.2f));
    return old + (1 - expf(-dt / (tau * slow))) * (now - old);
}

static void smooth(rh_face_tracker *t, rh_angles now, float dt)
{
    float tau = (float)t->opts.smooth_ms * 1e-3f;
    if (!t->smooth_known || tau <= 0) {
        t->smooth = now;
    } else {
        t->smooth.yaw = follow(t->smooth.yaw, now.yaw, dt, tau);
        t->smooth.pitch = follow(t->smooth.pitch, now.pitch, dt, tau);
        t->smooth.roll = follow(t->smooth.roll, now.roll, dt, tau);
    }
    t->smooth_known = true;
}

static float confidence_of(const rh_face_tracker *t)
{
    float size = fminf(1.0f, 0.6f + 0.4f * t->roi.side / 1.5f / 60.0f);
    float shape = fminf(1.0f, fmaxf(0.3f, 1.4f - t->fit.error));
    float turned = fmaxf(0.5f, fminf(1.0f, 0.4f + t->fit.r[2][2]));
    float c = t->presence * size * shape * turned;
    return c < 0.01f ? 0.01f : c > 1 ? 1 : c;
}

static float brightness_of(const rh_image_part *part, const rh_roi *roi)
{
    enum { GRID = 16 };
    float px[GRID * GRID * 3 + 1], sum = 0;
    rh_affine m = rh_affine_of_roi(&(rh_roi){roi->cx, roi->cy, roi->side / 1.5f, roi->angle}, GRID);
    rh_sample_crop(px, GRID, GRID, part, &m, 1.0f / 255.0f, 0.0f, 0);
    for (int i = 0; i < GRID * GRID; i++) /* Rec. 601 luma */
        sum += 0.299f * px[3 * i] + 0.587f * px[3 * i + 1] + 0.114f * px[3 * i + 2];
    return sum / (GRID * GRID);
}

static void copy_points(const rh_face_tracker *t, rh_face *out)
{
    memcpy(out->points, t->mesh, sizeof t->mesh);
    for (int side = 0; side < 2; side++) {
        float mid[2];
        rh_middle_of_eye((const float(*)[3])t->mesh, side == 0, mid);
        const float *z = t->mesh[side == 0 ? 33 : 263];
        for (int i = 0; i < RH_IRIS_POINTS; i++) {
            float *p = out->points[RH_MESH_POINTS + side * RH_IRIS_POINTS + i];
            p[0] = mid[0] + t->eye[side].iris[i][0] * t->fit.scale;
            p[1] = mid[1] + t->eye[side].iris[i][1] * t->fit.scale;
            p[2] = z[2];
        }
    }
}

static void measure_framing(const rh_face_tracker *t, rh_face *out)
{
    float w = (float)t->width, h = (float)t->height;
    float face = t->roi.side / 1.5f;
    out->distance = h / 3 / fmaxf(1.0f, face);
    float dx = (t->roi.cx - w / 2) / (w / 2), dy = (t->roi.cy - h / 2) / (h / 2);
    out->centered = fmaxf(0.0f, 1 - hypotf(dx, dy));
}

/* A face beside the camera's axis that looks along it is seen from the side: the ray to the head's
 * centre, some 8 cm behind the face, makes the difference (the face itself moves as the head turns). */
static void measure_in_room(const rh_face_tracker *t, rh_face *out)
{
    static const float CENTRE_CM = -8.0f, DEG = 57.29578f;
    if (t->opts.fov_deg == 0)
        return;
    float f = (float)t->width / 2 / tanf(t->opts.fov_deg / 2 / DEG), back = t->fit.scale * CENTRE_CM;
    float x = t->fit.t[0] + back * t->fit.r[0][2] - (float)t->width / 2;
    float y = -(t->fit.t[1] + back * t->fit.r[1][2]) - (float)t->height / 2;
    out->axis_yaw_deg = out->yaw_deg + DEG * atanf(x / f);
    out->axis_pitch_deg = out->pitch_deg + DEG * atanf(y / f);
    out->distance_cm = f / t->fit.scale;
}

/* Twice a second is enough for masks; at once for a new face. */
static void look_at_mouth(rh_face_tracker *t, rh_face_workspace *e, const rh_image_part *part, int64_t t_us)
{
    bool known = t->smooth_known;
    if (known && t_us - t->mouth_us < MOUTH_US)
        return;
    float dt = (float)(t_us - t->mouth_us) * 1e-6f;
    float now = rh_mouth_hidden(e, part, (const float(*)[3])t->mesh);
    now = fmaxf(-4.0f, fminf(4.0f, now));
    t->mouth_doubt = known ? t->mouth_doubt + (1 - expf(-dt / MOUTH_S)) * (now - t->mouth_doubt) : now;
    t->mouth_hidden = t->mouth_doubt > (!known ? 0 : t->mouth_hidden ? -0.5f : 0.5f);
    t->mouth_us = t_us;
}

static void read_face(rh_face_tracker *t, rh_face_workspace *e, const rh_image_part *part, int64_t t_us, rh_face *out)
{
    float dt = t->started ? (float)(t_us - t->last_us) * 1e-6f : 0;
    rh_angles head = rh_corrected_angles(&rh_learned_pose, &t->fit, (const float(*)[3])t->mesh);
    look_at_mouth(t, e, part, t_us);
    if (t->mouth_hidden)
        head.pitch = rh_pitch_of_part(&rh_learned_upper, (const float(*)[3])t->mesh);
    rh_measure_eyes(t, e, part, head, t_us);
    bool shut = !t->eyes_hidden && rh_eyes_shut(t, t_us);
    rh_judge_eyes(t, dt, shut, t_us);
    if (t->eyes_hidden && !t->mouth_hidden)
        head.pitch = rh_pitch_of_part(&rh_learned_lower, (const float(*)[3])t->mesh);
    bool was_known = t->smooth_known;
    smooth(t, head, dt);
    out->blink = shut && !t->eyes_hidden;
    float yaw, pitch, tau = (float)t->opts.smooth_ms * 1e-3f;
    out->gaze_known = rh_join_gaze(t, head, t_us, &yaw, &pitch) && !out->blink;
    if (!out->blink || !was_known) { /* shut eyes keep the last gaze */
        t->gaze_yaw = was_known && tau > 0 ? follow(t->gaze_yaw, yaw, dt, tau) : yaw;
        t->gaze_pitch = was_known && tau > 0 ? follow(t->gaze_pitch, pitch, dt, tau) : pitch;
    }
    out->present = true;
    out->eyes_hidden = t->eyes_hidden;
    out->mouth_hidden = t->mouth_hidden;
    out->pitch_known = !(t->eyes_hidden && t->mouth_hidden);
    out->confidence = confidence_of(t) * (t->eyes_hidden ? 0.7f : 1.0f) * (t->mouth_hidden ? 0.8f : 1.0f);
    out->yaw_deg = t->smooth.yaw;
    out->pitch_deg = t->smooth.pitch;
    out->roll_deg = t->smooth.roll;
    out->gaze_yaw_deg = t->gaze_yaw;
    out->gaze_pitch_deg = t->gaze_pitch;
    out->blinks_per_minute = rh_blinks_per_minute(&t->blinks, t_us);
    out->smile = rh_smile_of((const float(*)[3])t->mesh, &t->fit);
    out->brightness = brightness_of(part, &t->roi);
    out->n_faces = t->n_faces;
    measure_framing(t, out);
    measure_in_room(t, out);
    copy_points(t, out);
}

static void judge_contact(rh_face_tracker *t, rh_face *out)
{
    rh_contact_input in = {
        .t_us = out->t_us,
        .present = out->present,
        .confidence = out->confidence,
        .head_yaw = out->yaw_deg,
        .head_pitch = out->pitch_deg,
        .head_roll = out->roll_deg,
        .gaze_yaw = out->gaze_yaw_deg,
        .gaze_pitch = out->gaze_pitch_deg,
        .unclear = t->unclear,
        .gaze_known = out->gaze_known,
        .eyes_hidden = out->eyes_hidden,
        .blink = out->blink,
        .shut = out->blink && out->t_us - t->blinks.closed_since_us > SHUT_US,
    };
    rh_contact_result r = rh_contact_push(&t->contact, &in);
    out->looking = r.looking;
    out->contact_probability = r.probability;
    out->look = r.look;
    out->calibrated = r.calibrated;
    out->attention = r.attention;
    out->eye_contact = r.eye_contact;
    out->away_now = r.away_now;
    out->away_ended = r.away_ended;
    out->away = r.away;
}

static rh_status push(rh_face_tracker *t, const rh_picture *p, int64_t t_us, rh_face *out, rh_error *err)
{
    if (t->started && t_us <= t->last_us)
        return rh_fail(err, RH_ERR_INVAL, "picture time %lld us is not after %lld us", (long long)t_us,
                       (long long)t->last_us);
    rh_face_workspace *e = NULL;
    const rh_image_part *part = NULL;
    rh_image_part whole;
    rh_face face;
    memset(&face, 0, sizeof face);
    face.t_us = t_us;
    face.width = p->width;
    face.height = p->height;
    rh_status st = rh_face_workspace_take(&e, t->model, err);
    if (st != RH_OK)
        return st;
    st = rh_follow_face(t, e, p, t_us, &part, &whole, err);
    if (st == RH_OK && t->tracking)
        read_face(t, e, part, t_us, &face);
    rh_face_workspace_give(t->model, e);
    if (st != RH_OK)
        return st;
    if (!face.present) {
        t->smooth_known = t->hidden_known = t->eyes_hidden = false;
        t->eye[0].reading.known = t->eye[1].reading.known = false;
    }
    judge_contact(t, &face);
    t->started = true;
    t->last_us = t_us;
    *out = face;
    return RH_OK;
}

rh_status rh_face_tracker_push(rh_face_tracker *t, const rh_image *img, int64_t t_us, rh_face *out)
{
    if (!img || !img->data || img->width < 2 || img->height < 2 || img->stride < (size_t)img->width * 3)
        return RH_ERR_INVAL;
    rh_picture p = {.image = img, .width = img->width, .height = img->height};
    return push(t, &p, t_us, out, NULL);
}

rh_status rh_face_tracker_push_bytes(rh_face_tracker *t, const void *bytes, size_t n, int64_t t_us, rh_face *out,
                                     rh_error *err)
{
    rh_picture p = {.bytes = bytes, .n = n};
    rh_status st = rh_image_probe(bytes, n, &p.width, &p.height, err);
    return st == RH_OK ? push(t, &p, t_us, out, err) : st;
}
