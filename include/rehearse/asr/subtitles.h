/* subtitles.h - words with times as SubRip or WebVTT.
 *
 * A cue has at most two lines of 42 characters and seven seconds; it ends at a
 * sentence, a clause or a word, in this order of liking. Cues follow each other
 * and never overlap, and the text is valid UTF-8, whatever is given.
 * Threads: one builder from one thread at a time. */
#ifndef RH_SUBTITLES_H
#define RH_SUBTITLES_H

#include <stdbool.h>
#include <stdint.h>
#include "rehearse/base/buf.h"

typedef enum { RH_SUBTITLES_SRT, RH_SUBTITLES_VTT } rh_subtitle_form;
typedef struct rh_subtitle_word rh_subtitle_word;

enum { RH_CUE_LINE = 42, RH_CUE_LINES = 2, RH_CUE_MS = 7000 };

/* Init, words and breaks in the order of time, then _done, which frees and says
 * what went wrong: RH_ERR_NOMEM, or RH_ERR_LIMIT of the buffer. */
typedef struct {
    rh_buf *out; /* borrowed */
    rh_subtitle_form form;
    rh_status st;
    int n_cues;
    rh_subtitle_word *words; /* since the last break */
    size_t n, cap;
    rh_buf text;
    char *cue; /* the last cue, which waits for the start of the next */
    int64_t start_ms, end_ms;
} rh_subtitles;

void rh_subtitles_init(rh_subtitles *s, rh_subtitle_form form, rh_buf *out);
/* `n` bytes; `joined`: no space before it. Times in seconds. */
void rh_subtitles_word(rh_subtitles *s, const char *word, size_t n, double start, double end, bool joined);
/* The words of a text, whose times are not known by themselves. */
void rh_subtitles_text(rh_subtitles *s, const char *text, size_t n, double start, double end);
/* The next word begins a cue. */
void rh_subtitles_break(rh_subtitles *s);
rh_status rh_subtitles_done(rh_subtitles *s);

#endif
