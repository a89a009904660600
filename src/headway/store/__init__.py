"""Where bytes and facts live, behind narrow ports; the embedded store is files and SQLite."""
