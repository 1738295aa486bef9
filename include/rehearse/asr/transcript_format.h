/* transcript_format.h - a transcript as text, JSON or subtitles. Threads: any. */
#ifndef RH_TRANSCRIPT_FORMAT_H
#define RH_TRANSCRIPT_FORMAT_H

#include <jansson.h>
#include "rehearse/asr/asr.h"
#include "rehearse/base/buf.h"

/* Without spaces around it; freed with rh_free(), NULL without memory. */
char *rh_transcript_plain(const rh_transcript *t);

/* {"text","language","duration","segments":[{"start","end","text",...}],
 * "words":[{"word","start","end","probability"}]}; NULL without memory. */
json_t *rh_transcript_json(const rh_transcript *t, double duration_s);

/* Subtitles (subtitles.h); a segment begins a cue. RH_ERR_LIMIT, RH_ERR_NOMEM of the buffer. */
rh_status rh_transcript_srt(const rh_transcript *t, rh_buf *out);
rh_status rh_transcript_vtt(const rh_transcript *t, rh_buf *out);

#endif
