-- Version 12: recordings that come bit by bit, from a client that may come back.
CREATE TABLE upload (
    id TEXT PRIMARY KEY,               -- also that of the session or the transcription that it becomes
    person TEXT NOT NULL,              -- whose it is; '' is nobody by name
    created REAL NOT NULL,             -- Unix time by the database's clock, as the next one
    expires REAL NOT NULL,             -- then it goes
    length INTEGER NOT NULL,           -- bytes
    kept INTEGER NOT NULL DEFAULT 0,   -- of them, from the first on; all of them: it has become what it is for
    data TEXT NOT NULL                 -- JSON object: what it is for, and how that is to be done
) STRICT;
