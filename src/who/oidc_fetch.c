#include "oidc_fetch.h"

#include <curl/curl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "rehearse/who/oidc.h"

static char *part_of(CURLU *u, CURLUPart part)
{
    char *text = NULL;
    return curl_url_get(u, part, &text, 0) == CURLUE_OK ? text : NULL;
}

bool oidc_url_good(const char *url)
{
    CURLU *u = curl_url();
    bool good = u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK;
    char *scheme = good ? part_of(u, CURLUPART_SCHEME) : NULL, *host = good ? part_of(u, CURLUPART_HOST) : NULL;
    char *user = good ? part_of(u, CURLUPART_USER) : NULL;
    bool here =
        host && (strcasecmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 || strcmp(host, "[::1]") == 0);
    good = scheme && host && !user && (strcmp(scheme, "https") == 0 || (strcmp(scheme, "http") == 0 && here));
    curl_free(scheme), curl_free(host), curl_free(user);
    curl_url_cleanup(u);
    return good;
}

static size_t on_bytes(char *bytes, size_t one, size_t n, void *user)
{
    return rh_buf_add(user, bytes, one * n) == RH_OK ? one * n : 0;
}

static int on_progress(void *user, curl_off_t total, curl_off_t now, curl_off_t ut, curl_off_t un)
{
    const atomic_bool *cancel = user;
    (void)total, (void)now, (void)ut, (void)un;
    return atomic_load(cancel);
}

rh_status oidc_fetch(const char *url, const atomic_bool *cancel, rh_buf *body, rh_error *err)
{
    long status = 0;
    rh_buf_init(body, RH_OIDC_ANSWER_BYTES);
    CURL *c = curl_easy_init();
    if (!c)
        return rh_fail(err, RH_ERR_NOMEM, "oidc: out of memory");
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(c, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)RH_OIDC_FETCH_S);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, body);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, (void *)(uintptr_t)cancel);
    CURLcode code = curl_easy_perform(c);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(c);
    if (code != CURLE_OK)
        return rh_fail(err, RH_ERR_IO, "%.200s: %.100s", url, curl_easy_strerror(code));
    return status == 200 ? RH_OK : rh_fail(err, RH_ERR_IO, "%.200s answers %ld", url, status);
}
