/* face_follow.c - finding a face and following it from picture to picture.
 *
 * The region of the next picture comes from this picture's mesh, as in MediaPipe;
 * the detector runs only when the face was lost, and now and then to count
 * the faces. */
#include <math.h>
#include "face_tracker_internal.h"

static const int64_t COUNT_US = 1500000; /* between counts of the faces */
static const int64_t SEARCH_US = 500000; /* between thorough searches while there is none */
static const float SURE = 0.8f;          /* presence that needs no second opinion */
static const float COS_TURN = 0.978f;    /* 12 degrees */
static const float MIN_NEAR = 0.5f, MIN_FAR = 0.6f, MIN_TILE = 0.6f;
/* Decoded longer side for the near network: its 128 px are sampled from full pixels in usual
 * webcam pictures, as MediaPipe does; averaging first would move its boxes. */
static const float DETECT_PX = 640.0f, COUNT_PX = 160.0f;
static const float MARGIN = 1.15f; /* decoded around the region */
/* Log odds of a face: upright ones have 14 and more, three of four; inverted ones read as upright up to 12. */
static const float NO_DOUBT = 14.0f, FAIR = 8.0f, CLEARLY = 1.0f;
static const float STILL = 0.1f;  /* radians between two looks */
static const float SMALL = 0.15f; /* of the picture's longer side: a box so narrow is rough */

/* Pixels of at least `region` (NULL = all) with at least `min_scale`. */
static rh_status picture_pixels(const rh_picture *p, rh_face_workspace *e, const rh_rect *region, float min_scale,
                                const rh_image_part **part, rh_image_part *whole, rh_error *err)
{
    if (p->image) {
        *whole = (rh_image_part){.img = *p->image, .full_width = p->width, .full_height = p->height, .scale = 1.0f};
        *part = whole;
        return RH_OK;
    }
    *part = &e->part;
    return rh_image_decode_part(&e->part, p->bytes, p->n, region, p->width, p->height, min_scale, err);
}

/* The upright rectangle around a turned square, a little wider. */
static rh_rect around(const rh_roi *roi)
{
    float c = fabsf(cosf(roi->angle)), s = fabsf(sinf(roi->angle));
    float half = roi->side * (c + s) / 2 * MARGIN;
    int x = (int)floorf(roi->cx - half), y = (int)floorf(roi->cy - half);
    return (rh_rect){x, y, (int)ceilf(2 * half) + 1, (int)ceilf(2 * half) + 1};
}

/* Networks see the face at 192 px and an eye, about a seventh of the square, at 64. */
static float scale_for(const rh_face_tracker *t, const rh_roi *roi)
{
    float px = t->opts.gaze ? 360.0f : 170.0f;
    return fminf(1.0f, px / fmaxf(1.0f, roi->side));
}

/* The mesh in a region; tells whether it is a face. */
static bool look_at(rh_face_tracker *t, rh_face_workspace *e, const rh_image_part *part, const rh_roi *roi)
{
    if (!(roi->side >= 8) || !isfinite(roi->angle) || part->img.width < 2 || part->img.height < 2)
        return false;
    rh_find_mesh(e, part, roi, t->mesh, &t->presence);
    if (!(t->presence >= t->opts.min_confidence))
        return false;
    rh_rigid_fit_points(&t->fit, (const float(*)[3])t->mesh);
    if (!(t->fit.scale > 0) || !isfinite(t->fit.error))
        return false;
    t->roi = rh_roi_of_mesh((const float(*)[3])t->mesh);
    return true;
}

/* Large and in the middle: the person; others are passers-by. */
static int main_face(const rh_face_box *b, int n, int width, int height)
{
    int best = 0;
    float best_value = -1;
    for (int i = 0; i < n; i++) {
        float dx = (b[i].x + b[i].width / 2) / (float)width - 0.5f;
        float dy = (b[i].y + b[i].height / 2) / (float)height - 0.5f;
        float value = b[i].width * b[i].height * (1 - fminf(0.9f, hypotf(dx, dy)));
        if (value > best_value) {
            best_value = value;
            best = i;
        }
    }
    return best;
}

/* Nine overlapping tiles of the picture, each looked at by the near network: a face of 40 px in a
 * webcam's picture is too small for either network in the whole. */
static rh_status detect_tiles(rh_face_workspace *e, const rh_image_part *part, rh_face_box *boxes, int *n,
                              rh_error *err)
{
    enum { MIN_SIDE = 320 };
    int w = part->img.width * 9 / 20, h = part->img.height * 9 / 20;
    *n = 0;
    if (part->full_width < MIN_SIDE && part->full_height < MIN_SIDE)
        return RH_OK;
    for (int i = 0; i < 9 && *n == 0; i++) {
        int x = (part->img.width - w) * (i % 3) / 2, y = (part->img.height - h) * (i / 3) / 2;
        rh_image_part tile = {.img = part->img, .full_width = w, .full_height = h, .scale = 1.0f};
        tile.img.data += (size_t)y * part->img.stride + (size_t)x * 3;
        tile.img.width = w;
        tile.img.height = h;
        rh_status st = rh_detect_faces(e, RH_DETECT_NEAR, &tile, MIN_TILE, boxes, n, err);
        if (st != RH_OK)
            return st;
        for (int k = 0; k < *n; k++)
            rh_move_box(&boxes[k], (float)x, (float)y, 1 / part->scale);
    }
    return RH_OK;
}

typedef enum { BY_NEAR, BY_FAR, BY_TILES, BY_TURNING, N_WAYS } detect_way;

static rh_status detect(rh_face_workspace *e, const rh_picture *p, detect_way way, float decode_px, rh_face_box *boxes,
                        int *n, rh_error *err)
{
    const rh_image_part *part;
    rh_image_part whole;
    float side = (float)(p->width > p->height ? p->width : p->height);
    *n = 0;
    rh_status st = picture_pixels(p, e, NULL, fminf(1.0f, decode_px / side), &part, &whole, err);
    if (st != RH_OK || part->img.width < 8 || part->img.height < 8)
        return st;
    if (way == BY_TILES)
        return detect_tiles(e, part, boxes, n, err);
    for (int q = 1; way == BY_TURNING && q < 4 && *n == 0 && st == RH_OK; q++)
        st = rh_detect_turned(e, part, q, MIN_TILE, boxes, n, err);
    if (way == BY_TURNING)
        return st;
    bool near = way == BY_NEAR;
    return rh_detect_faces(e, near ? RH_DETECT_NEAR : RH_DETECT_FAR, part, near ? MIN_NEAR : MIN_FAR, boxes, n, err);
}

/* A small face's box is rough, by a fifth of its size from the far network, and the mesh network then
 * sees no face in it: the near one looks again at a square of four times its size. */
static rh_status refine(rh_face_workspace *e, const rh_picture *p, rh_face_box *box, rh_error *err)
{
    const rh_image_part *part;
    rh_image_part whole;
    int side = (int)(4 * fmaxf(box->width, box->height));
    rh_rect r = {(int)(box->x + box->width / 2) - side / 2, (int)(box->y + box->height / 2) - side / 2, side, side};
    rh_status st = picture_pixels(p, e, &r, fminf(1.0f, 160.0f / (float)side), &part, &whole, err);
    if (st != RH_OK)
        return st;
    float s = part->scale;
    int x0 = (int)fmaxf(0, (float)(r.x - part->x0) * s), y0 = (int)fmaxf(0, (float)(r.y - part->y0) * s);
    int x1 = (int)fminf((float)part->img.width, (float)(r.x + side - part->x0) * s);
    int y1 = (int)fminf((float)part->img.height, (float)(r.y + side - part->y0) * s);
    if (x1 - x0 < 8 || y1 - y0 < 8)
        return RH_OK;
    rh_image_part tile = {.img = part->img, .full_width = x1 - x0, .full_height = y1 - y0, .scale = 1.0f};
    tile.img.data += (size_t)y0 * part->img.stride + (size_t)x0 * 3;
    tile.img.width = x1 - x0;
    tile.img.height = y1 - y0;
    rh_face_box found[RH_MAX_FACES];
    int n = 0;
    st = rh_detect_faces(e, RH_DETECT_NEAR, &tile, MIN_NEAR, found, &n, err);
    for (int i = 0; i < n; i++) {
        rh_move_box(&found[i], (float)x0 + (float)part->x0 * s, (float)y0 + (float)part->y0 * s, 1 / s);
        float off = hypotf(found[i].x + found[i].width / 2 - box->x - box->width / 2,
                           found[i].y + found[i].height / 2 - box->y - box->height / 2);
        if (off < 0.6f * box->width) { /* the best one there */
            *box = found[i];
            break;
        }
    }
    return st;
}

/* How sure the mesh network is, without the end that [0,1] has. */
static float sureness(float presence)
{
    float p = fminf(fmaxf(presence, 1e-6f), 1 - 1e-7f);
    return logf(p / (1 - p));
}

/* A first square is rough; a second look at the mesh's own gives what tracking would settle on, and
 * more of them while it still turns. */
static bool settle(rh_face_tracker *t, rh_face_workspace *e, const rh_image_part *part, const rh_roi *first)
{
    enum { LOOKS = 5 };
    bool found = look_at(t, e, part, first);
    float turned = 0;
    for (int looks = 1; found && (looks == 1 || (looks < LOOKS && turned > STILL)); looks++) {
        rh_roi roi = t->roi;
        found = look_at(t, e, part, &roi);
        turned = fabsf(remainderf(t->roi.angle - roi.angle, 6.2831853f));
    }
    return found;
}

/* The detector finds faces that stand on their head or lie on their side too, but may call them upright,
 * and the mesh network bends an upright face into them. Looked at from the other sides the right one
 * convinces it more. A face of which it is beyond doubt needs no such look. */
static bool turn_right_way(rh_face_tracker *t, rh_face_workspace *e, const rh_image_part *part)
{
    static const float turns[] = {3.14159265f, 1.57079633f, -1.57079633f};
    rh_roi first = t->roi, best = first;
    float most = sureness(t->presence);
    int looks = 0;
    for (; looks < 3 && most < (looks == 0 ? NO_DOUBT : FAIR); looks++) {
        rh_roi roi = first;
        roi.angle += turns[looks];
        if (look_at(t, e, part, &roi) && sureness(t->presence) > most + CLEARLY) {
            most = sureness(t->presence);
            best = t->roi;
        }
    }
    return looks == 0 || settle(t, e, part, &best);
}

/* The mesh in a detector's box. */
static rh_status look_in_box(rh_face_tracker *t, rh_face_workspace *e, const rh_picture *p, rh_face_box *box,
                             const rh_image_part **part, rh_image_part *whole, bool *found, rh_error *err)
{
    rh_status st = RH_OK;
    if (box->width < SMALL * (float)(p->width > p->height ? p->width : p->height))
        st = refine(e, p, box, err);
    rh_roi roi = rh_roi_of_box(box);
    rh_rect region = around(&roi);
    if (st == RH_OK)
        st = picture_pixels(p, e, &region, scale_for(t, &roi), part, whole, err);
    *found = st == RH_OK && settle(t, e, *part, &roi) && turn_right_way(t, e, *part);
    return st;
}

/* The main face first; what the mesh network takes for none is no face. */
static rh_status look_in_boxes(rh_face_tracker *t, rh_face_workspace *e, const rh_picture *p, rh_face_box *boxes, int n,
                               const rh_image_part **part, rh_image_part *whole, rh_error *err)
{
    enum { TRIES = 3 };
    rh_status st = RH_OK;
    bool found = false;
    for (int i = 0; i < TRIES && n > 0 && st == RH_OK && !found; i++) {
        int k = main_face(boxes, n, p->width, p->height);
        st = look_in_box(t, e, p, &boxes[k], part, whole, &found, err);
        t->n_faces = n;
        boxes[k] = boxes[--n];
    }
    t->tracking = found;
    if (!found)
        t->n_faces = 0;
    return st;
}

/* By the near network; now and then, where that finds none, by the far one and in tiles. */
static rh_status find(rh_face_tracker *t, rh_face_workspace *e, const rh_picture *p, int64_t t_us,
                      const rh_image_part **part, rh_image_part *whole, rh_error *err)
{
    rh_face_box boxes[RH_MAX_FACES];
    bool thorough = !t->started || t_us - t->searched_us >= SEARCH_US;
    if (thorough)
        t->searched_us = t_us;
    t->tracking = false;
    t->n_faces = 0;
    rh_status st = RH_OK;
    for (detect_way way = BY_NEAR; way < N_WAYS && st == RH_OK && !t->tracking; way++) {
        int n = 0;
        if (way != BY_NEAR && !thorough)
            break;
        st = detect(e, p, way, DETECT_PX, boxes, &n, err);
        if (st == RH_OK && n > 0)
            st = look_in_boxes(t, e, p, boxes, n, part, whole, err);
    }
    if (t->tracking)
        t->counted_us = t_us;
    return st;
}

/* Is the box where the tracked face is? A mesh network that lost its face may go on
 * seeing one in shirt collars; the detector is not so easily fooled. */
static bool same_face(const rh_face_box *b, const rh_roi *roi)
{
    float size = fmaxf(b->width, b->height), tracked = roi->side / 1.5f;
    float off = hypotf(b->x + b->width / 2 - roi->cx, b->y + b->height / 2 - roi->cy);
    return off < 0.45f * tracked && size > 0.45f * tracked && size < 1.8f * tracked;
}

/* Counts the faces and checks that the followed one is among them. Finding none
 * says little (turned far, or far away): then the mesh is believed if it is sure. */
static rh_status check(rh_face_tracker *t, rh_face_workspace *e, const rh_picture *p, int64_t t_us, rh_error *err)
{
    rh_face_box boxes[RH_MAX_FACES];
    int n = 0;
    rh_status st = detect(e, p, BY_NEAR, COUNT_PX, boxes, &n, err);
    t->n_faces = n > 1 ? n : 1;
    t->counted_us = t_us;
    bool confirmed = n == 0 && t->presence > SURE;
    for (int i = 0; i < n && !confirmed; i++)
        confirmed = same_face(&boxes[i], &t->roi);
    t->tracking = confirmed;
    return st;
}

/* A face does not jump by a fifth of its size, change its size by half or turn by a
 * dozen degrees between two pictures. When it seems to, the crop was a wrong one, and the mesh with
 * it: the detector shall say where the face is. */
static bool jumped(const rh_roi *before, const rh_roi *after, const rh_rigid_fit *f, const rh_rigid_fit *g)
{
    float off = hypotf(after->cx - before->cx, after->cy - before->cy);
    float grown = after->side / before->side, turn = 0;
    for (int i = 0; i < 3; i++)
        turn += f->r[i][2] * g->r[i][2];
    return off > 0.2f * before->side || grown > 1.5f || grown < 0.66f || turn < COS_TURN;
}

/* Looks where the face was expected. */
static rh_status follow(rh_face_tracker *t, rh_face_workspace *e, const rh_picture *p, const rh_image_part **part,
                        rh_image_part *whole, bool *found, bool *doubtful, rh_error *err)
{
    rh_roi roi = t->roi;
    rh_rigid_fit fit = t->fit;
    rh_rect region = around(&roi);
    rh_status st = picture_pixels(p, e, &region, scale_for(t, &roi), part, whole, err);
    *found = st == RH_OK && look_at(t, e, *part, &roi);
    if (*found)
        *doubtful = t->presence < SURE || jumped(&roi, &t->roi, &fit, &t->fit);
    return st;
}

/* The face found anew, or, when the detector sees none, the one that was followed. */
static rh_status find_anew(rh_face_tracker *t, rh_face_workspace *e, const rh_picture *p, int64_t t_us,
                           const rh_image_part **part, rh_image_part *whole, rh_error *err)
{
    rh_roi roi = t->roi;
    float presence = t->presence;
    rh_status st = find(t, e, p, t_us, part, whole, err);
    if (st != RH_OK || t->tracking || presence <= SURE)
        return st;
    rh_rect region = around(&roi);
    st = picture_pixels(p, e, &region, scale_for(t, &roi), part, whole, err);
    bool found = st == RH_OK && look_at(t, e, *part, &roi);
    t->tracking = found;
    t->n_faces = found;
    return st;
}

rh_status rh_follow_face(rh_face_tracker *t, rh_face_workspace *e, const rh_picture *p, int64_t t_us,
                         const rh_image_part **part, rh_image_part *whole, rh_error *err)
{
    bool found = false, doubtful = false;
    rh_status st = RH_OK;
    if (t->width != p->width || t->height != p->height)
        t->tracking = false;
    /* First the check: it decodes another part of the picture than the measures need. */
    if (t->tracking && t_us - t->counted_us >= COUNT_US)
        st = check(t, e, p, t_us, err);
    if (st == RH_OK && t->tracking)
        st = follow(t, e, p, part, whole, &found, &doubtful, err);
    if (st == RH_OK && !found)
        st = find(t, e, p, t_us, part, whole, err);
    else if (st == RH_OK && doubtful)
        st = find_anew(t, e, p, t_us, part, whole, err);
    t->width = p->width;
    t->height = p->height;
    return st;
}
