/* html.c - a report as one web page that needs no server: the page's own
 * style and drawing code with the report's JSON between them. */
#include "rehearse/report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/base64.h"
#include "rehearse/base/file.h"

enum { MAX_BYTES = (16 << 20) + (RH_REPORT_SOUND_BYTES + RH_REPORT_VIDEO_BYTES) / 3 * 4, PIECE = 48 << 10 };

static rh_status add_file(rh_buf *b, const char *dir, const char *name, rh_error *err)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    rh_status st = rh_file_read(path, b, err);
    return st == RH_ERR_IO ? rh_fail(err, st, "%.150s is missing: the page's folder is not complete", path) : st;
}

/* A module of the page, behind those it imports from: their names are known here, so its lines of import go. */
static rh_status add_module(rh_buf *b, const char *dir, const char *name, rh_error *err)
{
    static const char import[] = "\nimport ";
    size_t from = b->len;
    rh_status st = rh_buf_puts(b, "\n");
    if (st == RH_OK)
        st = add_file(b, dir, name, err);
    for (char *line; st == RH_OK && (line = strstr(b->data + from, import)) != NULL;) {
        char *end = strchr(line + 1, '\n');
        size_t rest = end ? b->len - (size_t)(end - b->data) : 0;
        b->len = (size_t)(line - b->data) + rest;
        memmove(line, end ? end : "", rest);
        b->data[b->len] = '\0';
    }
    return st;
}

/* What a report says in each language: {language: {"report": messages, "sentences": those of the server}}. */
static rh_status add_words(rh_buf *b, const char *dir, rh_error *err)
{
    static const char *const languages[] = {"en", "de", "es", "fr"}, *const files[] = {"report", "sentences"};
    rh_status st = rh_buf_puts(b, "{");
    for (size_t i = 0; i < sizeof languages / sizeof *languages && st == RH_OK; i++) {
        st = rh_buf_printf(b, "%s\"%s\":{", i ? "," : "", languages[i]);
        for (size_t k = 0; k < (i ? 2 : 1) && st == RH_OK; k++) { /* the server tells English itself */
            char name[64];
            (void)snprintf(name, sizeof name, "messages/%s/%s.json", languages[i], files[k]);
            st = rh_buf_printf(b, "%s\"%s\":", k ? "," : "", files[k]);
            if (st == RH_OK)
                st = add_file(b, dir, name, err);
        }
        if (st == RH_OK)
            st = rh_buf_puts(b, "}");
    }
    return st == RH_OK ? rh_buf_puts(b, "}") : st;
}

/* JSON inside <script>: "<" as an escape, so that no text can close the element. */
static rh_status add_json(rh_buf *b, const json_t *report)
{
    char *s = json_dumps(report, JSON_COMPACT | JSON_REAL_PRECISION(12));
    if (!s)
        return RH_ERR_NOMEM;
    rh_status st = RH_OK;
    for (char *c = s; *c && st == RH_OK; c++)
        st = *c == '<' ? rh_buf_puts(b, "\\u003c") : rh_buf_add(b, c, 1);
    free(s);
    return st;
}

static rh_status open_script(rh_buf *b, const char *type, const char *nonce)
{
    rh_status st = rh_buf_printf(b, "\n<script%s", type);
    if (st == RH_OK && nonce)
        st = rh_buf_printf(b, " nonce=\"%s\"", nonce);
    return st == RH_OK ? rh_buf_puts(b, ">\n") : st;
}

static rh_status add_base64(rh_buf *b, const uint8_t *bytes, size_t n_bytes)
{
    rh_status st = RH_OK;
    char text[RH_BASE64_ENCODED_LEN(PIECE)];
    for (size_t at = 0; at < n_bytes && st == RH_OK; at += PIECE) {
        size_t left = n_bytes - at, n = left < PIECE ? left : (size_t)PIECE;
        rh_base64_encode(text, bytes + at, n);
        st = rh_buf_add(b, text, RH_BASE64_ENCODED_LEN(n));
    }
    return st;
}

/* Sound and video for data: addresses, which the script makes of them. */
static rh_status add_media(rh_buf *b, const rh_report_page *page)
{
    rh_status st = RH_OK;
    if (page->sound) {
        st = rh_buf_puts(b, "</script>\n<script type=\"text/plain\" id=\"sound\">");
        if (st == RH_OK)
            st = add_base64(b, page->sound, page->n_sound);
    }
    for (size_t i = 0; i < page->n_videos && st == RH_OK; i++) {
        const rh_report_video *v = &page->videos[i];
        st = rh_buf_printf(b, "</script>\n<script type=\"text/plain\" data-kind=\"%s\" data-start=\"%.3f\">", v->type,
                           v->start);
        if (st == RH_OK)
            st = add_base64(b, v->bytes, v->n);
    }
    return st;
}

/* What the page is made of, up to its script. */
static rh_status add_head(rh_buf *b, const json_t *report, const rh_report_page *page, rh_error *err)
{
    static const char *const parts[][2] = {
        {"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
         "<meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"data:,\">"
         "<title>Practice report</title>\n<style>\n",
         "vendor/uPlot.min.css"},
        {"\n", "css/report.css"},
    };
    rh_status st = RH_OK;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && st == RH_OK; i++) {
        st = rh_buf_puts(b, parts[i][0]);
        if (st == RH_OK)
            st = add_file(b, page->web_dir, parts[i][1], err);
    }
    if (st == RH_OK)
        st = rh_buf_puts(b, "\nbody { padding: 1.5rem; }\n</style>");
    if (st == RH_OK)
        st = open_script(b, "", page->nonce);
    if (st == RH_OK)
        st = add_file(b, page->web_dir, "vendor/uPlot.iife.min.js", err);
    if (st == RH_OK)
        st = rh_buf_puts(b, "\n</script>\n</head><body>\n<main id=\"main\"></main>\n"
                            "<script type=\"application/json\" id=\"words\">");
    if (st == RH_OK)
        st = add_words(b, page->web_dir, err);
    if (st == RH_OK)
        st = rh_buf_puts(b, "</script>\n<script type=\"application/json\" id=\"report\">");
    if (st == RH_OK)
        st = add_json(b, report);
    return st == RH_OK ? add_media(b, page) : st;
}

rh_status rh_report_html(const json_t *report, const rh_report_page *page, char **out, rh_error *err)
{
    static const char *const modules[] = {"js/words.js", "js/report.js", "js/shared.js"}; /* the last for links */
    static const char start[] = "\n{ const told = JSON.parse(document.getElementById('report').textContent), "
                                "sound = document.getElementById('sound');\n"
                                "const main = document.getElementById('main');\n"
                                "const videos = [...document.querySelectorAll('script[data-start]')].map((s) => ({ "
                                "start: Number(s.dataset.start), url: `data:${s.dataset.kind};base64,${"
                                "s.textContent}` }));\n"
                                "setTitle(w('report.practice_report'));\n";
    size_t n = sizeof modules / sizeof *modules - (page->shared ? 0 : 1);
    rh_buf b;
    rh_buf_init(&b, MAX_BYTES);
    rh_status st = add_head(&b, report, page, err);
    if (st == RH_OK)
        st = rh_buf_puts(&b, "</script>");
    if (st == RH_OK)
        st = open_script(&b, " type=\"module\"", page->nonce);
    for (size_t i = 0; i < n && st == RH_OK; i++)
        st = add_module(&b, page->web_dir, modules[i], err);
    if (st == RH_OK)
        st = rh_buf_printf(&b, "%s%s }\n</script>\n</body></html>\n", start,
                           page->shared ? "openShared(main, told, renderReport);"
                                        : "renderReport(main, told, { videos, audio: sound ? `data:audio/wav;base64,${"
                                          "sound.textContent}` : null });");
    char *s = st == RH_OK ? rh_buf_take(&b) : NULL;
    rh_buf_done(&b);
    if (st == RH_ERR_IO)
        return st;
    if (!s)
        return rh_fail(err, st == RH_OK ? RH_ERR_NOMEM : st, "report: too large or out of memory");
    *out = s;
    return RH_OK;
}
