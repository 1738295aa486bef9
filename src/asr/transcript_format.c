/* transcript_format.c - see transcript_format.h. */
#include "rehearse/asr/transcript_format.h"

#include <math.h>
#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/asr/subtitles.h"

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

static char *segment_plain(const rh_transcript *t, const rh_asr_segment *s)
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
    char *text = segment_plain(t, s);
    if (!text)
        return NULL;
    json_t *j = json_pack("{s:i,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "id", i, "start", rounded((double)s->start, 3), "end",
                          rounded((double)s->end, 3), "text", json_string(text), "avg_logprob",
                          rounded((double)s->avg_logprob, 4), "no_speech_prob", rounded((double)s->no_speech_prob, 4),
                          "compression_ratio", rounded((double)s->compression_ratio, 3), "temperature",
                          rounded((double)s->temperature, 2));
    rh_free(text);
    return j;
}

static json_t *word_json(const rh_transcript *t, const rh_asr_word *w)
{
    return json_pack("{s:o,s:o,s:o,s:o}", "word", json_stringn(t->text + w->text_off, w->text_len), "start",
                     rounded((double)w->start, 3), "end", rounded((double)w->end, 3), "probability",
                     rounded((double)w->p, 3));
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
        j = json_pack("{s:o,s:s,s:o,s:O,s:O}", "text", json_string(text), "language", t->language, "duration",
                      rounded(duration_s, 3), "segments", segments, "words", words);
    rh_free(text);
    json_decref(segments);
    json_decref(words);
    return j;
}

static rh_status subtitles(const rh_transcript *t, rh_subtitle_form form, rh_buf *out)
{
    rh_subtitles sub;
    rh_subtitles_init(&sub, form, out);
    for (int i = 0; i < t->n_segments; i++) {
        const rh_asr_segment *s = &t->segments[i];
        for (int k = s->first_word; k < s->first_word + s->n_words; k++) {
            const rh_asr_word *w = &t->words[k];
            bool joined = w->text_off > 0 && t->text[w->text_off - 1] != ' ';
            rh_subtitles_word(&sub, t->text + w->text_off, w->text_len, (double)w->start, (double)w->end, joined);
        }
        if (s->n_words == 0 && t->text)
            rh_subtitles_text(&sub, t->text + s->text_off, s->text_len, (double)s->start, (double)s->end);
        rh_subtitles_break(&sub);
    }
    return rh_subtitles_done(&sub);
}

rh_status rh_transcript_srt(const rh_transcript *t, rh_buf *out)
{
    return subtitles(t, RH_SUBTITLES_SRT, out);
}

rh_status rh_transcript_vtt(const rh_transcript *t, rh_buf *out)
{
    return subtitles(t, RH_SUBTITLES_VTT, out);
}
