/* no_speech.c - rules and limits: docs/scoring.md, When nothing is scored. */
#include "no_speech.h"

#include <math.h>
#include <string.h>
#include "rehearse/speech/prosody.h"

static const float SILENCE_DB = -60.0f;
static const float LOUD_DB = 20.0f; /* below the loudest step: still part of the sound */
static const float SHORT_SHARE = 1.0f / 3.0f;
static const float TONE_CHANGE_DB = 1.0f; /* noise changes by 1.9 */
static const float TONE_LEVEL_DB = 6.0f;
static const float TONE_PITCH_ST = 1.0f;
static const float VOICED = 0.6f;          /* voicing of music and voices */
static const float PITCHED_SHARE = 0.2f;   /* fewer steps with a pitch: noise */
static const float STEADY_LEVEL_DB = 9.0f; /* of noise, 10th to 95th percentile of level */
static const float SWELL_DB = 8.0f;        /* more within SWELL_STEPS: a knock, not a swelling */
static const float NEAR_TOP_DB = 10.0f;    /* below the loudest step: where onsets are looked for */
enum { SWELL_STEPS = 3, BREATH_STEPS = 30, BINS = 256 };

/* Counts of values in equal steps from `low`; what lies outside is in the outer bins. */
typedef struct {
    float low, step;
    size_t n, bin[BINS];
} histogram;

static void add(histogram *h, float x)
{
    float at = (x - h->low) / h->step;
    size_t i = at > 0.0f ? at < BINS ? (size_t)at : BINS - 1 : 0; /* NaN: 0 */
    h->bin[i]++;
    h->n++;
}

static float quantile(const histogram *h, float q)
{
    size_t before = 0, want = (size_t)(q * (float)h->n);
    for (size_t i = 0; i < BINS; i++) {
        before += h->bin[i];
        if (before > want)
            return h->low + h->step * (float)i;
    }
    return h->low + h->step * (BINS - 1);
}

typedef struct {
    float loud_db;         /* 99th percentile of level */
    float level_range_db;  /* 10th to 95th percentile */
    size_t n_loud;         /* steps that are loud; what follows is of these */
    float loud;            /* their share */
    float change_db;       /* median */
    float voiced, pitched; /* shares */
    float pitch_range_st;  /* 10th to 90th percentile where there is a pitch, else 0 */
    float rise_db;         /* steepest onset over SWELL_STEPS */
} heard;

static heard hear(const rh_contour *c)
{
    histogram level = {.low = -100.0f, .step = 0.5f};
    histogram change = {.low = 0.0f, .step = 0.1f};
    histogram pitch = {.low = 0.0f, .step = 0.2f};
    float top = -100.0f;
    heard h = {0};
    for (size_t i = 0; i < c->n; i++) {
        add(&level, c->level_db[i]);
        top = fmaxf(top, c->level_db[i]);
    }
    h.loud_db = quantile(&level, 0.99f);
    h.level_range_db = quantile(&level, 0.95f) - quantile(&level, 0.1f);
    for (size_t i = 0; i < c->n; i++) {
        if (c->level_db[i] < top - LOUD_DB)
            continue;
        add(&change, c->change_db[i]);
        h.voiced += c->voicing[i] > VOICED;
        if (c->f0_hz[i] > 0.0f)
            add(&pitch, rh_semitones(c->f0_hz[i], 50.0f));
        if (i >= SWELL_STEPS && c->level_db[i] >= top - NEAR_TOP_DB)
            h.rise_db = fmaxf(h.rise_db, c->level_db[i] - c->level_db[i - SWELL_STEPS]);
    }
    h.change_db = quantile(&change, 0.5f);
    if (pitch.n > 0)
        h.pitch_range_st = quantile(&pitch, 0.9f) - quantile(&pitch, 0.1f);
    h.n_loud = change.n;
    h.loud = (float)change.n / (float)c->n;
    h.voiced /= (float)change.n;
    h.pitched = (float)pitch.n / (float)change.n;
    return h;
}

const char *rh_no_speech_reason(const rh_contour *c, bool is_voice)
{
    static const char *const voice =
        "There was no speech in the recording that words could be made out of, only a voice or something like one, "
        "such as humming, laughter, singing or an animal: speak clearly and close to the microphone.";
    if (!c || c->n == 0)
        return is_voice ? voice
                        : "There was no speech in the recording: check that the microphone is the right one, "
                          "and speak close to it.";
    heard h = hear(c);
    if (h.loud_db <= SILENCE_DB)
        return "There was no speech in the recording, only silence: "
               "check that the microphone is the right one and is not muted.";
    if (h.change_db < TONE_CHANGE_DB && h.level_range_db < TONE_LEVEL_DB && h.pitch_range_st < TONE_PITCH_ST)
        return "There was no speech in the recording, only a steady tone or hum: "
               "check the microphone and its cable, or turn off what hums.";
    if (is_voice)
        return voice;
    bool is_noise = h.pitched < PITCHED_SHARE && h.voiced < 0.5f;
    if (is_noise && h.level_range_db < STEADY_LEVEL_DB)
        return "There was no speech in the recording, only a steady noise such as a fan, hiss or hum: "
               "turn it off or move away from it, and speak close to the microphone.";
    if (is_noise && h.rise_db < SWELL_DB && h.n_loud >= BREATH_STEPS)
        return "There was no speech in the recording, only breathing, wind or another noise that swells: "
               "keep the microphone out of your breath and speak up.";
    if (h.loud < SHORT_SHARE)
        return "There was no speech in the recording, only short sounds such as knocks, clicks or barking: "
               "find a quieter place and speak close to the microphone.";
    if (is_noise)
        return "There was no speech in the recording, only noise that comes and goes, such as rustling, rain or steps: "
               "find a quieter place and speak close to the microphone.";
    if (h.voiced > 0.5f)
        return "There was no speech in the recording, only music or other sounds with a pitch, such as a ring, laughter or an animal: "
               "turn them off or go where it is quiet, and speak close to the microphone.";
    return "There was no speech in the recording, only sounds that are not words, such as music, animals or machines: "
           "find a quieter place and speak close to the microphone.";
}

bool rh_is_laughter(const char *normal)
{
    const char *p = normal;
    if (strcmp(normal, "he") == 0)
        return false;
    while (p[0] == 'h' && (p[1] == 'a' || p[1] == 'e')) {
        char vowel = p[1];
        p++;
        while (*p == vowel)
            p++;
    }
    return p != normal && (*p == '\0' || strcmp(p, "h") == 0);
}
