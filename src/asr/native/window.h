/* window.h - from one window's tokens to segments, and where the next
 * window begins.
 *
 * Two timestamps in a row end a segment and begin the next; what follows the
 * last pair is decoded again in the next window. One timestamp at the very end
 * says that nothing follows in this window.
 * Source: openai-whisper, transcribe.py.
 * Threads: pure functions. */
#ifndef RH_NATIVE_WINDOW_H
#define RH_NATIVE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

enum { RH_WINDOW_MAX_SEGMENTS = 225, RH_WINDOW_POS_HOPS = 2 };

typedef struct {
    int first, end;       /* of the window's tokens, timestamps included */
    float start_s, end_s; /* from the window's start */
} rh_window_segment;

typedef struct {
    rh_window_segment segments[RH_WINDOW_MAX_SEGMENTS];
    int n_segments;
    int advance_hops; /* how far the next window is from this one, at least 1 */
    bool finished;    /* the window's last timestamp ends what was said in it */
} rh_window_plan;

/* `tokens` [n], timestamps from `timestamp_begin` on (0.02 s each); the window
 * holds n_hops hops of 10 ms of sound. */
void rh_window_plan_make(rh_window_plan *plan, const int32_t *tokens, int n, int32_t timestamp_begin, int n_hops);

#endif
