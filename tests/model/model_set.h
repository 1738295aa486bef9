/* model_set.h - the models of a server, for tests of sessions and recordings. */
#ifndef RH_TEST_MODEL_SET_H
#define RH_TEST_MODEL_SET_H

#include <string.h>
#include "models.h"
#include "rehearse/session/model_set.h"

/* Whisper base, voice detection and, with `vision`, faces, for English; NULL after it was printed why. */
static inline rh_model_set *load_model_set(bool vision)
{
    char dir[1024];
    const char *whisper = model_file("ggml-base.bin");
    (void)snprintf(dir, sizeof dir, "%s", whisper);
    *strrchr(dir, '/') = '\0';
    rh_model_set_options o = {.whisper_path = whisper,
                              .models_dir = dir,
                              .vision = vision,
                              .language = "en",
                              .asr = rh_asr_model_options_default()};
    rh_model_set *m = NULL;
    rh_error err = {0};
    if (rh_model_set_load(&m, &o, &err) != RH_OK)
        printf("%s\n", err.msg);
    return m;
}

#endif
