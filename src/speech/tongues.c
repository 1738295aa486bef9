/* tongues.c - the table of languages, and what is asked of a row. */
#include "rehearse/speech/tongue.h"

#include <ctype.h>
#include <string.h>
#include "language_internal.h"
#include "rehearse/base/text.h"
#include "rehearse/speech/timing.h"
#include "tongue_internal.h"

static const rh_tongue english = {
    .code = "en",
    .pace_low = 115,
    .pace_high = 170,
    .syllables_a_word = 1.45f,
    .syllables = rh_syllables,
    .finds_fillers = true,
    .small = "a an and are as at because but by can did do for from had has have he her his how i i'd i'll i'm i've if "
             "in into is it it's its just like my not of on or our she that's the their then there's they they're this "
             "to was we we're we've were what when where which who with would you you're your",
    .doubled = "bye far ha had hear knock long many more much never no oh okay over really so that there too very yeah "
               "yes",
    .subjects = "he i i'm i've it it's she that's there they this we you",
    .hedges = RH_HEDGES,
    .weak = RH_WEAK,
    .hedge_example = "\"maybe\" and \"I think\"",
    .weak_example = "\"stuff\" and \"a lot of\"",
    .openers = "after although and as because before but if like or since so that then though unless until what when "
               "where whereas whether which while who whose why yet",
    .i = "i i'd i'll i'm i've me mine my myself",
    .we = "our ours ourselves us we we'd we'll we're we've",
    .numbers = RH_NUMBERS,
    .stop = RH_STOP_WORDS,
    .names_by_capital = true,
    .has_structure = true,
};

#define CHARACTERS(CODE, PER_WORD, LOW, HIGH)                                                                          \
    {                                                                                                                  \
        .code = CODE, .by_characters = true, .letters_per_word = PER_WORD, .pace_low = LOW, .pace_high = HIGH,         \
        .syllables_a_word = 1, .syllables = rh_syllables_of_characters                                                 \
    }

/* Paces: docs/scoring.md, Languages. */
static const rh_tongue others[] = {CHARACTERS("zh", 1.6f, 160, 280),  CHARACTERS("yue", 1.6f, 160, 280),
                                   CHARACTERS("ja", 1.85f, 230, 370), CHARACTERS("th", 4.5f, 0, 0),
                                   CHARACTERS("lo", 4.5f, 0, 0),      CHARACTERS("my", 4.5f, 0, 0)};

static const rh_tongue unknown = {.syllables_a_word = 1.45f, .syllables = rh_syllables_anywhere};

static bool is_code(const rh_tongue *t, const char *language)
{
    size_t n = strlen(t->code);
    return strncmp(language, t->code, n) == 0 && !isalpha((unsigned char)language[n]);
}

const rh_tongue *rh_tongue_of(const char *language)
{
    static const rh_tongue *const listed[] = {&english, &rh_tongue_german, &rh_tongue_spanish, &rh_tongue_french};
    if (!language || !*language)
        return &english;
    for (size_t i = 0; i < sizeof listed / sizeof *listed; i++)
        if (is_code(listed[i], language))
            return listed[i];
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (is_code(&others[i], language))
            return &others[i];
    return &unknown;
}

/* Each run of a letter as one: "äääh" is "äh". */
static void squeeze(char *word)
{
    size_t n = strlen(word), k = 0;
    uint32_t last = 0;
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        size_t len = rh_utf8_next(word + i, n - i, &cp);
        if (cp != last) {
            memmove(word + k, word + i, len);
            k += len;
        }
        last = cp;
        i += len;
    }
    word[k] = '\0';
}

rh_hesitation rh_hesitation_in(const rh_tongue *t, const char *word)
{
    char key[RH_WORD_BYTES];
    if (!t->finds_fillers)
        return RH_SOUND_NONE;
    if (!t->heard_as[0])
        return rh_hesitation_of(word);
    (void)rh_word_key(word, key);
    for (int pass = 0; pass < 2; pass++, squeeze(key))
        for (int k = 0; k < RH_TONGUE_SOUNDS && strlen(key) > 1; k++)
            if (rh_word_in(key, t->heard_as[k]))
                return (rh_hesitation)k;
    return RH_SOUND_NONE;
}

int rh_tongue_units(const rh_tongue *t, const char *word)
{
    char key[RH_WORD_BYTES];
    return t->by_characters ? t->syllables(word) : rh_word_normal(word, key) > 0;
}

float rh_tongue_pace_wpm(const rh_tongue *t, float pace)
{
    return t->by_characters ? pace / t->letters_per_word : pace;
}

float rh_tongue_english_pace(const rh_tongue *t, float pace)
{
    float low = english.pace_low, high = english.pace_high;
    if (!(t->pace_low > 0))
        return 0;
    if (pace <= t->pace_low)
        return pace * low / t->pace_low;
    if (pace >= t->pace_high)
        return pace * high / t->pace_high;
    return low + (pace - t->pace_low) * (high - low) / (t->pace_high - t->pace_low);
}

bool rh_tongue_parts(const rh_tongue *t, const char *before, const char *after)
{
    size_t n = strlen(before);
    return !t->by_characters || (n > 0 && isalnum((unsigned char)before[n - 1]) && isalnum((unsigned char)after[0]));
}
