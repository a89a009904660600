"""The product's code as it was: a zip with equal bytes for equal files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can carry; content decides, not the clock."""


def pack(root: Path, files: Iterable[str]) -> bytes:
    """Zip of files given relative to `root`; those that are gone are left out."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(set(files)):
            path = root / name
            if path.is_file():
                info = zipfile.ZipInfo(name, _EPOCH)
                info.external_attr = 0o644 << 16
                archive.writestr(info, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def unpack(data: bytes, folder: Path) -> None:
    """Write an archive's files below `folder`.

    Raises:
        ValueError: A name points outside the folder.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            target = (folder / name).resolve()
            if not target.is_relative_to(folder.resolve()):
                raise ValueError(f"`{name}` points outside the archive")
        archive.extractall(folder)
