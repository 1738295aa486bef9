/* transcript_print.h - one file's transcript in a format of `rehearse transcribe`. */
#ifndef RH_TRANSCRIPT_PRINT_H
#define RH_TRANSCRIPT_PRINT_H

#include <stdbool.h>
#include <stdio.h>
#include "rehearse/asr/asr.h"

/* `format` is text, tsv, json, srt or vtt; false without memory. */
bool rh_transcript_print(FILE *f, const char *format, const char *path, const rh_transcript *t, double duration_s);

#endif
