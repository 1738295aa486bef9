/* transcript_format.c - see transcript_format.h. Times are rounded to
 * milliseconds, as SubRip and WebVTT write them. */
#include "rehearse/transcript_format.h"

#include <math.h>
#include <string.h>
#include "rehearse/alloc.h"

static char *trimmed(const char *s, size_t n)
{
    while (n > 0 && *s == ' ') {
        s++;
        n--;
    }
    while (n > 0 && s[n - 1] == ' ')
        n--;
    return rh_strndup(s, n);
}

char *rh_transcript_plain(const rh_transcript *t)
{
    return t->text ? trimmed(t->text, strlen(t->text)) : rh_strdup("");
}

char *rh_segment_plain(const rh_transcript *t, const rh_asr_segment *s)
{
    return t->text ? trimmed(t->text + s->text_off, s->text_len) : rh_strdup("");
}

/* A real with `digits` decimals, so that 0.1 is not printed as 0.10000000149. */
static json_t *rounded(double x, int digits)
{
    double scale = pow(10, digits);
    return json_real(isfinite(x) ? round(x * scale) / scale : 0.0);
}

static json_t *segment_json(const rh_transcript *t, int i)
{
    const rh_asr_segment *s = &t->segments[i];
    char *text = rh_segment_plain(t, s);
    if (!text)
        return NULL;
    json_t *j = json_pack("{s:i,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "id", i, "start",
                          rounded((double)s->start, 3), "end", rounded((double)s->end, 3), "text",
                          json_string(text), "avg_logprob",
                          rounded((double)s->avg_logprob, 4), "no_speech_prob",
                          rounded((double)s->no_speech_prob, 4), "compression_ratio",
                          rounded((double)s->compression_ratio, 3), "temperature",
                          rounded((double)s->temperature, 2));
    rh_free(text);
    return j;
}

static json_t *word_json(const rh_transcript *t, const rh_asr_word *w)
{
    return json_pack("{s:o,s:o,s:o,s:o}", "word", json_stringn(t->text + w->text_off, w->text_len),
                     "start", rounded((double)w->start, 3), "end", rounded((double)w->end, 3),
                     "probability", rounded((double)w->p, 3));
}

json_t *rh_transcript_json(const rh_transcript *t, double duration_s)
{
    json_t *segments = json_array(), *words = json_array();
    bool ok = segments && words;
    for (int i = 0; ok && i < t->n_segments; i++)
        ok = json_array_append_new(segments, segment_json(t, i)) == 0;
    for (int i = 0; ok && i < t->n_words; i++)
        ok = json_array_append_new(words, word_json(t, &t->words[i])) == 0;
    char *text = ok ? rh_transcript_plain(t) : NULL;
    json_t *j = NULL;
    if (text)
        j = json_pack("{s:o,s:s,s:o,s:O,s:O}", "text", json_string(text), "language",
                      t->language, "duration", rounded(duration_s, 3), "segments", segments,
                      "words", words);
    rh_free(text);
    json_decref(segments);
    json_decref(words);
    return j;
}

static rh_status put_time(rh_buf *out, float s, char decimal)
{
    long ms = lround(s > 0 ? (double)s * 1000 : 0.0);
    return rh_buf_printf(out, "%02ld:%02ld:%02ld%c%03ld", ms / 3600000, ms / 60000 % 60,
                         ms / 1000 % 60, decimal, ms % 1000);
}

static rh_status put_cue(rh_buf *out, const rh_transcript *t, const rh_asr_segment *s, char decimal)
{
    char *text = rh_segment_plain(t, s);
    if (!text)
        return RH_ERR_NOMEM;
    rh_status st = put_time(out, s->start, decimal);
    if (st == RH_OK)
        st = rh_buf_puts(out, " --> ");
    if (st == RH_OK)
        st = put_time(out, fmaxf(s->end, s->start), decimal);
    if (st == RH_OK)
        st = rh_buf_printf(out, "\n%s\n\n", text);
    rh_free(text);
    return st;
}

rh_status rh_transcript_srt(const rh_transcript *t, rh_buf *out)
{
    rh_status st = RH_OK;
    for (int i = 0, n = 0; i < t->n_segments && st == RH_OK; i++) {
        if (t->segments[i].n_tokens == 0)
            continue;
        st = rh_buf_printf(out, "%d\n", ++n);
        if (st == RH_OK)
            st = put_cue(out, t, &t->segments[i], ',');
    }
    return st;
}

rh_status rh_transcript_vtt(const rh_transcript *t, rh_buf *out)
{
    rh_status st = rh_buf_puts(out, "WEBVTT\n\n");
    for (int i = 0; i < t->n_segments && st == RH_OK; i++)
        if (t->segments[i].n_tokens > 0)
            st = put_cue(out, t, &t->segments[i], '.');
    return st;
}
