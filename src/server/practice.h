/* practice.h - running sessions of /v1/session/{id} and their connections.
 *
 * A practice outlives its connection: it may be resumed for RH_SESSION_RESUME_S
 * and is then finished by itself. Sound is decoded and fed in order on the media
 * pool, pictures are measured there (the newest wins), recognition and the report
 * run on the speech pool. Loop thread only, but for what says otherwise. */
#ifndef RH_PRACTICE_H
#define RH_PRACTICE_H

#include "rehearse/audio.h"
#include "rehearse/buf.h"
#include "rehearse/session.h"
#include "server_internal.h"

enum { RH_TOKEN_LEN = 32 };

typedef struct rh_practice rh_practice;
typedef struct rh_live rh_live;

typedef struct rh_sound {
    struct rh_sound *next;
    int64_t t_us;
    size_t n;       /* bytes */
    bool is_float;  /* else 16-bit */
    char bytes[];
} rh_sound;

struct rh_practice {
    rh_practice *next;
    rh_server *server;
    char id[RH_SESSION_ID_MAX + 1], token[RH_TOKEN_LEN + 1];
    char media_dir[4096 + 16];
    json_t *start;      /* the client's first message; options point into it */
    int rate_hz;
    rh_session *session; /* NULL until opened */
    rh_resampler *resampler; /* the one running feed job */
    rh_live *live;      /* NULL: the connection is broken */
    int64_t broken_at_us;
    int n_jobs;         /* running; the practice is freed when none is */
    bool opening, feeding, working, measuring, finishing, finished, failed;
    bool work_due, finish_wanted, calibrate;
    rh_sound *sound_head, *sound_tail;
    size_t sound_bytes; /* waiting */
    char *picture;      /* the newest one, waiting */
    size_t n_picture;
    int64_t picture_us;
    atomic_bool cancel; /* any thread */

    pthread_mutex_t lock;
    rh_buf events;      /* {lock} texts, each with its NUL, not yet handed to the connection */
};

/* Sound waiting beyond this stops the reading from the connection. */
enum { RH_MAX_SOUND_BYTES = 4 << 20, RH_MAX_EVENT_BYTES = 4 << 20 };

rh_practice *rh_practice_find(rh_server *s, const char *id);
/* Starts opening it; events tell how it went. RH_ERR_NOMEM, RH_ERR_INVAL. */
rh_status rh_practice_new(rh_practice **out, rh_server *s, const char *id, json_t *start,
                          rh_error *err);
void rh_practice_attach(rh_practice *p, rh_live *live); /* NULL: lost */
void rh_practice_sound(rh_practice *p, rh_sound *take);
void rh_practice_picture(rh_practice *p, char *take, size_t n, int64_t t_us);
void rh_practice_finish(rh_practice *p);
void rh_practice_error(rh_practice *p, const char *detail);
void rh_practice_pump(rh_practice *p); /* starts what may run now; may free p */
void rh_practices_tick(rh_server *s, int64_t now_us);
void rh_practices_free(rh_server *s); /* after the pools; sessions stay resumable */

/* live.c: the connection. */
int rh_live_open(rh_server *s, struct lws *wsi, rh_pss *pss, const char *id);
int rh_live_receive(rh_live *l, const char *bytes, size_t n);
int rh_live_writable(rh_live *l);
void rh_live_free(rh_live *l);
void rh_live_leave(rh_live *l);           /* its practice has ended */
void rh_live_close(rh_live *l, int code); /* after what is owed */
void rh_live_tick(rh_live *l, int64_t now_us);
void rh_live_send(rh_live *l, const char *text);
void rh_live_hold_back(rh_live *l, bool hold);

#endif
