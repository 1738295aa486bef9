-- Version 4: notes on moments, goals, and links by which others may see a report.
CREATE TABLE share (
    id TEXT PRIMARY KEY,               -- of the hash of its token
    session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    hash TEXT NOT NULL,                -- SHA-256 of the token, in hexadecimal; the token itself is kept nowhere
    created REAL NOT NULL,             -- Unix time
    expires REAL NOT NULL,
    data TEXT NOT NULL                 -- JSON object: comments, sound
) STRICT;
CREATE INDEX share_by_session ON share (session, created);
CREATE TABLE note (
    id INTEGER PRIMARY KEY,
    session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    created REAL NOT NULL,             -- Unix time
    t REAL NOT NULL,                   -- seconds from the start of the session
    share TEXT,                        -- the link by which it came, which may have gone since; NULL: the person's own
    data TEXT NOT NULL                 -- JSON object: text, author
) STRICT;
CREATE INDEX note_by_session ON note (session, t);
CREATE TABLE goal (
    client TEXT PRIMARY KEY,
    created REAL NOT NULL,             -- Unix time
    data TEXT NOT NULL                 -- JSON object: measure, low, high
) STRICT, WITHOUT ROWID;
