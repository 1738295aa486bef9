#include "audio_result.h"

#include <math.h>
#include "rehearse/base/clock.h"
#include "scores.h"

static json_t *rounded(double x, double scale)
{
    return json_real(round(x * scale) / scale);
}

void rh_audio_result_move(json_t *o, double by_s)
{
    static const char *const times[] = {"start", "end", "t"};
    const char *key;
    json_t *v;
    void *next;
    size_t i;
    if (json_is_array(o))
        json_array_foreach(o, i, v)
            rh_audio_result_move(v, by_s);
    if (!json_is_object(o))
        return;
    json_object_foreach_safe(o, next, key, v)
        rh_audio_result_move(v, by_s);
    for (i = 0; i < 3; i++)
        if (json_is_real(v = json_object_get(o, times[i])))
            json_object_set_new(o, times[i], rounded(json_number_value(v) + by_s, 1000));
    if (json_object_get(o, "from_s"))
        json_object_set_new(o, "from_s", rounded(by_s, 1000));
}

rh_status rh_audio_result(json_t **out, const char *text, const char *language,
                          double duration_s, const rh_speech_report *r,
                          rh_error *err)
{
    json_t *o = json_pack("{s:s, s:s, s:o, s:f}", "transcribed_text", text, "spoken_language",
                          language && *language ? language : "en", "audio_duration",
                          rounded(duration_s, 100), "timestamp", rh_unix_time());
    if (!o)
        return rh_fail(err, RH_ERR_NOMEM, "audio result: out of memory");
    rh_status st = rh_scores_add(o, r, err);
    if (st != RH_OK) {
        json_decref(o);
        return st;
    }
    *out = o;
    return RH_OK;
}
