/* absent.c - stands for the whisper.cpp engine in a build without it,
 * which is what plain `make` builds: on CPUs the native engine does all. */
#include "asr/engine_internal.h"

bool rh_whisper_cpp_has_gpu(void)
{
    return false;
}

const rh_asr_engine rh_engine_whisper_cpp = {.id = RH_ENGINE_WHISPER_CPP, .name = "whisper.cpp"};
