-- One append-only table of facts, and what is derived from it for look-up.

CREATE TABLE fact (
    seq  INTEGER PRIMARY KEY,
    id   TEXT NOT NULL UNIQUE,
    at   TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX fact_kind ON fact (kind, seq);

CREATE TRIGGER fact_is_never_changed BEFORE UPDATE ON fact
BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END;
CREATE TRIGGER fact_is_never_deleted BEFORE DELETE ON fact
BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END;

-- Where a fact is looked up: by execution key, node, artifact, environment.
CREATE TABLE execution (
    seq    INTEGER PRIMARY KEY REFERENCES fact (seq),
    node   TEXT NOT NULL,
    key    TEXT NOT NULL,
    output TEXT,
    run    TEXT NOT NULL
);
CREATE INDEX execution_key ON execution (key, seq);
CREATE INDEX execution_node ON execution (node, seq);
CREATE INDEX execution_output ON execution (output, seq);

CREATE TABLE input (
    digest TEXT NOT NULL,
    seq    INTEGER NOT NULL REFERENCES fact (seq),
    PRIMARY KEY (digest, seq)
) WITHOUT ROWID;

CREATE TABLE artifact (
    digest TEXT PRIMARY KEY,
    seq    INTEGER NOT NULL REFERENCES fact (seq)
) WITHOUT ROWID;

CREATE TABLE evidence (
    seq   INTEGER PRIMARY KEY REFERENCES fact (seq),
    about TEXT NOT NULL
);
CREATE INDEX evidence_about ON evidence (about, seq);

-- The journal: every move of pointers, each row chained to the one before by its hash.
CREATE TABLE journal (
    seq         INTEGER PRIMARY KEY REFERENCES fact (seq),
    environment TEXT NOT NULL,
    revision    INTEGER NOT NULL,
    previous    TEXT NOT NULL,
    hash        TEXT NOT NULL,
    UNIQUE (environment, revision)
);
CREATE TABLE pointed (
    digest TEXT NOT NULL,
    seq    INTEGER NOT NULL REFERENCES journal (seq),
    PRIMARY KEY (digest, seq)
) WITHOUT ROWID;

CREATE TRIGGER journal_is_never_changed BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_is_never_deleted BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

-- What the journal adds up to.
CREATE TABLE environment (
    name     TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    head     TEXT NOT NULL,
    holds    TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE pointer (
    environment TEXT NOT NULL,
    node        TEXT NOT NULL,
    digest      TEXT NOT NULL,
    PRIMARY KEY (environment, node)
) WITHOUT ROWID;
