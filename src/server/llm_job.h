/* llm_job.h - what a language model adds to a report: asked on a thread of its own after the report has been made,
 * told and kept, so that nobody waits for it. */
#ifndef RH_SERVER_LLM_JOB_H
#define RH_SERVER_LLM_JOB_H

#include "server_internal.h"

/* From the settings; RH_OK without llm_url too, and nothing is asked then. */
rh_status rh_llm_open(rh_server *s, rh_error *err);
void rh_llm_close(rh_server *s); /* the pools have ended */

/* What a new report says of a language model ("llm"), before it is kept. A report that waits for one is noted, so that
 * rh_llm_reported() must follow. New; NULL without memory. Any thread. */
json_t *rh_llm_expect(rh_server *s, const char *id);
/* The report is kept, and the model can be asked; with `made` false there is none. Any thread. */
void rh_llm_reported(rh_server *s, const char *id, bool made);
/* Nobody wants the answer any more; `id` NULL = of all. Any thread. */
void rh_llm_cancel(rh_server *s, const char *id);
/* Puts right what a kept report says of the model: one that an earlier run asked will not answer any more. */
void rh_llm_tell(const rh_server *s, json_t *report);

/* GET /v1/capabilities */
json_t *rh_llm_capability(const rh_server *s);

#endif
