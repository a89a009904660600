"""Everything that a release on disk, or its route file, can be refused for."""

from __future__ import annotations

from headway.errors import EngineError, UsageError

TEXT = 200
"""Longest foreign text that a message repeats, in characters."""


def _cut(text: object) -> str:
    plain = str(text)
    return plain if len(plain) <= TEXT else plain[: TEXT - 1] + "…"


def unreadable(path: str, reason: str) -> EngineError:
    """RL501: A bundle or one of its files cannot be read.

    The directory or file is missing, is not a regular file, or the disk refuses. Build the
    release again with `headway apply`; bundles are immutable, so nothing else is lost.
    """
    return EngineError(
        code="RL501",
        what=f"bundle file `{_cut(path)}` cannot be read: {_cut(reason)}",
        where=_cut(path),
        mend="run `headway apply` to write the release again, or point to the right directory",
    )


def not_a_manifest(path: str, reason: str) -> EngineError:
    """RL502: A bundle's manifest is not one.

    `manifest.json` is truncated, damaged, or of another version of Headway.
    """
    return EngineError(
        code="RL502",
        what=f"`{_cut(path)}` is not a bundle manifest: {_cut(reason)}",
        where=_cut(path),
        mend="run `headway apply` to write the release again",
    )


def file_changed(directory: str, name: str, said: str, found: str) -> EngineError:
    """RL503: A file of a bundle is not the one that was released.

    Every file's size and blake3 digest stand in the manifest; this one differs, so somebody or
    something edited it after the release. The release is tainted and is never served.
    """
    return EngineError(
        code="RL503",
        what=f"bundle file `{_cut(name)}` was changed after its release: manifest says {said}, found {found}",
        where=_cut(directory),
        mend="run `headway apply` to replace the tainted release",
    )


def file_unknown(directory: str, name: str) -> EngineError:
    """RL504: A bundle holds a file that its manifest does not know.

    Nothing may be added to a release; remove the file, or write the release again.
    """
    return EngineError(
        code="RL504",
        what=f"bundle holds `{_cut(name)}`, which its manifest does not name",
        where=_cut(directory),
        mend="remove that file, or run `headway apply` to replace the tainted release",
    )


def bad_name(name: str) -> EngineError:
    """RL505: A file name is not allowed in a bundle.

    A bundle is one flat directory: names are letters, digits, dot, dash and underscore, do not
    begin with a dot, and `manifest.json` is taken. So no name can point outside the directory.
    """
    return EngineError(
        code="RL505",
        what=f"`{_cut(name)}` cannot name a file of a bundle",
        mend="use a plain file name of letters, digits, `.`, `-` and `_`",
    )


def wrong_release(directory: str, said: str, found: str) -> EngineError:
    """RL506: A manifest does not have the digest that it claims.

    The release digest is computed from the manifest's own content; a different one means that
    the manifest was edited after the release.
    """
    return EngineError(
        code="RL506",
        what=f"manifest claims release `{_cut(said[:12])}`, its content is `{found[:12]}`",
        where=_cut(directory),
        mend="run `headway apply` to replace the tainted release",
    )


def wrong_signature(path: str) -> EngineError:
    """RL507: A bundle or a route file is not signed with this workspace's key.

    It was signed with another key, or changed after it was signed. Nothing that is not signed
    is served where a key is known.
    """
    return EngineError(
        code="RL507",
        what=f"`{_cut(path)}` is not signed with this key",
        where=_cut(path),
        mend="use the key of the workspace that released it, or release it again from this workspace",
    )


def code_not_trusted(directory: str, part: str) -> EngineError:
    """RL508: A bundle runs code, and nobody vouches for it.

    A native model and on-demand functions are code: loading them runs it. They are loaded only
    after the bundle's signature was verified, which needs the key of the workspace that made it.
    """
    return EngineError(
        code="RL508",
        what=f"bundle runs code ({_cut(part)}) and no key was given to verify its signature",
        where=_cut(directory),
        mend="give the key of the workspace that released it",
    )


def no_key() -> UsageError:
    """RL509: A signature needs a key, and the key is empty.

    An empty key would sign everything for everybody. The workspace's key is made by `headway init`.
    """
    return UsageError(
        code="RL509",
        what="the signing key is empty",
        mend="give the workspace's key; `headway init` makes one",
    )


def not_written(path: str, reason: str) -> EngineError:
    """RL510: A bundle or a route file cannot be written.

    The disk is full, read-only, or not ours. What was there before is still there, whole.
    """
    return EngineError(
        code="RL510",
        what=f"`{_cut(path)}` cannot be written: {_cut(reason)}",
        where=_cut(path),
        mend="make room or give write access, then run the command again; nothing was changed",
        retryable=True,
    )


def no_route(path: str) -> EngineError:
    """RL511: An environment has no route file.

    Nothing was ever released to it, or the directory is not an environment's.
    """
    return EngineError(
        code="RL511",
        what=f"there is no route file `{_cut(path)}`",
        where=_cut(path),
        mend="release something first (`headway apply --env NAME`), or point to the right directory",
    )


def not_a_route(path: str, reason: str) -> EngineError:
    """RL512: A route file or an override is damaged.

    It is truncated, is not JSON, or says something impossible (weights that do not sum to 100, a
    release that is no digest). A server that already serves keeps what it has.
    """
    return EngineError(
        code="RL512",
        what=f"`{_cut(path)}` cannot be followed: {_cut(reason)}",
        where=_cut(path),
        mend="publish it again with `headway apply` or `headway rollback`",
    )
