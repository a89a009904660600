"""A contract as YAML text that people read and change: what is not the default, and comments beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec
from msgspec import Struct

from headway.spec.contract import Contract, Expectation
from headway.spec.quantities import duration_text

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_WORDS = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))
"""Words that some reader of YAML takes for something else than text."""
_LONGEST_KEY = 120
_SPACES = re.compile(r"\s+")


def contract_text(
    contract: Contract,
    *,
    heading: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
    parts: Mapping[str, str] | None = None,
) -> str:
    """A contract as a file.

    Args:
        contract: What is written; `headway.spec.load.load_contract` reads the same from the text.
        heading: Lines of comment at the top.
        columns: Column -> a comment above it.
        parts: Key at the top (`rows`) -> a comment behind it; for `expectations[2]` behind that one.
    """
    beside = parts or {}
    lines = [*(f"# {_flat(line)}" for line in heading), *_top(contract, beside), "columns:"]
    for name, column in contract.columns.items():
        said = (columns or {}).get(name)
        lines += [f"  # {_flat(said)}"] if said else []
        lines.append(f"  {_key(name)}: {_flow(given(column))}")
    lines += _rest(contract, beside)
    return "\n".join((*lines, ""))


def given(value: Struct) -> dict[str, Any]:
    """What of a declaration is not the default, under the keys of a file."""
    found: dict[str, Any] = {}
    for item in msgspec.structs.fields(value):
        here = getattr(value, item.name)
        default = item.default_factory() if item.default is msgspec.NODEFAULT and not item.required else None
        default = item.default if item.default is not msgspec.NODEFAULT else default
        if item.required or here != default:
            found[item.encode_name] = here
    if isinstance(value, Expectation):
        arguments = found.pop("arguments", {})
        return {"type": found.pop("type"), **arguments, **found}
    return found


def _top(contract: Contract, beside: Mapping[str, str]) -> Iterator[str]:
    said = given(contract)
    yield from (_line(key, said[key], beside) for key in ("description", "version") if key in said)


def _rest(contract: Contract, beside: Mapping[str, str]) -> Iterator[str]:
    said = given(contract)
    for key in ("description", "version", "columns", "expectations"):
        said.pop(key, None)
    yield from (_line(key, value, beside) for key, value in said.items())
    if contract.expectations:
        yield "expectations:"
    for index, expectation in enumerate(contract.expectations):
        note = beside.get(f"expectations[{index}]", "")
        yield f"  - {_flow(given(expectation))}{_behind(note)}"


def _line(key: str, value: Any, beside: Mapping[str, str]) -> str:
    return f"{key}: {_flow(value)}{_behind(beside.get(key, ''))}"


def _behind(note: str) -> str:
    return f"   # {_flat(note)}" if note else ""


def _flat(text: str) -> str:
    """A comment on one line, without characters that no YAML may hold."""
    line = _SPACES.sub(" ", text).strip()
    return "".join(sign if sign.isprintable() else "?" for sign in line)


def _key(name: str) -> str:
    written = scalar(name)
    return written if len(written) <= _LONGEST_KEY else f"? {written}\n  "


def _flow(value: Any) -> str:
    """A value in YAML's flow style, on one line."""
    if isinstance(value, Struct):
        return _flow(given(value))
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{scalar(str(key))}: {_flow(item)}' for key, item in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_flow, value))}]"
    return scalar(value)


def scalar(value: Any) -> str:
    """A scalar as YAML reads it back: text is quoted where it could be anything else."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        return duration_text(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004 -- shown in full
        return str(int(value))
    if isinstance(value, int | float):
        return repr(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    if text.isprintable() and "'" not in text and "\\" in text:
        return f"'{text}'"  # patterns stay readable
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(sign: str) -> str:
    if sign in '"\\':
        return f"\\{sign}"
    if sign.isprintable():
        return sign
    code = ord(sign)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004
