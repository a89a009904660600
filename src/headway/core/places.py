"""Places in files as people name them: relative to where they stand."""

from __future__ import annotations

from pathlib import Path


def shown(file: str | Path) -> str:
    """A path relative to the current directory when it lies below it, else as it is."""
    path = Path(file)
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)
