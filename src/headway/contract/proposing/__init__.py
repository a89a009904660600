"""A contract proposed from what a table looks like."""
