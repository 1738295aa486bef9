/* speech_table.h - from pieces of live transcript to the tables that the module
 * speech measures. */
#ifndef RH_SPEECH_TABLE_H
#define RH_SPEECH_TABLE_H

#include "rehearse/asr/asr.h"
#include "rehearse/speech/speech.h"

/* Owns what `input` points to. */
typedef struct {
    rh_speech_input input;
    char *texts; /* words one after the other, each with its NUL */
    size_t n_texts, cap_texts;
    rh_word *words; size_t cap_words;
    rh_time_span *spans; size_t cap_spans;
    rh_speech_segment *segments; size_t cap_segments;
    float *pooled; size_t n_pooled, cap_pooled; /* of all segments, one after the other */
    double sum_logprob; long n_logprob; /* over tokens */
    double sum_no_speech; long n_no_speech;
} rh_speech_table;

void rh_speech_table_init(rh_speech_table *t);
void rh_speech_table_done(rh_speech_table *t);
void rh_speech_table_clear(rh_speech_table *t);

/* Words first..end-1 of a transcript as one more segment from `start` to `end` (s); `pooled`
 * (n values, NULL = none) is its encoder's output. RH_ERR_NOMEM. */
rh_status rh_speech_table_add(rh_speech_table *t, const rh_transcript *text, int first, int end,
                              float start_s, float end_s, const float *pooled, int n_pooled);
rh_status rh_speech_table_span(rh_speech_table *t, float start_s, float end_s);
/* Words and segments of another input (NULL is fine for any of its lists), each time put
 * through `at`. RH_ERR_NOMEM; the table may then hold a part. */
typedef float (*rh_time_shift)(void *user, float t);
rh_status rh_speech_table_copy(rh_speech_table *t, const rh_speech_input *in, rh_time_shift at, void *user);

/* Fills in `input`; the last call before _clear. */
const rh_speech_input *rh_speech_table_finish(rh_speech_table *t, double duration_s);

#endif
