#include "note_wish.h"

#include <string.h>
#include "rehearse/base/alloc.h"
#include "rehearse/base/text.h"
#include "server/numbers.h"

enum { MAX_MOMENT_S = 24 * 3600 };

rh_status rh_wish_text(const json_t *wish, const char *key, size_t most, char **out, rh_error *err)
{
    const json_t *v = json_object_get(wish, key);
    const char *text = json_string_value(v);
    size_t n = json_string_length(v);
    if (v && !json_is_null(v) && !text)
        return rh_fail(err, RH_ERR_INVAL, "%s must be a text in quotes", key);
    size_t chars = rh_utf8_count(text ? text : "", n);
    if (chars > most || n > 8 * most) /* accents count with their letters */
        return rh_fail(err, RH_ERR_INVAL, "%s has %zu characters: at most %zu are kept", key, chars, most);
    char *copy = rh_alloc(n + 1);
    if (!copy)
        return rh_fail(err, RH_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < n; i++)
        copy[i] = ((unsigned char)text[i] < ' ' && text[i] != '\n') || text[i] == 0x7f ? ' ' : text[i];
    copy[n] = '\0';
    *out = copy;
    return RH_OK;
}

rh_status rh_wish_moment(const json_t *wish, double *t, rh_error *err)
{
    static const rh_number_range moments = {0, MAX_MOMENT_S, false};
    *t = -1;
    rh_status st = rh_number_of(wish, "t", moments, t, err);
    return st == RH_OK && *t < 0 ? rh_fail(err, RH_ERR_INVAL, "t is missing: seconds from the start of the session")
                                 : st;
}

rh_status rh_wish_goal(const json_t *wish, json_t **out, const char **param, rh_error *err)
{
    static const struct {
        const char *name;
        rh_number_range range;
    } measures[] = {{"pace", {1, 1000, false}},       {"pace_characters", {1, 2000, false}},
                    {"eye_contact", {0, 100, false}}, {"fillers", {0, 100, false}},
                    {"pauses", {0, 1000, false}},     {"pitch_range", {0, 48, false}}};
    static const char *const ends[] = {"low", "high"};
    const char *name = json_string_value(json_object_get(wish, "measure"));
    const size_t n = sizeof measures / sizeof *measures;
    double value[2] = {-1, -1};
    size_t at = 0;
    *param = "measure";
    while (at < n && (!name || strcmp(name, measures[at].name) != 0))
        at++;
    if (at == n)
        return rh_fail(err, RH_ERR_INVAL,
                       "measure must be one of pace, pace_characters, eye_contact, fillers, pauses, pitch_range");
    for (size_t i = 0; i < 2; i++) {
        *param = ends[i];
        rh_status st = rh_number_of(wish, ends[i], measures[at].range, &value[i], err);
        if (st != RH_OK)
            return st;
    }
    if (value[0] < 0 && value[1] < 0)
        return rh_fail(err, RH_ERR_INVAL,
                       "a goal needs low, high or both, such as {\"measure\":\"fillers\",\"high\":4}");
    if (value[0] >= 0 && value[1] >= 0 && value[0] > value[1])
        return rh_fail(err, RH_ERR_INVAL, "low must not be over high");
    *param = NULL;
    *out = json_pack("{s:s}", "measure", name);
    for (size_t i = 0; i < 2; i++)
        if (value[i] >= 0)
            json_object_set_new(*out, ends[i], json_real(value[i]));
    return *out ? RH_OK : rh_fail(err, RH_ERR_NOMEM, "out of memory");
}

rh_status rh_wish_flag(const json_t *wish, const char *key, bool *out, rh_error *err)
{
    const json_t *v = json_object_get(wish, key);
    *out = json_is_true(v);
    return !v || json_is_boolean(v) || json_is_null(v) ? RH_OK
                                                       : rh_fail(err, RH_ERR_INVAL, "%s must be true or false", key);
}
