/* face_model.c - loads the networks and lends working memory. The two that run for every picture are shared; the
 * detectors, which run now and then, are OpenVINO's. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "face_nets_internal.h"
#include "rehearse/base/alloc.h"

/* An inference of a network of one stream and one thread runs on the thread that asks for it:
 * nothing is handed to another processor, whose caches are cold, and back. Such a network serves one
 * inference at a time, hence a copy for each workspace, up to a number that serves thousands of
 * pictures a second; further workspaces take turns. */
enum { MAX_COPIES = 8, MESH_SIZE = 192, CROP_FLOATS = MESH_SIZE * MESH_SIZE * 3 + 16 };

typedef struct {
    rh_nn_model *near, *far;
} net_copy;

struct rh_face_model {
    char dir[4096], cache[4096];
    rh_conv_net *mesh, *iris;
    pthread_mutex_t grow;        /* before lock */
    net_copy copies[MAX_COPIES]; /* {grow} */
    int n_copies, n_workspaces;  /* {grow} */
    pthread_mutex_t lock;        /* never held for long: workspaces come back through it */
    rh_face_workspace *free;     /* {lock} list */
};

static rh_status load(rh_nn_model **out, const rh_face_model *m, const char *name, rh_error *err)
{
    char path[sizeof m->dir + 64];
    (void)snprintf(path, sizeof path, "%s/%s", m->dir, name);
    rh_nn_options o = rh_nn_options_default(); /* one stream, one thread, f32 */
    o.cache_dir = m->cache[0] ? m->cache : NULL;
    return rh_nn_model_load(out, path, &o, err);
}

static rh_status load_copy(net_copy *c, const rh_face_model *m, rh_error *err)
{
    rh_status st = load(&c->near, m, "face_detection_short_range.tflite", err);
    return st == RH_OK ? load(&c->far, m, "face_detection_full_range_sparse.tflite", err) : st;
}

static void free_copy(net_copy *c)
{
    rh_nn_model_free(c->near);
    rh_nn_model_free(c->far);
    *c = (net_copy){0};
}

/* With two outputs and an input that the workspace's crop has room for. */
static rh_status load_conv(rh_conv_net **out, const rh_face_model *m, const char *name, int side, size_t n_first,
                           size_t n_second, rh_error *err)
{
    char path[sizeof m->dir + 64];
    int height, width, channels;
    (void)snprintf(path, sizeof path, "%s/%s", m->dir, name);
    rh_status st = rh_conv_net_load(out, path, err);
    if (st != RH_OK)
        return st;
    rh_conv_net_input(*out, &height, &width, &channels);
    if (height != side || width != side || channels != 3 || rh_conv_net_output(*out, 0) != n_first ||
        rh_conv_net_output(*out, 1) != n_second)
        return rh_fail(err, RH_ERR_FORMAT, "%s is another network than expected; run tools/setup again", path);
    return RH_OK;
}

rh_status rh_face_model_load(rh_face_model **out, const char *dir, const char *cache_dir, rh_error *err)
{
    rh_face_model *m = rh_calloc(1, sizeof *m);
    if (!m)
        return rh_fail(err, RH_ERR_NOMEM, "no memory for the face models");
    if (!dir || strlen(dir) >= sizeof m->dir) {
        rh_free(m);
        return rh_fail(err, RH_ERR_INVAL, "the path of the models folder is missing or too long");
    }
    pthread_mutex_init(&m->lock, NULL); /* cannot fail on Linux */
    pthread_mutex_init(&m->grow, NULL);
    strcpy(m->dir, dir);
    if (cache_dir && !rh_nn_cache_folder(m->cache, sizeof m->cache, cache_dir))
        m->cache[0] = '\0';
    /* One workspace now, so that a machine that cannot run them says so at start. */
    rh_face_workspace *e = NULL;
    rh_status st = load_conv(&m->mesh, m, "face_landmark.tflite", MESH_SIZE, 3 * RH_MESH_POINTS, 1, err);
    if (st == RH_OK)
        st = load_conv(&m->iris, m, "iris_landmark.tflite", RH_EYE_SIZE, 3 * RH_EYE_POINTS, 3 * RH_IRIS_POINTS, err);
    if (st == RH_OK)
        st = rh_face_workspace_take(&e, m, err);
    if (st != RH_OK) {
        rh_face_model_free(m);
        return st;
    }
    rh_face_workspace_give(m, e);
    *out = m;
    return RH_OK;
}

static void net_done(rh_face_net *n)
{
    rh_nn_request_free(n->request);
    rh_free(n->out[0]);
    rh_free(n->out[1]);
}

static void workspace_free(rh_face_workspace *e)
{
    if (!e)
        return;
    net_done(&e->near);
    net_done(&e->far);
    for (int i = 0; i < 2; i++) {
        rh_free(e->mesh.out[i]);
        rh_free(e->iris.out[i]);
    }
    rh_image_done(&e->part.img);
    rh_free(e->crop);
    rh_free(e);
}

void rh_face_model_free(rh_face_model *m)
{
    if (!m)
        return;
    while (m->free) {
        rh_face_workspace *e = m->free;
        m->free = e->next;
        workspace_free(e);
    }
    for (int i = 0; i < m->n_copies; i++)
        free_copy(&m->copies[i]);
    rh_conv_net_free(m->mesh);
    rh_conv_net_free(m->iris);
    pthread_mutex_destroy(&m->lock);
    pthread_mutex_destroy(&m->grow);
    rh_free(m);
}

static rh_status add_output(rh_face_net *n, const rh_nn_model *m, int i, rh_error *err)
{
    rh_nn_tensor t;
    size_t size = 1;
    rh_status st = rh_nn_model_describe_output(m, i, &t);
    for (int k = 0; st == RH_OK && k < t.n_dims; k++)
        size *= t.dims[k] > 0 && t.dims[k] < 65536 ? (size_t)t.dims[k] : 0;
    if (st != RH_OK || t.type != RH_NN_F32 || size == 0)
        return rh_fail(err, RH_ERR_FORMAT, "a face model has an unexpected output; run tools/setup again");
    t.data = n->out[i] = rh_alloc_aligned(size, sizeof(float));
    if (!t.data)
        return rh_fail(err, RH_ERR_NOMEM, "no memory for a face workspace");
    return rh_nn_set_output(n->request, i, &t, err);
}

/* Reads the workspace's crop: sizes of all inputs fit in it. */
static rh_status add_net(rh_face_net *n, const rh_nn_model *m, float *crop, rh_error *err)
{
    rh_nn_tensor in;
    rh_status st = rh_nn_model_describe_input(m, 0, &in);
    if (st != RH_OK || in.type != RH_NN_F32 || in.n_dims != 4 || in.dims[1] > 192 || in.dims[3] != 3)
        return rh_fail(err, RH_ERR_FORMAT, "a face model has an unexpected input; run tools/setup again");
    st = rh_nn_request_new(&n->request, m, err);
    in.data = crop;
    if (st == RH_OK)
        st = rh_nn_set_input(n->request, 0, &in, err);
    if (st == RH_OK)
        st = add_output(n, m, 0, err);
    return st == RH_OK ? add_output(n, m, 1, err) : st;
}

static bool add_conv(rh_face_conv *c, const rh_conv_net *n)
{
    c->net = n;
    for (int i = 0; i < 2; i++)
        c->out[i] = rh_alloc_aligned(rh_conv_net_output(n, i), sizeof(float));
    return c->out[0] && c->out[1];
}

static rh_status workspace_new(rh_face_workspace **out, const rh_face_model *m, const net_copy *c, rh_error *err)
{
    rh_face_workspace *e = rh_calloc(1, sizeof *e);
    if (!e)
        return rh_fail(err, RH_ERR_NOMEM, "no memory for a face workspace");
    size_t work = rh_conv_net_work(m->mesh), iris = rh_conv_net_work(m->iris);
    e->crop = rh_calloc_large(CROP_FLOATS + (work > iris ? work : iris), sizeof *e->crop);
    e->work = e->crop ? e->crop + CROP_FLOATS : NULL;
    bool made = add_conv(&e->mesh, m->mesh) && add_conv(&e->iris, m->iris) && e->crop;
    rh_status st = made ? RH_OK : rh_fail(err, RH_ERR_NOMEM, "no memory for a face workspace");
    if (st == RH_OK)
        st = add_net(&e->near, c->near, e->crop, err);
    if (st == RH_OK)
        st = add_net(&e->far, c->far, e->crop, err);
    if (st != RH_OK) {
        workspace_free(e);
        return st;
    }
    *out = e;
    return RH_OK;
}

/* {grow} held */
static rh_status add_workspace(rh_face_workspace **out, rh_face_model *m, rh_error *err)
{
    net_copy *c = &m->copies[m->n_workspaces % MAX_COPIES];
    rh_status st = RH_OK;
    if (m->n_workspaces >= m->n_copies && m->n_copies < MAX_COPIES) {
        st = load_copy(c, m, err);
        if (st == RH_OK)
            m->n_copies++;
        else
            free_copy(c);
    }
    if (st == RH_OK)
        st = workspace_new(out, m, c, err);
    if (st == RH_OK)
        m->n_workspaces++;
    return st;
}

/* The model looks immutable from outside; its list of workspaces is not. */
static rh_face_model *writable(const rh_face_model *m)
{
    return (rh_face_model *)(uintptr_t)m;
}

static rh_face_workspace *pop(rh_face_model *m)
{
    pthread_mutex_lock(&m->lock);
    rh_face_workspace *e = m->free;
    if (e)
        m->free = e->next;
    pthread_mutex_unlock(&m->lock);
    return e;
}

rh_status rh_face_workspace_take(rh_face_workspace **out, const rh_face_model *m, rh_error *err)
{
    rh_face_model *w = writable(m);
    rh_status st = RH_OK;
    rh_face_workspace *e = pop(w);
    if (!e) {
        pthread_mutex_lock(&w->grow);
        e = pop(w); /* one may have come back while another was made */
        if (!e)
            st = add_workspace(&e, w, err);
        pthread_mutex_unlock(&w->grow);
    }
    if (st == RH_OK)
        *out = e;
    return st;
}

void rh_face_workspace_give(const rh_face_model *m, rh_face_workspace *e)
{
    rh_face_model *w = writable(m);
    pthread_mutex_lock(&w->lock);
    e->next = w->free;
    w->free = e;
    pthread_mutex_unlock(&w->lock);
}

rh_status rh_face_model_prepare(const rh_face_model *m, int n, rh_error *err)
{
    rh_face_workspace *e[MAX_COPIES];
    rh_status st = RH_OK;
    int have = 0;
    while (have < n && have < MAX_COPIES && st == RH_OK) {
        st = rh_face_workspace_take(&e[have], m, err);
        have += st == RH_OK;
    }
    while (have > 0)
        rh_face_workspace_give(m, e[--have]);
    return st;
}
