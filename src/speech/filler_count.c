/* filler_count.c - fillers by word.
 *
 * Events where they were found by ear and by place (rh_speech_input.fillers);
 * without them only sounds that are nothing but fillers are counted from the
 * words, because "like", "so" and "right" are mostly meant: a false alarm is
 * worse than a miss. */
#include <string.h>
#include "rehearse/base/alloc.h"
#include "speech_internal.h"

static const char *const sounds[] = {"um", "umm", "ummm", "uh", "uhh", "uhm", "er", "erm",
                                     "hm", "hmm", "mm",   "mmm", "ah", "eh"};

static const char *filler_sound(const char *text)
{
    char normal[RH_WORD_BYTES];
    rh_word_normal(text, normal);
    for (size_t i = 0; i < sizeof sounds / sizeof *sounds; i++)
        if (strcmp(normal, sounds[i]) == 0)
            return sounds[i];
    return NULL;
}

static void count_one(rh_speech_report *r, const char *kind)
{
    r->filler_words_count++;
    for (size_t i = 0; i < r->n_fillers; i++) {
        if (strcmp(r->fillers[i].word, kind) == 0) {
            r->fillers[i].count++;
            return;
        }
    }
    r->fillers[r->n_fillers++] = (rh_filler_count){kind, 1};
}

rh_status rh_measure_fillers(const rh_speech_input *in, rh_speech_report *r, rh_error *err)
{
    size_t most = in->fillers_known ? in->n_fillers : sizeof sounds / sizeof *sounds;
    r->fillers = rh_calloc(most + 1, sizeof *r->fillers);
    if (!r->fillers)
        return rh_fail(err, RH_ERR_NOMEM, "fillers: out of memory");
    if (in->fillers_known) {
        for (size_t i = 0; i < in->n_fillers; i++)
            count_one(r, in->fillers[i].kind);
    } else {
        for (size_t i = 0; i < in->n_words; i++) {
            const char *kind = filler_sound(in->words[i].text);
            if (kind)
                count_one(r, kind);
        }
    }
    float s = in->n_words ? in->words[in->n_words - 1].end - in->words[0].start : 0.0f;
    r->fillers_per_minute = 60.0f * (float)r->filler_words_count / (s > 6.0f ? s : 6.0f);
    return RH_OK;
}
