-- How far the spool was taken in: the first line of its file, and the bytes.
CREATE TABLE spool (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL,
    read INTEGER NOT NULL
) STRICT;
INSERT INTO spool VALUES (1, '', 0);
