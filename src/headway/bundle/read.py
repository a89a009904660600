"""Opens a release bundle, and refuses it unless every byte is the one that was released."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import msgspec

from headway.bundle import signing
from headway.bundle.manifest import MANIFEST, BundleFile, Manifest, check_name, release_digest
from headway.core.digest import of_file
from headway.errors import bundle as errors

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_MANIFEST = 16 * 1024 * 1024
"""Bytes; a manifest lists a dozen files, so a larger one is not ours."""


def open_bundle(directory: Path, key: bytes | None) -> Manifest:
    """The manifest of a bundle whose every file, digest and signature was verified.

    Args:
        directory: The bundle (`releases/<release digest>`).
        key: The workspace's key; None skips the signature, and then a bundle that runs code (a
            native model, on-demand functions) is refused.

    Raises:
        EngineError: Something is missing, changed, added, not signed, or not to be trusted
            (RL501 to RL508).
    """
    manifest = read_manifest(directory)
    _check_names(directory, manifest)
    for file in manifest.files:
        _check_file(directory, file)
    found = release_digest(manifest)
    if found != manifest.release:
        raise errors.wrong_release(str(directory), manifest.release, found)
    _check_signature(directory, manifest, key)
    return manifest


def read_manifest(directory: Path) -> Manifest:
    """The manifest as it stands, verified in nothing but its form.

    Raises:
        EngineError: It is missing (RL501) or is no manifest (RL502).
    """
    path = directory / MANIFEST
    try:
        if path.stat().st_size > LARGEST_MANIFEST:
            raise errors.not_a_manifest(str(path), f"larger than {LARGEST_MANIFEST} bytes")
        data = path.read_bytes()
    except OSError as reason:
        raise errors.unreadable(str(path), str(reason)) from reason
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as reason:
        raise errors.not_a_manifest(str(path), str(reason)) from reason
    if manifest.version != 1:
        raise errors.not_a_manifest(str(path), f"version {manifest.version}; this Headway reads version 1")
    return manifest


def _check_names(directory: Path, manifest: Manifest) -> None:
    named = {file.name for file in manifest.files}
    for name in sorted(named):
        check_name(name)
    if len(named) < len(manifest.files):
        raise errors.not_a_manifest(str(directory / MANIFEST), "a file is listed twice")
    for path in sorted(directory.iterdir()):
        if path.name != MANIFEST and path.name not in named:
            raise errors.file_unknown(str(directory), path.name)


def _check_file(directory: Path, file: BundleFile) -> None:
    path = directory / file.name
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode):
            raise errors.unreadable(str(path), "it is not a regular file")
        if found.st_size != file.size:
            said = f"{file.size} bytes"
            raise errors.file_changed(str(directory), file.name, said, f"{found.st_size} bytes")
        digest = of_file(path)
    except OSError as reason:
        raise errors.unreadable(str(path), str(reason)) from reason
    if digest != file.blake3:
        raise errors.file_changed(str(directory), file.name, file.blake3[:12], digest[:12])


def _check_signature(directory: Path, manifest: Manifest, key: bytes | None) -> None:
    if key is not None:
        if not signing.is_signed(manifest, key):
            raise errors.wrong_signature(str(directory))
    elif manifest.runtime == "native":
        raise errors.code_not_trusted(str(directory), "a native model")
    elif manifest.on_demand is not None:
        raise errors.code_not_trusted(str(directory), f"on-demand functions of {manifest.on_demand}")
