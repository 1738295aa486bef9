-- Version 2: recordings that wait for their analysis, and what became of those that failed.
-- state: also queued, analysing, failed
ALTER TABLE session ADD COLUMN recording TEXT;                        -- file in media/ still to be analysed
ALTER TABLE session ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;   -- analyses begun and not ended
ALTER TABLE session ADD COLUMN error TEXT;                            -- why it failed
