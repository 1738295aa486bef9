#include "shares.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ask.h"
#include "note_wish.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"
#include "rehearse/base/json.h"
#include "rehearse/base/random.h"
#include "rehearse/session/videos.h"
#include "rehearse/who/tokens.h"
#include "server/forwarded.h"
#include "server/numbers.h"
#include "sessions.h"

enum { TOKEN_BYTES = 16, TOKEN_CHARS = 2 * TOKEN_BYTES, HASH_CHARS = RH_SHA256_HEX_LEN, ID_CHARS = 16, DAY_S = 86400 };

static rh_status hash_of(const char *token, char out[HASH_CHARS + 1], rh_error *err)
{
    return rh_sha256_hex(token, out) ? RH_OK : rh_fail(err, RH_ERR_NOMEM, "out of memory");
}

/* ---- the owner's, on the pool ---- */

/* The mentor it is for; NULL: whoever has the link. */
static rh_status read_mentor(rh_ask *a, const char **with)
{
    const json_t *v = json_object_get(a->wish, "with");
    *with = NULL;
    a->param = "with";
    if (!v || json_is_null(v))
        return RH_OK;
    *with = json_string_value(v);
    if (*with && rh_person_name_valid(*with, (int)json_string_length(v)))
        return RH_OK;
    return rh_fail(&a->err, RH_ERR_INVAL, "with must be the name of a mentor: 1 to %d of A-Z a-z 0-9 . _ - @ +",
                   RH_PERSON_NAME_MAX);
}

static rh_status read_wish(rh_ask *a, double *expires_in_s, const char **with, json_t **data)
{
    static const rh_number_range times = {60, (double)RH_MAX_SHARE_DAYS * DAY_S, false};
    static const char *const flags[] = {"comments", "sound", "video"};
    bool flag[3] = {false, false, false};
    a->param = "expires_in_s";
    rh_status st = rh_number_of(a->wish, "expires_in_s", times, expires_in_s, &a->err);
    if (st == RH_OK)
        st = read_mentor(a, with);
    for (size_t i = 0; i < 3 && st == RH_OK; i++) {
        a->param = flags[i];
        st = rh_wish_flag(a->wish, flags[i], &flag[i], &a->err);
    }
    if (st != RH_OK)
        return st;
    a->param = NULL;
    *data = json_pack("{s:b, s:b, s:b}", "comments", flag[0], "sound", flag[1], "video", flag[2]);
    return RH_OK;
}

/* As it is asked for: "with", where there is one. */
static void rename_person(json_t *share)
{
    json_t *person = json_object_get(share, "person");
    if (json_is_string(person))
        json_object_set(share, "with", person);
    json_object_del(share, "person");
}

static rh_status make(rh_ask *a)
{
    char token[TOKEN_CHARS + 1], hash[HASH_CHARS + 1];
    double expires_in_s = 7.0 * DAY_S, now = rh_unix_time();
    const char *with = NULL;
    json_t *data = NULL, *session = NULL, *share = NULL;
    rh_status st = read_wish(a, &expires_in_s, &with, &data);
    if (st == RH_OK)
        st = rh_store_get(a->server->store, a->id, &session, &a->err);
    if (st == RH_OK && !json_is_object(json_object_get(session, "report")))
        st =
            rh_fail(&a->err, RH_ERR_NOTFOUND, "session \"%s\" is not finished: there is no report to share yet", a->id);
    if (st == RH_OK && !rh_random_hex(token, TOKEN_BYTES))
        st = rh_fail(&a->err, RH_ERR_IO, "the system gives no random numbers");
    if (st == RH_OK)
        st = hash_of(token, hash, &a->err);
    rh_store_link link = {.hash = hash, .person = with, .now = now, .expires = now + expires_in_s};
    if (st == RH_OK)
        st = rh_store_share_new(a->server->store, a->id, &link, data, &share, &a->err);
    if (st == RH_OK) {
        rename_person(share);
        if (!with)
            json_object_set_new(share, "url", json_sprintf("%s/shared/%s", a->prefix, token));
        rh_ask_json(a, share);
        a->status = 201;
    }
    json_decref(session);
    json_decref(data);
    return st;
}

static rh_status list(rh_ask *a)
{
    json_t *shares = NULL, *share;
    size_t i;
    rh_status st = rh_store_shares(a->server->store, a->id, rh_unix_time(), &shares, &a->err);
    json_array_foreach(shares, i, share)
        rename_person(share);
    if (st == RH_OK)
        rh_ask_json(a, json_pack("{s:o}", "shares", shares));
    return st;
}

static rh_status revoke(rh_ask *a)
{
    a->status = 204;
    return rh_store_share_delete(a->server->store, a->id, a->part, &a->err);
}

/* ---- what a link opens, on the pool ---- */

/* The link whose token is a->id. Time does not tell how much of a token was right: what is sought and compared is its
 * hash. */
static rh_status open_link(rh_ask *a, json_t **share)
{
    char hash[HASH_CHARS + 1], id[ID_CHARS + 1];
    bool good = strlen(a->id) == TOKEN_CHARS && strspn(a->id, "0123456789abcdef") == TOKEN_CHARS;
    json_t *found = NULL;
    rh_status st = RH_ERR_NOTFOUND;
    if (good) {
        st = hash_of(a->id, hash, &a->err);
        if (st == RH_OK) {
            (void)snprintf(id, sizeof id, "%.*s", ID_CHARS, hash);
            st = rh_store_share(a->server->store, id, rh_unix_time(), &found, &a->err);
        }
        const char *kept = rh_json_str(found, "hash");
        if (st == RH_OK && (strlen(kept) != HASH_CHARS || CRYPTO_memcmp(kept, hash, HASH_CHARS) != 0))
            st = RH_ERR_NOTFOUND;
    }
    (void)snprintf(a->id, sizeof a->id, "of this link"); /* nothing tells of it in messages */
    if (st == RH_OK) {
        (void)snprintf(a->audited, sizeof a->audited, "%s", rh_json_str(found, "session"));
        *share = found;
        return RH_OK;
    }
    json_decref(found);
    a->wrong_token = st == RH_ERR_NOTFOUND;
    return a->wrong_token ? rh_fail(&a->err, st, "this link has expired, was revoked, or never was") : st;
}

static rh_status session_of(rh_ask *a, const json_t *share, json_t **session)
{
    return rh_store_get(a->server->store, rh_json_str(share, "session"), session, &a->err);
}

static void no_page(rh_ask *a)
{
    static const char text[] =
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
        "content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">"
        "<link rel=\"icon\" href=\"data:,\"><title>No such link</title>\n"
        "<style>body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 15vh auto; padding: 0 1.5rem }"
        "</style></head>\n<body><main><h1>This link does not work</h1>\n<p>It has expired, or whoever made it has "
        "withdrawn it. Ask them for a new one.</p>\n"
        "<p lang=\"de\">Dieser Link ist nicht mehr gültig: Er ist abgelaufen oder wurde widerrufen. Bitten Sie um einen "
        "neuen.</p>\n"
        "<p lang=\"es\">Este enlace ya no funciona: ha caducado o se ha revocado. Pida uno nuevo.</p>\n"
        "<p lang=\"fr\">Ce lien ne fonctionne plus : il a expiré ou a été révoqué. Demandez-en un nouveau.</p>\n"
        "</main></body></html>\n";
    char *copy = rh_strdup(text);
    if (!copy)
        return;
    rh_ask_text(a, "text/html; charset=utf-8", copy);
    a->status = 404;
}

static rh_status page(rh_ask *a)
{
    json_t *share = NULL, *session = NULL, *report = NULL;
    rh_status st = open_link(a, &share);
    if (st == RH_OK)
        st = session_of(a, share, &session);
    if (st == RH_ERR_NOTFOUND)
        no_page(a);
    if (st == RH_OK) {
        report = rh_shared_report(session, share, a->server->media_dir);
        st = rh_ask_page(a, report, NULL);
    }
    json_decref(report);
    json_decref(session);
    json_decref(share);
    return st;
}

static rh_status media(rh_ask *a)
{
    json_t *share = NULL, *session = NULL;
    rh_status st = open_link(a, &share);
    if (st == RH_OK && !json_is_true(json_object_get(share, "sound")))
        st = rh_fail(&a->err, RH_ERR_NOTFOUND, "this link does not share the sound");
    if (st == RH_OK)
        st = session_of(a, share, &session);
    if (st == RH_OK)
        st = rh_session_answer_media(a, session);
    json_decref(session);
    json_decref(share);
    return st;
}

static rh_status video(rh_ask *a)
{
    json_t *share = NULL;
    rh_status st = open_link(a, &share);
    if (st == RH_OK && !json_is_true(json_object_get(share, "video")))
        st = rh_fail(&a->err, RH_ERR_NOTFOUND, "this link does not share the video");
    if (st == RH_OK && (st = rh_session_answer_video_of(a, rh_json_str(share, "session"))) == RH_ERR_NOTFOUND)
        st = rh_fail(&a->err, st, "there is no such part of a video behind this link"); /* without the session's name */
    json_decref(share);
    return st;
}

/* A text that must be there. */
static rh_status read_text(rh_ask *a, const char *key, size_t most, char **out)
{
    a->param = key;
    rh_status st = rh_wish_text(a->wish, key, most, out, &a->err);
    if (st == RH_OK && !(*out)[strspn(*out, " \n")])
        return rh_fail(&a->err, RH_ERR_INVAL, "%s is missing or empty", key);
    return st;
}

static rh_status comment(rh_ask *a)
{
    json_t *share = NULL, *note = NULL;
    char *text = NULL, *name = NULL;
    double t = 0;
    rh_status st = open_link(a, &share);
    if (st == RH_OK && !json_is_true(json_object_get(share, "comments")))
        st = rh_fail(&a->err, RH_ERR_NOTFOUND, "this link takes no comments");
    if (st == RH_OK) {
        a->param = "t";
        st = rh_wish_moment(a->wish, &t, &a->err);
    }
    if (st == RH_OK)
        st = read_text(a, "text", RH_MAX_COMMENT_CHARS, &text);
    if (st == RH_OK)
        st = read_text(a, "name", RH_MAX_AUTHOR_CHARS, &name);
    if (st == RH_OK) {
        a->param = NULL;
        rh_store_note n = {.t = rh_round(t, 100),
                           .text = text,
                           .author = name,
                           .share = rh_json_str(share, "id"),
                           .most = RH_MAX_COMMENTS};
        st = rh_store_note_new(a->server->store, rh_json_str(share, "session"), &n, &note, &a->err);
    }
    if (st == RH_OK) {
        rh_ask_json(a, note);
        a->status = 201;
    }
    rh_free(text);
    rh_free(name);
    json_decref(share);
    return st;
}

/* ---- on the loop ---- */

void rh_shares_list(rh_http *h)
{
    rh_ask_start(h, list, NULL);
}

void rh_share_new(rh_http *h)
{
    rh_ask *a = rh_ask_new_json(h, make);
    if (a)
        rh_forwarded_prefix(a->prefix, sizeof a->prefix, &h->server->proxies, h->net);
    rh_ask_go(h, a);
}

void rh_share_delete(rh_http *h)
{
    rh_ask_start(h, revoke, NULL);
}

static void count_guess(rh_server *s, const rh_ask *a)
{
    if (a->wrong_token)
        rh_guess_add(&s->guesses, a->who, rh_now_us());
}

/* `with_body`: it holds a JSON object. */
static void open_for(rh_http *h, rh_status (*answer)(rh_ask *), bool with_body)
{
    char who[40], address[RH_ADDRESS_MAX];
    rh_forwarded_address(address, &h->server->proxies, h->net);
    rh_guess_who(who, address);
    if (rh_guesses_spent(&h->server->guesses, who, rh_now_us())) {
        rh_http_header(h, "retry-after", "60");
        rh_http_error(h, 429, "too many links that there are not: try again in a minute");
        return;
    }
    rh_ask *a = with_body ? rh_ask_new_json(h, answer) : rh_ask_new(h, answer, NULL);
    if (a) {
        a->shared = true;
        a->then = count_guess;
        (void)snprintf(a->who, sizeof a->who, "%s", who);
    }
    rh_ask_go(h, a);
}

void rh_shared_page(rh_http *h)
{
    open_for(h, page, false);
}

void rh_shared_media(rh_http *h)
{
    open_for(h, media, false);
}

void rh_shared_video(rh_http *h)
{
    open_for(h, video, false);
}

void rh_shared_comment(rh_http *h)
{
    open_for(h, comment, true);
}
