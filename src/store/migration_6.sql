-- Version 6: whose rows are, where several people share a server; '' is nobody by name.
ALTER TABLE session ADD COLUMN person TEXT NOT NULL DEFAULT '';    -- meta.person
ALTER TABLE interview ADD COLUMN person TEXT NOT NULL DEFAULT '';  -- data.person
ALTER TABLE share ADD COLUMN person TEXT;                          -- the mentor it is for; NULL: whoever has the link
CREATE TABLE goal_of (
    person TEXT NOT NULL,
    client TEXT NOT NULL,
    created REAL NOT NULL,             -- Unix time
    data TEXT NOT NULL,                -- JSON object: measure, low, high
    PRIMARY KEY (person, client)
) STRICT, WITHOUT ROWID;
INSERT INTO goal_of (person, client, created, data) SELECT '', client, created, data FROM goal;
DROP TABLE goal;
ALTER TABLE goal_of RENAME TO goal;
CREATE INDEX session_by_person ON session (person, created);
CREATE INDEX interview_by_person ON interview (person, created);
CREATE INDEX share_by_person ON share (person, expires);
