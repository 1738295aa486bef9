/* encoder_internal.h - what the files of the native encoder share:
 * native/encoder.c runs windows, native/encoder_model.c loads and chooses where to
 * run, encoder_padding_cache.c keeps the silence. */
#ifndef RH_NATIVE_ENCODER_INTERNAL_H
#define RH_NATIVE_ENCODER_INTERNAL_H

#include <limits.h>
#include <pthread.h>
#include "encoder_graph.h"
#include "encoder_net.h"
#include "gate.h"
#include "encoder.h"

enum {
    MERGE = 32,    /* neighbouring positions of the kept silence become one key; also the
                           step of the number of positions computed: silence behind the speech
                           helps, and OpenVINO makes kernels once a length */
    MAX_TAILS = 4, /* values of padding kept, 4 MB each for base; the least used gives way */
    MAX_THREADS = 64,
};

typedef struct {
    int tenths; /* value of the padding, times 10 */
    int users;
    int64_t used;  /* when last, in runs */
    float *kv;     /* [2 n_layers][n_merged][n_state] */
    float *states; /* [n_ctx][n_state] */
} enc_tail;

struct rh_enc_model {
    rh_ggml_hparams hp;
    rh_log_mel *mel;
    float *pos; /* [n_ctx][n_state] */
    const char *precision;
    bool full_window;
    const voice_head *head; /* NULL: the model is another than the head's */
    const rh_ggml_file *file;
    enc_net *net; /* our own kernels, or NULL: the networks below */
    enc_work *fast_work, *wide_works[MAX_THREADS];
    rh_ir *weights, *wide_weights; /* what the networks read at their first runs */
    rh_encoder_graph_options graph;
    char cache_dir[PATH_MAX];
    rh_nn_model *fast; /* one window on all threads: for a stream that is alone */
    rh_nn_request *fast_request;
    rh_nn_model *wide;                         /* a window on each thread: for streams side by side */
    bool wide_ready;                           /* {lock} */
    rh_nn_request *wide_requests[MAX_THREADS]; /* one a slot of the gate */
    bool fast_busy;                            /* {lock} */
    pthread_cond_t fast_left;
    bool wide_started; /* {lock} */
    pthread_t wide_builder;
    int n_states; /* {lock} */
    rh_gate *gate;
    int n_slots;
    pthread_mutex_t lock;
    enc_tail *tails[MAX_TAILS]; /* {lock} */
    int64_t runs;               /* {lock} */
    bool fast_ran, wide_ran;    /* {lock} */
};

struct rh_enc_state {
    rh_enc_model *model;
    bool counted;  /* in the model's n_states */
    float *mel;    /* [n_mels][2 n_ctx + 1] */
    float *bias;   /* [n_ctx + n_merged] */
    float *states; /* [n_ctx][n_state] */
    float *sums;   /* NULL without a voice head, else [n_ctx][ENC_NET_SUMS] */
};

/* What the network is fed. */
typedef struct {
    float *mel, *bias;       /* mel: [n_mels][2 n_own + 1] */
    int n_own, n_kept;       /* positions computed; merged keys of silence */
    const enc_tail *silence; /* NULL when n_kept is 0 */
    float *states;           /* where the output goes, [n_own][n_state] */
    float *sums;             /* NULL, or where the voice head's go, [n_own][ENC_NET_SUMS] */
    float *averages;         /* NULL, or where own keys and values go, [2 n_layers][n_merged][n_state] */
} enc_feed;

/* A place to run in, until enc_leave(). */
typedef struct {
    int slot;
    bool fast;
    rh_nn_request *request;
    enc_work *work;
} enc_place;

int enc_n_merged(const rh_enc_model *m);
/* Waits for a place by deadline, and runs there. */
rh_status enc_run(rh_enc_model *m, const enc_feed *f, int64_t deadline, rh_error *err);

/* What a window of nothing but padding of value tenths / 10 gives; borrowed until enc_tail_done(). */
rh_status enc_tail_get(const enc_tail **out, rh_enc_model *m, int tenths, int64_t deadline, rh_error *err);
void enc_tail_done(rh_enc_model *m, const enc_tail *borrowed);
void enc_tail_free(enc_tail *t);
/* The same on disk: false when there is none that fits. */
bool enc_tail_read(const rh_enc_model *m, enc_tail *t);
void enc_tail_write(const rh_enc_model *m, const enc_tail *t);

/* From now on streams run side by side: compiles the network for that, once. */
void enc_count_state(rh_enc_model *m);

#endif
