#include "rehearse/who/oidc.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "oidc_fetch.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/base/json.h"
#include "rehearse/who/jwt.h"

struct rh_oidc {
    rh_oidc_options o;
    void (*trouble)(const char *line);
    pthread_t thread;
    bool started;
    atomic_bool stop;
    pthread_mutex_t lock;
    pthread_cond_t woken;
    rh_jwt_keys *keys;  /* {lock} NULL until fetched */
    json_t *place;      /* {lock} the issuer's own description; NULL until fetched */
    bool wanted;        /* {lock} keys are to be fetched now */
    int64_t fetched_us; /* {lock} when that was tried last */
};

/* ---- the thread ---- */

static rh_status fetch_place(rh_oidc *o, json_t **out, rh_error *err)
{
    static const char *const needed[] = {"authorization_endpoint", "token_endpoint", "jwks_uri"};
    char url[1024];
    size_t n = strlen(o->o.issuer);
    rh_buf body;
    (void)snprintf(url, sizeof url, "%.*s/.well-known/openid-configuration", (int)(n - (o->o.issuer[n - 1] == '/')),
                   o->o.issuer);
    rh_status st = oidc_fetch(url, &o->stop, &body, err);
    json_t *place = st == RH_OK ? json_loadb(body.data, body.len, JSON_REJECT_DUPLICATES, NULL) : NULL;
    rh_buf_done(&body);
    if (st == RH_OK && strcmp(rh_json_str(place, "issuer"), o->o.issuer) != 0)
        st = rh_fail(err, RH_ERR_FORMAT, "%.200s calls itself \"%.200s\"", o->o.issuer, rh_json_str(place, "issuer"));
    for (size_t i = 0; st == RH_OK && i < sizeof needed / sizeof *needed; i++)
        if (!oidc_url_good(rh_json_str(place, needed[i])))
            st = rh_fail(err, RH_ERR_FORMAT, "%.200s has no %s of https", o->o.issuer, needed[i]);
    if (st == RH_OK)
        *out = place;
    else
        json_decref(place);
    return st;
}

static rh_status fetch(rh_oidc *o, rh_error *err)
{
    json_t *place = NULL;
    rh_jwt_keys *keys = NULL;
    rh_buf body;
    rh_status st = fetch_place(o, &place, err);
    if (st == RH_OK) {
        st = oidc_fetch(rh_json_str(place, "jwks_uri"), &o->stop, &body, err);
        if (st == RH_OK)
            st = rh_jwt_keys_read(&keys, body.data, body.len, err);
        rh_buf_done(&body);
    }
    if (st != RH_OK) {
        json_decref(place);
        return st;
    }
    pthread_mutex_lock(&o->lock);
    rh_jwt_keys *old = o->keys;
    json_t *old_place = o->place;
    o->keys = keys;
    o->place = place;
    pthread_mutex_unlock(&o->lock);
    rh_jwt_keys_free(old);
    json_decref(old_place);
    return RH_OK;
}

/* Until it is time, or keys are wanted. */
static void rest(rh_oidc *o, bool failed)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += failed ? RH_OIDC_AGAIN_S : RH_OIDC_EVERY_S;
    pthread_mutex_lock(&o->lock);
    while (!o->wanted && !atomic_load(&o->stop) && pthread_cond_timedwait(&o->woken, &o->lock, &until) == 0)
        ;
    o->wanted = false;
    o->fetched_us = rh_now_us();
    pthread_mutex_unlock(&o->lock);
}

static void *work(void *arg)
{
    rh_oidc *o = arg;
    bool told = false;
    while (!atomic_load(&o->stop)) {
        rh_error err = {0};
        rh_status st = fetch(o, &err);
        if (st != RH_OK && !told && !atomic_load(&o->stop) && o->trouble) {
            char line[400];
            (void)snprintf(line, sizeof line, "nobody can sign in by oidc_issuer: %s", err.msg);
            o->trouble(line);
        }
        told = st != RH_OK;
        if (!atomic_load(&o->stop))
            rest(o, st != RH_OK);
    }
    return NULL;
}

/* ---- */

rh_status rh_oidc_new(rh_oidc **out, const rh_oidc_options *options, void (*trouble)(const char *), rh_error *err)
{
    if (!oidc_url_good(options->issuer) || strlen(options->issuer) > 500)
        return rh_fail(err, RH_ERR_INVAL,
                       "oidc_issuer is '%.200s', but must be https://..., or http://... of this machine",
                       options->issuer);
    if (!*options->client_id)
        return rh_fail(err, RH_ERR_INVAL, "oidc_client_id is missing: the issuer of oidc_issuer gives one");
    rh_oidc *o = rh_calloc(1, sizeof *o);
    if (!o)
        return rh_fail(err, RH_ERR_NOMEM, "oidc: out of memory");
    o->o = *options;
    if (!*o->o.audience)
        o->o.audience = o->o.client_id;
    o->trouble = trouble;
    o->fetched_us = rh_now_us();
    atomic_init(&o->stop, false);
    pthread_mutex_init(&o->lock, NULL);
    pthread_cond_init(&o->woken, NULL);
    o->started = pthread_create(&o->thread, NULL, work, o) == 0;
    if (!o->started) {
        rh_oidc_free(o);
        return rh_fail(err, RH_ERR_NOMEM, "oidc: no thread");
    }
    *out = o;
    return RH_OK;
}

void rh_oidc_free(rh_oidc *o)
{
    if (!o)
        return;
    pthread_mutex_lock(&o->lock);
    atomic_store(&o->stop, true);
    pthread_cond_signal(&o->woken);
    pthread_mutex_unlock(&o->lock);
    if (o->started)
        pthread_join(o->thread, NULL);
    rh_jwt_keys_free(o->keys);
    json_decref(o->place);
    pthread_cond_destroy(&o->woken);
    pthread_mutex_destroy(&o->lock);
    rh_free(o);
}

/* {lock} The key is not known: they are fetched, if that was not just done. */
static bool want_keys(rh_oidc *o)
{
    bool soon = rh_now_us() - o->fetched_us < (int64_t)RH_OIDC_AGAIN_S * 1000000;
    if (o->keys && soon)
        return false;
    if (!soon) {
        o->wanted = true;
        pthread_cond_signal(&o->woken);
    }
    return true;
}

static rh_role role_of(const json_t *claims, const char *path)
{
    char part[128];
    const json_t *v = claims, *one;
    size_t i;
    rh_role role = RH_ROLE_MEMBER;
    while (*path) {
        size_t n = strcspn(path, ".");
        (void)snprintf(part, sizeof part, "%.*s", (int)(n < sizeof part ? n : 0), path);
        v = json_object_get(v, part);
        path += n + (path[n] == '.');
    }
    json_t *list = json_is_string(v) ? json_pack("[O]", v) : json_incref((json_t *)(uintptr_t)v);
    json_array_foreach(list, i, one) {
        const char *name = json_is_string(one) ? json_string_value(one) : "";
        if (strcmp(name, "rehearse-owner") == 0)
            role = RH_ROLE_OWNER;
        else if (strcmp(name, "rehearse-mentor") == 0 && role != RH_ROLE_OWNER)
            role = RH_ROLE_MENTOR;
    }
    json_decref(list);
    return role;
}

static rh_status person_of(const rh_oidc *o, const json_t *claims, rh_person *out, const char **why)
{
    const json_t *name = json_object_get(claims, o->o.name_claim);
    int n = (int)json_string_length(name);
    bool unproven = strcmp(o->o.name_claim, "email") == 0 && !json_is_true(json_object_get(claims, "email_verified"));
    if (!n || unproven || !rh_person_name_valid(json_string_value(name), n)) {
        *why = unproven ? "the issuer has not verified this e-mail address"
                        : "the claim of oidc_name is missing in this token, or no name of 64 of A-Z a-z 0-9 . _ - @ +";
        return RH_ERR_INVAL;
    }
    *out = (rh_person){.role = *o->o.role_claim ? role_of(claims, o->o.role_claim) : RH_ROLE_MEMBER};
    (void)snprintf(out->name, sizeof out->name, "%s", json_string_value(name));
    return RH_OK;
}

rh_status rh_oidc_person(rh_oidc *o, const char *token, rh_person *out, const char **why)
{
    json_t *claims = NULL;
    rh_jwt_rules rules = {.issuer = o->o.issuer, .audience = o->o.audience, .now = rh_unix_time()};
    pthread_mutex_lock(&o->lock);
    rh_status st = rh_jwt_check(o->keys, &rules, token, &claims, why);
    if (st == RH_AGAIN && !want_keys(o))
        st = RH_ERR_INVAL;
    pthread_mutex_unlock(&o->lock);
    if (st == RH_OK)
        st = person_of(o, claims, out, why);
    json_decref(claims);
    return st;
}

json_t *rh_oidc_page(rh_oidc *o)
{
    json_t *page = NULL;
    pthread_mutex_lock(&o->lock);
    if (o->place)
        page = json_pack("{s:s, s:s, s:s, s:O, s:O, s:O*}", "issuer", o->o.issuer, "client_id", o->o.client_id, "scope",
                         o->o.scope, "authorization_endpoint", json_object_get(o->place, "authorization_endpoint"),
                         "token_endpoint", json_object_get(o->place, "token_endpoint"), "end_session_endpoint",
                         json_object_get(o->place, "end_session_endpoint"));
    pthread_mutex_unlock(&o->lock);
    return page;
}

void rh_oidc_origin(rh_oidc *o, char out[RH_OIDC_ORIGIN])
{
    out[0] = '\0';
    pthread_mutex_lock(&o->lock);
    const char *url = rh_json_str(o->place, "token_endpoint"), *host = strstr(url, "://");
    size_t n = host ? (size_t)(host - url) + 3 + strcspn(host + 3, "/?#") : 0;
    /* What ends a directive of the policy has no place in it. */
    if (n && n + 2 < RH_OIDC_ORIGIN && strcspn(url, ";, '\"") >= n)
        (void)snprintf(out, RH_OIDC_ORIGIN, " %.*s", (int)n, url);
    pthread_mutex_unlock(&o->lock);
}
