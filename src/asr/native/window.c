/* window.c - see native/window.h. */
#include "window.h"

static const float HOP_S = 0.01f, TIMESTAMP_S = 0.02f;

static void add(rh_window_plan *plan, int first, int end, float start_s, float end_s)
{
    if (plan->n_segments < RH_WINDOW_MAX_SEGMENTS && end > first)
        plan->segments[plan->n_segments++] = (rh_window_segment){first, end, start_s, end_s};
}

/* No pair of timestamps: one segment, up to the last timestamp if there is one. */
static void single(rh_window_plan *plan, const int32_t *tokens, int n, int32_t begin, int n_hops)
{
    float end_s = (float)n_hops * HOP_S;
    for (int i = n - 1; i >= 0; i--) {
        if (tokens[i] < begin)
            continue;
        if (tokens[i] > begin)
            end_s = (float)(tokens[i] - begin) * TIMESTAMP_S;
        break;
    }
    add(plan, 0, n, 0.0f, end_s);
    plan->advance_hops = n_hops;
    plan->finished = true;
}

void rh_window_plan_make(rh_window_plan *plan, const int32_t *tokens, int n, int32_t timestamp_begin, int n_hops)
{
    int last = 0;
    bool lone_end = n >= 2 && tokens[n - 1] >= timestamp_begin && tokens[n - 2] < timestamp_begin;
    plan->n_segments = 0;
    for (int i = 1; i <= n; i++) {
        bool pair = i < n && tokens[i] >= timestamp_begin && tokens[i - 1] >= timestamp_begin;
        bool tail = i == n && lone_end && last > 0;
        if (!pair && !tail)
            continue;
        /* A slice begins with a timestamp by the rules of decoding; be safe where it does not. */
        int32_t from = tokens[last] - timestamp_begin, to = tokens[i - 1] - timestamp_begin;
        add(plan, last, i, from > 0 ? (float)from * TIMESTAMP_S : 0.0f, to > 0 ? (float)to * TIMESTAMP_S : 0.0f);
        last = i;
    }
    if (last == 0) {
        single(plan, tokens, n, timestamp_begin, n_hops);
    } else if (lone_end) {
        plan->advance_hops = n_hops;
        plan->finished = true;
    } else {
        plan->advance_hops = (tokens[last - 1] - timestamp_begin) * RH_WINDOW_POS_HOPS;
        plan->finished = false;
    }
    if (plan->advance_hops < 1) /* a pair at 0.00 would decode the same window for ever */
        plan->advance_hops = n_hops > 0 ? n_hops : 1;
}
