/* sql.c - every statement of the store in one place. */
#include "sql.h"

#include <stddef.h>

/* Of a list: without what was pasted, which is long. */
#define LIST_COLUMNS                                                                                                   \
    "id, created, updated, state, duration_s, json_remove(meta, '$.job_ad', '$.cv', '$.key_terms') AS meta,"           \
    " report ->> '$.scores', error, report -> '$.measures'"
#define OWNER_LIVES " EXISTS (SELECT 1 FROM node WHERE node.id = session.owner AND node.beat > unixepoch() - 10)"
#define SESSION_COLUMNS                                                                                                \
    "id, created, updated, state, duration_s, meta, report ->> '$.scores', error, report -> '$.measures'"

const char *const rh_sql_text[RH_SQL_COUNT] = {
    /* One that is there goes on where it is this node's already, or its owner is dead. */
    [RH_SQL_BEGIN] = "INSERT INTO session (id, created, updated, state, client, meta, person, owner, epoch)"
                     " VALUES (?1, ?2, ?2, 'live', ?3, ?4, coalesce(json(?4) ->> '$.person', ''), ?5, 1)"
                     " ON CONFLICT (id) DO UPDATE SET state = 'live',"
                     " meta = json_patch(session.meta, excluded.meta),"
                     " client = coalesce(excluded.client, session.client), owner = excluded.owner,"
                     " epoch = CASE WHEN session.owner = ?5 AND session.epoch = ?6 THEN session.epoch"
                     " ELSE session.epoch + 1 END"
                     " WHERE (session.owner = ?5 AND session.epoch = ?6) OR NOT" OWNER_LIVES " RETURNING epoch",
    [RH_SQL_SEGMENT] = "INSERT INTO segment (session, seq, start_s, end_s, data)"
                       " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (session, seq) DO UPDATE"
                       " SET start_s = ?3, end_s = ?4, data = ?5",
    [RH_SQL_EVENT] = "INSERT INTO event (session, kind, start_s, end_s, data)"
                     " VALUES (?1, ?2, ?3, ?4, ?5)",
    [RH_SQL_SECOND] = "INSERT INTO second (session, t, data) VALUES (?1, ?2, ?3)"
                      " ON CONFLICT (session, t) DO UPDATE SET data = json_patch(second.data, ?3)",
    [RH_SQL_END] = "UPDATE session SET updated = ?1, state = 'done', duration_s = ?2,"
                   " error = NULL, report = coalesce(?3, report) WHERE id = ?4",
    [RH_SQL_MEDIA] = "UPDATE session SET media = ?1 WHERE id = ?2",
    [RH_SQL_LIST] = "SELECT " LIST_COLUMNS " FROM session"
                    " WHERE (CAST(?1 AS TEXT) IS NULL OR client = ?1) AND (created < ?2 OR (created = ?2 AND id < ?8))"
                    " AND (CAST(?4 AS TEXT) IS NULL OR session.meta ->> '$.question' = ?4)"
                    " AND (CAST(?5 AS TEXT) IS NULL OR person = ?5)"
                    " AND (CAST(?6 AS TEXT) IS NULL OR id IN"
                    " (SELECT share.session FROM share WHERE share.person = ?6 AND share.expires > ?7))"
                    " ORDER BY created DESC, id DESC LIMIT ?3",
    [RH_SQL_GET] =
        "SELECT " SESSION_COLUMNS ", report, media, (SELECT progress FROM job WHERE job.session = session.id)"
        " FROM session WHERE id = ?1",
    [RH_SQL_SEGMENTS] = "SELECT data, seq, start_s AS start, end_s AS \"end\" FROM segment"
                        " WHERE session = ?1 ORDER BY seq",
    [RH_SQL_EVENTS] = "SELECT data, kind, start_s AS start, end_s AS \"end\" FROM event"
                      " WHERE session = ?1 ORDER BY start_s, id",
    [RH_SQL_SECONDS] = "SELECT data, t FROM second WHERE session = ?1 ORDER BY t",
    [RH_SQL_DELETE] = "DELETE FROM session WHERE id = ?1 RETURNING media",
    [RH_SQL_OLDER] = "SELECT id FROM session WHERE updated < ?1 AND state IN ('done', 'failed')"
                     " ORDER BY updated",
    [RH_SQL_RECORDING] = "INSERT INTO session (id, created, updated, state, client, meta, person)"
                         " VALUES (?1, ?2, ?2, 'queued', ?3, ?4, coalesce(json(?4) ->> '$.person', ''))",
    [RH_SQL_ATTEMPT] = "UPDATE session SET attempts = attempts + 1, updated = ?1, owner = ?3,"
                       " epoch = epoch + 1 WHERE id = ?2"
                       " AND state = 'live' RETURNING attempts, epoch",
    [RH_SQL_CLEAR_SEGMENTS] = "DELETE FROM segment WHERE session = ?1",
    [RH_SQL_CLEAR_EVENTS] = "DELETE FROM event WHERE session = ?1",
    [RH_SQL_CLEAR_SECONDS] = "DELETE FROM second WHERE session = ?1",
    [RH_SQL_PUT_BACK] = "UPDATE session SET attempts = CASE WHEN attempts > ?1 THEN attempts - ?1 ELSE 0 END"
                        " WHERE id = ?2 AND state = 'live'",
    [RH_SQL_FAIL] = "UPDATE session SET updated = ?1, state = 'failed', error = ?2 WHERE id = ?3",
    [RH_SQL_REPORT_LLM] = "UPDATE session SET report = json_set(report, '$.llm', json(?1))"
                          " WHERE id = ?2 AND report IS NOT NULL",
    [RH_SQL_FILES] = "SELECT id, state, media FROM session UNION ALL"
                     " SELECT id, 'job', NULL FROM job WHERE session IS NULL AND state IN ('queued', 'running')"
                     " UNION ALL SELECT id, 'upload', NULL FROM upload WHERE kept < length",
    [RH_SQL_INTERVIEW_NEW] = "INSERT INTO interview (id, created, client, data, person)"
                             " SELECT ?1, ?2, ?3, ?4, coalesce(json(?4) ->> '$.person', '')"
                             " WHERE (SELECT count(*) FROM interview) < ?5",
    [RH_SQL_INTERVIEWS] =
        "SELECT json_remove(data, '$.job_ad', '$.cv'), id, created,"
        " (SELECT count(DISTINCT meta ->> '$.question_index') FROM session"
        "  WHERE meta ->> '$.interview' = interview.id AND state = 'done') AS answered,"
        " (SELECT avg(CAST(report -> '$.scores' ->> '$.overall' AS DOUBLE PRECISION)) FROM session"
        "  WHERE meta ->> '$.interview' = interview.id AND state = 'done') AS overall"
        " FROM interview WHERE (CAST(?1 AS TEXT) IS NULL OR client = ?1) AND (created < ?2 OR (created = ?2 AND id < ?5))"
        " AND (CAST(?4 AS TEXT) IS NULL OR person = ?4)"
        " ORDER BY created DESC, id DESC LIMIT ?3",
    [RH_SQL_INTERVIEW] = "SELECT data, id, created FROM interview WHERE id = ?1",
    [RH_SQL_INTERVIEW_SESSIONS] = "SELECT " LIST_COLUMNS " FROM session WHERE session.meta ->> '$.interview' = ?1"
                                  " ORDER BY created, id",
    [RH_SQL_INTERVIEW_DELETE] = "DELETE FROM interview WHERE id = ?1 RETURNING id",
    [RH_SQL_INTERVIEWS_OLDER] = "DELETE FROM interview WHERE created < ?1 AND NOT EXISTS"
                                " (SELECT 1 FROM session WHERE meta ->> '$.interview' = interview.id) RETURNING id",
    [RH_SQL_SESSION_THERE] = "SELECT 1 FROM session WHERE id = ?1",
    [RH_SQL_NOTE_NEW] = "INSERT INTO note (session, created, t, share, data) SELECT ?1, ?2, ?3, ?4, ?5"
                        " WHERE (SELECT count(*) FROM note WHERE session = ?1 AND share IS NOT DISTINCT FROM ?4) < ?6"
                        " RETURNING data, id, t, created, share",
    [RH_SQL_NOTES] = "SELECT data, id, t, created, share FROM note WHERE session = ?1 ORDER BY t, id",
    [RH_SQL_NOTE_DELETE] = "DELETE FROM note WHERE session = ?1 AND id = ?2"
                           " AND (CAST(?3 AS TEXT) IS NULL OR share = ?3) RETURNING id",
    [RH_SQL_GOAL_SET] = "INSERT INTO goal (client, created, data, person) SELECT ?1, ?2, ?3, ?5"
                        " WHERE (SELECT count(*) FROM goal WHERE client <> ?1 OR person <> ?5) < ?4"
                        " ON CONFLICT (person, client) DO UPDATE SET created = ?2, data = ?3 RETURNING data",
    [RH_SQL_GOAL_DELETE] = "DELETE FROM goal WHERE client = ?1 AND person = ?2 RETURNING client",
    [RH_SQL_GOALS] = "SELECT data, client, created, person FROM goal WHERE (CAST(?1 AS TEXT) IS NULL OR client = ?1)"
                     " AND (CAST(?2 AS TEXT) IS NULL OR person = ?2) ORDER BY person, client",
    [RH_SQL_SHARE_NEW] = "INSERT INTO share (id, session, hash, created, expires, data, person)"
                         " SELECT substr(?2, 1, 16), ?1, ?2, ?3, ?4, ?5, ?7"
                         " WHERE (SELECT count(*) FROM share WHERE session = ?1) < ?6"
                         " RETURNING data, id, created, expires, person",
    [RH_SQL_SHARES] = "SELECT data, id, created, expires, person FROM share WHERE session = ?1 AND expires > ?2"
                      " ORDER BY created, id",
    [RH_SQL_SHARE] = "SELECT data, id, session, hash, created, expires FROM share"
                     " WHERE id = ?1 AND expires > ?2 AND person IS NULL",
    [RH_SQL_SHARE_WITH] = "SELECT data, id, session, created, expires FROM share WHERE session = ?1"
                          " AND person = ?2 AND expires > ?3 ORDER BY expires DESC LIMIT 1",
    [RH_SQL_SESSION_PERSON] = "SELECT '{}', person FROM session WHERE id = ?1",
    [RH_SQL_INTERVIEW_PERSON] = "SELECT '{}', person FROM interview WHERE id = ?1",
    [RH_SQL_SHARE_DELETE] = "DELETE FROM share WHERE session = ?1 AND id = ?2 RETURNING id",
    [RH_SQL_HOLD] = "UPDATE session SET resume = ?1, acks = ?2 WHERE id = ?3",
    [RH_SQL_HELD] =
        "SELECT '{}', state, resume, acks, person, CASE WHEN owner <> ?2 AND" OWNER_LIVES " THEN 1 ELSE 0 END"
        " AS elsewhere FROM session WHERE id = ?1",
    [RH_SQL_TELL] = "INSERT INTO told (session, seq, data) VALUES (?1, ?2, ?3)"
                    " ON CONFLICT (session, seq) DO UPDATE SET data = ?3",
    [RH_SQL_TELL_SEGMENT] = "INSERT INTO segment (session, seq, start_s, end_s, data)"
                            " VALUES (?1, ?2, CAST(json(?3) ->> '$.start' AS DOUBLE PRECISION),"
                            " CAST(json(?3) ->> '$.end' AS DOUBLE PRECISION),"
                            " json_remove(json(?3), '$.seq', '$.type', '$.start', '$.end'))"
                            " ON CONFLICT (session, seq) DO UPDATE"
                            " SET start_s = excluded.start_s, end_s = excluded.end_s, data = excluded.data",
    [RH_SQL_TOLD] = "SELECT data FROM told WHERE session = ?1 ORDER BY seq",
    [RH_SQL_TOLD_FORGET] = "DELETE FROM told WHERE session IN"
                           " (SELECT id FROM session WHERE state <> 'live' AND updated < ?1)",
    [RH_SQL_BEAT] = "INSERT INTO node (id, name, started, beat) VALUES (?1, ?2, unixepoch(), unixepoch())"
                    " ON CONFLICT (id) DO UPDATE SET beat = unixepoch()",
    /* Dead at once; to clients of its sessions it is as if it had just been heard of. */
    [RH_SQL_LEAVE] = "UPDATE node SET beat = unixepoch() - 10 WHERE id = ?1",
    [RH_SQL_LEFT] = "DELETE FROM node WHERE id = ?1"
                    " AND NOT EXISTS (SELECT 1 FROM session WHERE owner = ?1 AND state = 'live')",
    [RH_SQL_BEATS_FORGET] = "DELETE FROM node WHERE beat < unixepoch() - 86400",
    /* Its row stays locked up to the end of the transaction, so that nobody takes the session meanwhile. */
    [RH_SQL_FENCE] = "UPDATE session SET updated = ?1 WHERE id = ?2 AND epoch = ?3",
    [RH_SQL_CLAIM] = "UPDATE session SET owner = ?2, epoch = epoch + 1 WHERE id = ?1 AND state = 'live'"
                     " AND (CAST(?3 AS INTEGER) < 0 OR epoch = ?3) RETURNING epoch",
    [RH_SQL_OWNED] = "SELECT id, epoch FROM session WHERE owner = ?1 AND state = 'live'",
    [RH_SQL_UNOWNED] = "SELECT '{}', session.id, session.epoch FROM session"
                       " LEFT JOIN node ON node.id = session.owner WHERE session.state = 'live'"
                       " AND (session.owner IS NULL OR session.owner <> ?1)"
                       " AND (node.beat IS NULL OR node.beat < unixepoch() - ?2) ORDER BY session.updated",
    /* Its end took the sound with it; what is on its way from then on is not to stay behind. */
    [RH_SQL_AUDIO] = "INSERT INTO audio (session, at, data)"
                     " SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM session WHERE id = ?1 AND state = 'live')"
                     " ON CONFLICT (session, at) DO UPDATE SET data = excluded.data",
    [RH_SQL_AUDIO_READ] = "SELECT at, data FROM audio WHERE session = ?1 AND at > ?2 ORDER BY at LIMIT ?3",
    [RH_SQL_AUDIO_CUT] = "DELETE FROM audio WHERE session = ?1 AND at >= ?2",
    [RH_SQL_SHARES_EXPIRE] = "DELETE FROM share WHERE expires <= ?1 RETURNING id",
    [RH_SQL_AUDIT] = "INSERT INTO audit (t, data) VALUES (?1, ?2)",
    [RH_SQL_AUDITS] = "SELECT data, CAST(id AS TEXT) AS id, t FROM audit WHERE (t < ?1 OR (t = ?1 AND audit.id < ?5))"
                      " AND (CAST(?3 AS TEXT) IS NULL OR coalesce(audit.data ->> '$.person', '') = ?3)"
                      " AND (CAST(?4 AS TEXT) IS NULL OR audit.data ->> '$.session' = ?4)"
                      " ORDER BY t DESC, audit.id DESC LIMIT ?2",
    [RH_SQL_AUDIT_FORGET] = "DELETE FROM audit WHERE t < ?1",
    [RH_SQL_JOB_ADD] = "INSERT INTO job (id, kind, state, session, created, due, data)"
                       " SELECT ?1, ?2, 'queued', ?3, unixepoch(), 0, ?4 WHERE ?5 >"
                       " (SELECT count(*) FROM job WHERE state IN ('queued', 'running'))",
    [RH_SQL_JOB_CLAIM] =
        "UPDATE job SET state = 'running', epoch = epoch + 1, attempts = attempts + 1, progress = 0,"
        " due = unixepoch() + ?1 WHERE id = (SELECT id FROM job WHERE state IN ('queued', 'running')"
        " AND due <= unixepoch() ORDER BY n LIMIT 1 /*+ FOR UPDATE SKIP LOCKED +*/)"
        " RETURNING coalesce((SELECT meta FROM session WHERE session.id = job.session), data),"
        " id AS job, kind AS job_kind, session AS job_session, attempts AS job_attempts, epoch AS job_epoch",
    [RH_SQL_JOB_BEAT] = "UPDATE job SET due = unixepoch() + ?1, progress = ?2"
                        " WHERE id = ?3 AND epoch = ?4 AND state = 'running'",
    [RH_SQL_JOB_PUT_BACK] = "UPDATE job SET state = 'queued', due = unixepoch() + ?1, progress = 0,"
                            " attempts = attempts - ?2 WHERE id = ?3 AND epoch = ?4 AND state = 'running'",
    [RH_SQL_JOB_DROP] = "DELETE FROM job WHERE id = ?1 AND epoch = ?2 AND state = 'running'",
    [RH_SQL_JOB_DROP_SESSION] = "DELETE FROM job WHERE session = ?1",
    [RH_SQL_JOB_ABANDON] = "UPDATE job SET due = 0 WHERE state = 'running'",
    [RH_SQL_JOBS_WAITING] = "SELECT count(*) FROM job WHERE state IN ('queued', 'running')",
    [RH_SQL_JOB_SESSION_TAKE] = "UPDATE session SET state = 'analysing', updated = ?1, owner = ?2, epoch = epoch + 1"
                                " WHERE id = ?3 AND state IN ('queued', 'analysing') RETURNING epoch",
    [RH_SQL_JOB_SESSION_STATE] = "UPDATE session SET state = ?1, updated = ?2"
                                 " WHERE id = ?3 AND state IN ('queued', 'analysing')",
    [RH_SQL_JOB_SESSION_FAIL] = "UPDATE session SET state = 'failed', error = ?1, updated = ?2"
                                " WHERE id = ?3 AND state IN ('queued', 'analysing')",
    [RH_SQL_JOB_RESULT] = "UPDATE job SET state = 'done', progress = 1, result = ?1, due = unixepoch()"
                          " WHERE id = ?2 AND epoch = ?3 AND state = 'running'",
    [RH_SQL_JOB_FAIL] = "UPDATE job SET state = 'failed', error = ?1, due = unixepoch()"
                        " WHERE id = ?2 AND epoch = ?3 AND state = 'running' AND session IS NULL",
    [RH_SQL_TRANSCRIPTION] = "SELECT data, id, state, created, due, progress, error, result FROM job"
                             " WHERE id = ?1 AND kind = 'transcription'",
    [RH_SQL_TRANSCRIPTIONS] = "SELECT data, id, state, created, due, progress, error FROM job"
                              " WHERE kind = 'transcription'"
                              " AND (CAST(?1 AS TEXT) IS NULL OR coalesce(job.data ->> '$.person', '') = ?1)"
                              " AND (CAST(?2 AS TEXT) IS NULL OR n < (SELECT n FROM job WHERE id = ?2))"
                              " ORDER BY n DESC LIMIT ?3",
    [RH_SQL_TRANSCRIPTIONS_OLDER] = "SELECT '{}', id FROM job WHERE kind = 'transcription'"
                                    " AND state IN ('done', 'failed') AND due < ?1",
    [RH_SQL_TRANSCRIPTION_DELETE] = "DELETE FROM job WHERE id = ?1 AND kind = 'transcription' RETURNING id",
    [RH_SQL_UPLOAD_NEW] =
        "INSERT INTO upload (id, length, expires, data, created, person)"
        " SELECT ?1, CAST(?2 AS INTEGER), unixepoch() + ?3, ?4, unixepoch(), coalesce(json(?4) ->> '$.person', '')"
        " WHERE (SELECT count(*) FROM upload WHERE kept < length) < ?5"
        " AND (SELECT coalesce(sum(length), 0) FROM upload WHERE kept < length) + CAST(?2 AS INTEGER) <= ?6",
    [RH_SQL_UPLOAD] = "SELECT data, id, person, length, kept, expires, expires - unixepoch() AS left_s FROM upload"
                      " WHERE id = ?1",
    [RH_SQL_UPLOAD_ADD] = "UPDATE upload SET kept = kept + ?1, expires = unixepoch() + ?2"
                          " WHERE id = ?3 AND kept = ?4",
    [RH_SQL_UPLOADS_EXPIRED] = "SELECT '{}', id FROM upload WHERE expires <= unixepoch()",
    [RH_SQL_UPLOAD_DELETE] = "DELETE FROM upload WHERE id = ?1 RETURNING CASE WHEN kept < length THEN 1 ELSE 0 END",
    [RH_SQL_MEDIA_NEW] = "INSERT INTO media (name, session, created) VALUES (?1, ?2, unixepoch())",
    [RH_SQL_MEDIA_PIECE] = "INSERT INTO media_piece (name, n, data) VALUES (?1, ?2, ?3)",
    [RH_SQL_MEDIA_APPEND] = "INSERT INTO media_piece (name, n, data) VALUES (?1, ?2, ?3)"
                            " ON CONFLICT (name, n) DO UPDATE SET data = media_piece.data || excluded.data",
    [RH_SQL_MEDIA_WHOLE] = "UPDATE media SET size = ?2 WHERE name = ?1",
    [RH_SQL_MEDIA_LOOK] = "SELECT '{}', size, created FROM media WHERE name = ?1 AND size IS NOT NULL",
    [RH_SQL_MEDIA_READ] = "SELECT data FROM media_piece WHERE name = ?1 AND n = ?2",
    [RH_SQL_MEDIA_REMOVE] = "DELETE FROM media WHERE name = ?1",
    [RH_SQL_MEDIA_REMOVE_SESSION] = "DELETE FROM media WHERE session = ?1",
    [RH_SQL_MEDIA_SWEEP] = "DELETE FROM media WHERE created < unixepoch() - 86400"
                           " AND NOT EXISTS (SELECT 1 FROM session WHERE session.id = media.session)"
                           " AND NOT EXISTS (SELECT 1 FROM job WHERE job.id = media.session"
                           " AND job.state IN ('queued', 'running'))"
                           " AND NOT EXISTS (SELECT 1 FROM upload WHERE upload.id = media.session AND kept < length)",
    [RH_SQL_COPYING] = "SELECT source FROM copying",
    [RH_SQL_COPY_BEGIN] = "INSERT INTO copying (one, source, begun) VALUES (1, ?1, unixepoch())",
    [RH_SQL_COPY_END] = "DELETE FROM copying",
    [RH_SQL_NODES_ALIVE] = "SELECT name FROM node WHERE beat > unixepoch() - 10",
};
