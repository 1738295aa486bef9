/* content.h - the score of an answer's content. Threads: any. */
#ifndef RH_SPEECH_CONTENT_H
#define RH_SPEECH_CONTENT_H

#include "rehearse/speech/language.h"
#include "rehearse/speech/scores.h"

/* `question`, `kind` ("behavioural", ...): as the person was asked, may be NULL or empty. Not known for a text that
 * was read, without words, and in other languages than English. RH_ERR_NOMEM; *out is then unchanged. */
rh_status rh_content_judge(const rh_speech_input *in, const rh_language *l, const char *question, const char *kind,
                           rh_score *out, rh_error *err);

#endif
