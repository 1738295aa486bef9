/* video.h - POST /v1/sessions/{id}/video: pieces of a live session's video, as its client's recorder
 * makes them. Loop thread only. */
#ifndef RH_API_VIDEO_H
#define RH_API_VIDEO_H

#include "server/http.h"

enum { RH_VIDEO_PIECE_BYTES = 4 << 20 };

void rh_want_video_piece(rh_http *h);
void rh_session_video_piece(rh_http *h);

#endif
