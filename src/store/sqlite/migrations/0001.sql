-- Ids are the 16 bytes of their GUIDs, moments are milliseconds since 1970 in UTC, spans of time are nanoseconds.
-- What is named `sealed_…` opens with the store's key, for its row and column alone.

CREATE TABLE integrators (
    id         BLOB PRIMARY KEY NOT NULL,
    name       TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    rate       INTEGER,
    addresses  TEXT NOT NULL, -- `192.0.2.0/24 2001:db8::/32`
    disabled   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE keys (
    id          BLOB PRIMARY KEY NOT NULL,
    integrator  BLOB NOT NULL REFERENCES integrators (id) ON DELETE CASCADE,
    environment TEXT NOT NULL,
    hash        BLOB NOT NULL UNIQUE,
    ends        TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER,
    revoked_at  INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX keys_of_integrators ON keys (integrator);

CREATE TABLE pairings (
    integrator  BLOB NOT NULL REFERENCES integrators (id) ON DELETE CASCADE,
    environment TEXT NOT NULL,
    site        BLOB NOT NULL,
    enabled     INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL,
    PRIMARY KEY (integrator, environment, site)
) STRICT, WITHOUT ROWID;

CREATE TABLE logins (
    integrator      BLOB NOT NULL REFERENCES integrators (id) ON DELETE CASCADE,
    at              TEXT NOT NULL, -- `site:<guid>` or `product:<name>`
    sealed_login    BLOB NOT NULL,
    PRIMARY KEY (integrator, at)
) STRICT, WITHOUT ROWID;

CREATE TABLE webhooks (
    integrator    BLOB NOT NULL REFERENCES integrators (id) ON DELETE CASCADE,
    environment   TEXT NOT NULL,
    url           TEXT NOT NULL,
    sealed_secret BLOB NOT NULL,
    disabled      INTEGER NOT NULL,
    PRIMARY KEY (integrator, environment)
) STRICT, WITHOUT ROWID;

CREATE TABLE pairing_codes (
    hash       BLOB PRIMARY KEY NOT NULL,
    site       BLOB NOT NULL,
    integrator BLOB REFERENCES integrators (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX pairing_codes_of_integrators ON pairing_codes (integrator);

CREATE TABLE authoritative (
    site BLOB PRIMARY KEY NOT NULL
) STRICT, WITHOUT ROWID;

-- One row: how often the tables above were changed.
CREATE TABLE directory (
    version INTEGER NOT NULL
) STRICT;
INSERT INTO directory (version) VALUES (1);

CREATE TABLE own_secrets (
    name          TEXT PRIMARY KEY NOT NULL,
    sealed_secret BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE queries (
    number            INTEGER PRIMARY KEY AUTOINCREMENT, -- older ones have smaller ones
    id                BLOB NOT NULL UNIQUE,
    integrator        BLOB NOT NULL,
    environment       TEXT NOT NULL,
    site              BLOB NOT NULL,
    device            TEXT,
    mode              TEXT NOT NULL,
    status            TEXT NOT NULL,
    -- What the status comes to: it waits, is at work, or has ended.
    stage             TEXT NOT NULL CHECK (stage IN ('waits', 'works', 'ended')),
    max_time_in_queue INTEGER NOT NULL,
    command_size      INTEGER NOT NULL,
    request_size      INTEGER NOT NULL,
    sql_query_size    INTEGER NOT NULL,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    completed_at      INTEGER,
    timing            TEXT NOT NULL,
    may_write         INTEGER, -- of one that is at work
    execution         INTEGER,
    error_type        TEXT,
    error_code        INTEGER,
    sealed_error      BLOB,
    rows              INTEGER, -- of a successful one
    size              INTEGER,
    rows_affected     INTEGER,
    sealed_parameters BLOB,
    expires_at        INTEGER,
    sealed_page_key   BLOB, -- gone when the pages are over
    sealed_call       BLOB -- gone when it has ended
) STRICT;
CREATE INDEX queries_of_integrators ON queries (integrator);
CREATE INDEX queries_waiting ON queries (number) WHERE stage = 'waits';
CREATE INDEX queries_at_work ON queries (number) WHERE stage = 'works';
CREATE INDEX queries_over ON queries (expires_at) WHERE stage = 'ended';
CREATE INDEX queries_with_pages_over ON queries (expires_at) WHERE stage = 'ended' AND sealed_page_key IS NOT NULL;

-- A page's rows are in the file `pages/<query>/<number>`, sealed with the query's own key.
CREATE TABLE pages (
    query  BLOB NOT NULL REFERENCES queries (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    status TEXT NOT NULL,
    size   INTEGER NOT NULL,
    count  INTEGER NOT NULL,
    first  INTEGER NOT NULL,
    PRIMARY KEY (query, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE registered (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    id           BLOB NOT NULL UNIQUE,
    integrator   BLOB NOT NULL,
    environment  TEXT NOT NULL,
    site         BLOB NOT NULL,
    device       TEXT,
    name         TEXT NOT NULL,
    status       TEXT NOT NULL,
    frequency    INTEGER NOT NULL,
    duration     INTEGER NOT NULL,
    last_hash    TEXT,
    error_type   TEXT,
    error_code   INTEGER,
    sealed_error BLOB,
    metrics      TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    completed_at INTEGER,
    next_at      INTEGER NOT NULL,
    at_work      INTEGER NOT NULL DEFAULT 0,
    may_write    INTEGER, -- of a run that has begun
    sealed_call  BLOB -- gone when it has ended
) STRICT;
CREATE INDEX registered_of_scopes ON registered (integrator, site);
CREATE INDEX registered_due ON registered (next_at) WHERE status = 'enabled' AND at_work = 0;
CREATE INDEX registered_at_work ON registered (at_work) WHERE at_work = 1;
CREATE INDEX registered_over ON registered (completed_at) WHERE completed_at IS NOT NULL;

CREATE TABLE registered_results (
    id                BLOB PRIMARY KEY NOT NULL REFERENCES registered (id) ON DELETE CASCADE,
    rows              INTEGER NOT NULL,
    sealed_data       BLOB NOT NULL,
    sealed_parameters BLOB NOT NULL
) STRICT;

CREATE TABLE deliveries (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    id           BLOB NOT NULL UNIQUE,
    integrator   BLOB NOT NULL,
    environment  TEXT NOT NULL,
    site         BLOB NOT NULL,
    query        BLOB NOT NULL,
    source       TEXT NOT NULL,
    occurred_at  INTEGER NOT NULL,
    status       TEXT NOT NULL,
    attempts     INTEGER NOT NULL,
    next_at      INTEGER NOT NULL,
    last_status  INTEGER,
    last_problem TEXT,
    finished_at  INTEGER
) STRICT;
CREATE INDEX deliveries_of_integrators ON deliveries (integrator, number);
CREATE INDEX deliveries_due_to_receivers ON deliveries (integrator, environment, next_at) WHERE status = 'pending';
CREATE INDEX deliveries_due ON deliveries (next_at) WHERE status = 'pending';
CREATE INDEX deliveries_over ON deliveries (finished_at) WHERE finished_at IS NOT NULL;
