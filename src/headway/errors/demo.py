"""What the demo tells a user when it cannot go on."""

from __future__ import annotations

from headway.errors.families import EngineError, UsageError


def no_example(folder: str) -> UsageError:
    """US201: The flights example is not there.

    It comes with the package, and with the source tree.
    """
    return UsageError(
        code="US201", what="the flights example is not installed", where=folder, mend="reinstall Headway"
    )


def folder_is_used(folder: str) -> UsageError:
    """US202: The demo's folder holds something already.

    The demo writes a product, and never over yours.
    """
    return UsageError(code="US202", what="the folder is not empty", where=folder, mend="name an empty folder")


def server_does_not_start(reason: str) -> EngineError:
    """US203: The demo's server does not start.

    `headway serve --env prod` in the demo's folder shows the whole error.
    """
    return EngineError(
        code="US203",
        what=f"the server does not start: {reason[:200]}",
        mend="run `headway serve --env prod` in the folder",
    )


def server_refuses(status: int, reason: str) -> EngineError:
    """US204: The demo's server refuses a request.

    The answer names the field.
    """
    return EngineError(
        code="US204",
        what=f"the server answers {status}: {reason[:200]}",
        mend="look at `headway status` in the folder",
    )


def server_does_not_follow(release: str) -> EngineError:
    """US205: The server goes on with the old release.

    It follows the route file; `headway status` shows both.
    """
    return EngineError(
        code="US205",
        what=f"the server still answers with `{release}`",
        mend="look at `headway status` in the folder",
    )
