/* http.c - one request with libcurl: to the address that was allowed, and to no other. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include "llm_internal.h"
#include "rehearse/base/alloc.h"
#include "rehearse/base/clock.h"

enum { CONNECT_MS = 5000, MAX_KEY = 4000 };

/* ---- the place ---- */

static bool is_loopback(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET) {
        struct in_addr v4 = ((const struct sockaddr_in *)(const void *)a)->sin_addr;
        return ntohl(v4.s_addr) >> 24 == 127;
    }
    if (a->sa_family != AF_INET6)
        return false;
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(v6) || (IN6_IS_ADDR_V4MAPPED(v6) && v6->s6_addr[12] == 127);
}

/* Are all addresses of `host` this machine's own? What has none is elsewhere. */
static bool resolves_here(const char *host)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *all = NULL;
    char bare[256];
    bool here = true;
    size_t n = strcspn(host, "]") - (*host == '[');
    (void)snprintf(bare, sizeof bare, "%.*s", (int)n, host + (*host == '['));
    if (getaddrinfo(bare, NULL, &hints, &all) != 0)
        return false;
    for (const struct addrinfo *a = all; a; a = a->ai_next)
        here = here && is_loopback(a->ai_addr);
    freeaddrinfo(all);
    return here;
}

static char *part_of(CURLU *u, CURLUPart part)
{
    char *text = NULL;
    return curl_url_get(u, part, &text, 0) == CURLUE_OK ? text : NULL;
}

/* What may stand before /chat/completions: nothing, a folder, or all of it already. */
static char *endpoint_of(const char *scheme, const char *place, const char *path)
{
    static const char tail[] = "/chat/completions";
    char out[2048];
    size_t n = strlen(path), n_tail = sizeof tail - 1;
    while (n > 0 && path[n - 1] == '/')
        n--;
    bool whole = n >= n_tail && strncmp(path + n - n_tail, tail, n_tail) == 0;
    bool versioned = n >= 3 && strncmp(path + n - 3, "/v1", 3) == 0;
    int len = snprintf(out, sizeof out, "%s://%s%.*s%s%s", scheme, place, (int)n, path, whole || versioned ? "" : "/v1",
                       whole ? "" : tail);
    return len > 0 && (size_t)len < sizeof out ? rh_strdup(out) : NULL;
}

static rh_status take_apart(rh_llm_place *p, CURLU *u, rh_error *err)
{
    char *scheme = part_of(u, CURLUPART_SCHEME), *host = part_of(u, CURLUPART_HOST), *path = part_of(u, CURLUPART_PATH);
    char *port = part_of(u, CURLUPART_PORT), *user = part_of(u, CURLUPART_USER), *query = part_of(u, CURLUPART_QUERY);
    char place[300] = "";
    rh_status st = RH_OK;
    bool http = scheme && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    if (!http || !host || !*host || user || query) {
        st = rh_fail(err, RH_ERR_INVAL,
                     "llm_url must be http://HOST:PORT or https://HOST, with or without /v1, without name, password "
                     "or query");
    } else {
        (void)snprintf(place, sizeof place, "%s%s%s", host, port ? ":" : "", port ? port : "");
        p->is_remote = !resolves_here(host);
        p->host = rh_strdup(place);
        p->endpoint = endpoint_of(scheme, place, path ? path : "");
        if (!p->host || !p->endpoint)
            st = rh_fail(err, RH_ERR_NOMEM, "language model: the URL is too long, or out of memory");
    }
    curl_free(scheme), curl_free(host), curl_free(path), curl_free(port), curl_free(user), curl_free(query);
    return st;
}

static rh_status take_key(rh_llm_place *p, const char *key, rh_error *err)
{
    if (!key || !*key)
        return RH_OK;
    for (const char *c = key; *c; c++)
        if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f)
            return rh_fail(err, RH_ERR_INVAL, "llm_key must be printable ASCII without blanks");
    if (strlen(key) > MAX_KEY)
        return rh_fail(err, RH_ERR_INVAL, "llm_key is longer than %d characters", MAX_KEY);
    p->key = rh_strdup(key);
    return p->key ? RH_OK : rh_fail(err, RH_ERR_NOMEM, "language model: out of memory");
}

rh_status rh_llm_place_of(rh_llm_place *p, const char *url, const char *key, bool allow_remote, rh_error *err)
{
    CURLU *u = curl_url();
    *p = (rh_llm_place){.allow_remote = allow_remote};
    rh_status st = u ? RH_OK : rh_fail(err, RH_ERR_NOMEM, "language model: out of memory");
    if (st == RH_OK && curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK)
        st = rh_fail(err, RH_ERR_INVAL, "llm_url is '%.100s', but must be a URL such as http://127.0.0.1:8080", url);
    if (st == RH_OK)
        st = take_apart(p, u, err);
    if (st == RH_OK)
        st = take_key(p, key, err);
    if (st == RH_OK && p->is_remote && !allow_remote)
        st = rh_fail(err, RH_ERR_INVAL,
                     "llm_url leads to %.100s, which is not this machine: what people say would go there. Take an "
                     "address of this machine, or allow it with llm_allow_remote = on",
                     p->host);
    curl_url_cleanup(u);
    if (st != RH_OK)
        rh_llm_place_done(p);
    return st;
}

void rh_llm_place_done(rh_llm_place *p)
{
    rh_free(p->endpoint);
    rh_free(p->host);
    rh_free(p->key);
    *p = (rh_llm_place){0};
}

/* ---- the request ---- */

typedef struct {
    const rh_llm_place *place;
    const atomic_bool *cancel;
    rh_buf *reply;
    bool refused, too_long;
} transfer;

/* The address as it was resolved for this very connection: a name may lead elsewhere by now. */
static curl_socket_t on_open(void *user, curlsocktype purpose, struct curl_sockaddr *a)
{
    transfer *t = user;
    (void)purpose;
    if (!t->place->allow_remote && !is_loopback(&a->addr)) {
        t->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static size_t on_bytes(char *bytes, size_t one, size_t n, void *user)
{
    transfer *t = user;
    t->too_long = rh_buf_add(t->reply, bytes, one * n) != RH_OK;
    return t->too_long ? 0 : one * n;
}

static int on_progress(void *user, curl_off_t total, curl_off_t now, curl_off_t ut, curl_off_t un)
{
    const transfer *t = user;
    (void)total, (void)now, (void)ut, (void)un;
    return t->cancel && atomic_load(t->cancel);
}

static void set_options(CURL *c, transfer *t, const char *body, struct curl_slist *headers, long ms)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(c, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    curl_easy_setopt(c, CURLOPT_URL, t->place->endpoint);
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_PROXY, ""); /* whatever the environment says */
    curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, ms < CONNECT_MS ? ms : (long)CONNECT_MS);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, ms);
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, t);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, t);
}

static struct curl_slist *headers_of(const rh_llm_place *p)
{
    char bearer[MAX_KEY + 32];
    struct curl_slist *list = curl_slist_append(NULL, "Content-Type: application/json");
    struct curl_slist *more = list ? curl_slist_append(list, "Expect:") : NULL;
    if (more && p->key) {
        (void)snprintf(bearer, sizeof bearer, "Authorization: Bearer %s", p->key);
        more = curl_slist_append(list, bearer);
    }
    if (!more)
        curl_slist_free_all(list);
    return more ? list : NULL;
}

static rh_status outcome(CURLcode code, const transfer *t, rh_error *err)
{
    const char *host = t->place->host;
    if (code == CURLE_OK)
        return RH_OK;
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return rh_fail(err, RH_ERR_CANCELED, "canceled");
    if (t->refused)
        return rh_fail(err, RH_ERR_IO, "%.100s leads to another machine, which llm_allow_remote does not allow", host);
    if (t->too_long)
        return rh_fail(err, RH_ERR_FORMAT, "its reply is longer than %d KB", RH_LLM_REPLY_BYTES >> 10);
    if (code == CURLE_OPERATION_TIMEDOUT)
        return rh_fail(err, RH_ERR_LIMIT, "it did not answer in time");
    if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST)
        return rh_fail(err, RH_ERR_IO, "nothing answers at %.100s", host);
    return rh_fail(err, RH_ERR_IO, "the request to %.100s failed: %.80s", host, curl_easy_strerror(code));
}

rh_status rh_llm_post(const rh_llm_place *p, const char *body, int64_t until_us, const atomic_bool *cancel,
                      rh_buf *reply, long *http, rh_error *err)
{
    int64_t ms = (until_us - rh_now_us()) / 1000;
    transfer t = {.place = p, .cancel = cancel, .reply = reply};
    *http = 0;
    if (ms < 1)
        return rh_fail(err, RH_ERR_LIMIT, "it did not answer in time");
    CURL *c = curl_easy_init();
    struct curl_slist *headers = c ? headers_of(p) : NULL;
    if (!headers) {
        curl_easy_cleanup(c);
        return rh_fail(err, RH_ERR_NOMEM, "language model: out of memory");
    }
    set_options(c, &t, body, headers, (long)ms);
    CURLcode code = curl_easy_perform(c);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, http);
    curl_easy_cleanup(c);
    curl_slist_free_all(headers);
    return outcome(code, &t, err);
}
