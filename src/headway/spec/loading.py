"""What `load:` says: where the rows are, how they are written, which options fit. Pure text, no reading."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from headway.spec.product import Source

Place = Literal["function", "file", "web", "postgresql", "sqlite", "remote", "nowhere"]
Format = Literal["parquet", "csv", "json_lines", "json", "delta"]

_FUNCTION = re.compile(r"^[^\W\d][\w.]*:[^\W\d]\w*$")
_SUFFIXES: dict[str, Format] = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".jsonl": "json_lines",
    ".ndjson": "json_lines",
    ".json": "json",
    ".delta": "delta",
}
FORMATS: tuple[Format, ...] = ("parquet", "csv", "json_lines", "json", "delta")
"""How rows may be written in files."""

_DATABASE = {
    "query": "a SELECT whose rows are read",
    "table": "a table whose rows are read",
    "chunk": "rows that are fetched at once",
}
_BY_PLACE: dict[Place, dict[str, str]] = {
    "file": {},
    "web": {
        "headers": "a mapping of header names to texts or `{secret: NAME}`",
        "timeout": "a duration such as `30s`",
        "max_size": "a size such as `1 GiB`",
    },
    "postgresql": _DATABASE | {"password": "`{secret: NAME}`", "timeout": "a duration such as `30s`"},
    "sqlite": _DATABASE,
    "remote": {"storage": "a mapping that the file system of the URL takes"},
}
_BY_FORMAT: dict[Format, dict[str, str]] = {
    "csv": {
        "separator": "one character",
        "quote": "one character, or null",
        "null_values": "a list of texts that mean missing",
    },
    "delta": {"version": "the number of a table version", "storage": "a mapping that the object store takes"},
}
_FORMAT = {"format": f"one of {', '.join(FORMATS)}"}


class Loading(NamedTuple):
    """Where a source's rows are, and how they are written.

    Attributes:
        place: `nowhere` when `load:` names nothing that can be read.
        format: None for functions and databases, and where neither the name nor an option says it.
        gzipped: Whether the name ends with `.gz`.
    """

    place: Place
    format: Format | None = None
    gzipped: bool = False

    @property
    def has_files(self) -> bool:
        """Whether the rows are in files, here or elsewhere."""
        return self.place in ("file", "web", "remote")

    @property
    def options(self) -> dict[str, str] | None:
        """Option -> what it takes; None for functions, which take any."""
        if self.place in ("function", "nowhere"):
            return None
        own = _BY_PLACE[self.place] | (_BY_FORMAT.get(self.format, {}) if self.format else {})
        return own | (_FORMAT if self.has_files else {})


def loading(source: Source) -> Loading:
    """What a source's `load:` and its option `format` say."""
    place = _place(source.load)
    if place not in ("file", "web", "remote"):
        return Loading(place)
    path = urlsplit(source.load).path if place == "web" else source.load
    suffixes = [suffix.lower() for suffix in PurePosixPath(path.rstrip("/")).suffixes]
    gzipped = suffixes[-1:] == [".gz"]
    name = next(iter(suffixes[-2:-1] if gzipped else suffixes[-1:]), "")
    asked = source.options.get("format")
    found = next((known for known in FORMATS if known == asked), None) or _SUFFIXES.get(name)
    return Loading(place, found, gzipped)


def _place(load: str) -> Place:
    scheme, separator, _ = load.partition("://")
    if separator:
        if scheme in ("http", "https"):
            return "web"
        if scheme in ("postgresql", "postgres"):
            return "postgresql"
        return "sqlite" if scheme == "sqlite" else "remote"
    if ":" in load:
        return "function" if _FUNCTION.match(load) else "nowhere"
    return "file" if load.strip() else "nowhere"


def database_file(load: str) -> str:
    """Path of `sqlite:///data/rows.db`, relative to the product; absolute after four slashes."""
    return load.removeprefix("sqlite://").removeprefix("/")


def local_files(source: Source) -> tuple[str, ...]:
    """Paths and patterns below the product whose content is what the source reads."""
    place = _place(source.load)
    if place == "file":
        return (source.load,)
    if place != "sqlite":
        return ()
    file = database_file(source.load)
    return (file, f"{file}-wal")


def is_watched(source: Source) -> bool:
    """Whether a plan sees by itself that there is something new: the rows are files of this machine."""
    return bool(local_files(source))
