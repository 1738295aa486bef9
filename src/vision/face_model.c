/* face_model.c - loads the networks and lends working memory. */
#include <pthread.h>
#include <stdio.h>
#include "face_nets_internal.h"
#include "rehearse/alloc.h"
#include "rehearse/cpu.h"

struct rh_face_model {
    rh_nn_model *near, *far, *mesh, *iris;
    pthread_mutex_t lock;
    rh_face_engine *free; /* {lock} list */
};

static rh_status load(rh_nn_model **out, const char *dir, const char *name, const char *precision,
                      rh_error *err)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/%s", dir, name);
    if (n < 0 || (size_t)n >= sizeof path)
        return rh_fail(err, RH_ERR_INVAL, "the path of the models folder is too long");
    rh_nn_options o = rh_nn_options_default();
    o.n_streams = rh_cpu_count();
    o.n_threads = o.n_streams; /* one thread an inference: the networks are too small for two */
    o.precision = precision;
    return rh_nn_model_load(out, path, &o, err);
}

rh_status rh_face_model_load(rh_face_model **out, const char *dir, rh_error *err)
{
    rh_face_model *m = rh_calloc(1, sizeof *m);
    if (!m)
        return rh_fail(err, RH_ERR_NOMEM, "no memory for the face models");
    if (pthread_mutex_init(&m->lock, NULL) != 0) {
        rh_free(m);
        return rh_fail(err, RH_ERR_NOMEM, "no lock for the face models");
    }
    rh_status st = load(&m->near, dir, "face_detection_short_range.tflite", "f32", err);
    if (st == RH_OK)
        st = load(&m->far, dir, "face_detection_full_range_sparse.tflite", "f32", err);
    if (st == RH_OK)
        st = load(&m->mesh, dir, "face_landmark.tflite", "f32", err);
    if (st == RH_OK)
        st = load(&m->iris, dir, "iris_landmark.tflite", "f32", err);
    /* One engine now, so that a machine that cannot run them says so at start. */
    rh_face_engine *e = NULL;
    if (st == RH_OK)
        st = rh_face_engine_take(&e, m, err);
    if (st != RH_OK) {
        rh_face_model_free(m);
        return st;
    }
    rh_face_engine_give(m, e);
    *out = m;
    return RH_OK;
}

static void engine_free(rh_face_engine *e)
{
    if (!e)
        return;
    rh_nn_request_free(e->near);
    rh_nn_request_free(e->far);
    rh_nn_request_free(e->mesh);
    rh_nn_request_free(e->iris);
    rh_image_done(&e->part.img);
    rh_free(e->crop);
    rh_free(e);
}

void rh_face_model_free(rh_face_model *m)
{
    if (!m)
        return;
    while (m->free) {
        rh_face_engine *e = m->free;
        m->free = e->next;
        engine_free(e);
    }
    rh_nn_model_free(m->near);
    rh_nn_model_free(m->far);
    rh_nn_model_free(m->mesh);
    rh_nn_model_free(m->iris);
    pthread_mutex_destroy(&m->lock);
    rh_free(m);
}

/* A request that reads the engine's crop: sizes of all inputs fit in it. */
static rh_status add_request(rh_nn_request **out, const rh_nn_model *m, float *crop, rh_error *err)
{
    rh_nn_tensor in;
    rh_status st = rh_nn_model_describe_input(m, 0, &in);
    if (st != RH_OK || in.type != RH_NN_F32 || in.n_dims != 4 || in.dims[1] > 192 || in.dims[3] != 3)
        return rh_fail(err, RH_ERR_FORMAT, "a face model has an unexpected input; run tools/setup again");
    st = rh_nn_request_new(out, m, err);
    if (st != RH_OK)
        return st;
    in.data = crop;
    return rh_nn_set_input(*out, 0, &in, err);
}

static rh_status engine_new(rh_face_engine **out, const rh_face_model *m, rh_error *err)
{
    rh_face_engine *e = rh_calloc(1, sizeof *e);
    if (!e)
        return rh_fail(err, RH_ERR_NOMEM, "no memory for a face engine");
    e->crop = rh_alloc_aligned(192 * 192 * 3 + 16, sizeof *e->crop);
    rh_status st = e->crop ? RH_OK : rh_fail(err, RH_ERR_NOMEM, "no memory for a face engine");
    if (st == RH_OK)
        st = add_request(&e->near, m->near, e->crop, err);
    if (st == RH_OK)
        st = add_request(&e->far, m->far, e->crop, err);
    if (st == RH_OK)
        st = add_request(&e->mesh, m->mesh, e->crop, err);
    if (st == RH_OK)
        st = add_request(&e->iris, m->iris, e->crop, err);
    if (st != RH_OK) {
        engine_free(e);
        return st;
    }
    *out = e;
    return RH_OK;
}

/* The model looks immutable from outside; its list of engines is not. */
static rh_face_model *writable(const rh_face_model *m)
{
    return (rh_face_model *)(uintptr_t)m;
}

rh_status rh_face_engine_take(rh_face_engine **out, const rh_face_model *m, rh_error *err)
{
    rh_face_model *w = writable(m);
    pthread_mutex_lock(&w->lock);
    rh_face_engine *e = w->free;
    if (e)
        w->free = e->next;
    pthread_mutex_unlock(&w->lock);
    if (!e)
        return engine_new(out, m, err);
    *out = e;
    return RH_OK;
}

void rh_face_engine_give(const rh_face_model *m, rh_face_engine *e)
{
    rh_face_model *w = writable(m);
    pthread_mutex_lock(&w->lock);
    e->next = w->free;
    w->free = e;
    pthread_mutex_unlock(&w->lock);
}
