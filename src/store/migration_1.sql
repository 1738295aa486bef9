-- Version 1. A later version adds a file of its own and a row in migrations[].
CREATE TABLE session (
    id TEXT PRIMARY KEY,
    created REAL NOT NULL,             -- Unix time
    updated REAL NOT NULL,
    state TEXT NOT NULL,               -- live, done
    duration_s REAL NOT NULL DEFAULT 0,
    client TEXT,                       -- meta.client, for the trend of one person
    meta TEXT NOT NULL DEFAULT '{}',   -- JSON object
    report TEXT,                       -- JSON object
    media TEXT                         -- file name beside the database
) STRICT;
CREATE INDEX session_by_client ON session (client, created);
CREATE TABLE segment (
    session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    start_s REAL NOT NULL,
    end_s REAL NOT NULL,
    data TEXT NOT NULL,                -- JSON: text, words
    PRIMARY KEY (session, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    start_s REAL NOT NULL,
    end_s REAL NOT NULL,
    data TEXT NOT NULL
) STRICT;
CREATE INDEX event_by_session ON event (session, start_s);
CREATE TABLE second (
    session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    t INTEGER NOT NULL,                -- seconds from the start
    data TEXT NOT NULL,                -- JSON object of measures
    PRIMARY KEY (session, t)
) STRICT, WITHOUT ROWID;
