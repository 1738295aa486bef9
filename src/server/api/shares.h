/* shares.h - links by which others may see one report: made by its owner under /v1/sessions/{id}/shares, opened
 * under /shared. A link's token is 128 random bits, of which the store has the hash alone. Loop thread only. */
#ifndef RH_SERVER_SHARES_H
#define RH_SERVER_SHARES_H

#include "server/http.h"

void rh_shares_list(rh_http *h);
void rh_share_new(rh_http *h);
void rh_share_delete(rh_http *h);
/* For whoever has the link: the report, its sound, a comment. */
void rh_shared_page(rh_http *h);
void rh_shared_media(rh_http *h);
void rh_shared_comment(rh_http *h);

#endif
