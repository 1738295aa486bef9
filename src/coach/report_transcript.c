/* report_transcript.c - the segments of a session as plain text and subtitles. */
#include "rehearse/report.h"

#include <math.h>
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
