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


def matching(root: Path, pattern: str, seen: Seen | None = None, lost: Seen | None = None) -> list[Path]:
    """Files below `root` that match a relative pattern, sorted; hidden files and folders do not count.

    Args:
        root: Where the pattern begins; unless it is absolute.
        pattern: As a shell has it; `**` stands for any number of folders.
        seen: Told every folder that was listed.
        lost: Told every link that matches and leads nowhere.
    """
    start, parts = beginning(root / pattern)
    wanted = re.compile(_expression(parts))
    depth = None if "**" in parts else len(parts) - 1
    links: list[str] = []
    found = [start / name for name in below(start, seen, depth, links.append) if wanted.fullmatch(name)]
    if lost is not None:
        for name in filter(wanted.fullmatch, sorted(links)):
            lost(str(start / name))
    return found


def beginning(pattern: Path) -> tuple[Path, tuple[str, ...]]:
    """The folder in which a pattern begins to be one, and its parts from there."""
    parts = pattern.parts
    plain = next(index for index, part in enumerate(parts) if is_pattern(part))
    return Path(*parts[:plain]), parts[plain:]


def below(
    folder: Path, seen: Seen | None = None, depth: int | None = None, lost: Seen | None = None
) -> list[str]:
    """Relative names of the files below a folder, sorted; links are followed, each folder once.

    Args:
        folder: Where to look; one that is not there has no files.
        seen: Told every folder that was listed.
        depth: How many folders down to look; None for all.
        lost: Told the relative name of every link that leads nowhere.
    """
    return sorted(_walk(folder, seen, depth, lost or _nobody))


def _nobody(_: str) -> None:
    """Hears, and does nothing."""


def _walk(top: Path, seen: Seen | None, depth: int | None, lost: Seen) -> Iterator[str]:
    entered: set[tuple[int, int]] = set()
    waiting = [("", 0)]
    while waiting:
        prefix, level = waiting.pop()
        folder = os.path.join(top, prefix[:-1]) if prefix else str(top)  # noqa: PTH118 -- names come as text
        try:
            with os.scandir(folder) as listed:
                entries = [entry for entry in listed if not entry.name.startswith(".")]
        except OSError:
            continue  # not there, not a folder, or not to be looked into
        found = os.stat(folder)  # noqa: PTH116 -- as above
        if (found.st_dev, found.st_ino) in entered:
            continue
        entered.add((found.st_dev, found.st_ino))
        if seen is not None:
            seen(folder)
        folders = []
        for entry in entries:  # what the folder says of an entry spares a stat of each
            if _is(entry.is_file):
                yield prefix + entry.name
            elif _is(entry.is_dir):
                if level != depth and not entry.name.startswith("__pycache__"):
                    folders.append(entry.name)
            elif entry.is_symlink() and not os.path.exists(entry.path):  # noqa: PTH110 -- as above
                lost(prefix + entry.name)
        waiting += [(f"{prefix}{name}/", level + 1) for name in sorted(folders, reverse=True)]


def _is(ask: Callable[[], bool]) -> bool:
    try:
        return ask()
    except OSError:  # a link to itself
        return False


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
