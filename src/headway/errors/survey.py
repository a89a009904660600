"""What reading the working tree tells a user about the product's own code and files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from headway.errors.families import EngineError, SpecError, UserCodeError

_SHOWN = 20
_LONGEST = 200


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else f"{flat[: _LONGEST - 1]}…"


class CodeFault(Protocol):
    """One line of code that cannot run; see `headway.survey.faults.CodeFault`."""

    @property
    def place(self) -> str:
        """`file:line:column`."""
        ...

    @property
    def what(self) -> str:
        """What is wrong."""
        ...

    @property
    def hint(self) -> str:
        """What to do."""
        ...


def not_python(path: str, line: int, column: int, reason: str) -> UserCodeError:
    """SV001: A file of the product is not valid Python.

    Planning reads the code without running it, so a mistake in the syntax shows at once.
    """
    place = f"{path}:{line}:{column}" if line else path
    return UserCodeError(
        code="SV001",
        what=f"`{path}` is not valid Python: {_cut(reason)}",
        where=place,
        mend="mend the syntax",
    )


def module_is_missing(module: str, root: str, near: str = "") -> UserCodeError:
    """SV002: The product file names a module that is not in the product.

    Modules are looked for in the product's directory and in `src` below it.
    """
    return UserCodeError(
        code="SV002",
        what=f"there is no module `{module}` in the product",
        where=root,
        mend=f"did you mean `{near}`?"
        if near
        else f"write `{module.replace('.', '/')}.py`, or name another module in headway.yaml",
    )


def function_is_missing(module: str, function: str, near: str, where: str = "") -> UserCodeError:
    """SV003: The product file names a function that its module does not define.

    References are `module:function`; the function must be defined or imported at the top of the module. Its
    name may be misspelt, or it was renamed in the code and not in the product file.
    """
    return UserCodeError(
        code="SV003",
        what=f"module `{module}` defines no `{function}`",
        where=where or f"{module.replace('.', '/')}.py",
        mend=f"did you mean `{near}`?" if near else f"define `{function}`, or name another function",
    )


def lock_is_unreadable(path: str, reason: str) -> SpecError:
    """SV004: The lock file cannot be read.

    A `requirements.txt` is a lock when every entry is pinned with `==`; `uv.lock`, `pylock.toml` and
    `poetry.lock` are read as their tools write them.
    """
    return SpecError(
        code="SV004",
        what=f"the lock file cannot be read: {_cut(reason)}",
        where=path,
        mend="write it again with the tool that made it",
    )


def lock_is_missing(path: str) -> SpecError:
    """SV005: The lock file that the product file names is not there.

    `lock:` is a path relative to the product.
    """
    return SpecError(
        code="SV005",
        what=f"the lock file `{path}` is not there",
        where=path,
        mend="write it, or take `lock:` out",
    )


def file_is_unreadable(path: str, reason: str) -> EngineError:
    """SV006: A data file is there, and cannot be read.

    Its permissions forbid it, a link leads back to itself, or it is no regular file (a pipe, a device).
    """
    return EngineError(
        code="SV006",
        what=f"the file `{path[-200:]}` cannot be read: {_cut(reason)}",
        where=path[-200:],
        mend="let this user read it, or name another file in headway.yaml",
    )


def code_cannot_run(found: Sequence[CodeFault]) -> UserCodeError:
    """SV007: The product's code says what cannot run.

    Three things are known from the text alone, before anything is computed. An import names a module that is
    neither in the product nor installed here (one under `try` or `if` may never be reached, and does
    not count). A feature function has a parameter that is no column: in a group, of its source's
    contract; on demand, of what the caller sends or the groups know. Parameters may also name
    another feature of the same module; one with the name of its own function is the column of that name.
    A feature on demand has the name of a column that is sent or looked up, and the model cannot tell the
    two apart. Every public function of the module is a feature: let the
    name of one that only helps others begin with `_`.
    """
    lines = [f"{fault.place}  {_cut(fault.what)}; {_cut(fault.hint)}" for fault in found[:_SHOWN]]
    if len(found) > _SHOWN:
        lines.append(f"and {len(found) - _SHOWN} more")
    number = "1 line" if len(found) == 1 else f"{len(found)} lines"
    return UserCodeError(
        code="SV007",
        what=f"{number} of the product's code cannot run",
        where=found[0].place,
        mend="mend them and run `headway check` again",
        evidence=tuple(lines),
    )
