-- Version 9: several servers on one database: which there are, and which of them has a session.
CREATE TABLE node (
    id TEXT PRIMARY KEY,               -- of one run of a server
    name TEXT NOT NULL,                -- host:port
    started REAL NOT NULL,             -- by the clock of the database,
    beat REAL NOT NULL                 -- and so is this: when it was heard of last
) STRICT, WITHOUT ROWID;
ALTER TABLE session ADD COLUMN owner TEXT;                        -- the node that has it, or had it last
ALTER TABLE session ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;  -- how often it was taken; a write of an older one is none
CREATE INDEX session_live ON session (owner) WHERE state = 'live';
-- The sound of sessions that run, where the database is shared; else it is in files.
CREATE TABLE audio (
    session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,               -- its first sample, at 16 kHz from the start
    data BLOB NOT NULL,                -- samples of 16 bits, a second at most
    PRIMARY KEY (session, at)
) STRICT;
