#include "audio_result.h"

#include <math.h>
#include "rehearse/clock.h"
#include "scores.h"

static json_t *rounded(double x, double scale)
{
    return json_real(round(x * scale) / scale);
}

static void move_words(json_t *result, double by_s)
{
    static const char *const keys[] = {"start", "end"};
    size_t i;
    json_t *w;
    json_array_foreach(json_object_get(result, "words"), i, w) {
        for (int k = 0; k < 2; k++) {
            double t = json_number_value(json_object_get(w, keys[k]));
            json_object_set_new(w, keys[k], rounded(t + by_s, 1000));
        }
    }
}

rh_status rh_audio_result(json_t **out, const char *text, const char *language,
                          double duration_s, double from_s, const rh_speech_report *r,
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
    if (from_s > 0)
        move_words(o, from_s);
    *out = o;
    return RH_OK;
}
