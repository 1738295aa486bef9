/* merge.c - two results of neighbouring stretches of speech as one reply. */
#include <math.h>
#include <string.h>
#include "ws.h"

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

static void join_text(json_t *a, const json_t *b)
{
    const char *x = json_string_value(json_object_get(a, "transcribed_text"));
    const char *y = json_string_value(json_object_get(b, "transcribed_text"));
    if (y && *y)
        (void)json_object_set_new(a, "transcribed_text",
                                  x && *x ? json_sprintf("%s %s", x, y) : json_string(y));
}

static void add_counts(json_t *into, const json_t *from)
{
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)from, key, v)
        (void)json_object_set_new(into, key, json_integer(json_integer_value(json_object_get(into, key)) +
                                                          json_integer_value(v)));
}

json_t *rh_merge_results(json_t *a, json_t *b)
{
    static const char *const scores[] = {"clarity_score", "fluency_score", "pace_wpm",
                                         "pronunciation_score", "confidence"};
    if (!a || !b)
        return a ? a : b;
    double wa = words(a), wb = words(b);
    for (int i = 0; i < 5 && wb > 0; i++) { /* a stretch weighs by its words */
        double unit = i < 4 ? 10 : 100;
        double v = (number(a, scores[i]) * wa + number(b, scores[i]) * wb) / (wa + wb);
        (void)json_object_set_new(a, scores[i], json_real(round(v * unit) / unit));
    }
    join_text(a, b);
    (void)json_object_set_new(a, "filler_words_count",
                              json_integer((json_int_t)(number(a, "filler_words_count") +
                                                        number(b, "filler_words_count"))));
    (void)json_object_set_new(a, "audio_duration",
                              json_real(round((number(a, "audio_duration") + number(b, "audio_duration")) * 1000) / 1000));
    json_t *detail = json_object_get(a, "filler_words_detail");
    if (json_is_object(detail))
        add_counts(detail, json_object_get(b, "filler_words_detail"));
    const char *key;
    json_t *v;
    json_object_foreach(b, key, v) {
        json_t *mine = json_object_get(a, key);
        if (json_is_array(mine) && json_is_array(v))
            (void)json_array_extend(mine, v);
        else if (!mine || strcmp(key, "timestamp") == 0)
            (void)json_object_set(a, key, v);
    }
    json_decref(b);
    return a;
}
