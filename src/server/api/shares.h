/* shares.h - links by which others may see one report: made by its owner under /v1/sessions/{id}/shares, opened
 * under /shared, or for one mentor, who sees the session among their own. A link's token is 128 random bits, of which the store has the hash alone. Loop thread only. */
#ifndef RH_SERVER_SHARES_H
#define RH_SERVER_SHARES_H

#include "server/http.h"

/* What others see, by this link or as the mentor it is for: of a report nothing of other sessions, no names of files, and
 * of notes those that came by the link; the same of the whole session; and of its notes. Pool threads. */
json_t *rh_shared_report(const json_t *session, const json_t *share, const char *media_dir);
json_t *rh_shared_session(const json_t *session, const json_t *share, const char *media_dir);
void rh_shared_notes(json_t **notes, const json_t *share); /* takes the others out */

void rh_shares_list(rh_http *h);
void rh_share_new(rh_http *h);
void rh_share_delete(rh_http *h);
/* For whoever has the link: the report, its sound and video, a comment. */
void rh_shared_page(rh_http *h);
void rh_shared_media(rh_http *h);
void rh_shared_video(rh_http *h);
void rh_shared_comment(rh_http *h);

#endif
