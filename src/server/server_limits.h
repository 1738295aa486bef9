/* server_limits.h - every number a client can push against; docs/limits.md says why. */
#ifndef RH_SERVER_LIMITS_H
#define RH_SERVER_LIMITS_H

enum {
    RH_SPARE_CONNECTIONS = 64, /* plain HTTP beside the WebSockets */

    RH_MAX_TOKEN_BYTES = 8191,      /* of an Authorization or Cookie header */
    RH_MAX_HEADER_BYTES = 16 << 10, /* request line and headers of one request */
    RH_MAX_CLIENT_ID = 128,         /* bytes, after %-decoding */
    RH_MAX_PATH = 1024,

    RH_MAX_BODY_BYTES = 256 << 20,      /* bodies of all requests together, in memory */
    RH_MAX_SMALL_FILE_BYTES = 1 << 20,  /* a file of a form; a larger one goes to the disk as it comes */
    RH_SINK_PIECE_BYTES = 1 << 20,      /* of a resumable upload: kept at once, so no more of it is lost by a crash */
    RH_MAX_UPLOADS = 256,               /* resumable ones that are unfinished, of all servers of a database */
    RH_UPLOAD_KEPT_S = 24 * 3600,       /* since the last byte of one; then what has come goes */
    RH_MAX_FRAME_BODY_BYTES = 16 << 20, /* body of analyze-frame */
    RH_MAX_FIELD_BYTES = 64 << 10,      /* a text field of a form */
    RH_MAX_SHORT_FIELD_BYTES = 4 << 10, /* question, client, kind, language of a session */
    RH_MAX_FORM_FIELDS = 32,
    RH_MAX_FORM_BYTES = 4 << 20, /* all of a form beside the largest file that it may hold */
    RH_MAX_PART_HEADER_BYTES = 8 << 10,
    RH_MAX_DISCARD_BYTES = 256 << 20, /* read and thrown away after an early error */

    RH_MAX_SKIPPED_BYTES = 256 << 20, /* of a message over max_message_kb; then the connection is closed (1009) */
    RH_MAX_OWED = 256,                /* messages of one client waiting for a reply */
    RH_MAX_GONE_BYTES = 8 << 20,      /* pictures of one client that gave way and may be wanted yet */
    RH_MAX_LANE_BYTES = 24 << 20,     /* undecoded audio messages of one client */
    RH_MAX_OUT_BYTES = 512 << 10,     /* replies not yet taken by the network; then no more is read */
    RH_STALLED_S = 30,                /* a client that takes no reply for so long is closed */

    RH_MAX_FILE_JOBS = 16,                   /* uploads waiting for recognition; then 429 */
    RH_MAX_SHARED_JOBS = 256,                /* jobs of a database that several servers share */
    RH_MAX_ATTEMPTS = 3,                     /* reports of a broken session that end the program */
    RH_NICE_FILES = 10,                      /* recordings give way to everything else */
    RH_DISK_THREADS = 4,                     /* pieces of uploads, opening of live sessions */
    RH_DESK_THREADS = 4,                     /* questions to the store, which may have to wait for the disk */
    RH_MAX_PASTED_CHARS = 20000,             /* job_ad and cv of an interview, each */
    RH_MAX_INTERVIEW_BODY_BYTES = 512 << 10, /* both in JSON, escaped */
    RH_MAX_SMALL_JSON_BYTES = 64 << 10,      /* body with a note, a goal or a link */
    RH_MAX_NOTES = 200,                      /* of a session, by the person who practised */
    RH_MAX_NOTE_CHARS = 500,
    RH_MAX_COMMENTS = 100, /* of a link */
    RH_MAX_COMMENT_CHARS = 1000,
    RH_MAX_AUTHOR_CHARS = 60,
    RH_MAX_SHARE_DAYS = 90,
    RH_MAX_WRONG_LINKS = 20, /* opened by one address in RH_WRONG_LINKS_S; then 429 */
    RH_WRONG_LINKS_S = 60,
    RH_INTERVIEW_QUESTIONS = 8,  /* of a plan */
    RH_INTERVIEW_FOLLOW_UPS = 2, /* of a question */
    RH_MAX_FRAME_JOBS = 64,      /* analyze-frame requests at once; then 429 */
    RH_MAX_LLM_JOBS = 64,        /* reports that wait for the language model; then they stay without its part */
    RH_STOP_GRACE_S = 30,        /* SIGTERM: running work gets so long */
    RH_STOP_CLOSE_S = 3,         /* of it: for a client that only has to send its last bytes */
    RH_STOP_LOADING_S = 3,       /* for the step of loading the models that is under way */
};

#endif
