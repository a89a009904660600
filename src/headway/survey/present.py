"""The working tree in one frozen value: code, data files and libraries, as they are now."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from headway.spec.graph import Graph
from headway.survey.closure import Closure, closure
from headway.survey.files import Signature, StatCache, signature_of
from headway.survey.libraries import LOCKS, Libraries, installed, libraries, read_lock
from headway.survey.modules import Modules


class Present(Struct, frozen=True, kw_only=True):
    """What lies in the working tree.

    Attributes:
        closures: Node -> the code that it is made of; only nodes with code.
        environment: Node -> distribution -> version, of what its code imports.
        data: Path relative to the product -> digest of its content; None when it is missing.
        lock: The lock file; None when there is none.
        unlocked: Distributions that some code needs and no lock pins.
        differing: Distribution -> (locked, installed).
        watched: Path -> stat signature of everything that this value depends on.
    """

    closures: dict[str, Closure]
    environment: dict[str, dict[str, str]]
    data: dict[str, str | None]
    lock: str | None
    unlocked: tuple[str, ...]
    differing: dict[str, tuple[str, str]]
    watched: dict[str, Signature | None]


def survey(
    graph: Graph, root: Path, product_file: Path, lock: str | None, cache: StatCache, also: Iterable[str] = ()
) -> Present:
    """Read the working tree for every node of a graph.

    Args:
        graph: The product's nodes.
        root: The product's directory.
        product_file: The product file.
        lock: The lock file that the product names, if it does.
        cache: Digests of unchanged files.
        also: Further files that the product depends on (contracts), relative.

    Raises:
        UserCodeError: A module is missing, or is not valid Python.
        SpecError: The lock file is missing or cannot be read.
    """
    modules = Modules(root)
    pinned = read_lock(root, lock)
    closures = {node.name: closure(node.code, modules) for node in graph.nodes if node.code}
    here = installed(cache)
    used = {name: libraries(found.imports, pinned, here) for name, found in closures.items()}
    files = sorted({path for node in graph.nodes for path in node.files})
    code = sorted({file for found in closures.values() for file in found.files})
    locks = [lock] if lock else list(LOCKS)
    watched = _watched(root, [*files, *code, *also, *locks], product_file)
    return Present(
        closures=closures,
        environment={name: found.versions for name, found in used.items()},
        data={path: cache.digest(root / path) for path in files},
        lock=pinned.path if pinned else None,
        unlocked=_unlocked(used.values()),
        differing={name: pair for found in used.values() for name, pair in found.differing.items()},
        watched=watched,
    )


def _unlocked(used: Iterable[Libraries]) -> tuple[str, ...]:
    return tuple(sorted({name for found in used for name in found.unlocked}))


def _watched(root: Path, files: Iterable[str], product_file: Path) -> dict[str, Signature | None]:
    """Files, and the folders that they are in: a new file may come before one that was found."""
    paths = {root / file for file in files} | {product_file}
    paths |= {path.parent for path in paths if path.suffix == ".py"}
    return {str(path): signature_of(path) for path in sorted(paths)}
