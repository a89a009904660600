"""The product's own code inside this process: importable while a stage runs, and never stale.

Bytecode is neither written nor read: Python trusts a `.pyc` by whole seconds and size, so an edit
of equal length within one second would run old code silently.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from headway.errors import engine as errors


def folders(root: Path) -> tuple[Path, ...]:
    """Where the product's modules are found: its directory, and `src` in it."""
    return tuple(folder for folder in (root, root / "src") if folder.is_dir())


@contextlib.contextmanager
def importable(root: Path) -> Generator[None]:
    """Let the product's modules be imported, as they are on disk now."""
    paths = [str(folder) for folder in folders(root)]
    before, prefix, write = list(sys.path), sys.pycache_prefix, sys.dont_write_bytecode
    forget(root)
    sys.path[:0] = paths
    sys.pycache_prefix, sys.dont_write_bytecode = os.devnull, True  # nothing lies below it, ever
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:] = before
        sys.pycache_prefix, sys.dont_write_bytecode = prefix, write
        forget(root)


def resolve(reference: str) -> Callable[..., Any]:
    """The product's function that `module:function` names; inside `importable`.

    Raises:
        UserCodeError: Its module fails to import, or has no such function.
    """
    module_name, _, name = reference.partition(":")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # the user-code boundary: whatever an import raises is named
        raise errors.module_fails(module_name, error) from error
    function = getattr(module, name, None)
    if not callable(function):
        raise errors.function_is_missing(reference, sorted(vars(module)))
    return function  # type: ignore[no-any-return]


def forget(root: Path) -> None:
    """Drop every module that was loaded from the product's directory; archived code in it stays."""
    for name in loaded(root):
        del sys.modules[name]


def loaded(root: Path) -> dict[str, str]:
    """Module -> file or folder, of every module that was loaded from the product's directory.

    Its path begins with the directory as `importable` wrote it, or as the user's own code resolved it:
    resolving the paths of all loaded modules would cost more than most stages.
    """
    homes = (f"{root}/", f"{root.resolve()}/")
    kept = tuple(f"{home}.headway/" for home in homes)
    found = {}
    for name, module in sys.modules.copy().items():  # another thread may import meanwhile
        file = getattr(module, "__file__", None)
        paths = [str(path) for path in ([file] if file else getattr(module, "__path__", [])) if path]
        if paths and all(
            path.startswith(homes) and not path.startswith(kept) and "site-packages" not in path
            for path in paths
        ):
            found[name] = paths[0]
    return found


@contextlib.contextmanager
def captured() -> Generator[io.StringIO]:
    """Collect what Python code prints to stdout and stderr."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
        yield text
