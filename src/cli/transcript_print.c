#include "transcript_print.h"

#include <string.h>
#include "file_name.h"
#include "rehearse/base/alloc.h"
#include "rehearse/asr/transcript_format.h"

enum { MAX_BYTES = 64 << 20 };

/* The file's name without folders and extension. */
static bool print_base(FILE *f, const char *path)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    char *name = rh_strndup(base, dot && dot > base ? (size_t)(dot - base) : strlen(base));
    char *line = name ? rh_cli_name_line(name) : NULL;
    bool ok = line && fputs(line, f) >= 0;
    rh_free(line);
    rh_free(name);
    return ok;
}

/* A text on one line: tabs and line ends would break a table. */
static void print_one_line(FILE *f, const char *text)
{
    for (const char *c = text; *c; c++)
        putc(*c == '\t' || *c == '\n' || *c == '\r' ? ' ' : *c, f);
    putc('\n', f);
}

static bool print_json(FILE *f, const char *path, const rh_transcript *t, double duration_s)
{
    json_t *j = rh_transcript_json(t, duration_s), *all = json_object();
    char *name = rh_cli_name_utf8(path);
    bool ok = j && all && name && json_object_set_new(all, "file", json_string(name)) == 0 &&
              json_object_update(all, j) == 0 && json_dumpf(all, f, JSON_COMPACT | JSON_REAL_PRECISION(15)) == 0;
    if (ok)
        putc('\n', f);
    rh_free(name);
    json_decref(j);
    json_decref(all);
    return ok;
}

static bool print_subtitles(FILE *f, bool srt, const rh_transcript *t)
{
    rh_buf b;
    rh_buf_init(&b, MAX_BYTES);
    rh_status st = srt ? rh_transcript_srt(t, &b) : rh_transcript_vtt(t, &b);
    if (st == RH_OK && b.len)
        fwrite(b.data, 1, b.len, f);
    rh_buf_done(&b);
    return st == RH_OK;
}

bool rh_transcript_print(FILE *f, const char *format, const char *path, const rh_transcript *t, double duration_s)
{
    if (strcmp(format, "json") == 0)
        return print_json(f, path, t, duration_s);
    if (strcmp(format, "srt") == 0 || strcmp(format, "vtt") == 0)
        return print_subtitles(f, format[0] == 's', t);
    char *text = rh_transcript_plain(t);
    if (!text)
        return false;
    bool ok = true;
    if (strcmp(format, "tsv") == 0) {
        ok = print_base(f, path);
        putc('\t', f);
    }
    print_one_line(f, text);
    rh_free(text);
    return ok;
}
