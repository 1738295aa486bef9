/* report.h - what a practice session tells the person, and its forms.
 *
 * The report is one JSON object (its keys: docs/api.md); every claim in it names
 * the moments it rests on. All other forms are made from it.
 * Threads: any. */
#ifndef RH_REPORT_H
#define RH_REPORT_H

#include <jansson.h>
#include "rehearse/status.h"

/* Makes the report of a session. `session`: as rh_store_get() gives it (meta, segments,
 * events, seconds); `analysis`: the audio result of the whole, or NULL when there was no
 * sound; `earlier`: array of earlier sessions as rh_store_list() gives it, or NULL.
 * The caller owns *out. RH_ERR_NOMEM. */
rh_status rh_report_build(const json_t *session, const json_t *analysis, const json_t *earlier,
                          json_t **out, rh_error *err);

/* Text forms, NUL-terminated, freed with rh_free(). */
rh_status rh_report_markdown(const json_t *report, char **out, rh_error *err);
/* One file that needs nothing else; `web_dir` is the folder of the practice page, whose
 * style and drawing code go into it. RH_ERR_IO the folder is not complete. */
rh_status rh_report_html(const json_t *report, const char *web_dir, char **out, rh_error *err);

typedef enum { RH_TRANSCRIPT_TXT, RH_TRANSCRIPT_SRT, RH_TRANSCRIPT_VTT } rh_transcript_form;
/* `segments`: array of {start, end, text}. */
rh_status rh_transcript_text(const json_t *segments, rh_transcript_form form, char **out,
                             rh_error *err);

#endif
