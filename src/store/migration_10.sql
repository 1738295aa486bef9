-- Version 10: files of sessions, where the database is shared; else they are in a folder.
CREATE TABLE media (
    name TEXT PRIMARY KEY,             -- as the file would be called
    session TEXT NOT NULL,             -- whose it is; it may come before its session
    created REAL NOT NULL,             -- Unix time by the database's clock
    size INTEGER                       -- bytes; NULL: it is being written
) STRICT;
CREATE INDEX media_by_session ON media (session);
CREATE TABLE media_piece (
    name TEXT NOT NULL REFERENCES media (name) ON DELETE CASCADE,
    n INTEGER NOT NULL,                -- from 0 on
    data BLOB NOT NULL,                -- 1 MB but for the last
    PRIMARY KEY (name, n)
) STRICT;
