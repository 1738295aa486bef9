#include "analyze_text.h"

#include <math.h>
#include <string.h>
#include "rehearse/buf.h"

enum { ROW_S = 5, WIDTH = 100, INDENT = 28, MAX_ROW = 1 << 16 };

static double number(const json_t *o, const char *key)
{
    return json_number_value(json_object_get(o, key));
}

static const char *string(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

/* Words of `text` from column `at`, wrapped at WIDTH and indented. */
static void print_wrapped(FILE *f, const char *text, int at, int indent)
{
    int column = at;
    for (const char *s = text; *s;) {
        size_t n = strcspn(s, " ");
        int width = 0;
        for (size_t i = 0; i < n; i++)
            width += ((unsigned char)s[i] & 0xC0) != 0x80; /* characters, not bytes */
        if (column > indent && column + width > WIDTH) {
            fprintf(f, "\n%*s", indent, "");
            column = indent;
        }
        fprintf(f, "%.*s", (int)n, s);
        s += n;
        column += width;
        if (*s == ' ') {
            s += strspn(s, " ");
            if (*s && column + 1 < WIDTH)
                fputc(' ', f);
            column++;
        }
    }
    fputc('\n', f);
}

static void print_score(FILE *f, const char *name, const json_t *score)
{
    size_t i;
    json_t *part;
    fprintf(f, "  %-14s %5.1f  ", name, number(score, "value"));
    bool first = true;
    json_array_foreach(json_object_get(score, "parts"), i, part) {
        double points = number(part, "points");
        if (fabs(points) < 0.5 || strcmp(name, "overall") == 0)
            continue;
        fprintf(f, "%s%s %+.0f", first ? "" : ", ", string(part, "name"), points);
        first = false;
    }
    if (!first)
        fprintf(f, "\n%*s", 23, "");
    print_wrapped(f, string(score, "advice"), 23, 23);
}

static void print_scores(FILE *f, const json_t *result)
{
    static const char *const names[] = {"overall", "fluency", "pronunciation", "clarity", "prosody"};
    const json_t *scores = json_object_get(result, "scores");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const json_t *s = json_object_get(scores, names[i]);
        if (s)
            print_score(f, names[i], s);
    }
}

static void print_fillers(FILE *f, const json_t *result)
{
    const char *word;
    json_t *count, *detail = json_object_get(result, "filler_words_detail");
    fprintf(f, "  fillers %lld", (long long)number(result, "filler_words_count"));
    bool first = true;
    json_object_foreach(detail, word, count) {
        fprintf(f, "%s%s %lld", first ? " (" : ", ", word, (long long)json_integer_value(count));
        first = false;
    }
    fputs(first ? "\n" : ")\n", f);
}

static void print_figures(FILE *f, const json_t *result)
{
    const json_t *timing = json_object_get(result, "timing");
    fprintf(f, "  pace %.0f words a minute, %.1f syllables a second of speech\n",
            number(result, "pace_wpm"), number(timing, "articulation_rate"));
    fprintf(f, "  pauses %zu, %.1f s in all, %lld inside clauses, the longest %.1f s\n",
            json_array_size(json_object_get(result, "pauses")), number(timing, "pause_s"),
            (long long)number(timing, "pauses_within"), number(timing, "longest_pause_s"));
    print_fillers(f, result);
    fprintf(f, "  recognised with a confidence of %.2f\n", number(result, "confidence"));
    const json_t *reference = json_object_get(result, "reference");
    if (reference)
        fprintf(f, "  against the text: %lld words missed, %lld added, %lld replaced, %.0f %% said\n",
                (long long)number(reference, "missed"), (long long)number(reference, "added"),
                (long long)number(reference, "replaced"), 100 * number(reference, "completeness"));
    size_t i;
    json_t *warning;
    json_array_foreach(json_object_get(result, "sound"), i, warning)
        fprintf(f, "  %s\n", string(warning, "text"));
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

static void add_word(rh_buf *b, const json_t *w)
{
    const char *what = string(w, "what"), *word = string(w, "word");
    if (strcmp(what, "missed") == 0)
        (void)rh_buf_printf(b, "[-%s-] ", string(w, "expected"));
    else if (strcmp(what, "added") == 0)
        (void)rh_buf_printf(b, "[+%s+] ", word);
    else if (strcmp(what, "replaced") == 0)
        (void)rh_buf_printf(b, "[%s: %s] ", string(w, "expected"), word);
    else if (number(w, "score") < 50)
        (void)rh_buf_printf(b, "*%s* ", word);
    else
        (void)rh_buf_printf(b, "%s ", word);
}

/* Words and pauses that begin within the row, in order of time. */
static void row_words(rh_buf *b, const json_t *result, double from, double to, size_t *word,
                      size_t *pause)
{
    const json_t *words = json_object_get(result, "words"), *pauses = json_object_get(result, "pauses");
    for (;;) {
        const json_t *w = json_array_get(words, *word), *p = json_array_get(pauses, *pause);
        double tw = w ? number(w, "start") : HUGE_VAL, tp = p ? number(p, "start") : HUGE_VAL;
        if (tw >= to && tp >= to)
            return;
        if (tw <= tp) {
            add_word(b, w);
            ++*word;
        } else {
            if (tp >= from)
                (void)rh_buf_printf(b, "(%.1f s) ", number(p, "end") - tp);
            ++*pause;
        }
    }
}

static bool print_timeline(FILE *f, const json_t *result)
{
    const json_t *timeline = json_object_get(result, "timeline");
    const json_t *pitch = json_object_get(timeline, "pitch_st");
    const json_t *loudness = json_object_get(timeline, "loudness_db");
    const json_t *pace = json_object_get(timeline, "pace_wpm");
    double pitch_low, pitch_high, loud_low, loud_high, length = number(result, "audio_duration");
    range_of(pitch, &pitch_low, &pitch_high);
    range_of(loudness, &loud_low, &loud_high);
    fprintf(f, "\n  time   pace  pitch  loud   words  (1.2 s) pause  *unclear*  [-missed-] [+added+] "
               "[text: heard]\n");
    rh_buf b;
    rh_buf_init(&b, MAX_ROW);
    size_t word = 0, pause = 0;
    for (size_t s = 0; (double)s < length; s += ROW_S) {
        bool last = (double)(s + ROW_S) >= length;
        row_words(&b, result, (double)s, last ? length + 1 : (double)(s + ROW_S), &word, &pause);
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
        print_wrapped(f, b.data ? b.data : "", INDENT, INDENT);
        rh_buf_clear(&b);
    }
    rh_buf_done(&b);
    return !ferror(f);
}

bool rh_analyze_text(FILE *f, const char *path, const json_t *result)
{
    fprintf(f, "%s  %.1f s\n\n", path, number(result, "audio_duration"));
    if (json_object_get(result, "reason")) {
        fputs("  ", f);
        print_wrapped(f, string(result, "reason"), 2, 2);
        fputc('\n', f);
        return !ferror(f);
    }
    print_scores(f, result);
    fputc('\n', f);
    print_figures(f, result);
    bool ok = print_timeline(f, result);
    fputc('\n', f);
    return ok && fflush(f) == 0;
}
