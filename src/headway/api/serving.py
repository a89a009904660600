"""The data plane as a function; it lives on a directory, not on a ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from pathlib import Path


def serve_environment(folder: Path, environment: str, **where: Any) -> int:
    """Serve what an environment's route says, and follow it; see `headway.serve.server.serve`."""
    from headway.engine.recall import find_product
    from headway.serve.server import serve
    from headway.store.workspace import Workspace

    workspace = Workspace(find_product(folder).parent)
    directory = workspace.serve(environment)
    if not directory.is_dir():
        _refuse(folder, environment)
    return serve(directory, key=workspace.key(), log_directory=directory / "log", **where)


def serve_bundle(bundle: Path, **where: Any) -> int:
    """Serve one release from its directory; the key of the workspace that made it may be around it."""
    from headway.engine.delivery.serving import key_around
    from headway.serve.server import serve

    return serve(bundle, key=key_around(bundle), **where)


def _refuse(folder: Path, environment: str) -> NoReturn:
    """Why there is nothing to serve: no such environment, no endpoint, or nothing was applied."""
    from headway.engine.delivery.serving import require_endpoints, workspace_at
    from headway.errors.engine import nothing_is_applied

    workspace = workspace_at(folder, environment)
    require_endpoints(workspace)
    raise nothing_is_applied(environment)
