/* report_transcript.c - the segments of a session as plain text and subtitles. */
#include "rehearse/report.h"

#include <math.h>
#include <string.h>
#include "rehearse/alloc.h"
#include "rehearse/buf.h"
#include "report_internal.h"

enum { MAX_BYTES = 8 << 20 };

/* SubRip writes a comma before the milliseconds, WebVTT a full stop. */
static void stamp(rh_buf *b, double s, char point)
{
    long ms = lround((s > 0 ? s : 0) * 1000);
    rh_buf_printf(b, "%02ld:%02ld:%02ld%c%03ld", ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, point,
                  ms % 1000);
}

rh_status rh_transcript_text(const json_t *segments, rh_transcript_form form, char **out,
                             rh_error *err)
{
    rh_buf b;
    size_t i;
    json_t *seg;
    char point = form == RH_TRANSCRIPT_SRT ? ',' : '.';
    rh_buf_init(&b, MAX_BYTES);
    if (form == RH_TRANSCRIPT_VTT)
        rh_buf_puts(&b, "WEBVTT\n\n");
    json_array_foreach(segments, i, seg)
    {
        if (form == RH_TRANSCRIPT_SRT)
            rh_buf_printf(&b, "%zu\n", i + 1);
        if (form != RH_TRANSCRIPT_TXT) {
            stamp(&b, rh_json_num(seg, "start"), point);
            rh_buf_puts(&b, " --> ");
            stamp(&b, rh_json_num(seg, "end"), point);
            rh_buf_puts(&b, "\n");
        }
        rh_buf_puts(&b, rh_json_str(seg, "text"));
        rh_buf_puts(&b, form == RH_TRANSCRIPT_TXT ? "\n" : "\n\n");
    }
    char *s = rh_buf_take(&b);
    if (!s)
        return rh_fail(err, RH_ERR_NOMEM, "transcript: out of memory");
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
    json_array_foreach(lines, i, o)
    {
        const char *known = json_string_value(json_object_get(o, "verbatim"));
        char *text = known ? rh_strdup(known) : heard_so_far(o);
        if (text)
            json_array_append_new(list, json_pack("{s:f, s:f, s:s}", "start", rh_json_num(o, "start"), "end",
                                                  rh_json_num(o, "end"), "text", text));
        rh_free(text);
    }
    return list;
}
