"""The code that a node is made of: a function and, transitively, every local thing that it names.

A name that cannot be followed takes its whole module in: coarser, never blind. Nothing is imported
or run; comments, formatting and docstrings do not count.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import sys
from typing import TYPE_CHECKING

from msgspec import Struct

from headway.core import digest
from headway.errors import survey as errors
from headway.survey.modules import Module, Modules, Target, imported, merge, run_by, starred
from headway.survey.syntax import Chain, Uses, meaning, run_on_import, uses

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

STATEMENTS = "<module>"
"""Part of a module's statements that are no definitions; they run when it is imported."""

_OWN_MODULE = {"globals", "vars", "locals"}
_BY_NAME = {"importlib.import_module", "importlib.__import__", "builtins.__import__", "runpy.run_module"}
_ANY_MODULE = {
    *_BY_NAME,
    "builtins.eval",
    "builtins.exec",
    "importlib.machinery",
    "importlib.util.spec_from_file_location",
    "pkgutil",
    "runpy",
    "sys.modules",
}
"""What reaches modules by a name that is worked out while it runs."""
_EVERYWHERE = {"__globals__", "__subclasses__"}
"""Attributes that reach what no name in the code says."""
_OF_EVERY_MODULE = {"__name__", "__file__", "__doc__", "__package__", "__path__", "__spec__"}


class Closure(Struct, frozen=True, kw_only=True):
    """What code a node is made of.

    Attributes:
        parts: Qualified name -> digest of its meaning.
        coarse: Module that is taken in whole -> why.
        files: Files of the product that were read, relative, sorted.
        imports: Top-level names of the third-party modules that this code imports.
        absent: Paths that were looked for before what was found, and were not there; relative, sorted.
    """

    parts: dict[str, str]
    coarse: dict[str, str]
    files: tuple[str, ...]
    imports: tuple[str, ...]
    absent: tuple[str, ...] = ()


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
            raise errors.module_is_missing(name, str(modules.root), modules.near(name))
        if function and not module.compiled and not module.binds(function.partition(".")[0]):
            raise _missing(module, function, modules)
        walk.enter(name)
        for item in [function] if function else _public(module):
            walk.use(name, tuple(item.split(".")))
    walk.finish()
    root = modules.root
    return Closure(
        parts=dict(sorted(walk.parts.items())),
        coarse=dict(sorted(walk.coarse.items())),
        files=tuple(sorted(walk.files)),
        imports=tuple(sorted(walk.imports)),
        absent=tuple(sorted({path.relative_to(root).as_posix() for path in walk.absent})),
    )


def _public(module: Module) -> list[str]:
    """Public functions that the module defines; the only things that a bare module reference means."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    defined = [
        name for name, made in module.definitions.items() if any(isinstance(one, functions) for one in made)
    ]
    return [name for name in defined if not name.startswith("_")]


def _missing(module: Module, function: str, modules: Modules) -> Exception:
    near = difflib.get_close_matches(function, module.definitions, n=1, cutoff=0.5)
    statement = module.definitions[near[0]][0] if near else None
    place = module.path.relative_to(modules.root).as_posix()
    if statement is not None:
        place = f"{place}:{statement.lineno}:{statement.col_offset + 1}"
    return errors.function_is_missing(module.name, function, near[0] if near else "", place)


class _Walk:
    """One walk over (module, dotted name in it); an empty name is the module object itself."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self.parts: dict[str, str] = {}
        self.coarse: dict[str, str] = {}
        self.files: set[str] = set()
        self.absent: set[Path] = set()
        self.imports: set[str] = set()
        self._everywhere = ""
        self._entered: set[str] = set()
        self._waiting: list[tuple[str, Chain | None]] = []
        self._seen: set[tuple[str, Chain | None]] = set()

    def enter(self, module: str) -> None:
        """Ask for what runs when a module is imported."""
        self._want(module, None)

    def use(self, module: str, chain: Chain) -> None:
        """Ask for a name of a module; an empty one is the module as a value, so all of it."""
        self._want(module, chain)

    def finish(self) -> None:
        """Follow everything that was asked for."""
        while self._waiting:
            name, chain = self._waiting.pop()
            module = self._find(name)
            if module is None:
                self._outside(name, chain)
            elif chain is None:
                self._enter(module)
            else:
                self.enter(name)
                self._use(module, chain)
            if self._everywhere and not self._waiting:
                for entered in sorted(self._entered - set(self.coarse)):
                    self.whole(entered, self._everywhere)

    def whole(self, name: str, why: str) -> None:
        """Take a module in whole."""
        module = self._find(name)
        if module is None:
            self._outside(name, None)
            return
        if name in self.coarse:
            return
        self.coarse[name] = why
        self.enter(name)
        for item in module.definitions:
            self.use(name, (item,))
        for origin, item in (target for targets in module.aliases.values() for target in targets):
            if item is None or self.modules.is_local(f"{origin}.{item}"):
                self.enter(origin if item is None else f"{origin}.{item}")
            else:
                self.use(origin, (item,))

    def _want(self, module: str, chain: Chain | None) -> None:
        if (module, chain) not in self._seen:
            self._seen.add((module, chain))
            self._waiting.append((module, chain))

    def _find(self, name: str) -> Module | None:
        parts = name.split(".")
        for depth in range(1, len(parts) + 1):
            self.absent.update(self.modules.locate(".".join(parts[:depth])).absent)
        return self.modules.find(name)

    def _outside(self, name: str, chain: Chain | None) -> None:
        """A module that is not the product's: the standard library, a distribution, or a folder."""
        if self.modules.is_local(name):
            if chain:
                self.use(f"{name}.{chain[0]}", chain[1:])
            elif chain is not None:
                for module in self.modules.below(name):
                    self.whole(module, f"`{name}` is used as a value")
        top = name.partition(".")[0]
        # A mere folder does not hide a distribution of the same name: Python prefers the latter.
        if top and top not in sys.stdlib_module_names and self.modules.locate(top).file is None:
            self.imports.add(top)

    def _enter(self, module: Module) -> None:
        """What runs when a module is imported: its packages, its statements, its own imports."""
        self._entered.add(module.name)
        self.files.add(module.path.relative_to(self.modules.root).as_posix())
        parts = module.name.split(".")
        for depth in range(1, len(parts)):
            self.enter(".".join(parts[:depth]))
        if module.compiled:
            self.parts[f"{module.name}.{STATEMENTS}"] = digest.of_file(module.path)
            self.coarse.setdefault(module.name, "compiled: only its bytes are known")
        if module.statements:
            self._part(module, STATEMENTS, module.statements)
        for star in module.stars:
            self.whole(star, f"imported whole by `from {star} import *` in {module.name}")
        self._run(module.runs)
        for name, statements in module.definitions.items():
            self._define(module, name, statements)

    def _run(self, names: Iterable[str]) -> None:
        """An import statement runs a module, whether its name is used or not."""
        for name in names:
            package, _, last = name.rpartition(".")
            parent = self._find(package) if package else None
            if parent is None or (parent.is_package and last not in parent.definitions):
                self.enter(name)

    def _define(self, module: Module, name: str, statements: Sequence[ast.stmt]) -> None:
        """A definition that calls, or derives from, the product's code on import may register something."""
        for statement in statements:
            called, decorators = run_on_import(statement)
            if any(self._is_own(module, root) for root in decorators):
                self.whole(module.name, f"a decorator of the product runs when `{name}` is defined")
            elif any(self._is_own(module, root) for root in called) or any(
                self._is_third_party(module, root) for root in decorators
            ):
                self.use(module.name, (name,))

    def _is_own(self, module: Module, root: str) -> bool:
        targets = module.aliases.get(root, ())
        return (
            root in module.definitions
            or root in module.held
            or any(self.modules.is_local(origin.partition(".")[0]) for origin, _ in targets)
        )

    def _is_third_party(self, module: Module, root: str) -> bool:
        tops = [origin.partition(".")[0] for origin, _ in module.aliases.get(root, ())]
        return any(top not in sys.stdlib_module_names for top in tops)

    def _use(self, module: Module, chain: Chain) -> None:
        """A dotted name of a module, as far as it can be followed."""
        if module.compiled:
            return
        if not chain:
            self.whole(module.name, "it is used as a value")
            return
        name, rest = chain[0], chain[1:]
        if name in module.definitions:
            self._part(module, name, module.definitions[name])
        for target in module.aliases.get(name, ()):
            self.target(target, rest)
        is_found = name in module.definitions or name in module.aliases or name in module.held
        if module.is_package and self.modules.is_local(f"{module.name}.{name}"):
            if is_found and not rest:
                self.enter(f"{module.name}.{name}")
            else:
                self.use(f"{module.name}.{name}", rest)
        elif not is_found and name not in _OF_EVERY_MODULE:
            self._elsewhere(module, chain)

    def _elsewhere(self, module: Module, chain: Chain) -> None:
        for star in module.stars:
            self.use(star, chain)
        if "__getattr__" in module.definitions:
            self.whole(module.name, f"`{chain[0]}` comes from its __getattr__")
        elif not module.stars:
            self.whole(module.name, f"it does not define `{chain[0]}`, which is asked of it")

    def target(self, target: Target, rest: Chain) -> None:
        """What an alias stands for, and a dotted name after it."""
        origin, item = target
        self.use(origin, rest if item is None else (item, *rest))

    def _part(self, module: Module, name: str, statements: Sequence[ast.stmt]) -> None:
        qualified = f"{module.name}.{name}"
        if qualified in self.parts:
            return
        said = uses(statements)
        bound = sorted(
            (root, module.aliases[root]) for root in {c[0] for c in said.chains} if root in module.aliases
        )
        stands_for = [f"{root}={targets}" for root, targets in bound] + [f"*={star}" for star in module.stars]
        self.parts[qualified] = digest.of_bytes("\n".join([meaning(statements), *stands_for]).encode())
        _follow(self, module, said)

    def everywhere(self, why: str) -> None:
        """Take every module in whole that is imported at all."""
        self._everywhere = self._everywhere or why

    def computed(self, module: Module, name: str, said: Uses, chain: Chain) -> None:
        """A module that is reached by name; by the names themselves where all are written out."""
        literals = said.literals.get(chain, [])
        is_written_out = len(literals) == said.chains[chain] and not any(
            text[:1] in ("", ".") for text in literals
        )
        if name in _BY_NAME and is_written_out:
            for text in literals:
                wanted = self.modules.below(text.rstrip(".")) if text.endswith(".") else [text]
                for item in wanted:
                    self.whole(item, f"imported by name in {module.name}")
            return
        for item in self.modules.beside(module.name):
            self.whole(item, f"{module.name} reaches modules through `{name}`")


def _follow(walk: _Walk, module: Module, said: Uses) -> None:
    """Follow every name that a piece of a module's code says."""
    aliases = {name: list(targets) for name, targets in module.aliases.items()}
    for statement in said.imports:
        merge(aliases, imported(statement, module.name, is_package=module.is_package))
        for star in starred(statement, module.name, is_package=module.is_package):
            walk.whole(star, f"imported whole by `*` in {module.name}")
        for name in run_by(statement, module.name, is_package=module.is_package):
            walk.enter(name)
    for chain in said.chains:
        _chain(walk, module, aliases, said, chain)
    for chain in said.patched:
        for origin, item in aliases.get(chain[0], ()):
            home = origin if item is None else f"{origin}.{item}"
            if walk.modules.find(home) is not None:
                walk.whole(home, f"`{'.'.join(chain)}` is assigned in {module.name}")
    _decorators(walk, module, aliases, said)
    for attribute in sorted(_EVERYWHERE & said.attributes):
        walk.everywhere(f"{module.name} reads `{attribute}`, which may reach it")


def _chain(walk: _Walk, module: Module, aliases: dict[str, list[Target]], said: Uses, chain: Chain) -> None:
    root, rest = chain[0], chain[1:]
    is_own = root in module.definitions or root in module.held
    if is_own:
        walk.use(module.name, chain)
    for origin, item in aliases.get(root, ()):
        name = ".".join([origin, *([item] if item else []), *rest])
        if name == "importlib" or any(f"{name}.".startswith(f"{known}.") for known in _ANY_MODULE):
            walk.computed(module, name, said, chain)
        home = _module_of(walk.modules, origin, item)
        if home and not rest:
            walk.whole(home, f"used as a value in {module.name}")
        walk.target((origin, item), rest)
    for origin, _ in module.typing_only.get(root, ()):
        if not walk.modules.is_local(origin.partition(".")[0]):
            walk.enter(origin)
    if not is_own and root not in aliases and hasattr(builtins, root):
        if f"builtins.{root}" in _ANY_MODULE:
            walk.computed(module, f"builtins.{root}", said, chain)
        elif root in _OWN_MODULE:
            walk.whole(module.name, f"it calls {root}()")


def _module_of(modules: Modules, origin: str, item: str | None) -> str:
    """The local module that an alias stands for; empty when it stands for something else."""
    parent = modules.find(origin)
    if item is None:
        return origin if parent is not None else ""
    name = f"{origin}.{item}"
    is_name = parent is not None and (
        item in parent.definitions or item in parent.aliases or item in parent.held
    )
    return "" if is_name or modules.find(name) is None else name


def _decorators(walk: _Walk, module: Module, aliases: dict[str, list[Target]], said: Uses) -> None:
    """A decorator of the product may reach anything in its module, and keep what it decorates."""
    for chain in sorted(said.decorators):
        shown = ".".join(chain)
        if chain[0] in module.definitions:
            walk.whole(module.name, f"its decorator `{shown}` may reach anything in it")
        for origin, _ in aliases.get(chain[0], ()):
            if walk.modules.find(origin) is not None:
                walk.whole(origin, f"its decorator `{shown}` is used in {module.name}")
