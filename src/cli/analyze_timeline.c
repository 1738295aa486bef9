/* analyze_timeline.c - a recording in rows of five seconds: curves beside the words. */
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "rehearse/base/buf.h"
#include "rehearse/report/report.h"
#include "rehearse/speech/tongue.h"
#include "text_page.h"

enum { ROW_S = 5, INDENT = 29, MAX_ROW = 1 << 16 };

/* How an item is written, and what the page says about that. */
typedef enum { PAUSE, FILLER, TWICE, ANEW, CUT, DRAWN, UNCLEAR, MISSED, ADDED, REPLACED, PLAIN } mark_kind;
/* clang-format off */
static const struct {
    const char *mark, *after; /* of the item; what is put behind its words */
    const char *legend;
} MARKS[] = {
    [PAUSE] = {"pause", NULL, "(1.2\x01s)\x01pause"},
    [FILLER] = {"filler", NULL, "(um)\x01" "filler"},
    [TWICE] = {"repeat", "(twice)", "(twice)\x01the\x01words\x01" "before\x01it,\x01repeated"},
    [ANEW] = {"false_start", "(begun\x01" "anew)", "(begun\x01" "anew)\x01" "false\x01start"},
    [CUT] = {"cutoff", "(cut\x01off)", "(cut\x01off)\x01the\x01word\x01" "before\x01it"},
    [DRAWN] = {"drawn", "(drawn)", "(drawn)\x01the\x01word\x01" "before\x01it,\x01held"},
    [UNCLEAR] = {"mispronounced", NULL, "*unclear*"},
    [MISSED] = {"missed", NULL, "[-missed-]"},
    [ADDED] = {"added", NULL, "[+added+]"},
    [REPLACED] = {"replaced", NULL, "[text:\x01heard]"},
};
/* clang-format on */

static mark_kind kind_of(const json_t *item)
{
    const char *mark = rh_json_str(item, "mark");
    int k = 0;
    while (k < PLAIN && strcmp(mark, MARKS[k].mark) != 0)
        k++;
    return (mark_kind)k;
}

/* One bar a second: a value between low and high, a dot where there is none. */
static void print_bars(FILE *f, const json_t *values, size_t from, double low, double high)
{
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    for (size_t i = from; i < from + ROW_S; i++) {
        const json_t *v = json_array_get(values, i);
        if (!json_is_number(v)) {
            fputs(i < json_array_size(values) ? "·" : " ", f);
            continue;
        }
        double at = (json_number_value(v) - low) / (high - low) * 8;
        fputs(bars[at < 0 ? 0 : at > 7 ? 7 : (int)at], f);
    }
}

static void range_of(const json_t *values, double *low, double *high)
{
    size_t i;
    json_t *v;
    *low = 1e9;
    *high = -1e9;
    json_array_foreach(values, i, v) {
        if (!json_is_number(v))
            continue;
        *low = fmin(*low, json_number_value(v));
        *high = fmax(*high, json_number_value(v));
    }
    if (*high - *low < 1)
        *high = *low + 1;
}

static bool is_heard(const json_t *item)
{
    return json_is_true(json_object_get(item, "heard"));
}

/* Do two items belong to one event: words of the transcript that have the same mark? */
static bool go_together(const json_t *a, const json_t *b)
{
    return a && b && kind_of(a) == kind_of(b) && !is_heard(a) && !is_heard(b);
}

/* The blank behind a word: none between two characters of Chinese. */
static const char *blank_after(const rh_tongue *t, const json_t *item, const json_t *next)
{
    mark_kind then = next ? kind_of(next) : PAUSE;
    bool is_word = then == PLAIN || then == TWICE || then == ANEW || then == CUT || then == DRAWN;
    bool joined = is_word && !rh_tongue_parts(t, rh_json_str(item, "text"), rh_json_str(next, "text"));
    return joined ? "" : " ";
}

static void add_item(rh_buf *b, const rh_tongue *t, const json_t *before, const json_t *item, const json_t *next)
{
    mark_kind kind = kind_of(item);
    bool opens = !go_together(before, item), closes = !go_together(item, next);
    const char *text = rh_json_str(item, "text"), *expected = rh_json_str(item, "expected");
    switch (kind) {
    case PAUSE:
        (void)rh_buf_printf(b, "(%.1f%cs) ", rh_json_num(item, "end") - rh_json_num(item, "start"), RH_NO_BREAK);
        break;
    case FILLER: /* "you know" is one of two words */
        (void)rh_buf_printf(b, "%s%s%s", opens ? "(" : "", text, closes ? ") " : "\x01");
        break;
    case MISSED: (void)rh_buf_printf(b, "[-%s-] ", expected); break;
    case ADDED: (void)rh_buf_printf(b, "[+%s+] ", text); break;
    case REPLACED: (void)rh_buf_printf(b, "[%s:%c%s] ", expected, RH_NO_BREAK, text); break;
    case UNCLEAR:
        if (*expected && strcmp(expected, text) != 0)
            (void)rh_buf_printf(b, "*%s:%c%s* ", expected, RH_NO_BREAK, text);
        else
            (void)rh_buf_printf(b, "*%s* ", text);
        break;
    case PLAIN: (void)rh_buf_printf(b, "%s%s", text, blank_after(t, item, next)); break;
    default:
        (void)rh_buf_printf(b, "%s%s", text, closes ? " " : blank_after(t, item, next));
        if (closes || kind == DRAWN)
            (void)rh_buf_printf(b, "%s ", MARKS[kind].after);
    }
}

/* Items that begin before `to`; *at is the next one. */
static void row_items(rh_buf *b, const rh_tongue *t, const json_t *items, double to, size_t *at, bool *seen)
{
    for (; *at < json_array_size(items); ++*at) {
        const json_t *item = json_array_get(items, *at);
        if (rh_json_num(item, "start") >= to)
            return;
        mark_kind kind = kind_of(item);
        add_item(b, t, *at ? json_array_get(items, *at - 1) : NULL, item, json_array_get(items, *at + 1));
        seen[kind] = true;
    }
}

static void print_legend(FILE *f, const bool *seen)
{
    rh_buf b;
    rh_buf_init(&b, MAX_ROW);
    for (int k = 0; k < PLAIN; k++)
        if (seen[k])
            (void)rh_buf_printf(&b, "%s%s", b.len ? "  " : "", MARKS[k].legend);
    if (b.len) {
        fputs("\n  ", f);
        rh_page_wrapped(f, b.data, 2, 2);
    }
    rh_buf_done(&b);
}

void rh_page_timeline(FILE *f, const json_t *result, const json_t *items)
{
    const json_t *timeline = json_object_get(result, "timeline");
    const json_t *pitch = json_object_get(timeline, "pitch_st");
    const json_t *loudness = json_object_get(timeline, "loudness_db");
    const json_t *characters = json_object_get(timeline, "pace_cpm");
    const json_t *pace = characters ? characters : json_object_get(timeline, "pace_wpm");
    double pitch_low, pitch_high, loud_low, loud_high;
    double length = rh_json_num(result, "audio_duration");
    const rh_tongue *t = rh_tongue_of(characters ? "zh" : "en"); /* all with a pace in characters join alike */
    bool seen[PLAIN + 1] = {false};
    size_t at = 0;
    rh_buf b;
    rh_buf_init(&b, MAX_ROW);
    range_of(pitch, &pitch_low, &pitch_high);
    range_of(loudness, &loud_low, &loud_high);
    fprintf(f, "\n  time   pace  pitch  loud   words\n");
    for (size_t s = 0; (double)s < length; s += ROW_S) {
        bool last = (double)(s + ROW_S) >= length;
        row_items(&b, t, items, last ? HUGE_VAL : (double)(s + ROW_S), &at, seen);
        fprintf(f, "  %2zu:%02zu  ", s / 60, s % 60);
        const json_t *wpm = json_array_get(pace, s + ROW_S / 2);
        if (json_is_number(wpm))
            fprintf(f, "%4.0f  ", json_number_value(wpm));
        else
            fputs("   -  ", f);
        print_bars(f, pitch, s, pitch_low, pitch_high);
        fputs("  ", f);
        print_bars(f, loudness, s, loud_low, loud_high);
        fputs("  ", f);
        rh_page_wrapped(f, b.data ? b.data : "", INDENT, INDENT);
        rh_buf_clear(&b);
    }
    print_legend(f, seen);
    rh_buf_done(&b);
}
