#include "ask.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/random.h"
#include "rehearse/report/report.h"
#include "rehearse/session/videos.h"
#include "server/audit_note.h"
#include "server/status_map.h"

enum { DEFAULT_LIST = 50, DIGITS = 12 };

/* Numbers that are the same with fewer digits, such as 64.90000000000001, get these: in place, outside of texts. */
static void shorten_numbers(char *json)
{
    char *out = json, *end;
    bool quoted = false;
    for (char *p = json; *p;) {
        char text[32];
        if (quoted || (*p != '-' && !isdigit((unsigned char)*p))) {
            quoted ^= *p == '"';
            if (quoted && *p == '\\')
                *out++ = *p++;
            *out++ = *p++;
            continue;
        }
        double v = strtod(p, &end);
        size_t n = (size_t)(end - p);
        if (n > DIGITS + 2 && (size_t)snprintf(text, sizeof text, "%.*g", DIGITS, v) < n && strtod(text, NULL) == v)
            memcpy(out, text, n = strlen(text));
        else
            memmove(out, p, n);
        out += n;
        p = end;
    }
    *out = '\0';
}

void rh_ask_json_exact(rh_ask *a, json_t *take, size_t digits)
{
    a->body = take ? json_dumps(take, JSON_COMPACT | JSON_REAL_PRECISION(digits)) : NULL;
    if (a->body && digits > DIGITS)
        shorten_numbers(a->body);
    json_decref(take);
    a->type = "application/json";
    a->status = 200;
    a->n_body = a->body ? strlen(a->body) : 0;
    if (!a->body)
        (void)rh_fail(&a->err, RH_ERR_NOMEM, "out of memory");
}

void rh_ask_json(rh_ask *a, json_t *take)
{
    rh_ask_json_exact(a, take, DIGITS);
}

rh_store_page rh_ask_page_of(const rh_ask *a)
{
    return (rh_store_page){a->limit, a->before, *a->before_id ? a->before_id : NULL};
}

rh_status rh_ask_range(rh_ask *a)
{
    bool bad_id = *a->before_id && !rh_session_id_valid(a->before_id);
    a->param = !a->limit ? "limit" : !isfinite(a->before) ? "before" : bad_id ? "before_id" : NULL;
    if (!a->limit)
        return rh_fail(&a->err, RH_ERR_INVAL, "limit must be a whole number from 1 to %d", RH_STORE_LIST_MAX);
    if (bad_id)
        return rh_fail(&a->err, RH_ERR_INVAL, "before_id must be the id of the last one seen");
    return a->param ? rh_fail(&a->err, RH_ERR_INVAL, "before must be a Unix time in seconds") : RH_OK;
}

void rh_ask_text(rh_ask *a, const char *type, char *take)
{
    a->body = take;
    a->n_body = strlen(take);
    a->type = type;
    a->status = 200;
}

rh_status rh_ask_page(rh_ask *a, const json_t *report, const rh_report_page *media)
{
    char *text = NULL;
    if (!a->web_dir)
        return rh_fail(&a->err, RH_ERR_UNSUPPORTED, "the page's folder is not there: ask for json or md");
    (void)rh_random_hex(a->nonce, 16);
    rh_report_page page = media ? *media : (rh_report_page){0};
    page.web_dir = a->web_dir;
    page.nonce = a->nonce;
    page.shared = a->shared;
    rh_status st = rh_report_html(report, &page, &text, &a->err);
    if (st == RH_OK)
        rh_ask_text(a, "text/html; charset=utf-8", text);
    return st;
}

const char *rh_ask_person(const rh_ask *a)
{
    return a->has_person && a->asker.role == RH_ROLE_OWNER ? a->person : a->asker.name;
}

rh_store_whose rh_ask_whose(const rh_ask *a)
{
    rh_store_whose of = {.client = a->client[0] ? a->client : NULL};
    if (a->asker.role == RH_ROLE_MENTOR)
        of.reader = a->asker.name;
    if (a->asker.role == RH_ROLE_MEMBER || a->has_person)
        of.person = a->asker.role == RH_ROLE_MEMBER ? a->asker.name : a->person;
    return of;
}

static rh_status look_whose(rh_ask *a)
{
    char person[RH_STORE_PERSON_MAX + 1];
    bool interview = a->about == RH_ASK_INTERVIEW;
    if (a->about == RH_ASK_ANY || a->asker.role == RH_ROLE_OWNER)
        return RH_OK;
    if (a->asker.role == RH_ROLE_MENTOR)
        return rh_store_share_with(a->server->store, a->id, a->asker.name, &a->share, &a->err);
    rh_status st = rh_store_person(a->server->store, a->id, interview, person, &a->err);
    if (st == RH_ERR_NOTFOUND && a->ran) /* it ran, and nothing of it is kept yet */
        return RH_OK;
    return st == RH_OK ? rh_person_finds(&a->asker, person, interview ? "interview" : "session", a->id, &a->err) : st;
}

static void ask_run(rh_job *job, rh_worker *w)
{
    rh_ask *a = (rh_ask *)job;
    json_t *session = NULL;
    rh_status st = look_whose(a);
    (void)w;
    if (st != RH_OK) {
        a->ran = false;
    } else if (a->answer) {
        st = a->answer(a);
    } else {
        st = rh_store_get(a->server->store, a->id, &session, &a->err);
        if (st == RH_OK)
            st = a->answer_about(a, session);
        json_decref(session);
    }
    a->err.code = st;
}

static void add_headers(rh_http *h, const rh_ask *a)
{
    char value[128];
    rh_http_header(h, "cache-control", "no-store");
    if (a->name[0]) {
        (void)snprintf(value, sizeof value, "attachment; filename=\"%s\"", a->name);
        rh_http_header(h, "content-disposition", value);
    }
    if (a->type && strncmp(a->type, "text/html", 9) == 0) {
        char policy[256], script[64] = ""; /* nothing runs, loads or frames it but what the report brings along */
        if (a->nonce[0])
            (void)snprintf(script, sizeof script, "script-src 'nonce-%s'; ", a->nonce);
        (void)snprintf(policy, sizeof policy,
                       "default-src 'none'; %sstyle-src 'unsafe-inline'; img-src data:; %s"
                       "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
                       script,
                       a->shared             ? "media-src 'self'; connect-src 'self'; "
                       : a->sound || a->film ? "media-src data:; "
                                             : "");
        rh_http_header(h, "content-security-policy", policy);
        rh_http_header(h, "referrer-policy", "no-referrer");
    }
    if (a->shared)
        rh_http_header(h, "x-robots-tag", "noindex, nofollow");
    if (a->etag[0]) {
        rh_http_header(h, "accept-ranges", "bytes");
        rh_http_header(h, "etag", a->etag);
        rh_http_header(h, "last-modified", a->modified);
    }
    if (a->content_range[0])
        rh_http_header(h, "content-range", a->content_range);
}

static void ask_free(rh_ask *a)
{
    free(a->body);
    rh_free(a->question);
    json_decref(a->wish);
    json_decref(a->share);
    rh_free(a);
}

static void ask_done(rh_server *s, rh_job *job)
{
    rh_ask *a = (rh_ask *)job;
    rh_conn *c = rh_conn_find(s, job->conn);
    if (a->then)
        a->then(s, a);
    if (a->err.code == RH_OK && a->status < 300)
        rh_audit_note(
            s, &(rh_audit_row){
                   .who = a->shared ? NULL : &a->asker, .what = a->what, .session = a->audited, .address = a->address});
    if (c && c->http) {
        add_headers(c->http, a);
        if (a->err.code != RH_OK && !a->body)
            rh_http_error_at(c->http, a->status == 416 ? 416 : rh_status_http(a->err.code), a->param, NULL, "%s",
                             a->err.msg);
        else
            rh_http_reply(c->http, a->status, a->status == 304 ? NULL : a->type, a->body ? a->body : "", a->n_body);
    }
    ask_free(a);
}

/* What the query and the headers ask for. */
static void read_request(rh_ask *a, rh_http *h)
{
    double limit = DEFAULT_LIST;
    char flag[8] = "", question[RH_MAX_SHORT_FIELD_BYTES + 1] = "";
    (void)snprintf(a->id, sizeof a->id, "%s", h->route.param);
    (void)snprintf(a->part, sizeof a->part, "%s", h->route.param2);
    (void)snprintf(a->format, sizeof a->format, "%s", strstr(h->accept, "text/html") ? "html" : "json");
    (void)rh_query(h, "format", a->format, sizeof a->format);
    (void)rh_query(h, "client", a->client, sizeof a->client);
    a->has_person = rh_query(h, "person", a->person, sizeof a->person);
    if (rh_query(h, "question", question, sizeof question) && *question)
        a->question = rh_strdup(question);
    a->verbatim = rh_query(h, "verbatim", flag, sizeof flag) && strcmp(flag, "0") != 0;
    a->sound = rh_query(h, "sound", flag, sizeof flag) && strcmp(flag, "0") != 0;
    a->film = rh_query(h, "video", flag, sizeof flag) && strcmp(flag, "0") != 0;
    if (strcmp(h->method, "GET") == 0) { /* a Range means nothing in others */
        rh_copy_header(h->net, a->range, sizeof a->range, "range");
        rh_copy_header(h->net, a->if_range, sizeof a->if_range, "if-range");
        rh_copy_header(h->net, a->if_none_match, sizeof a->if_none_match, "if-none-match");
    }
    rh_query_value(h, "limit", &limit);
    rh_query_value(h, "before", &a->before);
    (void)rh_query(h, "before_id", a->before_id, sizeof a->before_id);
    double part = 1;
    rh_query_value(h, "part", &part);
    a->video_part = part >= 1 && part <= RH_VIDEO_PARTS ? (int)part : 0;
    a->limit = limit >= 1 && limit <= RH_STORE_LIST_MAX && limit == floor(limit) ? (int)limit : 0;
}

rh_ask *rh_ask_new(rh_http *h, rh_status (*answer)(rh_ask *), rh_status (*answer_about)(rh_ask *, const json_t *))
{
    rh_ask *a = rh_calloc(1, sizeof *a);
    if (!a) {
        rh_http_error(h, 503, "out of memory");
        return NULL;
    }
    a->job = (rh_job){.run = ask_run, .done = ask_done, .conn = h->id};
    a->answer = answer;
    a->answer_about = answer_about;
    a->server = h->server;
    a->asker = h->who;
    a->what = h->route.row->audit;
    a->about = strncmp(h->route.row->pattern, "/v1/sessions/{}", 15) == 0     ? RH_ASK_SESSION
               : strncmp(h->route.row->pattern, "/v1/interviews/{}", 17) == 0 ? RH_ASK_INTERVIEW
                                                                              : RH_ASK_ANY;
    if (a->about != RH_ASK_ANY)
        (void)snprintf(a->audited, sizeof a->audited, "%s", h->route.param);
    rh_forwarded_address(a->address, &h->server->proxies, h->net);
    a->web_dir = rh_site_dir(h->server->site);
    read_request(a, h);
    return a;
}

void rh_ask_go(rh_http *h, rh_ask *a)
{
    if (!a || rh_pool_submit(h->server->desk, &a->job) == RH_OK)
        return;
    ask_free(a);
    rh_http_too_many(h, "1");
}

void rh_ask_start(rh_http *h, rh_status (*answer)(rh_ask *), rh_status (*answer_about)(rh_ask *, const json_t *))
{
    rh_ask_go(h, rh_ask_new(h, answer, answer_about));
}

rh_ask *rh_ask_new_json(rh_http *h, rh_status (*answer)(rh_ask *))
{
    json_error_t why;
    json_t *wish = json_loadb(h->body.data ? h->body.data : "", h->body.len, 0, &why);
    rh_ask *a = json_is_object(wish) ? rh_ask_new(h, answer, NULL) : NULL;
    if (a)
        a->wish = json_incref(wish);
    else if (!json_is_object(wish))
        rh_http_error(h, 400, "the body must be a JSON object%s%s", wish ? "" : ": ", wish ? "" : why.text);
    json_decref(wish);
    return a;
}

void rh_ask_start_json(rh_http *h, rh_status (*answer)(rh_ask *))
{
    rh_ask_go(h, rh_ask_new_json(h, answer));
}

void rh_want_small_json(rh_http *h)
{
    rh_want_body(h, false, RH_MAX_SMALL_JSON_BYTES);
}
