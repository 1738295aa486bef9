-- Version 3: interviews. A session of one names it in its meta: interview, question_index, follow_up.
CREATE TABLE interview (
    id TEXT PRIMARY KEY,
    created REAL NOT NULL,             -- Unix time
    client TEXT,
    data TEXT NOT NULL                 -- JSON object: role, plan, what was pasted
) STRICT;
CREATE INDEX interview_by_client ON interview (client, created);
CREATE INDEX session_by_interview ON session (meta ->> '$.interview');
