"""Third-party code as versions: the lock file's where it has them, else what is installed."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from msgspec import Struct, field

from headway.errors import survey as errors
from headway.survey.files import StatCache, signature_of

LOCKS = ("requirements.txt", "uv.lock", "pylock.toml", "poetry.lock")
"""Lock files that count without being named, in the order in which they are looked for."""


class Lock(Struct, frozen=True, kw_only=True):
    """A lock file: distribution (normalised, PEP 503) -> version."""

    path: str
    versions: dict[str, str]


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

    A `requirements.txt` that does not pin everything is no lock, unless it is named as one.

    Raises:
        SpecError: A named lock is missing, or a lock cannot be read.
    """
    for name in (named,) if named else LOCKS:
        path = root / name
        if not path.is_file():
            if named:
                raise errors.lock_is_missing(name)
            continue
        versions = _versions(path, name)
        if versions is None and named:
            raise errors.lock_is_unreadable(name, "not every entry is pinned with `==`")
        if versions is not None:
            return Lock(path=name, versions=versions)
    return None


def _versions(path: Path, name: str) -> dict[str, str] | None:
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".txt":
            return _requirements(text)
        table = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise errors.lock_is_unreadable(name, str(error)) from error
    packages = table.get("package") or table.get("packages") or []
    return {
        normal(item["name"]): str(item["version"])
        for item in packages
        if "name" in item and "version" in item
    }


def _requirements(text: str) -> dict[str, str] | None:
    """Pinned entries; None when something is not pinned."""
    versions: dict[str, str] = {}
    for line in re.sub(r"\\\n", " ", text).splitlines():
        entry = line.split("#")[0].strip()
        if not entry or entry.startswith("--hash"):
            continue
        found = re.match(r"([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?\s*==\s*([^\s;]+)", entry)
        if found is None:
            return None
        versions[normal(found[1])] = found[2]
    return versions or None


def normal(name: str) -> str:
    """A distribution's name as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed(cache: StatCache) -> Installed:
    """What is installed, remembered while no folder of `sys.path` changes."""
    folders = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    signature = json.dumps([[path, signature_of(path)] for path in folders] + [sys.version])
    known = cache.note("installed", signature)
    if known is not None:
        return Installed(**json.loads(known))
    found = _read_installed()
    value = {"distributions": found.distributions, "versions": found.versions, "requires": found.requires}
    cache.remember("installed", signature, json.dumps(value))
    return found


def _read_installed() -> Installed:
    from importlib.metadata import distributions, packages_distributions

    versions, requires = {}, {}
    for item in distributions():
        name = normal(item.metadata["Name"] or "")
        versions.setdefault(name, item.version)
        needed = {
            normal(found[0])
            for text in item.requires or []
            if "extra ==" not in text and (found := re.match(r"[\w.-]+", text))
        }
        requires.setdefault(name, sorted(needed))
    modules = {
        module: sorted({normal(name) for name in names}) for module, names in packages_distributions().items()
    }
    return Installed(distributions=modules, versions=versions, requires=requires)


def libraries(imports: Iterable[str], lock: Lock | None, here: Installed) -> Libraries:
    """Versions of the distributions that bring these modules, with all that they need.

    Args:
        imports: Top-level names of third-party modules.
        lock: The product's lock, if it has one.
        here: What is installed.
    """
    names = _needed(
        {name for module in imports for name in here.distributions.get(module, [normal(module)])},
        here.requires,
    )
    locked: Mapping[str, str] = lock.versions if lock is not None else {}
    versions, unlocked, differing = {}, [], {}
    for name in sorted(names):
        pinned, present = locked.get(name), here.versions.get(name)
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
