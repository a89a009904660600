-- The hash chain of every commit, not of moves alone: one row for the newest fact of each.
CREATE TABLE link (
    seq  INTEGER PRIMARY KEY REFERENCES fact (seq),
    hash TEXT NOT NULL
);

CREATE TRIGGER link_is_never_changed BEFORE UPDATE ON link
BEGIN SELECT RAISE(ABORT, 'the chain is append-only'); END;
CREATE TRIGGER link_is_never_deleted BEFORE DELETE ON link
BEGIN SELECT RAISE(ABORT, 'the chain is append-only'); END;
