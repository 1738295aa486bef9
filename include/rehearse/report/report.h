/* report.h - what a practice session tells the person, and its forms.
 *
 * The report is one JSON object (its keys: docs/api.md); every claim in it names
 * the moments it rests on. All other forms are made from it.
 * Threads: any. */
#ifndef RH_REPORT_H
#define RH_REPORT_H

#include <jansson.h>
#include "rehearse/session/session.h"

/* Makes the report of a session. `session`: as rh_store_get() gives it (id, created, duration_s, meta, segments,
 * events); `a`: the analysis of the whole; `earlier`: array of earlier sessions as rh_store_list() gives it, or NULL.
 * The caller owns *out. RH_ERR_NOMEM. */
rh_status rh_report_build(const json_t *session, const rh_analysis *a, const json_t *earlier, json_t **out,
                          rh_error *err);

/* The end of a session: rh_session_measure(), the report, rh_session_close(). `llm`: what it says of a language model
 * (NULL: that none is asked). The caller owns *report (NULL: it is not wanted). `cancel` may be NULL. */
rh_status rh_report_session(rh_session *s, json_t *llm, const atomic_bool *cancel, json_t **report, rh_error *err);

/* What was said, in order of time: the words of an analysis with its fillers,
 * disfluencies and pauses put among them. Each item has "text", "start", "end", and where it
 * is not a plain word "mark" and "note":
 *   filler, repeat, false_start, cutoff, drawn   (with "heard": true where the clean
 *     transcript has no word for it)
 *   pause                                        (text "")
 *   missed, added, replaced, mispronounced       (the last also without reference: hard
 *     to make out), with "expected"
 * Words keep their "score"; "word" is the index in the "words" of rh_analysis_json().
 * A new array, NULL without memory. */
json_t *rh_marked_words(const rh_analysis *a);

/* The items as somebody would write down what was really said: fillers, repetitions
 * and cut-off words with the rest, put together as the language does. Freed with rh_free(); NULL without memory. */
char *rh_marked_verbatim(const json_t *marked, const rh_tongue *t);

/* Text forms, NUL-terminated, freed with rh_free(). */
rh_status rh_report_markdown(const json_t *report, char **out, rh_error *err);
enum { RH_REPORT_SOUND_BYTES = 16 << 20 }; /* about 8 minutes: a browser takes no data: address of any length */
enum { RH_REPORT_VIDEO_BYTES = 24 << 20 }; /* of all parts together */

/* A part of a video that goes into a page. */
typedef struct {
    const uint8_t *bytes;
    size_t n;
    const char *type; /* "video/webm", without parameters */
    double start;     /* s of the session */
} rh_report_video;

typedef struct {
    const char *web_dir;
    const char *nonce;    /* marks its scripts for a Content-Security-Policy that goes with it; NULL = none */
    const uint8_t *sound; /* a WAV file that goes into it, RH_REPORT_SOUND_BYTES at most; NULL = none */
    size_t n_sound;
    const rh_report_video *videos; /* RH_REPORT_VIDEO_BYTES together at most; NULL = none */
    size_t n_videos;
    bool shared; /* for somebody who has a link: the report's "shared" says what they may do */
} rh_report_page;

/* One page that needs no other file. `web_dir`: the folder of the practice page, whose
 * style and drawing code go into it. RH_ERR_IO the folder is not complete. */
rh_status rh_report_html(const json_t *report, const rh_report_page *page, char **out, rh_error *err);

typedef enum { RH_TRANSCRIPT_TXT, RH_TRANSCRIPT_SRT, RH_TRANSCRIPT_VTT } rh_transcript_form;
/* `segments`: array of {start, end, text}, perhaps with "words" (word, start, end). */
rh_status rh_transcript_text(const json_t *segments, rh_transcript_form form, char **out, rh_error *err);
/* Segments of a kept session whose texts hold the fillers, repetitions and cut-off
 * words too: of the report, or of what was heard so far. A new array, NULL without memory. */
json_t *rh_verbatim_segments(const json_t *session);

#endif
