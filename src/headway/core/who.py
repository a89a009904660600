"""Who acts, for the journal."""

from __future__ import annotations

import getpass
import os


def who() -> str:
    """`HEADWAY_USER` when it is set, else the login name, else the user's number."""
    named = os.environ.get("HEADWAY_USER")
    if named:
        return named
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid {os.getuid()}"
