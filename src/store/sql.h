/* sql.h - the statements and the schema of the store, written once for all engines. */
#ifndef RH_STORE_SQL_H
#define RH_STORE_SQL_H

typedef enum {
    RH_SQL_BEGIN,
    RH_SQL_TOUCH,
    RH_SQL_SEGMENT,
    RH_SQL_EVENT,
    RH_SQL_SECOND,
    RH_SQL_END,
    RH_SQL_MEDIA,
    RH_SQL_LIST,
    RH_SQL_GET,
    RH_SQL_SEGMENTS,
    RH_SQL_EVENTS,
    RH_SQL_SECONDS,
    RH_SQL_DELETE,
    RH_SQL_OLDER,
    RH_SQL_UNENDED,
    RH_SQL_RECORDING,
    RH_SQL_ATTEMPT,
    RH_SQL_CLEAR_SEGMENTS,
    RH_SQL_CLEAR_EVENTS,
    RH_SQL_CLEAR_SECONDS,
    RH_SQL_PUT_BACK,
    RH_SQL_FAIL,
    RH_SQL_REPORT_LLM,
    RH_SQL_FILES,
    RH_SQL_INTERVIEW_NEW,
    RH_SQL_INTERVIEWS,
    RH_SQL_INTERVIEW,
    RH_SQL_INTERVIEW_SESSIONS,
    RH_SQL_INTERVIEW_DELETE,
    RH_SQL_INTERVIEWS_OLDER,
    RH_SQL_SESSION_THERE,
    RH_SQL_NOTE_NEW,
    RH_SQL_NOTES,
    RH_SQL_NOTE_DELETE,
    RH_SQL_GOAL_SET,
    RH_SQL_GOAL_DELETE,
    RH_SQL_GOALS,
    RH_SQL_SHARE_NEW,
    RH_SQL_SHARES,
    RH_SQL_SHARE,
    RH_SQL_SHARE_WITH,
    RH_SQL_SESSION_PERSON,
    RH_SQL_INTERVIEW_PERSON,
    RH_SQL_SHARE_DELETE,
    RH_SQL_SHARES_EXPIRE,
    RH_SQL_HOLD,
    RH_SQL_HELD,
    RH_SQL_TELL,
    RH_SQL_TELL_SEGMENT,
    RH_SQL_TOLD,
    RH_SQL_TOLD_FORGET,
    RH_SQL_AUDIT,
    RH_SQL_AUDITS,
    RH_SQL_AUDIT_FORGET,
    RH_SQL_JOB_ADD,
    RH_SQL_JOB_CLAIM,
    RH_SQL_JOB_BEAT,
    RH_SQL_JOB_PUT_BACK,
    RH_SQL_JOB_DROP,
    RH_SQL_JOB_DROP_SESSION,
    RH_SQL_JOB_ABANDON,
    RH_SQL_JOBS_WAITING,
    RH_SQL_JOB_SESSION_STATE,
    RH_SQL_JOB_SESSION_FAIL,
    RH_SQL_COUNT
} rh_sql;

extern const char *const rh_sql_text[RH_SQL_COUNT];

/* Made from migration_*.sql at build time; entry i leads from version i to i + 1. */
extern const char *const rh_migrations[];
extern const int rh_migrations_len;

#endif
