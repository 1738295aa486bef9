#include "analyze_text.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "rehearse/base/buf.h"
#include "rehearse/base/text.h"
#include "text_page.h"

enum { LEAST_WIDTH = 60, MOST_WIDTH = 160, USUAL_WIDTH = 80, LABEL = 14, MAX_TEXT = 1 << 16, EXAMPLES = 4 };

/* Columns of the page: the terminal's, or COLUMNS; 80 where neither is known. */
static int page_width(void)
{
    const char *columns = getenv("COLUMNS");
    long n = columns ? strtol(columns, NULL, 10) : 0;
    struct winsize w;
    if (n <= 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0)
        n = w.ws_col;
    if (n <= 0)
        n = USUAL_WIDTH;
    return n < LEAST_WIDTH ? LEAST_WIDTH : n > MOST_WIDTH ? MOST_WIDTH : (int)n;
}

/* Of Chinese, Japanese and Korean: two columns of a terminal. */
static bool is_wide(uint32_t c)
{
    return (c >= 0x1100 && c < 0x1160) || (c >= 0x2e80 && c < 0xa4d0) || (c >= 0xac00 && c < 0xd7a4) ||
           (c >= 0xf900 && c < 0xfb00) || (c >= 0xfe30 && c < 0xfe70) || (c >= 0xff00 && c < 0xff61) ||
           (c >= 0x20000 && c < 0x40000);
}

/* Letters of Chinese and Japanese, written without blanks: a line may end before each. */
static bool may_open_a_line(uint32_t c)
{
    return is_wide(c) && !(c >= 0xac00 && c < 0xd7a4) && rh_char_class_of(c) == RH_CHAR_LETTER;
}

/* Bytes of what stays on one line, and its columns. */
static size_t unbroken(const char *s, int *columns)
{
    size_t all = strcspn(s, " "), n = 0;
    *columns = 0;
    while (n < all) {
        uint32_t c;
        size_t bytes = rh_utf8_next(s + n, all - n, &c);
        if (n > 0 && may_open_a_line(c))
            break;
        *columns += rh_char_class_of(c) == RH_CHAR_MARK ? 0 : is_wide(c) ? 2 : 1;
        n += bytes;
    }
    return n;
}

/* Lines end without blanks, so a blank waits until a word follows it. */
void rh_page_wrapped(FILE *f, const char *text, int at, int indent)
{
    int column = at, width = page_width(), blanks = 0;
    for (const char *s = text; *s;) {
        int letters;
        size_t n = unbroken(s, &letters);
        if (column > indent && column + blanks + letters > width) {
            fprintf(f, "\n%*s", indent, "");
            column = indent;
            blanks = 0;
        }
        column += blanks + letters;
        fprintf(f, "%*s", blanks, "");
        for (size_t i = 0; i < n; i++)
            fputc(s[i] == RH_NO_BREAK ? ' ' : s[i], f);
        s += n;
        blanks = (int)strspn(s, " ");
        s += blanks;
    }
    fputc('\n', f);
}

/* ---- scores ---- */

static void print_score(FILE *f, const char *name, const json_t *score)
{
    enum { AT = 24 };
    size_t i;
    json_t *part;
    rh_buf b;
    rh_buf_init(&b, MAX_TEXT);
    json_array_foreach(json_object_get(score, "parts"), i, part) {
        double points = rh_json_num(part, "points");
        if (fabs(points) < 0.5 || strcmp(name, "overall") == 0)
            continue;
        (void)rh_buf_printf(&b, "%s%s%c%+.0f", b.len ? ", " : "", rh_json_str(part, "name"), RH_NO_BREAK, points);
    }
    fprintf(f, "  %-14s %5.1f  ", name, rh_json_num(score, "value"));
    if (b.len) {
        rh_page_wrapped(f, b.data, AT, AT);
        fprintf(f, "%*s", AT, "");
    }
    rh_page_wrapped(f, rh_json_str(score, "advice"), AT, AT);
    rh_buf_done(&b);
}

static void print_scores(FILE *f, const json_t *result)
{
    static const char *const names[] = {"overall", "fluency", "pronunciation", "clarity",
                                        "prosody", "pace",    "fillers",       "content"};
    const json_t *scores = json_object_get(result, "scores");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const json_t *s = json_object_get(scores, names[i]);
        if (s)
            print_score(f, names[i], s);
    }
}

/* ---- figures ---- */

/* Prints what was put together in `b` under a label, and empties it. */
static void print_line(FILE *f, const char *label, rh_buf *b)
{
    if (b->len) {
        fprintf(f, "  %-*s", LABEL - 2, label);
        rh_page_wrapped(f, b->data, LABEL, LABEL);
    }
    rh_buf_clear(b);
}

static void add_counts(rh_buf *b, const json_t *counts)
{
    const char *name;
    json_t *n;
    bool first = true;
    json_object_foreach((json_t *)(uintptr_t)counts, name, n) {
        (void)rh_buf_printf(b, "%s%s %lld", first ? " (" : ", ", name, (long long)json_integer_value(n));
        first = false;
    }
    if (!first)
        (void)rh_buf_puts(b, ")");
}

static const char *plural(double n)
{
    return n == 1 ? "" : "s";
}

static void print_timing(FILE *f, const json_t *result, rh_buf *b)
{
    const json_t *t = json_object_get(result, "timing");
    bool by_characters = strcmp(rh_json_str(result, "pace_unit"), "characters") == 0;
    (void)rh_buf_printf(b, "%.0f %s a minute; %.1f syllables a second of speech (by sound %.1f), %.1f with pauses",
                        rh_json_num(result, by_characters ? "characters_per_minute" : "pace_wpm"),
                        by_characters ? "characters" : "words", rh_json_num(t, "articulation_rate"),
                        rh_json_num(t, "articulation_heard"), rh_json_num(t, "speech_rate"));
    if (rh_json_num(t, "pace_variation") > 0)
        (void)rh_buf_printf(b, "; varies by %.0f %%", 100 * rh_json_num(t, "pace_variation"));
    print_line(f, "pace", b);
    (void)rh_buf_printf(b,
                        "first word after %.1f s; speaking %.0f %% of the time; %.1f syllables (%.1f s) between pauses",
                        rh_json_num(t, "response_delay_s"), 100 * rh_json_num(t, "phonation_ratio"),
                        rh_json_num(t, "mean_run_syllables"), rh_json_num(t, "mean_run_s"));
    print_line(f, "flow", b);
    static const char *const places[][3] = {{"pauses_within", "pause_within_s", "inside clauses"},
                                            {"pauses_clause", "pause_clause_s", "between clauses"},
                                            {"pauses_sentence", "pause_sentence_s", "between sentences"}};
    size_t n = json_array_size(json_object_get(result, "pauses"));
    (void)rh_buf_printf(b, "%zu", n);
    if (n)
        (void)rh_buf_printf(b, ", %.1f s in all, the longest %.1f s", rh_json_num(t, "pause_s"),
                            rh_json_num(t, "longest_pause_s"));
    for (int i = 0; i < 3; i++)
        if (rh_json_num(t, places[i][0]) > 0)
            (void)rh_buf_printf(b, "; %.0f %s, %.1f s on average", rh_json_num(t, places[i][0]), places[i][2],
                                rh_json_num(t, places[i][1]));
    print_line(f, "pauses", b);
}

static bool is_measured(const json_t *result, const char *what)
{
    size_t i;
    json_t *name;
    json_array_foreach(json_object_get(result, "not_measured"), i, name)
        if (strcmp(json_string_value(name), what) == 0)
            return false;
    return true;
}

static void print_disfluencies(FILE *f, const json_t *result, rh_buf *b)
{
    static const char *const names[][2] = {
        {"repetition", "said twice"}, {"restart", "begun anew"}, {"cut-off", "cut off"}, {"drawn", "drawn out"}};
    double n = rh_json_num(result, "filler_words_count");
    size_t i;
    json_t *s;
    (void)rh_buf_printf(b, is_measured(result, "fillers") ? "%.0f" : "not measured in this language", n);
    if (n > 0)
        (void)rh_buf_printf(b, ", %.1f a minute", rh_json_num(result, "fillers_per_minute"));
    add_counts(b, json_object_get(result, "filler_words_detail"));
    print_line(f, "fillers", b);
    for (int k = 0; k < 4; k++) {
        int count = 0;
        json_array_foreach(json_object_get(result, "slips"), i, s)
            count += strcmp(rh_json_str(s, "kind"), names[k][0]) == 0;
        if (count)
            (void)rh_buf_printf(b, "%s%d %s", b->len ? ", " : "", count, names[k][1]);
    }
    print_line(f, "slips", b);
}

static void print_voice(FILE *f, const json_t *result, rh_buf *b)
{
    const json_t *p = json_object_get(result, "prosody");
    double falls = rh_json_num(p, "falls"), rises = rh_json_num(p, "rises");
    if (!p || rh_json_num(p, "voiced_s") <= 0)
        return;
    (void)rh_buf_printf(b,
                        "pitch %.0f Hz in the middle, spread %.1f semitones, range %.1f; loudness spread %.0f dB, "
                        "%.0f dB above the background",
                        rh_json_num(p, "f0_median_hz"), rh_json_num(p, "f0_spread_st"), rh_json_num(p, "f0_range_st"),
                        rh_json_num(p, "loudness_spread_db"), rh_json_num(p, "snr_db"));
    size_t n = json_array_size(json_object_get(p, "sentence_ends"));
    if (n)
        (void)rh_buf_printf(b, "; of %zu sentence end%s %.0f falling, %.0f rising", n, plural((double)n), falls, rises);
    print_line(f, "voice", b);
}

/* ---- wording ---- */

/* A count with the first few things counted. */
static void add_remarks(rh_buf *b, const json_t *language, const char *kind, const char *name)
{
    double n = rh_json_num(json_object_get(language, "counts"), kind);
    size_t i;
    json_t *r;
    int shown = 0;
    if (n <= 0)
        return;
    (void)rh_buf_printf(b, "%s%.0f %s%s", b->len ? "; " : "", n, name, plural(n));
    json_array_foreach(json_object_get(language, "remarks"), i, r)
        if (strcmp(rh_json_str(r, "kind"), kind) == 0 && shown < EXAMPLES)
            (void)rh_buf_printf(b, "%s%s", shown++ ? ", " : " (", rh_json_str(r, "text"));
    (void)rh_buf_puts(b, n > EXAMPLES ? ", ...)" : ")");
}

static void print_wording(FILE *f, const json_t *result, rh_buf *b)
{
    static const char *const kinds[][2] = {{"hedge", "hedge"},     {"weak", "weak word"}, {"strong", "strong verb"},
                                           {"passive", "passive"}, {"number", "number"},  {"name", "name"}};
    const json_t *l = json_object_get(result, "language"), *longest = json_object_get(l, "longest_sentence");
    double sentences = rh_json_num(l, "sentences");
    size_t i;
    json_t *r;
    if (sentences <= 0)
        return;
    for (int k = 0; k < 6; k++)
        add_remarks(b, l, kinds[k][0], kinds[k][1]);
    print_line(f, "wording", b);
    (void)rh_buf_printf(b, "%.0f", sentences);
    if (json_is_number(json_object_get(l, "sentence_words")))
        (void)rh_buf_printf(b, " of %.1f words on average, the longest %.0f", rh_json_num(l, "sentence_words"),
                            rh_json_num(longest, "words"));
    if (json_is_integer(json_object_get(l, "i")))
        (void)rh_buf_printf(b, "; \"I\" %.0f, \"we\" %.0f", rh_json_num(l, "i"), rh_json_num(l, "we"));
    json_array_foreach(json_object_get(l, "repeated"), i, r)
        (void)rh_buf_printf(b, "%s%s %.0f times", i ? ", " : "; repeated: ", rh_json_str(r, "word"),
                            rh_json_num(r, "count"));
    print_line(f, "sentences", b);
}

static void print_story(FILE *f, const json_t *result, rh_buf *b)
{
    const json_t *star = json_object_get(json_object_get(result, "language"), "star");
    const char *part;
    json_t *s;
    int found = 0;
    json_object_foreach((json_t *)(uintptr_t)star, part, s)
        found += json_is_object(s);
    if (!found)
        return;
    json_object_foreach((json_t *)(uintptr_t)star, part, s) {
        if (json_is_object(s)) {
            int at = (int)rh_json_num(s, "start");
            (void)rh_buf_printf(b, "%d:%02d %s", at / 60, at % 60, rh_json_str(s, "text"));
        } else {
            (void)rh_buf_puts(b, "not found");
        }
        print_line(f, part, b);
    }
}

static void print_rest(FILE *f, const json_t *result, rh_buf *b)
{
    const json_t *r = json_object_get(result, "reference");
    size_t i;
    json_t *warning;
    if (r)
        (void)rh_buf_printf(b, "%.0f word%s missed, %.0f added, %.0f replaced, %.0f mispronounced; %.0f %% said",
                            rh_json_num(r, "missed"), plural(rh_json_num(r, "missed")), rh_json_num(r, "added"),
                            rh_json_num(r, "replaced"), rh_json_num(r, "mispronounced"),
                            100 * rh_json_num(r, "completeness"));
    print_line(f, "text", b);
    (void)rh_buf_printf(b, "with a confidence of %.2f", rh_json_num(result, "confidence"));
    print_line(f, "recognised", b);
    json_array_foreach(json_object_get(result, "sound"), i, warning) {
        (void)rh_buf_puts(b, rh_json_str(warning, "text"));
        print_line(f, "sound", b);
    }
}

/* What was really said, where that is more than the clean words. */
static void print_verbatim(FILE *f, const json_t *result)
{
    const char *verbatim = rh_json_str(result, "verbatim_text");
    if (!*verbatim || strcmp(verbatim, rh_json_str(result, "transcribed_text")) == 0)
        return;
    fputs("\n  as it was said: ", f);
    rh_page_wrapped(f, verbatim, 18, 2);
}

bool rh_analyze_text(FILE *f, const char *path, const json_t *result, const json_t *items)
{
    rh_buf b;
    fprintf(f, "%s  %.1f s\n\n", path, rh_json_num(result, "audio_duration"));
    if (json_object_get(result, "reason")) {
        fputs("  ", f);
        rh_page_wrapped(f, rh_json_str(result, "reason"), 2, 2);
        fputc('\n', f);
        return !ferror(f);
    }
    rh_buf_init(&b, MAX_TEXT);
    print_scores(f, result);
    fputc('\n', f);
    print_timing(f, result, &b);
    print_disfluencies(f, result, &b);
    print_voice(f, result, &b);
    print_wording(f, result, &b);
    print_story(f, result, &b);
    print_rest(f, result, &b);
    rh_buf_done(&b);
    rh_page_timeline(f, result, items);
    print_verbatim(f, result);
    fputc('\n', f);
    return !ferror(f) && fflush(f) == 0;
}
