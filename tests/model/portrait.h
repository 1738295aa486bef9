/* portrait.h - the face models and the portrait among the fixtures, and one look at a picture. */
#ifndef RH_TEST_PORTRAIT_H
#define RH_TEST_PORTRAIT_H

#include <stdio.h>
#include <string.h>
#include "models.h"
#include "rehearse/media/image.h"
#include "rehearse/vision/face_tracker.h"

/* 0 = both are there. Ends the program as skipped without the models. */
static inline int portrait_load(rh_face_model **model, rh_image *portrait)
{
    static uint8_t bytes[1 << 20];
    rh_error err = {0};
    char dir[1024];
    (void)snprintf(dir, sizeof dir, "%s", model_file("face_landmark.tflite"));
    *strrchr(dir, '/') = '\0';
    rh_status st = rh_face_model_load(model, dir, NULL, &err);
    FILE *f = fopen("tests/fixtures/astronaut.jpg", "rb");
    size_t n = f ? fread(bytes, 1, sizeof bytes, f) : 0;
    if (f)
        (void)fclose(f);
    if (st == RH_OK)
        st = rh_image_decode(portrait, bytes, n, &err);
    if (st != RH_OK)
        fprintf(stderr, "%s\n", err.msg);
    return st == RH_OK ? 0 : -1;
}

/* What a tracker that has seen nothing before says of it; all zero when it could not be measured. */
static inline rh_face look_at(const rh_face_model *model, const rh_image *picture)
{
    rh_face_tracker *t = NULL;
    rh_face f = {0};
    if (rh_face_tracker_new(&t, model, NULL, NULL) != RH_OK || rh_face_tracker_push(t, picture, 1, &f) != RH_OK)
        fprintf(stderr, "the picture could not be measured\n");
    rh_face_tracker_free(t);
    return f;
}

#endif
