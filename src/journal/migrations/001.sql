-- Entries as JSON text, one after another, each with the hash that ties it to the one before. What is searched is computed
-- from the text, so that it cannot say anything else.
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY,
    body TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    at TEXT NOT NULL AS (body ->> '$.at') VIRTUAL,
    kind TEXT NOT NULL AS (body ->> '$.what.kind') VIRTUAL,
    integrator TEXT AS (body ->> '$.caller.integrator') VIRTUAL,
    site TEXT AS (body ->> '$.site') VIRTUAL,
    query TEXT AS (body ->> '$.query') VIRTUAL
) STRICT;

CREATE INDEX entries_at ON entries (at);
CREATE INDEX entries_integrator ON entries (integrator, at);
CREATE INDEX entries_site ON entries (site, at);
CREATE INDEX entries_immediate ON entries (query) WHERE kind = 'immediate';

-- Where the chain begins: the number of its first entry, and the hash of the one before, which is there no more.
CREATE TABLE chain (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    first INTEGER NOT NULL,
    before BLOB NOT NULL CHECK (length(before) = 32)
) STRICT;
INSERT INTO chain VALUES (1, 1, zeroblob(32));

CREATE TRIGGER entries_follow BEFORE INSERT ON entries
WHEN NEW.seq IS NOT 1 + coalesce((SELECT max(seq) FROM entries), (SELECT first - 1 FROM chain))
BEGIN SELECT RAISE(ABORT, 'an entry of the journal follows the last one'); END;

CREATE TRIGGER entries_stay BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'an entry of the journal is never changed'); END;

-- An entry goes when the chain begins after it.
CREATE TRIGGER entries_go_first BEFORE DELETE ON entries
WHEN OLD.seq >= (SELECT first FROM chain)
BEGIN SELECT RAISE(ABORT, 'an entry of the journal goes with its retention alone'); END;

CREATE TRIGGER chain_goes_on BEFORE UPDATE ON chain
WHEN NEW.first <= OLD.first OR NEW.before IS NOT (SELECT hash FROM entries WHERE seq = NEW.first - 1)
BEGIN SELECT RAISE(ABORT, 'the journal begins with an entry that it has'); END;

CREATE TRIGGER chain_stays BEFORE DELETE ON chain
BEGIN SELECT RAISE(ABORT, 'the journal has a beginning'); END;
