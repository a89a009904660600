"""The code that a node is made of: a function and, transitively, every local thing that it names.

A name that cannot be followed takes its whole module in: coarser, never blind. Nothing is imported
or run; comments, formatting and docstrings do not count.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from headway.core import digest
from headway.errors import survey as errors
from headway.survey.modules import Module, Modules, imported, run_by, starred

STATEMENTS = "<module>"
"""Part of a module's statements that are no definitions; they run when it is imported."""

_WHOLE_MODULE_CALLS = {
    "globals": "globals()",
    "vars": "vars()",
    "locals": "locals()",
    "exec": "exec()",
    "eval": "eval()",
}


class Closure(Struct, frozen=True, kw_only=True):
    """What code a node is made of.

    Attributes:
        parts: Qualified name -> digest of its meaning.
        coarse: Module that is taken in whole -> why.
        files: Files of the product that were read, relative, sorted.
        imports: Top-level names of the third-party modules that this code imports.
    """

    parts: dict[str, str]
    coarse: dict[str, str]
    files: tuple[str, ...]
    imports: tuple[str, ...]


def closure(references: Sequence[str], modules: Modules) -> Closure:
    """The closure of code references (`module:function`, or `module` for its public functions).

    Raises:
        UserCodeError: A module or function is missing, or a file is not valid Python.
    """
    walk = _Walk(modules)
    for reference in references:
        name, _, function = reference.partition(":")
        module = modules.find(name)
        if module is None:
            raise errors.module_is_missing(name, str(modules.root))
        if function and function not in module.definitions and function not in module.imports:
            near = difflib.get_close_matches(function, module.definitions, n=1, cutoff=0.5)
            raise errors.function_is_missing(name, function, near[0] if near else "")
        names = [function] if function else [item for item in module.definitions if not item.startswith("_")]
        for item in names:
            walk.want(name, item)
        walk.want(name, None)
    walk.finish()
    return Closure(
        parts=dict(sorted(walk.parts.items())),
        coarse=dict(sorted(walk.coarse.items())),
        files=tuple(sorted(walk.files)),
        imports=tuple(sorted(walk.imports)),
    )


class _Walk:
    """One breadth-first walk over (module, name)."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self.parts: dict[str, str] = {}
        self.coarse: dict[str, str] = {}
        self.files: set[str] = set()
        self.imports: set[str] = set()
        self._queue: list[tuple[str, str | None]] = []
        self._seen: set[tuple[str, str | None]] = set()

    def want(self, module: str, name: str | None) -> None:
        """Ask for a name of a module; None asks only for what runs when it is imported."""
        if (module, name) not in self._seen:
            self._seen.add((module, name))
            self._queue.append((module, name))

    def finish(self) -> None:
        """Follow everything that was asked for."""
        while self._queue:
            name, item = self._queue.pop()
            module = self.modules.find(name)
            if module is None:
                self._outside(name, item)
            elif item is None:
                self._entered(module)
            else:
                self.want(name, None)
                self._named(module, item)

    def whole(self, module: str, why: str) -> None:
        """Take a module in whole."""
        found = self.modules.find(module)
        if found is None:
            self._outside(module, None)
            return
        self.coarse.setdefault(module, why)
        self.want(module, None)
        for name in found.definitions:
            self.want(module, name)
        for origin, name in found.imports.values():
            self.follow(origin, name)

    def _outside(self, name: str, item: str | None) -> None:
        """A module that is not the product's: the standard library, a distribution, or a folder."""
        if item is not None and self.modules.find(f"{name}.{item}") is not None:
            self.want(f"{name}.{item}", None)
            return
        top = name.partition(".")[0]
        if top and top not in sys.stdlib_module_names and not self.modules.is_local(top):
            self.imports.add(top)

    def _entered(self, module: Module) -> None:
        """What runs when a module is imported: its packages, its statements, its own imports."""
        self.files.add(str(module.path.relative_to(self.modules.root)))
        parts = module.name.split(".")
        for depth in range(1, len(parts)):
            self.want(".".join(parts[:depth]), None)
        if module.statements:
            self._part(f"{module.name}.{STATEMENTS}", module, list(module.statements))
        for star in module.stars:
            self.whole(star, f"imported whole by `from {star} import *` in {module.name}")
        self.runs(module.runs)
        if self._registers(module):
            self.whole(module.name, "a decorator of the product runs when it is imported")

    def runs(self, names: Iterable[str]) -> None:
        """An import statement runs a module, whether its name is used or not."""
        for name in names:
            package, _, last = name.rpartition(".")
            parent = self.modules.find(package) if package else None
            if parent is None or last not in parent.definitions:
                self.want(name, None)

    def _registers(self, module: Module) -> bool:
        """Whether a definition has a decorator that comes from the product itself."""
        for statements in module.definitions.values():
            for statement in statements:
                for decorator in getattr(statement, "decorator_list", []):
                    root = _root_name(decorator)
                    origin = module.imports.get(root, ("", None))[0]
                    if root in module.definitions or (origin and self.modules.is_local(origin)):
                        return True
        return False

    def _named(self, module: Module, name: str) -> None:
        if name in module.definitions:
            self._part(f"{module.name}.{name}", module, module.definitions[name])
            return
        if name in module.imports:
            self.follow(*module.imports[name])
            return
        if self.modules.find(f"{module.name}.{name}") is not None:
            self.want(f"{module.name}.{name}", None)
        elif "__getattr__" in module.definitions:
            self.whole(module.name, f"`{name}` comes from its __getattr__")

    def follow(self, origin: str, name: str | None) -> None:
        """What an alias stands for: a submodule, or a name of a module."""
        if name is None:
            self.want(origin, None)
        elif self.modules.find(f"{origin}.{name}") is not None:
            self.want(f"{origin}.{name}", None)
        else:
            self.want(origin, name)

    def _part(self, qualified: str, module: Module, statements: list[ast.stmt]) -> None:
        if qualified in self.parts:
            return
        bodies = [ast.dump(_plain(statement)) for statement in statements]
        self.parts[qualified] = digest.of_bytes("\n".join(bodies).encode())[:32]
        for statement in statements:
            _Names(self, module, statement).follow()


class _Names:
    """Follows every name that a piece of code uses."""

    def __init__(self, walk: _Walk, module: Module, node: ast.AST) -> None:
        self.walk = walk
        self.module = module
        self.node = node
        self.aliases = dict(module.imports)
        for inner in ast.walk(node):
            if isinstance(inner, ast.Import | ast.ImportFrom):
                self.aliases |= imported(inner, module.name, is_package=module.is_package)
                for star in starred(inner, module.name, is_package=module.is_package):
                    walk.whole(star, f"imported whole by `*` in {module.name}")
                walk.runs(run_by(inner, module.name, is_package=module.is_package))

    def follow(self) -> None:
        inside: set[int] = set()
        for node in ast.walk(self.node):
            if isinstance(node, ast.Attribute) and id(node) not in inside:
                chain = _chain(node)
                if chain is not None:
                    inside |= {id(part) for part in ast.walk(node)}
                    self._attribute(chain)
            elif isinstance(node, ast.Call):
                self._call(node)
        for node in ast.walk(self.node):
            if isinstance(node, ast.Name) and id(node) not in inside:
                self._name(node.id)
        self._decorators()

    def _name(self, name: str) -> None:
        if name in self.aliases and name not in self.module.definitions:
            origin, item = self.aliases[name]
            target = self._module_of(origin, item)
            if target is not None:
                self.walk.whole(target, f"used as a value in {self.module.name}")
            else:
                self.walk.follow(origin, item)
        elif name in self.module.definitions:
            self.walk.want(self.module.name, name)
        elif not hasattr(builtins, name):
            for star in self.module.stars:
                self.walk.want(star, name)

    def _attribute(self, chain: list[str]) -> None:
        """`a.b.c`: as far as `a.b` is a local module, what is wanted is the name after it."""
        root, *rest = chain
        if root not in self.aliases or root in self.module.definitions:
            self._name(root)
            return
        origin, item = self.aliases[root]
        target = self._module_of(origin, item)
        if target is None:
            self.walk.follow(origin, item)
            return
        while (
            rest
            and self.walk.modules.find(f"{target}.{rest[0]}") is not None
            and not self._defines(target, rest[0])
        ):
            target = f"{target}.{rest.pop(0)}"
            self.walk.want(target, None)
        if rest:
            self.walk.want(target, rest[0])

    def _defines(self, module: str, name: str) -> bool:
        found = self.walk.modules.find(module)
        return found is not None and name in found.definitions

    def _module_of(self, origin: str, item: str | None) -> str | None:
        """The local module that an alias stands for; None when it stands for something else."""
        name = origin if item is None else f"{origin}.{item}"
        if item is not None and self._defines(origin, item):
            return None
        return (
            name
            if self.walk.modules.find(name) is not None or (item is None and self.walk.modules.is_local(name))
            else None
        )

    def _call(self, node: ast.Call) -> None:
        name = _root_name(node.func)
        called = node.func.attr if isinstance(node.func, ast.Attribute) else name
        if isinstance(node.func, ast.Name) and name in _WHOLE_MODULE_CALLS:
            self.walk.whole(self.module.name, f"it calls {_WHOLE_MODULE_CALLS[name]}")
        if called in ("import_module", "__import__") and node.args:
            self._import_by_name(node.args[0])

    def _import_by_name(self, argument: ast.expr) -> None:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            self.walk.whole(argument.value, f"imported by name in {self.module.name}")
            return
        package = self.module.name.partition(".")[0]
        for module in self.walk.modules.below(package) or [self.module.name]:
            self.walk.whole(module, f"{self.module.name} imports by a computed name")

    def _decorators(self) -> None:
        for node in ast.walk(self.node):
            for decorator in getattr(node, "decorator_list", []):
                root = _root_name(decorator)
                if root in self.module.definitions:
                    self.walk.whole(self.module.name, f"its decorator `{root}` may reach anything in it")
                elif root in self.aliases:
                    origin, item = self.aliases[root]
                    home = self._module_of(origin, item) or origin
                    if self.walk.modules.find(home) is not None:
                        self.walk.whole(home, f"its decorator `{root}` is used in {self.module.name}")


def _plain(statement: ast.stmt) -> ast.stmt:
    """A copy without docstrings."""
    copy: ast.stmt = ast.parse(ast.unparse(statement)).body[0]
    for node in ast.walk(copy):
        body = getattr(node, "body", None)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and body:
            first = body[0]
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = body[1:] or [ast.Pass()]
    return copy


def _chain(node: ast.Attribute) -> list[str] | None:
    names: list[str] = []
    current: ast.expr = node
    while isinstance(current, ast.Attribute):
        names.append(current.attr)
        current = current.value
    return [current.id, *reversed(names)] if isinstance(current, ast.Name) else None


def _root_name(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return node.id if isinstance(node, ast.Name) else ""


def relative(paths: Iterable[Path], root: Path) -> tuple[str, ...]:
    """Paths relative to the product, sorted."""
    return tuple(sorted(str(path.relative_to(root)) for path in paths))
