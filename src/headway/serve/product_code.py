"""Runs the product's code as each release has it, several releases side by side in one process.

Every loaded archive is a package of its own in `sys.modules` (`headway_release_<digest>_<n>`), found
by Python's own zip importer, so relative imports, pickling and `sys.modules[f.__module__]` work. An
absolute import of a module that lies in the archive (`import delay.features`) is turned to that
package; every other import is Python's. That is done in the modules' own `__import__`, so what calls
`importlib.import_module` by hand with an absolute name is not seen.
"""

from __future__ import annotations

import builtins
import importlib
import sys
import weakref
import zipimport
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from itertools import count
from pathlib import PurePosixPath
from types import ModuleType
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile, ZipFile

from headway.errors import serve as errors

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SOURCES = ("", "src")
"""Folders of the archive that are on the path, as the product's root and `root/src` are."""

_numbers = count(1)


class ProductCode:
    """The code of one release; its modules are forgotten when this object is.

    Args:
        archive: The bundle's `code.zip`.
        release: The release digest, for names and messages.

    Raises:
        EngineError: The archive cannot be read (SE101).
    """

    def __init__(self, archive: Path, release: str) -> None:
        self.package = f"headway_release_{release[:12]}_{next(_numbers)}"
        self._release = release
        self._local = _register(self.package, archive, release)
        weakref.finalize(self, _forget, self.package)

    def own(self, name: str) -> ModuleType | None:
        """The module called `name` when the archive has it; None when it is a library's.

        Raises:
            EngineError: Importing it raises (SE101).
        """
        return self.module(name) if name.partition(".")[0] in self._local else None

    def module(self, name: str) -> ModuleType:
        """A module of the archive, imported.

        Raises:
            EngineError: It is not there, or importing it raises (SE101).
        """
        try:
            return importlib.import_module(f"{self.package}.{name}")
        except Exception as reason:
            text = f"module {name} cannot be imported ({type(reason).__name__}: {reason})"
            raise errors.not_servable(self._release, text) from reason


def _register(package: str, archive: Path, release: str) -> frozenset[str]:
    """Make the package; returns the names that the archive has at its top."""
    try:
        with ZipFile(archive) as content:
            names = content.namelist()
    except (OSError, BadZipFile) as reason:
        raise errors.not_servable(release, f"{archive.name} cannot be read: {reason}") from reason
    root = ModuleType(package)
    root.__path__ = [str(archive / folder) for folder in SOURCES]
    sys.modules[package] = root
    local = frozenset(_top(name.removeprefix(f"{folder}/")) for folder in SOURCES for name in names)
    folders = {str(archive / parent) for name in names for parent in PurePosixPath(name).parents}
    sys.meta_path.insert(0, _Finder(package, local, frozenset(folders)))
    return local


def _top(name: str) -> str:
    return name.partition("/")[0].removesuffix(".py").removesuffix(".pyc")


def _forget(package: str) -> None:
    sys.meta_path[:] = [
        finder for finder in sys.meta_path if not (isinstance(finder, _Finder) and finder.package == package)
    ]
    for name in [name for name in sys.modules.copy() if name == package or name.startswith(f"{package}.")]:
        sys.modules.pop(name, None)


class _Finder:
    """Finds the modules of one package in its archive, and gives them their own `__import__`."""

    def __init__(self, package: str, local: frozenset[str], folders: frozenset[str]) -> None:
        self.package = package
        self._local = local
        self._folders = folders
        self._builtins = vars(builtins) | {"__import__": self._import}

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if path is None or not name.startswith(f"{self.package}."):
            return None
        for place in path:
            spec = zipimport.zipimporter(place).find_spec(name, target) if place in self._folders else None
            if spec is not None and isinstance(spec.loader, zipimport.zipimporter):
                spec.loader = _Loader(spec.loader, self._builtins)
                return spec
        return self._folder(name, path)

    def _folder(self, name: str, path: Sequence[str]) -> ModuleSpec | None:
        """A folder without `__init__.py` is a package too; the zip importer does not see those."""
        places = [f"{place}/{name.rpartition('.')[2]}" for place in path]
        found = [place for place in places if place in self._folders]
        if not found:
            return None
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = found
        return spec

    def _import(
        self,
        name: str,
        globals: dict[str, Any] | None = None,  # noqa: A002 -- the names that Python calls it with
        locals: dict[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> ModuleType:
        top = name.partition(".")[0]
        if level or top not in self._local:
            return builtins.__import__(name, globals, locals, fromlist, level)
        found = builtins.__import__(f"{self.package}.{name}", globals, locals, fromlist or ("__name__",), 0)
        return found if fromlist else sys.modules[f"{self.package}.{top}"]


class _Loader(Loader):
    """Python's zip loader, but the module sees other builtins."""

    def __init__(self, zipped: zipimport.zipimporter, seen: dict[str, Any]) -> None:
        self._zipped = zipped
        self._seen = seen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._zipped, name)  # get_source, get_data: tracebacks and resources use them

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._zipped.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        vars(module)["__builtins__"] = self._seen
        self._zipped.exec_module(module)
