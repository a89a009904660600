"""The product's own modules, found and parsed without importing them."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import NamedTuple

from headway.errors import survey as errors

Target = tuple[str, str | None]
"""(module, name in it); None means the module itself."""


class Module(NamedTuple):
    """One local module, read once.

    Attributes:
        definitions: Top-level name -> the statements that define it (several when conditional).
        imports: Top-level alias -> what it stands for.
        stars: Modules that are imported whole by `*`.
        runs: Modules whose statements run when this one is imported.
        statements: Module-level statements that are no definition, import or docstring.
    """

    name: str
    path: Path
    is_package: bool
    definitions: dict[str, list[ast.stmt]]
    imports: dict[str, Target]
    stars: tuple[str, ...]
    runs: tuple[str, ...]
    statements: tuple[ast.stmt, ...]


class Modules:
    """Finds and parses the modules below a product's directory; each file is read once.

    Args:
        root: The product's directory; `src` in it is searched too.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folders = [folder for folder in (root, root / "src") if folder.is_dir()]
        self._parsed: dict[str, Module | None] = {}

    def find(self, name: str) -> Module | None:
        """The local module called `name`; None when it is not the product's.

        Raises:
            UserCodeError: The file is not valid Python.
        """
        if name not in self._parsed:
            path = self._locate(name)
            self._parsed[name] = None if path is None else self._parse(name, path)
        return self._parsed[name]

    def is_local(self, name: str) -> bool:
        """Whether a module, or a namespace package, of this name lies in the product."""
        return self._locate(name) is not None or any(
            (folder / name.replace(".", "/")).is_dir() for folder in self._folders
        )

    def below(self, package: str) -> list[str]:
        """Every local module of a top-level package, sorted."""
        found = set()
        for folder in self._folders:
            for path in (folder / package).rglob("*.py"):
                parts = path.relative_to(folder).with_suffix("").parts
                found.add(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
        return sorted(found)

    def _locate(self, name: str) -> Path | None:
        place = name.replace(".", "/")
        for folder in self._folders:
            for path in (folder / f"{place}.py", folder / place / "__init__.py"):
                if path.is_file():
                    return path
        return None

    def _parse(self, name: str, path: Path) -> Module:
        shown = str(path.relative_to(self.root))
        try:
            tree = ast.parse(path.read_bytes())
        except SyntaxError as error:
            raise errors.not_python(shown, error.lineno or 0, error.offset or 0, error.msg) from error
        except (ValueError, OSError) as error:
            raise errors.not_python(shown, 0, 0, str(error)) from error
        reading = _Reading(name, is_package=path.name == "__init__.py")
        reading.block(_without_docstring(tree.body))
        return Module(
            name=name,
            path=path,
            is_package=reading.is_package,
            definitions=reading.definitions,
            imports=reading.imports,
            stars=tuple(reading.stars),
            runs=tuple(reading.runs),
            statements=tuple(reading.statements),
        )


class _Reading:
    """Sorts the statements of a module into definitions, imports and the rest."""

    def __init__(self, name: str, *, is_package: bool) -> None:
        self.name = name
        self.is_package = is_package
        self.definitions: dict[str, list[ast.stmt]] = {}
        self.imports: dict[str, Target] = {}
        self.stars: list[str] = []
        self.runs: list[str] = []
        self.statements: list[ast.stmt] = []

    def block(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self._one(statement)

    def _one(self, statement: ast.stmt) -> None:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self.definitions.setdefault(statement.name, []).append(statement)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign() if self._assigned(statement):
                for target in self._assigned(statement):
                    self.definitions.setdefault(target, []).append(statement)
            case ast.Import() | ast.ImportFrom():
                self.imports |= imported(statement, self.name, is_package=self.is_package)
                self.stars += starred(statement, self.name, is_package=self.is_package)
                self.runs += run_by(statement, self.name, is_package=self.is_package)
            case ast.If() if _is_type_checking(statement.test) or _is_main(statement.test):
                self.block(statement.orelse)
            case ast.If() | ast.Try():
                self._conditional(statement)
            case _:
                self.statements.append(statement)

    def _conditional(self, statement: ast.If | ast.Try) -> None:
        """Definitions in any branch count; the condition itself is a statement."""
        if isinstance(statement, ast.If):
            self.statements.append(ast.Expr(statement.test))
            blocks = [statement.body, statement.orelse]
        else:
            handlers = [handler.body for handler in statement.handlers]
            blocks = [statement.body, *handlers, statement.orelse, statement.finalbody]
        for block in blocks:
            self.block(block)

    @staticmethod
    def _assigned(statement: ast.Assign | ast.AnnAssign | ast.AugAssign) -> list[str]:
        """Plain names that an assignment binds; none when it also writes into something else."""
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        names = []
        for target in targets:
            for item in ast.walk(target):
                if isinstance(item, ast.Attribute | ast.Subscript):
                    return []
                if isinstance(item, ast.Name):
                    names.append(item.id)
        return names


def imported(statement: ast.stmt, module: str, *, is_package: bool) -> dict[str, Target]:
    """Alias -> what an import statement binds it to; star imports bind nothing here."""
    if isinstance(statement, ast.Import):
        return {
            alias.asname or alias.name.partition(".")[0]: (
                alias.name if alias.asname else alias.name.partition(".")[0],
                None,
            )
            for alias in statement.names
        }
    if isinstance(statement, ast.ImportFrom):
        origin = absolute(statement, module, is_package=is_package)
        return {
            alias.asname or alias.name: (origin, alias.name) for alias in statement.names if alias.name != "*"
        }
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


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    is_text = (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
    return body[1:] if is_text else body


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _is_main(test: ast.expr) -> bool:
    """`__name__ == "__main__"` never runs on import."""
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"
