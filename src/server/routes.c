#include "routes.h"

#include "server/api/api.h"
#include "server/api/interviews.h"
#include "server/api/ask.h"
#include "server/api/audit.h"
#include "server/api/notes.h"
#include "server/api/resumable.h"
#include "server/api/sessions.h"
#include "server/api/shares.h"
#include "server/api/video.h"
#include "server/compat/kept_transcriptions.h"
#include "server/legacy/legacy.h"
#include "server/live/live_session.h"

static const rh_route_row rows[] = {
    {"GET", "/", true, .start = rh_root},
    {"GET", "/health", true, .start = rh_health},
    {"GET", "/live", true, .start = rh_live},
    {"GET", "/ready", true, .start = rh_ready_for_more},
    {"POST", "/api/analyze-audio", true, .start = rh_audio_wanted, .finish = rh_analyze_audio},
    {"POST", "/api/analyze-frame", true, .start = rh_frame_wanted, .finish = rh_analyze_frame},
    {"GET", "/signin", true, .start = rh_signin},
    {"GET", "/openapi.json", true, .start = rh_openapi},
    {"GET", "/docs", true, .start = rh_docs},
    {"GET", "/metrics", false, .start = rh_metrics, .who = RH_FOR_OWNERS},
    {"GET", "/v1/me", false, .start = rh_me, .who = RH_FOR_MENTORS_TOO},
    {"GET", "/v1/capabilities", false, .start = rh_capabilities, .who = RH_FOR_MENTORS_TOO},
    {"GET", "/v1/sessions", false, .finish = rh_sessions_list, .who = RH_FOR_MENTORS_TOO},
    {"POST", "/v1/sessions", false, .start = rh_want_upload, .finish = rh_sessions_upload},
    {"GET", "/v1/sessions/{}", false, .finish = rh_session_get, .who = RH_FOR_MENTORS_TOO, .audit = "read"},
    {"DELETE", "/v1/sessions/{}", false, .finish = rh_session_delete, .audit = "delete"},
    {"GET", "/v1/sessions/{}/report", false, .finish = rh_session_report, .who = RH_FOR_MENTORS_TOO, .audit = "read"},
    {"GET", "/v1/sessions/{}/transcript", false, .finish = rh_session_transcript, .who = RH_FOR_MENTORS_TOO,
     .audit = "read"},
    {"GET", "/v1/sessions/{}/media", false, .finish = rh_session_media, .who = RH_FOR_MENTORS_TOO, .audit = "read"},
    {"GET", "/v1/sessions/{}/video", false, .finish = rh_session_video, .who = RH_FOR_MENTORS_TOO, .audit = "read"},
    {"POST", "/v1/sessions/{}/video", false, .start = rh_want_video_piece, .finish = rh_session_video_piece},
    {"GET", "/v1/sessions/{}/notes", false, .finish = rh_notes_list, .who = RH_FOR_MENTORS_TOO, .audit = "read"},
    {"POST", "/v1/sessions/{}/notes", false, .start = rh_want_small_json, .finish = rh_note_new,
     .who = RH_FOR_MENTORS_TOO, .audit = "note"},
    {"DELETE", "/v1/sessions/{}/notes/{}", false, .finish = rh_note_delete, .who = RH_FOR_MENTORS_TOO, .audit = "note"},
    {"GET", "/v1/sessions/{}/shares", false, .finish = rh_shares_list},
    {"POST", "/v1/sessions/{}/shares", false, .start = rh_want_small_json, .finish = rh_share_new, .audit = "share"},
    {"DELETE", "/v1/sessions/{}/shares/{}", false, .finish = rh_share_delete, .audit = "unshare"},
    {"GET", "/shared/{}", false, .finish = rh_shared_page, .audit = "read"},
    {"GET", "/shared/{}/media", false, .finish = rh_shared_media, .audit = "read"},
    {"GET", "/shared/{}/video", false, .finish = rh_shared_video, .audit = "read"},
    {"POST", "/shared/{}/comments", false, .start = rh_want_small_json, .finish = rh_shared_comment, .audit = "note"},
    {"GET", "/v1/goal", false, .finish = rh_goal_get},
    {"PUT", "/v1/goal", false, .start = rh_want_small_json, .finish = rh_goal_put},
    {"DELETE", "/v1/goal", false, .finish = rh_goal_delete},
    {"GET", "/v1/interviews", false, .finish = rh_interviews_list},
    {"POST", "/v1/interviews", false, .start = rh_want_interview, .finish = rh_interview_new},
    {"GET", "/v1/interviews/{}", false, .finish = rh_interview_get, .audit = "read"},
    {"DELETE", "/v1/interviews/{}", false, .finish = rh_interview_delete, .audit = "delete"},
    {"GET", "/v1/export", false, .finish = rh_sessions_export, .audit = "export"},
    {"GET", "/v1/audit", false, .finish = rh_audit_list, .who = RH_FOR_OWNERS},
    {"GET", "/v1/models", false, .start = rh_models, .who = RH_FOR_MENTORS_TOO},
    {"GET", "/v1/models/{}", false, .start = rh_models, .who = RH_FOR_MENTORS_TOO},
    {"POST", "/v1/audio/transcriptions", false, .start = rh_want_upload, .finish = rh_start_transcription},
    {"GET", "/v1/audio/transcriptions", false, .finish = rh_transcriptions_list},
    {"GET", "/v1/audio/transcriptions/{}", false, .finish = rh_transcription_get, .audit = "read"},
    {"GET", "/v1/audio/transcriptions/{}/content", false, .finish = rh_transcription_content, .audit = "read"},
    {"DELETE", "/v1/audio/transcriptions/{}", false, .finish = rh_transcription_delete, .audit = "delete"},
    {"POST", "/v1/uploads", false, .start = rh_upload_wanted, .finish = rh_upload_new},
    {"GET", "/v1/uploads/{}", false, .finish = rh_upload_tell},
    {"PATCH", "/v1/uploads/{}", false, .start = rh_upload_more_wanted, .finish = rh_upload_more},
    {"DELETE", "/v1/uploads/{}", false, .finish = rh_upload_delete},
    {"GET", "/v1/session/{}", false, .socket = &rh_socket_live},
    {"GET", "/ws/video/{}", true, .socket = &rh_socket_video},
    {"GET", "/ws/audio/{}", true, .socket = &rh_socket_audio},
    {"GET", "/ws/combined/{}", true, .socket = &rh_socket_combined},
    {"GET", NULL, false, .start = rh_page},
};

const rh_route_table rh_routes = {rows, sizeof rows / sizeof *rows};
