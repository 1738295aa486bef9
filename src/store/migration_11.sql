-- Version 11: whose copy this store is to become. A row: it is not whole yet, and nobody is to use it.
CREATE TABLE copying (
    one INTEGER PRIMARY KEY,           -- 1
    source TEXT NOT NULL,              -- as its database is told from others
    begun REAL NOT NULL                -- Unix time
) STRICT;
