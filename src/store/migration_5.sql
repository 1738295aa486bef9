-- Version 5: what a live session tells its client by number, and by what token the client comes back.
ALTER TABLE session ADD COLUMN resume TEXT;                      -- SHA-256 of the token, in hexadecimal
ALTER TABLE session ADD COLUMN acks INTEGER NOT NULL DEFAULT 0;  -- its client is told what is on the disk
CREATE TABLE told (
    session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,              -- from 1 on
    data TEXT NOT NULL,                -- JSON object: the event as it was sent
    PRIMARY KEY (session, seq)
) STRICT, WITHOUT ROWID;
