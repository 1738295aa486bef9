/* merge.c - two results of neighbouring stretches of speech as one reply.
 *
 * Counts and seconds add up, scores and rates weigh by the words they rest on, lists
 * follow each other. So the reply is as if the two stretches had been one, but for
 * measures that look over the seam. */
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "server/ws.h"

static double number(const json_t *o, const char *key)
{
    return json_number_value(json_object_get(o, key));
}

static double words(const json_t *o)
{
    const char *s = json_string_value(json_object_get(o, "transcribed_text"));
    double n = 0;
    for (bool in = false; s && *s; s++) {
        bool space = strchr(" \t\n", *s) != NULL;
        n += !space && !in;
        in = !space;
    }
    return n;
}

static void join_text(json_t *a, const json_t *b, const char *key)
{
    const char *x = json_string_value(json_object_get(a, key));
    const char *y = json_string_value(json_object_get(b, key));
    if (y && *y)
        (void)json_object_set_new(a, key, x && *x ? json_sprintf("%s %s", x, y) : json_string(y));
}

static bool in_list(const char *key, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(key, list[i]) == 0)
            return true;
    return false;
}
#define IN_LIST(key, list) in_list(key, list, sizeof(list) / sizeof *(list))

static json_t *like(const json_t *old, double v, double steps)
{
    return json_is_integer(old) ? json_integer((json_int_t)llround(v)) : json_real(round(v * steps) / steps);
}

/* Every number of `b` into `a`: added up, the larger, the first, or their mean by weight. */
static void merge_numbers(json_t *a, const json_t *b, double wa, double wb, double steps)
{
    static const char *const sums[] = {
        "filler_words_count", "pause_s", "syllables", "syllables_heard",
        "pauses_within", "pauses_clause", "pauses_sentence", "voiced_s", "falls", "rises",
        "sentences", "i", "we"};
    static const char *const firsts[] = {"response_delay_s", "timestamp", "from_s", "step_s"};
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)b, key, v) {
        json_t *mine = json_object_get(a, key);
        if (!json_is_number(v) || !json_is_number(mine) || IN_LIST(key, firsts))
            continue;
        double x = json_number_value(mine), y = json_number_value(v), merged = x;
        if (IN_LIST(key, sums))
            merged = x + y;
        else if (strcmp(key, "longest_pause_s") == 0)
            merged = fmax(x, y);
        else if (wa + wb > 0)
            merged = (x * wa + y * wb) / (wa + wb);
        (void)json_object_set_new(a, key, like(mine, merged, steps));
    }
}

static void add_counts(json_t *into, const json_t *from)
{
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)from, key, v)
        (void)json_object_set_new(into, key, json_integer(json_integer_value(json_object_get(into, key)) +
                                                          json_integer_value(v)));
}

/* The item of a list whose `key` says the same as that of `o`. */
static json_t *same_in(const json_t *list, const char *key, const json_t *o)
{
    size_t i;
    json_t *x;
    const char *name = json_string_value(json_object_get(o, key));
    json_array_foreach((json_t *)(uintptr_t)list, i, x) {
        const char *own = json_string_value(json_object_get(x, key));
        if (name && own && strcmp(name, own) == 0)
            return x;
    }
    return NULL;
}

static void shift(json_t *list, const char *key, json_int_t by)
{
    size_t i;
    json_t *o;
    json_array_foreach(list, i, o)
        if (json_is_integer(json_object_get(o, key)))
            (void)json_object_set_new(o, key, json_integer(json_integer_value(json_object_get(o, key)) + by));
}

static void append(json_t *a, const json_t *b, const char *key)
{
    json_t *mine = json_object_get(a, key), *more = json_object_get(b, key);
    if (json_is_array(mine) && json_is_array(more))
        (void)json_array_extend(mine, more);
    else if (!mine && more)
        (void)json_object_set(a, key, more);
}

/* A part that only one side has did nothing on the other. */
static void merge_parts(json_t *a, const json_t *b, double wa, double wb)
{
    size_t i;
    json_t *p, *mine;
    json_array_foreach(a, i, p)
        if (!same_in(b, "name", p))
            (void)json_object_set_new(p, "points", json_real(round(number(p, "points") * wa / (wa + wb) * 10) / 10));
    json_array_foreach((json_t *)(uintptr_t)b, i, p) {
        if ((mine = same_in(a, "name", p)) != NULL) {
            merge_numbers(mine, p, wa, wb, 1000);
        } else {
            mine = json_copy(p);
            (void)json_object_set_new(mine, "points", json_real(round(number(p, "points") * wb / (wa + wb) * 10) / 10));
            (void)json_array_append_new(a, mine);
        }
    }
}

static void merge_scores(json_t *a, const json_t *b, double wa, double wb)
{
    const char *name;
    json_t *theirs;
    json_object_foreach((json_t *)(uintptr_t)b, name, theirs) {
        json_t *mine = json_object_get(a, name);
        if (!mine) {
            (void)json_object_set(a, name, theirs);
            continue;
        }
        merge_numbers(mine, theirs, wa, wb, 10);
        merge_parts(json_object_get(mine, "parts"), json_object_get(theirs, "parts"), wa, wb);
        if (wb > wa)
            (void)json_object_set(mine, "advice", json_object_get(theirs, "advice"));
    }
}

/* The mean length of a kind of pause weighs by how many there were. */
static void merge_timing(json_t *a, const json_t *b, double wa, double wb)
{
    static const char *const kinds[][2] = {{"pauses_within", "pause_within_s"},
                                           {"pauses_clause", "pause_clause_s"},
                                           {"pauses_sentence", "pause_sentence_s"}};
    double mean[3];
    for (int i = 0; i < 3; i++) {
        double na = number(a, kinds[i][0]), nb = number(b, kinds[i][0]);
        mean[i] = na + nb > 0 ? (na * number(a, kinds[i][1]) + nb * number(b, kinds[i][1])) / (na + nb) : 0;
    }
    merge_numbers(a, b, wa, wb, 100);
    for (int i = 0; i < 3; i++)
        if (json_object_get(a, kinds[i][1]))
            (void)json_object_set_new(a, kinds[i][1], json_real(round(mean[i] * 100) / 100));
    append(a, b, "rates");
}

static void merge_language(json_t *a, const json_t *b, double wa, double wb)
{
    size_t i;
    json_t *r, *mine, *part;
    const char *name;
    double sentences = number(a, "sentences") + number(b, "sentences");
    merge_numbers(a, b, wa, wb, 100);
    if (number(a, "i") + number(a, "we") > 0)
        (void)json_object_set_new(a, "i_share",
                                  json_real(round(100 * number(a, "i") / (number(a, "i") + number(a, "we"))) / 100));
    if (sentences > 0)
        (void)json_object_set_new(a, "sentence_words", json_real(round(100 * (wa + wb) / sentences) / 100));
    if (number(json_object_get(b, "longest_sentence"), "words") > number(json_object_get(a, "longest_sentence"), "words"))
        (void)json_object_set(a, "longest_sentence", json_object_get(b, "longest_sentence"));
    add_counts(json_object_get(a, "counts"), json_object_get(b, "counts"));
    append(a, b, "remarks");
    json_array_foreach(json_object_get(b, "repeated"), i, r) {
        if ((mine = same_in(json_object_get(a, "repeated"), "word", r)) != NULL)
            (void)json_object_set_new(mine, "count",
                                      json_integer((json_int_t)(number(mine, "count") + number(r, "count"))));
        else
            (void)json_array_append(json_object_get(a, "repeated"), r);
    }
    json_object_foreach(json_object_get(b, "star"), name, part)
        if (!json_is_object(json_object_get(json_object_get(a, "star"), name)))
            (void)json_object_set(json_object_get(a, "star"), name, part);
}

/* Curves hold a value a second from where the stretch began. */
static void merge_timeline(json_t *a, const json_t *b)
{
    const char *key;
    json_t *list;
    long at = lround(number(b, "from_s") - number(a, "from_s"));
    json_object_foreach((json_t *)(uintptr_t)b, key, list) {
        json_t *mine = json_object_get(a, key);
        if (!json_is_array(mine) || !json_is_array(list))
            continue;
        while ((long)json_array_size(mine) < at)
            if (json_array_append_new(mine, json_null()) != 0)
                return;
        while ((long)json_array_size(mine) > at && json_array_size(mine) > 0)
            (void)json_array_remove(mine, json_array_size(mine) - 1);
        (void)json_array_extend(mine, list);
    }
}

json_t *rh_merge_results(json_t *a, json_t *b)
{
    static const char *const lists[] = {"words", "fillers", "slips", "pauses"};
    if (!a || !b)
        return a ? a : b;
    double wa = words(a), wb = words(b);
    if (wb > 0 && wa == 0) /* nothing was said before: only its length counts */
        (void)json_object_del(a, "reason");
    json_int_t n = (json_int_t)json_array_size(json_object_get(a, "words"));
    for (int i = 1; i < 4; i++)
        shift(json_object_get(b, lists[i]), "after_word", n);
    shift(json_object_get(json_object_get(b, "prosody"), "sentence_ends"), "word", n);
    double length = number(a, "audio_duration") + number(b, "audio_duration");
    json_t *confidence = like(NULL, wa + wb > 0 ? (number(a, "confidence") * wa + number(b, "confidence") * wb) / (wa + wb) : 0, 100);
    merge_numbers(a, b, wa, wb, 10);
    (void)json_object_set_new(a, "confidence", confidence);
    (void)json_object_set_new(a, "audio_duration", json_real(round(length * 1000) / 1000));
    (void)json_object_set(a, "timestamp", json_object_get(b, "timestamp"));
    join_text(a, b, "transcribed_text");
    join_text(a, b, "verbatim_text");
    for (int i = 0; i < 4; i++)
        append(a, b, lists[i]);
    if (json_is_object(json_object_get(a, "filler_words_detail")))
        add_counts(json_object_get(a, "filler_words_detail"), json_object_get(b, "filler_words_detail"));
    if (json_is_object(json_object_get(a, "scores")) && wb > 0)
        merge_scores(json_object_get(a, "scores"), json_object_get(b, "scores"), wa, wb);
    merge_timing(json_object_get(a, "timing"), json_object_get(b, "timing"), wa, wb);
    merge_numbers(json_object_get(a, "prosody"), json_object_get(b, "prosody"), wa, wb, 100);
    append(json_object_get(a, "prosody"), json_object_get(b, "prosody"), "sentence_ends");
    merge_language(json_object_get(a, "language"), json_object_get(b, "language"), wa, wb);
    merge_timeline(json_object_get(a, "timeline"), json_object_get(b, "timeline"));
    size_t i;
    json_t *v;
    json_array_foreach(json_object_get(b, "sound"), i, v)
        if (!same_in(json_object_get(a, "sound"), "kind", v))
            (void)json_array_append(json_object_get(a, "sound"), v);
    const char *key;
    json_object_foreach(b, key, v)
        if (!json_object_get(a, key) && strcmp(key, "reason") != 0)
            (void)json_object_set(a, key, v);
    json_decref(b);
    return a;
}
