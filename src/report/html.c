/* html.c - a report as one web page that needs no server: the page's own
 * style and drawing code with the report's JSON between them. */
#include "rehearse/report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/base64.h"
#include "rehearse/base/file.h"

enum { MAX_BYTES = (16 << 20) + RH_REPORT_SOUND_BYTES / 3 * 4, PIECE = 48 << 10 };

static rh_status add_file(rh_buf *b, const char *dir, const char *name, rh_error *err)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    rh_status st = rh_file_read(path, b, err);
    return st == RH_ERR_IO ? rh_fail(err, st, "%.150s is missing: the page's folder is not complete", path) : st;
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

/* The sound for a data: address, which the script makes of it. */
static rh_status add_sound(rh_buf *b, const rh_report_page *page)
{
    rh_status st = rh_buf_puts(b, "</script>\n<script type=\"text/plain\" id=\"sound\">");
    char text[RH_BASE64_ENCODED_LEN(PIECE)];
    for (size_t at = 0; at < page->n_sound && st == RH_OK; at += PIECE) {
        size_t left = page->n_sound - at, n = left < PIECE ? left : (size_t)PIECE;
        rh_base64_encode(text, page->sound + at, n);
        st = rh_buf_add(b, text, RH_BASE64_ENCODED_LEN(n));
    }
    return st;
}

rh_status rh_report_html(const json_t *report, const rh_report_page *page, char **out, rh_error *err)
{
    static const char start[] = "\n{ const told = JSON.parse(document.getElementById('report').textContent), "
                                "sound = document.getElementById('sound');\n"
                                "const main = document.getElementById('main');\n";
    static const struct {
        const char *text, *script, *file; /* text, then the type of a script, then the file */
    } parts[] = {
        {"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
         "<meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"data:,\">"
         "<title>Practice report</title>\n<style>\n",
         NULL, "vendor/uPlot.min.css"},
        {"\n", NULL, "css/report.css"},
        {"\nbody { padding: 1.5rem; }\n</style>", "", "vendor/uPlot.iife.min.js"},
        {"\n</script>\n</head><body>\n<main id=\"main\"></main>\n"
         "<script type=\"application/json\" id=\"report\">",
         NULL, NULL},
        {"</script>", " type=\"module\"", "js/report.js"},
    };
    rh_buf b;
    rh_buf_init(&b, MAX_BYTES);
    rh_status st = RH_OK;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && st == RH_OK; i++) {
        if (parts[i].script && page->sound && i + 1 == sizeof parts / sizeof *parts)
            st = add_sound(&b, page);
        if (st == RH_OK)
            st = rh_buf_puts(&b, parts[i].text);
        if (st == RH_OK && parts[i].script)
            st = open_script(&b, parts[i].script, page->nonce);
        if (st == RH_OK)
            st = parts[i].file ? add_file(&b, page->web_dir, parts[i].file, err) : add_json(&b, report);
    }
    if (st == RH_OK && page->shared)
        st = add_file(&b, page->web_dir, "js/shared.js", err);
    if (st == RH_OK)
        st = rh_buf_printf(&b, "%s%s }\n</script>\n</body></html>\n", start,
                           page->shared ? "openShared(main, told, renderReport);"
                                        : "renderReport(main, told, sound ? { audio: `data:audio/wav;base64,${"
                                          "sound.textContent}` } : {});");
    char *s = st == RH_OK ? rh_buf_take(&b) : NULL;
    rh_buf_done(&b);
    if (st == RH_ERR_IO)
        return st;
    if (!s)
        return rh_fail(err, st == RH_OK ? RH_ERR_NOMEM : st, "report: too large or out of memory");
    *out = s;
    return RH_OK;
}
