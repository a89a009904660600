"""The files that a path stands for: itself, all below a folder, or all that match a pattern. Lists once."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

_MAGIC = re.compile(r"[*?\[]")
Seen = Callable[[str], None]


def is_pattern(path: str) -> bool:
    """Whether a path stands for all files that match it (`*`, `?`, `[a-c]`, and `**` for any folders)."""
    return _MAGIC.search(path) is not None


def matching(root: Path, pattern: str, seen: Seen | None = None) -> list[Path]:
    """Files below `root` that match a relative pattern, sorted; hidden files and folders do not count.

    Args:
        root: Where the pattern begins; unless it is absolute.
        pattern: As a shell has it; `**` stands for any number of folders.
        seen: Told every folder that was listed.
    """
    start, parts = beginning(root / pattern)
    wanted = re.compile(_expression(parts))
    depth = None if "**" in parts else len(parts) - 1
    return [start / name for name in below(start, seen, depth) if wanted.fullmatch(name)]


def beginning(pattern: Path) -> tuple[Path, tuple[str, ...]]:
    """The folder in which a pattern begins to be one, and its parts from there."""
    parts = pattern.parts
    plain = next(index for index, part in enumerate(parts) if is_pattern(part))
    return Path(*parts[:plain]), parts[plain:]


def below(folder: Path, seen: Seen | None = None, depth: int | None = None) -> list[str]:
    """Relative names of the files below a folder, sorted; links are followed, each folder once.

    Args:
        folder: Where to look; one that is not there has no files.
        seen: Told every folder that was listed.
        depth: How many folders down to look; None for all.
    """
    return sorted(_walk(folder, seen, depth))


def _walk(top: Path, seen: Seen | None, depth: int | None) -> Iterator[str]:
    entered: set[tuple[int, int]] = set()
    prefix = len(str(top)) + 1
    for folder, folders, files in os.walk(top, followlinks=True):
        found = os.stat(folder)  # noqa: PTH116 -- names come as text here, a thousand at a time
        if (found.st_dev, found.st_ino) in entered:
            folders.clear()
            continue
        entered.add((found.st_dev, found.st_ino))
        if seen is not None:
            seen(folder)
        level = folder[prefix:].count("/") + 1 if folder[prefix:] else 0
        here = [] if level == depth else sorted(folders)
        folders[:] = [name for name in here if not name.startswith((".", "__pycache__"))]
        for name in files:
            path = os.path.join(folder, name)  # noqa: PTH118 -- as above
            if not name.startswith(".") and os.path.isfile(path):  # noqa: PTH113 -- as above
                yield path[prefix:]


def _expression(parts: tuple[str, ...]) -> str:
    """A pattern's parts as a regular expression on names with `/`."""
    written = []
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "**":
            written.append(r"(?:[^/]+/)*" + ("[^/]+" if last else ""))
        else:
            written.append(_one(part) + ("" if last else "/"))
    return "".join(written)


def _one(part: str) -> str:
    found, place = "", 0
    while place < len(part):
        mark = part[place]
        close = part.find("]", place + 2)
        if mark == "[" and close > 0:
            inner = part[place + 1 : close].replace("\\", r"\\")
            found += f"[{'^' + inner[1:] if inner.startswith('!') else inner}]"
            place = close
        else:
            found += {"*": "[^/]*", "?": "[^/]"}.get(mark, re.escape(mark))
        place += 1
    return found
