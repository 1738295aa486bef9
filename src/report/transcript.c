/* transcript.c - the segments of a session as plain text and subtitles. */
#include "rehearse/report/report.h"

#include <stdbool.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/buf.h"
#include "rehearse/asr/subtitles.h"
#include "rehearse/base/json.h"

enum { MAX_BYTES = 8 << 20 };

/* The segment's words with their times; those that were heard and not written are left out. */
static void add_words(rh_subtitles *s, const json_t *segment)
{
    const char *text = rh_json_str(segment, "text"), *at = text;
    json_t *w;
    size_t i;
    json_array_foreach(json_object_get(segment, "words"), i, w) {
        const char *word = rh_json_str(w, "word"), *found = *word ? strstr(at, word) : NULL;
        if (json_is_true(json_object_get(w, "heard")))
            continue;
        bool joined = found && found > text && found == at; /* no space in a text that has it so */
        rh_subtitles_word(s, word, strlen(word), rh_json_num(w, "start"), rh_json_num(w, "end"), joined);
        at = found ? found + strlen(word) : at;
    }
}

static rh_status subtitles(const json_t *segments, rh_subtitle_form form, rh_buf *out)
{
    rh_subtitles s;
    json_t *seg;
    size_t i;
    rh_subtitles_init(&s, form, out);
    json_array_foreach(segments, i, seg) {
        const char *text = rh_json_str(seg, "text");
        if (json_array_size(json_object_get(seg, "words")) > 0)
            add_words(&s, seg);
        else
            rh_subtitles_text(&s, text, strlen(text), rh_json_num(seg, "start"), rh_json_num(seg, "end"));
        rh_subtitles_break(&s);
    }
    return rh_subtitles_done(&s);
}

static rh_status plain_lines(const json_t *segments, rh_buf *out)
{
    rh_status st = rh_buf_puts(out, "");
    json_t *seg;
    size_t i;
    json_array_foreach(segments, i, seg) {
        if (st == RH_OK)
            st = rh_buf_puts(out, rh_json_str(seg, "text"));
        if (st == RH_OK)
            st = rh_buf_puts(out, "\n");
    }
    return st;
}

rh_status rh_transcript_text(const json_t *segments, rh_transcript_form form, char **out, rh_error *err)
{
    rh_buf b;
    rh_buf_init(&b, MAX_BYTES);
    rh_status st = form == RH_TRANSCRIPT_TXT   ? plain_lines(segments, &b)
                   : form == RH_TRANSCRIPT_SRT ? subtitles(segments, RH_SUBTITLES_SRT, &b)
                                               : subtitles(segments, RH_SUBTITLES_VTT, &b);
    if (st == RH_OK && !b.len)
        st = rh_buf_puts(&b, "");
    char *s = st == RH_OK ? rh_buf_take(&b) : NULL;
    rh_buf_done(&b);
    if (!s)
        return rh_fail(err, st == RH_OK ? RH_ERR_NOMEM : st, "transcript: %s",
                       rh_status_name(st == RH_OK ? RH_ERR_NOMEM : st));
    *out = s;
    return RH_OK;
}

/* A segment's words as they were sent while it ran: fillers that were only heard
 * are items of their own among them. */
static char *heard_so_far(const json_t *segment)
{
    rh_buf b;
    json_t *w;
    size_t i;
    rh_buf_init(&b, MAX_BYTES);
    rh_status st = rh_buf_puts(&b, "");
    json_array_foreach(json_object_get(segment, "words"), i, w)
        if (st == RH_OK)
            st = rh_buf_printf(&b, "%s%s%s", b.len ? " " : "", rh_json_str(w, "word"),
                               json_is_true(json_object_get(w, "heard")) ? "," : "");
    if (st == RH_OK && b.len == 0)
        st = rh_buf_puts(&b, rh_json_str(segment, "text"));
    char *text = st == RH_OK ? rh_buf_take(&b) : NULL;
    rh_buf_done(&b);
    return text;
}

json_t *rh_verbatim_segments(const json_t *session)
{
    const json_t *lines = json_object_get(json_object_get(session, "report"), "transcript");
    if (!json_object_get(json_array_get(lines, 0), "verbatim"))
        lines = json_object_get(session, "segments");
    json_t *list = json_array(), *o;
    size_t i;
    json_array_foreach(lines, i, o) {
        const char *known = json_string_value(json_object_get(o, "verbatim"));
        char *text = known ? rh_strdup(known) : heard_so_far(o);
        if (text)
            json_array_append_new(list, json_pack("{s:f, s:f, s:s}", "start", rh_json_num(o, "start"), "end",
                                                  rh_json_num(o, "end"), "text", text));
        rh_free(text);
    }
    return list;
}
