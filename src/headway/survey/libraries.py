"""Third-party code as versions: the lock file's where it has them, else what is installed."""

from __future__ import annotations

import contextlib
import json
import re
import sys
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from headway.errors import survey as errors
from headway.survey.files import UNSETTLED, StatCache, settled, signature_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from importlib.metadata import Distribution

LOCKS = ("requirements.txt", "uv.lock", "pylock.toml", "poetry.lock")
"""Lock files that count without being named, in the order in which they are looked for."""


PYTHON = "python"
"""Stands beside the distributions: every code needs it, its standard library is one that code imports, and
a model in its native form can be read by the minor version only that wrote it."""

_FORM = 2
"""Form of what is remembered of the installed distributions."""


_OPTION = re.compile(
    r"--?(i|f|[a-z-]*index-url|find-links|only-binary|no-binary|require-hashes|prefer-binary|hash)\b"
)
"""Lines of a `requirements.txt` that say where distributions come from, not which ones."""


class Lock(Struct, frozen=True, kw_only=True):
    """A lock file.

    Attributes:
        path: Relative to the product.
        versions: Distribution (normalised, PEP 503) -> versions; several where platforms differ.
        requires: Distribution -> what it needs, where the format tells.
    """

    path: str
    versions: dict[str, list[str]]
    requires: dict[str, list[str]] = field(default_factory=dict)


class Installed(Struct, frozen=True, kw_only=True):
    """What is installed here.

    Attributes:
        distributions: Top-level module -> distributions that bring it.
        versions: Distribution -> version.
        requires: Distribution -> distributions that it needs, extras left out.
    """

    distributions: dict[str, list[str]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    requires: dict[str, list[str]] = field(default_factory=dict)


class Libraries(Struct, frozen=True, kw_only=True):
    """Versions of the distributions that some code needs.

    Attributes:
        versions: Distribution -> version, the locked one where there is one.
        unlocked: Distributions whose version comes from what is installed.
        differing: Distribution -> (locked, installed).
    """

    versions: dict[str, str] = field(default_factory=dict)
    unlocked: tuple[str, ...] = ()
    differing: dict[str, tuple[str, str]] = field(default_factory=dict)


def read_lock(root: Path, named: str | None) -> Lock | None:
    """The product's lock: the file that is named, else the first that lies beside the product.

    A `requirements.txt` counts when every entry is pinned with `==` and hashed; one that `lock:` names
    need only be pinned.

    Raises:
        SpecError: A named lock is missing, or a lock cannot be read.
    """
    for name in (named,) if named else LOCKS:
        path = root / name
        if not path.is_file():
            if named:
                raise errors.lock_is_missing(name)
            continue
        lock = _lock(path, name, hashed=not named)
        if lock is None and named:
            raise errors.lock_is_unreadable(name, "not every entry is pinned with `==`")
        if lock is not None:
            return lock
    return None


def _lock(path: Path, name: str, *, hashed: bool) -> Lock | None:
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".txt":
            versions = _requirements(text, hashed=hashed)
            return None if versions is None else Lock(path=name, versions=versions)
        table = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise errors.lock_is_unreadable(name, str(error)) from error
    packages = table.get("package") or table.get("packages")
    if not isinstance(packages, list):
        raise errors.lock_is_unreadable(name, "it lists no packages")
    found = Lock(path=name, versions={})
    for item in packages:
        if isinstance(item, dict) and "name" in item and "version" in item:
            distribution = normal(str(item["name"]))
            _add(found.versions, distribution, str(item["version"]))
            for needed in _dependencies(item.get("dependencies")):
                _add(found.requires, distribution, normal(needed))
    return found


def _dependencies(written: object) -> list[str]:
    """Names that a lock's entry needs: a list of tables (uv, pylock), or a table of names (poetry)."""
    if isinstance(written, dict):
        return [str(name) for name in written]
    items = written if isinstance(written, list) else []
    return [str(item["name"]) for item in items if isinstance(item, dict) and "name" in item]


def _add(into: dict[str, list[str]], name: str, value: str) -> None:
    values = into.setdefault(name, [])
    if value not in values:
        values.append(value)


def _requirements(text: str, *, hashed: bool = False) -> dict[str, list[str]] | None:
    """Pinned entries; None when something is not pinned, or lies in another file."""
    versions: dict[str, list[str]] = {}
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        entry = re.sub(r"(^|\s)#.*", "", line).strip()
        if not entry or _OPTION.match(entry):
            continue
        found = re.match(r"([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?\s*==\s*([^\s;*]+)(?=[\s;]|$)", entry)
        if found is None or (hashed and "--hash=" not in entry):
            return None
        _add(versions, normal(found[1]), found[2])
    return versions or None


def python_version() -> str:
    """Of the Python that runs the product's code, such as `3.12`; patches of it mend and change nothing else."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def normal(name: str) -> str:
    """A distribution's name as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def site_folders() -> list[str]:
    """Folders of `sys.path` with installed distributions; each changes with what is in it."""
    found = []
    for folder in dict.fromkeys(sys.path):
        with contextlib.suppress(OSError):
            if any(path.suffix in (".dist-info", ".egg-info") for path in Path(folder).iterdir()):
                found.append(str(Path(folder).absolute()))
    return found


def installed(cache: StatCache) -> Installed:
    """What is installed, remembered while no folder with distributions changes."""
    signatures = [(folder, settled(signature_of(folder), time.time_ns())) for folder in site_folders()]
    key = json.dumps([_FORM, sys.version, signatures])
    known = cache.note("installed", key)
    if known is not None:
        with contextlib.suppress(ValueError, TypeError):  # a damaged note is read from disk again
            return Installed(**json.loads(known))
    found = _read_installed()
    if all(signature is None or signature[3] != UNSETTLED for _, signature in signatures):
        value = {"distributions": found.distributions, "versions": found.versions, "requires": found.requires}
        cache.remember("installed", key, json.dumps(value))
    return found


def _read_installed() -> Installed:
    from importlib.metadata import distributions

    found = Installed()
    for item in distributions():
        if "Name" not in item.metadata or "Version" not in item.metadata:
            continue  # what a broken installation leaves behind
        name = normal(item.metadata["Name"])
        if name in found.versions:
            continue  # hidden by an earlier folder of sys.path
        found.versions[name] = item.version
        texts = [text for text in item.requires or [] if not re.search(r"\bextra\s*==", text)]
        needed = {normal(start[0]) for text in texts if (start := re.match(r"[\w.-]+", text))}
        found.requires[name] = sorted(needed)
        for module in _top_level(item):
            _add(found.distributions, module, name)
    return found


def _top_level(item: Distribution) -> set[str]:
    """Top-level modules of a distribution: as it declares them, else as its files show."""
    declared = (item.read_text("top_level.txt") or "").split()
    if declared:
        return set(declared)
    tops = {
        path.parts[0] if len(path.parts) > 1 else path.name.partition(".")[0] for path in item.files or []
    }
    return {top for top in tops if top.isidentifier()}


def libraries(imports: Iterable[str], lock: Lock | None, here: Installed) -> Libraries:
    """Versions of the distributions that bring these modules, with all that they need.

    Args:
        imports: Top-level names of third-party modules.
        lock: The product's lock, if it has one.
        here: What is installed.
    """
    needs = {**here.requires, **(lock.requires if lock is not None else {})}
    names = _needed(
        {name for module in imports for name in here.distributions.get(module, [normal(module)])}, needs
    )
    locked: Mapping[str, list[str]] = lock.versions if lock is not None else {}
    versions, unlocked, differing = {}, [], {}
    for name in sorted(names):
        present = here.versions.get(name)
        pins = locked.get(name, [])
        pinned = present if present in pins else ", ".join(pins) or None
        if pinned is None and present is None:
            continue  # needed only on another platform or Python
        versions[name] = pinned or str(present)
        if pinned is None:
            unlocked.append(name)
        elif present is not None and present != pinned:
            differing[name] = (pinned, present)
    return Libraries(versions=versions, unlocked=tuple(unlocked), differing=differing)


def _needed(names: Collection[str], requires: Mapping[str, list[str]]) -> set[str]:
    found, queue = set(names), list(names)
    while queue:
        for name in requires.get(queue.pop(), []):
            if name not in found:
                found.add(name)
                queue.append(name)
    return found
