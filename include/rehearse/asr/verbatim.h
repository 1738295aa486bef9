/* verbatim.h - a decode that writes hesitations down.
 *
 * Whisper leaves out most "um" and "uh". Given a prompt full of them it writes
 * them, at the price of an occasional endless repetition; the encoder's
 * output is kept from the clean decode, so only decoder steps are paid, and the
 * clean text is their draft. Where an English clean decode gave no hesitation a chance
 * and no word is long enough to hide one, there is none.
 * Source of the prompt: openai's guide to prompting Whisper.
 * Threads: as the stream. */
#ifndef RH_VERBATIM_H
#define RH_VERBATIM_H

#include "rehearse/asr/asr.h"

/* After rh_asr_transcribe() of at most 30 s on `s`, which gave `clean`: the
 * same sound in words with times, hesitations included, repetitions cut down
 * to three. `p` are the parameters of the clean decode; with a prefix, what
 * follows it (and the prefix too where a repetition was cut). `clean` itself where it has no room for a hesitation; empty where it has no
 * words, in other languages than English, German, Spanish and French, and where it is translated.
 * As rh_asr_redecode(): RH_ERR_UNSUPPORTED where the engine cannot. */
rh_status rh_asr_verbatim(rh_asr_stream *s, const rh_transcript *clean, const rh_asr_params *p, rh_transcript *out,
                          rh_error *err);

#endif
