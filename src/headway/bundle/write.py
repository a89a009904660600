"""Writes a release bundle: digests, signature, then one atomic rename. Immutable afterwards."""

from __future__ import annotations

import errno
import hashlib
import shutil
from typing import TYPE_CHECKING

import msgspec

from headway.bundle import durable, signing
from headway.bundle.manifest import MANIFEST, BundleFile, Manifest, check_name, release_digest
from headway.bundle.read import open_bundle
from headway.core.digest import of_bytes
from headway.errors import HeadwayError
from headway.errors import bundle as errors

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write(releases: Path, files: Mapping[str, Path | bytes], manifest: Manifest, key: bytes) -> Manifest:
    """Write one release to `releases/<release digest>/` and return its complete manifest.

    A release that is already there, whole, is left alone; one that was damaged is replaced. A
    crash leaves either nothing or the whole bundle (and a hidden `.partial` directory).

    Args:
        releases: Directory of all releases; made when missing.
        files: File name -> its bytes, or the path to copy them from.
        manifest: Everything but `release`, `files` and `signature`, which are worked out here.
        key: The workspace's signing key.

    Raises:
        EngineError: A name is not allowed (RL505), a file cannot be read (RL501), or the disk
            refuses (RL510).
        UsageError: The key is empty.
    """
    contents = {name: _content(name, source) for name, source in sorted(files.items())}
    complete = _complete(manifest, contents, key)
    target = releases / complete.release
    try:
        if _is_whole(target, key):
            return open_bundle(target, key)
        _place(target, contents, complete, key)
    except OSError as reason:
        raise errors.not_written(str(target), str(reason)) from reason
    return complete


def _content(name: str, source: Path | bytes) -> bytes:
    check_name(name)
    if isinstance(source, bytes):
        return source
    try:
        return source.read_bytes()
    except OSError as reason:
        raise errors.unreadable(str(source), str(reason)) from reason


def _complete(manifest: Manifest, contents: Mapping[str, bytes], key: bytes) -> Manifest:
    described = tuple(
        BundleFile(name=name, blake3=of_bytes(data), sha256=hashlib.sha256(data).hexdigest(), size=len(data))
        for name, data in contents.items()
    )
    draft = msgspec.structs.replace(manifest, files=described, release="", signature="")
    return signing.sign(msgspec.structs.replace(draft, release=release_digest(draft)), key)


def _is_whole(target: Path, key: bytes) -> bool:
    if not target.exists():
        return False
    try:
        open_bundle(target, key)
    except HeadwayError:
        return False  # tainted: it is written again, and the rename below replaces it
    return True


def _place(target: Path, contents: Mapping[str, bytes], manifest: Manifest, key: bytes) -> None:
    with durable.folder_beside(target) as partial:
        for name, data in contents.items():
            durable.write_synced(partial / name, data)
        durable.write_synced(partial / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
        durable.sync_directory(partial)
        _move(partial, target, key)
    durable.sync_directory(target.parent)


def _move(partial: Path, target: Path, key: bytes) -> None:
    try:
        partial.rename(target)
    except OSError as reason:
        if reason.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise
        if not _is_whole(target, key):  # else another process wrote the same release just now
            tainted = durable.beside(target)
            target.rename(tainted)
            partial.rename(target)
            shutil.rmtree(tainted, ignore_errors=True)
