/* session_said.c - what a session that goes on knows of its last words.
 *
 * A recogniser that begins behind the last word of a final hears the rest of that word, and makes words of it; and where
 * speech is soft it depends on what was there before whether its voice is found, to the sample. So it is given the sound
 * of some seconds before too, from a place where the one before looked as well, the words that one would have decoded
 * with what follows, and where it was done. */
#include <math.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/buf.h"
#include "rehearse/base/json.h"
#include "session_internal.h"

enum { RATE = RH_ASR_RATE_HZ, MOST_TEXT = 480 };

static const double BEFORE_S = 30; /* what was longer ago hardly counts for the voice (tests/model/test_vad.c) */

static const json_t *last_segment(const rh_session *s)
{
    return json_array_get(s->segments, json_array_size(s->segments) - 1);
}

double rh_session_said_until(const rh_session *s)
{
    return rh_json_num(last_segment(s), "end");
}

/* The words from `from` s on; NULL = none, or no memory. */
static char *text_from(const rh_session *s, double from)
{
    const json_t *segment, *w;
    size_t i, k;
    rh_buf text;
    rh_status st = RH_OK;
    rh_buf_init(&text, MOST_TEXT);
    json_array_foreach(s->segments, i, segment)
        json_array_foreach(json_object_get(segment, "words"), k, w) {
            bool before = (rh_json_num(w, "start") + rh_json_num(w, "end")) / 2 < from;
            if (before || json_object_get(w, "heard") || st != RH_OK) /* a sound that the recogniser did not write */
                continue;
            st = text.len ? rh_buf_puts(&text, " ") : RH_OK;
            st = st == RH_OK ? rh_buf_puts(&text, rh_json_str(w, "word")) : st;
        }
    char *copy = st == RH_OK && text.len ? rh_strdup(text.data) : NULL;
    rh_buf_done(&text);
    return copy;
}

char *rh_session_said(rh_session *s, double *from_s, double *until_s)
{
    const json_t *last = last_segment(s), *context = json_object_get(last, "context_from");
    const json_t *heard_to = json_object_get(last, "heard_to");
    double end = heard_to ? json_number_value(heard_to) : rh_session_said_until(s);
    double from = context ? fmin(json_number_value(context), end) : end;
    size_t at = (size_t)(fmax(0, from - BEFORE_S) * RATE);
    s->heard_from = at - at % RH_VAD_CHUNK; /* voice is looked for from chunk to chunk */
    *from_s = from - (double)s->heard_from / RATE;
    *until_s = end - (double)s->heard_from / RATE;
    return context ? text_from(s, from) : NULL;
}
