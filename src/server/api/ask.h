/* ask.h - requests about kept sessions. They wait for the store's thread, so they run on the pool; the answer
 * is made there too and only sent by the loop. */
#ifndef RH_SERVER_ASK_H
#define RH_SERVER_ASK_H

#include "rehearse/report/report.h"
#include "server/forwarded.h"
#include "server/http.h"

typedef struct rh_ask rh_ask;

struct rh_ask {
    rh_job job;
    rh_status (*answer)(rh_ask *a);                              /* from the store */
    rh_status (*answer_about)(rh_ask *a, const json_t *session); /* or from one session of it */
    void (*then)(rh_server *s, const rh_ask *a);                 /* on the loop, afterwards; NULL = nothing */
    rh_server *server;
    const char *web_dir;
    char id[RH_MAX_CLIENT_ID + 1], part[RH_MAX_CLIENT_ID + 1]; /* of the path */
    char client[RH_MAX_SHORT_FIELD_BYTES + 1], format[16];
    char *question;                                   /* owned: of the query; NULL = any */
    char range[128], if_range[64], if_none_match[64]; /* of a GET for media */
    char who[64];                                     /* asks, for limits */
    char prefix[128];                                 /* the path under which a proxy shows this server; "" = none */
    char session[RH_SESSION_ID_MAX + 1], address[RH_ADDRESS_MAX]; /* of the query; where the asker is */
    const char *what;                                             /* of the audit; NULL = it is not noted */
    char audited[RH_MAX_CLIENT_ID + 1];                           /* the session or interview that it is about */
    rh_person asker;                                              /* who that is */
    char person[RH_PERSON_NAME_MAX + 1];                          /* of the query: whose are wanted, */
    bool has_person;                                              /* where it says so */
    enum { RH_ASK_ANY, RH_ASK_SESSION, RH_ASK_INTERVIEW } about;  /* what `id` names */
    int video_part;                                               /* of a GET for video; 0 = there is no such */
    int limit;
    double before;
    char before_id[RH_SESSION_ID_MAX + 1];
    bool verbatim; /* a transcript with fillers and disfluencies */
    bool sound;    /* a page with the sound in it, */
    bool film;     /* with the video */
    bool ran;      /* the session to be deleted was running and is on its way out by itself */
    json_t *wish;  /* owned: the JSON of the body, or NULL */
    json_t *share; /* owned: by which a mentor sees the session; NULL: it is the asker's, or an owner asks */
    /* the answer */
    int status;
    const char *type;
    char *body; /* freed with free() */
    size_t n_body;
    char name[RH_SESSION_ID_MAX + 16];              /* of the file for the browser; "" = none */
    char nonce[40];                                 /* of a report's scripts */
    bool shared;                                    /* for somebody who has a link */
    bool wrong_token;                               /* there is no such link */
    char etag[40], modified[40], content_range[80]; /* of media; "" = none */
    const char *param;                              /* the parameter or key at fault; NULL = none */
    rh_error err;
};

/* Answers the request later, by one of the two. */
void rh_ask_start(rh_http *h, rh_status (*answer)(rh_ask *), rh_status (*answer_about)(rh_ask *, const json_t *));
/* The same in two steps, with what else the answer needs between them. NULL: it has been answered, which the second
 * takes too. */
rh_ask *rh_ask_new(rh_http *h, rh_status (*answer)(rh_ask *), rh_status (*answer_about)(rh_ask *, const json_t *));
void rh_ask_go(rh_http *h, rh_ask *a);
/* Both with the JSON object of the request's body; 400 when it is none. */
rh_ask *rh_ask_new_json(rh_http *h, rh_status (*answer)(rh_ask *));
void rh_ask_start_json(rh_http *h, rh_status (*answer)(rh_ask *));
/* `start` of a route whose body is a small JSON object. */
void rh_want_small_json(rh_http *h);

/* Whose rows the asker lists: a member their own, a mentor what is shared with them, an owner everybody's or those of
 * `?person=`. Valid as long as `a`. */
rh_store_whose rh_ask_whose(const rh_ask *a);
/* The person whose goal is meant: the asker, or for an owner that of `?person=`. */
const char *rh_ask_person(const rh_ask *a);

/* As many digits as `before` of a list needs to find the same place again. */
enum { RH_ASK_LIST_DIGITS = 16 };
/* The page of a list that is wanted; it borrows from `a`. */
rh_store_page rh_ask_page_of(const rh_ask *a);
/* Whether `limit` and `before` of a list are what they can be; else RH_ERR_INVAL, and `param` names the one. */
rh_status rh_ask_range(rh_ask *a);

/* The answer; all take what they are given. */
void rh_ask_json(rh_ask *a, json_t *take);
void rh_ask_json_exact(rh_ask *a, json_t *take, size_t digits); /* of numbers that need them; else 12 */
void rh_ask_text(rh_ask *a, const char *type, char *take);
/* The report as a page; `media`: with its sound and videos in it, NULL = none. */
rh_status rh_ask_page(rh_ask *a, const json_t *report, const rh_report_page *media);

#endif
