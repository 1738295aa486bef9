#include "numbers.h"

#include <math.h>
#include <stdlib.h>
#include "rehearse/media/audio.h"

const rh_number_range rh_sample_rates = {RH_AUDIO_MIN_RATE_HZ, RH_AUDIO_MAX_RATE_HZ, true};
const rh_number_range rh_face_rates = {0, 60, false};
const rh_number_range rh_patiences = {0.6, 6, false};
const rh_number_range rh_fields_of_view = {11, 169, false};

static rh_status wrong(const char *name, rh_number_range r, rh_error *err)
{
    return rh_fail(err, RH_ERR_INVAL, "\"%.60s\" must be a %snumber from %g to %g", name, r.whole ? "whole " : "",
                   r.least, r.most);
}

static bool is_in(double v, rh_number_range r)
{
    return v >= r.least && v <= r.most && (!r.whole || v == floor(v)); /* no NaN passes */
}

rh_status rh_number_of(const json_t *object, const char *key, rh_number_range range, double *out, rh_error *err)
{
    const json_t *v = json_object_get(object, key);
    if (!v || json_is_null(v))
        return RH_OK;
    if (!json_is_number(v) || !is_in(json_number_value(v), range))
        return wrong(key, range, err);
    *out = json_number_value(v);
    return RH_OK;
}
