"""Files that sources read and that are not there: told, and no fault, since another job may write them yet."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from pathlib import Path

from headway.core.listing import below, is_pattern, matching
from headway.spec.loading import local_files
from headway.spec.product import Product

_DEPTH = 2
"""Folders below the one that is there in which the file that was meant is looked for."""


def missing_files(
    root: Path, product: Product, nodes: Collection[str], surveyed: Mapping[str, str | None] | None = None
) -> list[str]:
    """One line for each source whose file, folder or pattern finds nothing.

    Args:
        root: The product's directory.
        product: Its file.
        nodes: Those that are looked at.
        surveyed: Path as written -> digest, None where nothing is there; what is in it is not looked for again.
    """
    lines, known = [], surveyed or {}
    for name, source in product.sources.items():
        paths = local_files(source)[:1]  # beside a database lies its log, which need not be there
        for path in paths if f"source.{name}" in nodes else ():
            if known[path] is None if path in known else not _is_there(root, path):
                what = f"no file matches `{path}`" if is_pattern(path) else f"`{path}` is not there"
                lines.append(f"source.{name}: {what}{_meant(root, path)}")
    return lines


def _is_there(root: Path, path: str) -> bool:
    return bool(matching(root, path)) if is_pattern(path) else (root / path).exists()


def _meant(root: Path, path: str) -> str:
    """The file that may have been meant, among those in the folder, or below the nearest one that is there."""
    folder = (root / path).parent
    while not folder.is_dir() and folder != root and folder.is_relative_to(root):
        folder = folder.parent
    if is_pattern(path) or not folder.is_relative_to(root) or not folder.is_dir():
        return ""
    known = [str((folder / name).relative_to(root)) for name in below(folder, depth=_DEPTH)]
    near = difflib.get_close_matches(path, known, n=1, cutoff=0.7)
    return f"; did you mean `{near[0]}`?" if near else ""
