-- Version 8: work that no client waits for. Who claims it does it; it is in the table until it is done.
CREATE TABLE job (
    n INTEGER PRIMARY KEY,             -- first come, first served
    id TEXT NOT NULL UNIQUE,           -- that of its session, or its own
    kind TEXT NOT NULL,                -- recording, transcription
    state TEXT NOT NULL,               -- queued, running; of those that have a result also done, failed
    session TEXT REFERENCES session (id) ON DELETE CASCADE, -- NULL: of none
    created REAL NOT NULL,             -- Unix time by the database's clock, as the next one
    due REAL NOT NULL,                 -- queued: not before; running: then it is anybody's again; else: since then it has been over
    epoch INTEGER NOT NULL DEFAULT 0,  -- counts claims: who writes with an old one has lost it
    attempts INTEGER NOT NULL DEFAULT 0,
    progress REAL NOT NULL DEFAULT 0,  -- [0,1]
    data TEXT NOT NULL,                -- JSON object: how it is to be done; of a session that is its meta
    result TEXT,
    error TEXT                         -- why it failed
) STRICT;
CREATE INDEX job_by_due ON job (due);
CREATE INDEX job_by_session ON job (session);
INSERT INTO job (id, kind, state, session, created, due, attempts, data)
    SELECT id, 'recording', 'queued', id, created, 0, attempts, '{}' FROM session
    WHERE recording IS NOT NULL AND state IN ('queued', 'analysing') ORDER BY created;
UPDATE session SET state = 'queued', attempts = 0 WHERE recording IS NOT NULL AND state IN ('queued', 'analysing');
ALTER TABLE session DROP COLUMN recording;
