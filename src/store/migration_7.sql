-- Version 7: who read, deleted, exported and shared what, for a time.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    t REAL NOT NULL,                   -- Unix time
    data TEXT NOT NULL                 -- JSON object: person, role, what, session, address
) STRICT;
CREATE INDEX audit_by_time ON audit (t);
