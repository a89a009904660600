"""The working tree in one frozen value: code, data files and libraries, as they are now."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from headway.errors import survey as errors
from headway.survey.closure import Closure, closure
from headway.survey.faults import CodeFault, code_faults
from headway.survey.files import Signature, StatCache, settled, signature_of
from headway.survey.libraries import (
    LOCKS,
    PYTHON,
    Libraries,
    installed,
    libraries,
    python_version,
    read_lock,
    site_folders,
)
from headway.survey.modules import Modules

if TYPE_CHECKING:
    from collections.abc import Iterable

    from headway.spec.graph import Graph


class Present(Struct, frozen=True, kw_only=True):
    """What lies in the working tree.

    Attributes:
        product_digest: Digest of the product file's bytes.
        closures: Node -> the code that it is made of; only nodes with code.
        environment: Node -> distribution -> version, of what its code imports; and Python's.
        data: Path relative to the product -> digest of its content; None when it is missing.
        lock: The lock file; None when there is none.
        unlocked: Distributions that some code needs and no lock pins.
        differing: Distribution -> (locked, installed).
        faults: Node -> what cannot run in its code; only nodes that have some.
        watched: Path -> stat signature of everything that this value depends on.
    """

    product_digest: str
    closures: dict[str, Closure]
    environment: dict[str, dict[str, str]]
    data: dict[str, str | None]
    lock: str | None
    unlocked: tuple[str, ...]
    differing: dict[str, tuple[str, str]]
    faults: dict[str, tuple[CodeFault, ...]]
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
        EngineError: A data file cannot be read.
    """
    declared = [str(product_file), *(str(root / name) for name in (*also, *((lock,) if lock else LOCKS)))]
    watched = {path: settled(signature_of(path), time.time_ns()) for path in (*declared, *site_folders())}
    modules = Modules(root)
    pinned = read_lock(root, lock)
    closures = {node.name: closure(node.code, modules) for node in graph.nodes if node.code}
    here = installed(cache)
    faults = {
        node.name: code_faults(node, closures[node.name], modules, here.distributions)
        for node in graph.nodes
        if node.code
    }
    used = {name: libraries(found.imports, pinned, here) for name, found in closures.items()}
    files = sorted({path for node in graph.nodes for path in node.files})
    data = {path: _digest(cache, root, path) for path in files}
    product_digest = _digest(cache, root, str(product_file)) or ""
    code = {str(path): signature for path, signature in modules.seen.items()}
    absent = {str(root / path): None for found in closures.values() for path in found.absent}
    folder = str(Path.cwd())
    everything = {**absent, **cache.watched, **code, **watched}
    return Present(
        product_digest=product_digest,
        closures=closures,
        environment={name: {PYTHON: python_version(), **found.versions} for name, found in used.items()},
        data=data,
        lock=pinned.path if pinned else None,
        unlocked=_unlocked(used.values()),
        differing={name: pair for found in used.values() for name, pair in found.differing.items()},
        faults={name: found for name, found in faults.items() if found},
        # As text: a source may be a hundred thousand files.
        watched={os.path.join(folder, path): everything[path] for path in sorted(everything)},  # noqa: PTH118
    )


def _digest(cache: StatCache, root: Path, path: str) -> str | None:
    try:
        return cache.digest(root / path)
    except OSError as error:
        raise errors.file_is_unreadable(path, error.strerror or str(error)) from error


def _unlocked(used: Iterable[Libraries]) -> tuple[str, ...]:
    return tuple(sorted({name for found in used for name in found.unlocked}))
