"""One call of every constructor in `headway.errors.store`."""

from headway.errors import store

EXAMPLES = {
    "not_written": lambda: store.not_written(".headway/blobs", "No space left on device"),
    "not_read": lambda: store.not_read(".headway/blobs/ab/cd", "Permission denied"),
    "blob_is_missing": lambda: store.blob_is_missing("ab" * 32),
    "blob_is_changed": lambda: store.blob_is_changed("ab" * 32),
    "ledger_fails": lambda: store.ledger_fails(".headway/ledger.db", OSError("database is locked")),
    "ledger_is_newer": lambda: store.ledger_is_newer(".headway/ledger.db", 3, 1),
    "ambiguous_prefix": lambda: store.ambiguous_prefix("abcdef", ["abcdef01 model.a", "abcdef02 model.b"]),
    "environment_moved": lambda: store.environment_moved("prod", 4, 5),
    "pointer_moved": lambda: store.pointer_moved("prod", "model.delay"),
    "lease_is_held": lambda: store.lease_is_held(
        "environment-prod", "ci: apply, process 7, since 2026-03-01T00:00:00Z"
    ),
    "journal_is_broken": lambda: store.journal_is_broken(12, "its content or its place was changed"),
    "pointers_differ": lambda: store.pointers_differ("prod"),
    "fact_is_unreadable": lambda: store.fact_is_unreadable(7),
    "ledger_is_damaged": lambda: store.ledger_is_damaged(".headway/ledger.db"),
    "key_fails": lambda: store.key_fails(".headway/key", "Permission denied"),
    "ledger_lost_its_end": lambda: store.ledger_lost_its_end(57, 41),
}
