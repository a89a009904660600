"""The product's own modules, found and parsed without importing them."""

from __future__ import annotations

import ast
import difflib
import importlib.machinery
import time
import warnings
from typing import TYPE_CHECKING, NamedTuple

from headway.errors import survey as errors
from headway.survey.files import Signature, settled, signature_of
from headway.survey.syntax import is_silent

if TYPE_CHECKING:
    from pathlib import Path

Target = tuple[str, str | None]
"""(module, name in it); None means the module itself."""


class Module(NamedTuple):
    """One local module, read once.

    Attributes:
        definitions: Top-level name -> the statements that define it (several when it is defined again).
        aliases: Imported name -> everything that it may stand for.
        typing_only: The same for what is imported under `TYPE_CHECKING`, and so never runs.
        held: Names that only a compound statement binds (`if`, `try`, `with`, a loop).
        stars: Modules that are imported whole by `*`.
        runs: Modules whose statements run when this one is imported.
        statements: Module-level statements that are no definition, import or docstring.
        imports: Import statements that run whenever the module is imported: under no `if`, `try` or loop.
        compiled: Whether it is an extension module, of which only the bytes are known.
    """

    name: str
    path: Path
    is_package: bool
    definitions: dict[str, list[ast.stmt]]
    aliases: dict[str, list[Target]]
    typing_only: dict[str, list[Target]]
    held: frozenset[str]
    stars: tuple[str, ...]
    runs: tuple[str, ...]
    statements: tuple[ast.stmt, ...]
    imports: tuple[ast.Import | ast.ImportFrom, ...] = ()
    compiled: bool = False

    def binds(self, name: str) -> bool:
        """Whether importing the module may give it this name."""
        own = name in self.definitions or name in self.aliases or name in self.held
        return own or bool(self.stars) or "__getattr__" in self.definitions


class Place(NamedTuple):
    """Where a module lies: its file, or the folders of a namespace package; and what had to be absent."""

    file: Path | None
    folders: tuple[Path, ...]
    absent: tuple[Path, ...]


class Modules:
    """Finds and parses the modules below a product's directory; each file is read once.

    Args:
        root: The product's directory; `src` in it is searched too.

    Attributes:
        seen: File or folder -> stat signature from before it was read.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.seen: dict[Path, Signature | None] = {}
        self._folders = tuple(folder for folder in (root, root / "src") if folder.is_dir())
        self._places: dict[str, Place] = {}
        self._parsed: dict[str, Module | None] = {}

    def find(self, name: str) -> Module | None:
        """The local module called `name`; None when it is not the product's, or has no file.

        Raises:
            UserCodeError: The file is not valid Python.
        """
        if name not in self._parsed:
            path = self.locate(name).file
            self._parsed[name] = None if path is None else self._parse(name, path)
        return self._parsed[name]

    @property
    def read(self) -> list[Module]:
        """The modules that were asked for so far and found."""
        return [module for module in self._parsed.values() if module is not None]

    def shown(self, module: Module) -> str:
        """A module's path as messages name it: relative to the product."""
        return module.path.relative_to(self.root).as_posix()

    def is_local(self, name: str) -> bool:
        """Whether a module, or a namespace package, of this name lies in the product."""
        place = self.locate(name)
        return place.file is not None or bool(place.folders)

    def locate(self, name: str) -> Place:
        """Where a module lies, searched as Python does: package, then module, then namespace."""
        if name not in self._places:
            parent, _, last = name.rpartition(".")
            self._places[name] = self._search(self._inside(parent) if parent else self._folders, last)
        return self._places[name]

    def below(self, package: str) -> list[str]:
        """Every local module of a package, itself included, sorted."""
        found = set()
        for folder in self._inside(package):
            for path in self._listed(folder):
                parts = path.relative_to(folder).with_suffix("").parts
                parts = parts[:-1] if parts[-1] == "__init__" else parts
                found.add(".".join([package, *parts]))
        return sorted(found or ({package} if self.find(package) else set()))

    def beside(self, name: str) -> list[str]:
        """What a computed name in module `name` may mean: modules of its package, or its neighbours."""
        top = name.partition(".")[0]
        if self._inside(top):
            return self.below(top)
        module = self.find(top)
        if module is None:
            return []
        folder = module.path.parent
        self.seen[folder] = settled(signature_of(folder), time.time_ns())
        return sorted(path.stem for path in folder.glob("*.py") if path.stem.isidentifier())

    def near(self, name: str) -> str:
        """The existing module whose name is most like this one; empty when none is."""
        parent, _, _ = name.rpartition(".")
        folders = self._inside(parent) if parent else self._folders
        names = [
            path.stem if path.is_file() else path.name
            for folder in folders
            for path in sorted(folder.iterdir())
        ]
        full = [
            f"{parent}.{item}" if parent else item
            for item in names
            if item.isidentifier() and item != "__init__"
        ]
        return next(iter(difflib.get_close_matches(name, full, n=1, cutoff=0.6)), "")

    def _listed(self, folder: Path) -> list[Path]:
        """Python files below a folder; the folders are seen too, for a new file in them would count."""
        found: list[Path] = []
        for inner in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
            if inner.name == "__pycache__":
                continue
            self.seen[inner] = settled(signature_of(inner), time.time_ns())
            found += inner.glob("*.py")
        return found

    def _inside(self, package: str) -> tuple[Path, ...]:
        place = self.locate(package)
        if place.file is None:
            return place.folders
        return (place.file.parent,) if place.file.name == "__init__.py" else ()

    def _search(self, folders: tuple[Path, ...], last: str) -> Place:
        namespaces, absent = [], []
        for folder in folders:
            inner = folder / last
            if inner.is_dir():
                if (inner / "__init__.py").is_file():
                    return Place(inner / "__init__.py", (), tuple(absent))
                namespaces.append(inner)
            absent.append(inner / "__init__.py" if inner.is_dir() else inner)
            for suffix in (*importlib.machinery.EXTENSION_SUFFIXES, ".py"):
                if (folder / f"{last}{suffix}").is_file():
                    return Place(folder / f"{last}{suffix}", (), tuple(absent))
            absent.append(folder / f"{last}.py")
        return Place(None, tuple(namespaces), tuple(absent))

    def _parse(self, name: str, path: Path) -> Module:
        self.seen[path] = settled(signature_of(path), time.time_ns())
        if path.suffix != ".py":
            return Module(name, path, False, {}, {}, {}, frozenset(), (), (), (), compiled=True)
        shown = path.relative_to(self.root).as_posix()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # an odd escape sequence is Python's to tell, when it runs
                tree = ast.parse(path.read_bytes(), shown)
        except SyntaxError as error:
            raise errors.not_python(shown, error.lineno or 0, error.offset or 0, error.msg) from error
        except (RecursionError, MemoryError) as error:
            raise errors.not_python(shown, 0, 0, "an expression is nested too deeply") from error
        except (ValueError, OSError) as error:
            raise errors.not_python(shown, 0, 0, str(error)) from error
        reading = _Reading(name, is_package=path.name == "__init__.py")
        for statement in tree.body:
            if not is_silent(statement):
                reading.statement(statement)
        return reading.module(path)


class _Reading:
    """Sorts the statements of a module into definitions, imports and the rest."""

    def __init__(self, name: str, *, is_package: bool) -> None:
        self.name = name
        self.is_package = is_package
        self.definitions: dict[str, list[ast.stmt]] = {}
        self.aliases: dict[str, list[Target]] = {}
        self.typing_only: dict[str, list[Target]] = {}
        self.held: set[str] = set()
        self.stars: list[str] = []
        self.runs: list[str] = []
        self.statements: list[ast.stmt] = []
        self.imports: list[ast.Import | ast.ImportFrom] = []

    def module(self, path: Path) -> Module:
        return Module(
            name=self.name,
            path=path,
            is_package=self.is_package,
            definitions=self.definitions,
            aliases=self.aliases,
            typing_only=self.typing_only,
            held=frozenset(self.held),
            stars=tuple(self.stars),
            runs=tuple(self.runs),
            statements=tuple(self.statements),
            imports=tuple(self.imports),
        )

    def statement(self, statement: ast.stmt) -> None:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self.definitions.setdefault(statement.name, []).append(statement)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign() if _assigned(statement):
                for target in _assigned(statement):
                    self.definitions.setdefault(target, []).append(statement)
            case ast.Import() | ast.ImportFrom():
                self._import(statement)
                self.imports.append(statement)
            case ast.If() if _is_type_checking(statement.test):
                self._typing_only(statement.body)
                for inner in statement.orelse:
                    self.statement(inner)
            case ast.If() if _is_main(statement.test):
                for inner in statement.orelse:
                    self.statement(inner)
            case _:
                self._compound(statement)

    def _import(self, statement: ast.Import | ast.ImportFrom) -> None:
        merge(self.aliases, imported(statement, self.name, is_package=self.is_package))
        self.stars += starred(statement, self.name, is_package=self.is_package)
        self.runs += run_by(statement, self.name, is_package=self.is_package)

    def _typing_only(self, body: list[ast.stmt]) -> None:
        for statement in body:
            merge(self.typing_only, imported(statement, self.name, is_package=self.is_package))

    def _compound(self, statement: ast.stmt) -> None:
        """Kept whole: what it binds depends on what runs, and on its order."""
        self.statements.append(statement)
        inside: list[ast.AST] = [statement]
        while inside:
            node = inside.pop()
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._import(node)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                self.held.add(node.name)
                continue
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.held.add(node.id)
            inside += ast.iter_child_nodes(node)


def _assigned(statement: ast.Assign | ast.AnnAssign | ast.AugAssign) -> list[str]:
    """Plain names that an assignment binds; none when it also writes into something else."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    found = [item for target in targets for item in ast.walk(target)]
    if any(isinstance(item, ast.Attribute | ast.Subscript) for item in found):
        return []
    return [item.id for item in found if isinstance(item, ast.Name)]


def merge(into: dict[str, list[Target]], found: dict[str, Target]) -> None:
    """Add what names stand for to what they may stand for already."""
    for alias, target in found.items():
        targets = into.setdefault(alias, [])
        if target not in targets:
            targets.append(target)


def imported(statement: ast.stmt, module: str, *, is_package: bool) -> dict[str, Target]:
    """Alias -> what an import statement binds it to; star imports bind nothing here."""
    if isinstance(statement, ast.Import):
        tops = [(alias, alias.name.partition(".")[0]) for alias in statement.names]
        return {alias.asname or top: (alias.name if alias.asname else top, None) for alias, top in tops}
    if isinstance(statement, ast.ImportFrom):
        origin = absolute(statement, module, is_package=is_package)
        named = [alias for alias in statement.names if alias.name != "*"]
        return {alias.asname or alias.name: (origin, alias.name) for alias in named}
    return {}


def starred(statement: ast.stmt, module: str, *, is_package: bool) -> list[str]:
    """Modules that an import statement takes whole."""
    if isinstance(statement, ast.ImportFrom) and any(alias.name == "*" for alias in statement.names):
        return [absolute(statement, module, is_package=is_package)]
    return []


def run_by(statement: ast.stmt, module: str, *, is_package: bool) -> list[str]:
    """Modules that an import statement runs: those named, and names that may be submodules."""
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names]
    if isinstance(statement, ast.ImportFrom):
        origin = absolute(statement, module, is_package=is_package)
        return [origin, *(f"{origin}.{alias.name}" for alias in statement.names if alias.name != "*")]
    return []


def absolute(statement: ast.ImportFrom, module: str, *, is_package: bool) -> str:
    """The full name of the module that a from-import reads."""
    if not statement.level:
        return statement.module or ""
    parts = module.split(".")
    drop = statement.level - 1 if is_package else statement.level
    base = parts[: len(parts) - drop]
    return ".".join([*base, *([statement.module] if statement.module else [])])


def _is_type_checking(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"


def _is_main(test: ast.expr) -> bool:
    """`__name__ == "__main__"` never runs on import; any other comparison may."""
    return ast.unparse(test) in ("__name__ == '__main__'", "'__main__' == __name__")
