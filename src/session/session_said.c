/* session_said.c - what a session that goes on knows of its last words.
 *
 * A recogniser that begins behind the last word of a final hears the rest of that word, and makes words of it. So it is
 * given the sound of the final too, its words, and where the one before was done with it. */
#include <math.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/buf.h"
#include "rehearse/base/json.h"
#include "session_internal.h"

enum { RATE = RH_ASR_RATE_HZ, MOST_TEXT = 480 };

static const double LATEST_S = 6.0; /* more is not decoded again */
static const double LEAD_S = 0.3;   /* before a word, where it is quiet */

static const json_t *segment_at(const rh_session *s, size_t back)
{
    size_t n = json_array_size(s->segments);
    return n > back ? json_array_get(s->segments, n - 1 - back) : NULL;
}

double rh_session_said_until(const rh_session *s)
{
    return rh_json_num(segment_at(s, 0), "end");
}

/* The first word of the latest that follows the longest pause; the first of all where all are late enough. */
static size_t first_word(const json_t *words, double least)
{
    size_t i, first = json_array_size(words);
    double widest = -1, end = 0;
    const json_t *w;
    json_array_foreach(words, i, w) {
        double gap = rh_json_num(w, "start") - end;
        end = rh_json_num(w, "end");
        if (rh_json_num(w, "start") < least || json_object_get(w, "heard") || gap <= widest)
            continue;
        if (i == 0)
            return 0;
        widest = gap;
        first = i;
    }
    return first;
}

static char *text_from(const json_t *words, size_t first)
{
    rh_buf text;
    rh_status st = RH_OK;
    rh_buf_init(&text, MOST_TEXT);
    for (size_t i = first; i < json_array_size(words) && st == RH_OK; i++) {
        const json_t *w = json_array_get(words, i);
        if (json_object_get(w, "heard")) /* a sound that the recogniser did not write */
            continue;
        st = text.len ? rh_buf_puts(&text, " ") : RH_OK;
        st = st == RH_OK ? rh_buf_puts(&text, rh_json_str(w, "word")) : st;
    }
    char *copy = st == RH_OK && text.len ? rh_strdup(text.data) : NULL;
    rh_buf_done(&text);
    return copy;
}

char *rh_session_said(rh_session *s, double *said_s)
{
    double end = rh_session_said_until(s), from = end;
    const json_t *heard_to = json_object_get(segment_at(s, 0), "heard_to");
    const json_t *words = json_object_get(segment_at(s, 0), "words");
    size_t first = first_word(words, end - LATEST_S);
    char *text = text_from(words, first);
    if (text) {
        double before =
            first ? rh_json_num(json_array_get(words, first - 1), "end") : rh_json_num(segment_at(s, 1), "end");
        double start = rh_json_num(json_array_get(words, first), "start");
        from = fmin(start, fmax(start - LEAD_S, before));
    }
    s->heard_from = (size_t)(fmax(0, from) * RATE);
    /* Behind its last word there may be the rest of that, and a pause. */
    *said_s = fmax(0, (heard_to ? json_number_value(heard_to) : end) - (double)s->heard_from / RATE);
    return text;
}
