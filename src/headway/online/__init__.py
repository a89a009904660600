"""Packed feature rows for look-up at request time."""
