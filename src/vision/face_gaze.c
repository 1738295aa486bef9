/* face_gaze.c - the eyes of the followed face: which is looked at when, and what both say. */
#include <math.h>
#include <string.h>
#include "face_tracker_internal.h"

/* Gaze is measured up to 20 times a second, one eye in turn: blinks take 100 ms and more, and faster
 * pictures would only cost time. */
static const int64_t EYE_INTERVAL_US = 48000;
static const int64_t EYE_STALE_US = 1000000; /* an eye measured longer ago says nothing */
static const float EYE_MIN_PX = 9.0f;        /* narrower eyes show no gaze */
/* An eye that looks as it did when last measured is not measured again for so long. Its picture is
 * compared in blocks: 2 degrees of gaze change them by 0.02 and more, a camera's noise by 0.004. */
static const int64_t EYE_KEEP_US = 500000;
static const float EYE_CHANGE = 0.008f;
/* No eye turns further in its head; one that seems to was not seen. */
static const float MOST_IN_HEAD = 45.0f;
/* Log odds of hidden eyes: how far one picture counts, hysteresis, and the time constant of a change. */
static const float MOST_DOUBT = 4.0f, DOUBT_KEPT = 0.5f, DOUBT_S = 0.6f, NO_LIDS = 1.2f;

void rh_middle_of_eye(const float points[][3], bool left, float out[2])
{
    const float *a = points[left ? 33 : 263], *b = points[left ? 133 : 362];
    out[0] = (a[0] + b[0]) / 2;
    out[1] = (a[1] + b[1]) / 2;
}

/* The crop of an eye in the workspace as means of its blocks, the middle rows only: lids and iris. */
static void see_eye(const float *crop, float seen[RH_EYE_BLOCKS])
{
    enum { SIDE = RH_EYE_SIZE / RH_EYE_BLOCK, FIRST = SIDE / 4 };
    memset(seen, 0, RH_EYE_BLOCKS * sizeof *seen);
    for (int y = 0; y < RH_EYE_BLOCKS / SIDE * RH_EYE_BLOCK; y++) {
        const float *row = crop + (size_t)(y + FIRST * RH_EYE_BLOCK) * RH_EYE_SIZE * 3;
        float *out = seen + y / RH_EYE_BLOCK * SIDE;
        for (int x = 0; x < SIDE; x++)
            for (int i = 0; i < RH_EYE_BLOCK * 3; i++)
                out[x] += row[x * RH_EYE_BLOCK * 3 + i];
    }
    for (int i = 0; i < RH_EYE_BLOCKS; i++)
        seen[i] /= RH_EYE_BLOCK * RH_EYE_BLOCK * 3;
}

/* Root mean square, but for a change of all by the same: that is the light. */
static float change_of(const float a[RH_EYE_BLOCKS], const float b[RH_EYE_BLOCKS])
{
    float sum = 0, squares = 0;
    for (int i = 0; i < RH_EYE_BLOCKS; i++) {
        float d = a[i] - b[i];
        sum += d;
        squares += d * d;
    }
    float mean = sum / RH_EYE_BLOCKS;
    return sqrtf(fmaxf(0.0f, squares / RH_EYE_BLOCKS - mean * mean));
}

/* Tells whether the eye looked otherwise than when last measured. */
static bool measure_eye(rh_face_tracker *t, rh_face_workspace *e, const rh_image_part *part, rh_angles head, int side,
                        int64_t t_us)
{
    rh_eye eye;
    rh_eye_memory *m = &t->eye[side];
    float seen[RH_EYE_BLOCKS];
    rh_roi roi = rh_roi_of_eye((const float(*)[3])t->mesh, side == 0);
    rh_crop_eye(e, part, &roi, side == 0);
    see_eye(e->crop, seen);
    if (m->reading.known && t_us - m->t_us < EYE_KEEP_US && change_of(seen, m->seen) <= EYE_CHANGE)
        return false;
    rh_find_eye(e, &roi, side == 0, &eye);
    m->hidden = rh_eye_hidden(e, part, &roi, side == 0, (const float(*)[3])t->mesh, &m->hidden_if_open);
    memcpy(m->seen, seen, sizeof seen);
    m->reading = rh_read_eye(&eye, &t->fit, side == 0);
    rh_angles gaze = rh_gaze_of(&m->reading, head);
    m->yaw_in_head = gaze.yaw - head.yaw;
    m->pitch_in_head = gaze.pitch - head.pitch;
    m->t_us = t_us;
    float mid[2];
    rh_middle_of_eye((const float(*)[3])t->mesh, side == 0, mid);
    for (int i = 0; i < RH_IRIS_POINTS; i++)
        for (int k = 0; k < 2; k++)
            m->iris[i][k] = (eye.iris[i][k] - mid[k]) / t->fit.scale;
    return true;
}

static bool fresh(const rh_eye_memory *m, int64_t t_us)
{
    return m->reading.known && t_us - m->t_us < EYE_STALE_US;
}

static const rh_eye_memory *latest_eye(const rh_face_tracker *t)
{
    return &t->eye[t->eye[1].t_us > t->eye[0].t_us];
}

/* Both eyes when nothing is known yet, else the one in turn, or the other where that one has not
 * changed. The eye turned out of sight has no turn. */
void rh_measure_eyes(rh_face_tracker *t, rh_face_workspace *e, const rh_image_part *part, rh_angles head, int64_t t_us)
{
    float eye_px = rh_roi_of_eye((const float(*)[3])t->mesh, true).side / 2.3f;
    eye_px = fmaxf(eye_px, rh_roi_of_eye((const float(*)[3])t->mesh, false).side / 2.3f);
    if (!t->opts.gaze || eye_px < EYE_MIN_PX) {
        t->eye[0].reading.known = t->eye[1].reading.known = false;
        return;
    }
    bool both = !fresh(&t->eye[0], t_us) && !fresh(&t->eye[1], t_us);
    if (!both && t_us - latest_eye(t)->t_us < EYE_INTERVAL_US)
        return;
    bool hidden = fabsf(head.yaw) > 35;
    int next = !hidden ? t->turn : head.yaw > 0;
    t->turn = !next;
    bool measured = measure_eye(t, e, part, head, next, t_us);
    if (both || (!measured && !hidden))
        (void)measure_eye(t, e, part, head, !next, t_us);
}

/* A blink is no hiding: lids that seem shut count after the first picture only when there can be no lids, and a
 * change must last. */
void rh_judge_eyes(rh_face_tracker *t, float dt, bool shut, int64_t t_us)
{
    float now = 0, if_open = 0, weight = 0;
    for (int i = 0; i < 2; i++) {
        const rh_eye_memory *m = &t->eye[i];
        if (!fresh(m, t_us))
            continue;
        now += m->reading.weight * m->hidden;
        if_open += m->reading.weight * m->hidden_if_open;
        weight += m->reading.weight;
    }
    t->unclear = weight > 0 ? if_open / weight : 0;
    if (weight <= 0) {
        t->hidden_known = t->eyes_hidden = false;
    } else if (!t->hidden_known) {
        t->eyes_doubt = fmaxf(-MOST_DOUBT, fminf(MOST_DOUBT, now / weight));
        t->eyes_hidden = t->eyes_doubt > 0;
        t->hidden_known = true;
    } else if (!shut || t->eyes_hidden || if_open / weight > NO_LIDS) {
        float seen = fmaxf(-MOST_DOUBT, fminf(MOST_DOUBT, if_open / weight));
        t->eyes_doubt += (1 - expf(-dt / DOUBT_S)) * (seen - t->eyes_doubt);
        t->eyes_hidden = t->eyes_doubt > (t->eyes_hidden ? -DOUBT_KEPT : DOUBT_KEPT);
    }
}

/* Whether the eyes are shut: by the eyes measured in this picture, else as before; by the mesh
 * where no gaze is measured. */
bool rh_eyes_shut(rh_face_tracker *t, int64_t t_us)
{
    float sum = 0, weight = 0;
    for (int i = 0; i < 2; i++) {
        const rh_eye_memory *m = &t->eye[i];
        if (m->reading.known && m->t_us == t_us) {
            sum += m->reading.opening * m->reading.weight;
            weight += m->reading.weight;
        }
    }
    if (weight > 0)
        return rh_blinks_push(&t->blinks, sum / weight, t_us);
    if (fresh(&t->eye[0], t_us) || fresh(&t->eye[1], t_us))
        return t->blinks.closed;
    float a = rh_mesh_opening((const float(*)[3])t->mesh, &t->fit, true);
    float b = rh_mesh_opening((const float(*)[3])t->mesh, &t->fit, false);
    return rh_blinks_push(&t->blinks, (a + b) / 2, t_us);
}

/* Gaze of both eyes; an eye measured before moves with the head. */
bool rh_join_gaze(rh_face_tracker *t, rh_angles head, int64_t t_us, float *yaw, float *pitch)
{
    float sy = 0, sp = 0, weight = 0;
    for (int i = 0; i < 2; i++) {
        const rh_eye_memory *m = &t->eye[i];
        if (!fresh(m, t_us) || !(hypotf(m->yaw_in_head, m->pitch_in_head) <= MOST_IN_HEAD))
            continue;
        sy += m->reading.weight * (m->yaw_in_head + head.yaw);
        sp += m->reading.weight * (m->pitch_in_head + head.pitch);
        weight += m->reading.weight;
    }
    if (t->eyes_hidden)
        weight = 0;
    *yaw = weight > 0 ? sy / weight : head.yaw;
    *pitch = weight > 0 ? sp / weight : head.pitch;
    return weight > 0;
}
