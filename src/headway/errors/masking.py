"""Takes secrets out of every text that is shown or kept; knows them by the names of their variables."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Generator

Mask = Callable[[str], str]
"""Takes something out of a text."""
PERSONAL = "pii"
"""The tag of personal data."""
MASK = "[pii]"
"""What stands in the place of a personal value."""
_MASKS: list[Mask] = []
"""Those of the columns that are worked on now."""

SHORTEST = 6
"""Characters of a value that is looked for; a shorter one would stand in too many texts by chance."""
_NAMED_SO = (
    r"(?i)PASS(WORD|WD|PHRASE)?(_|$)|SECRET|TOKEN|CREDENTIAL|API_?KEY|(ACCESS|PRIVATE|HEADWAY)_KEY|_PWD$"
)
_DECLARED: set[str] = set()
"""Variables that a product file names as secrets; names only, their values stay in the environment."""
_IN_A_URL = r"(\w://[^\s/:@]*):[^\s/@]+@"
_UNSEEN = "[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
"""Controls but for tab and line feed, and marks that turn the direction of writing."""
_COLOUR = r"\x1b\[(?:0|[12]|3[1-6])(?:;(?:[12]|3[1-6]))*m"
"""What `headway.render.style` writes."""
_is_unseen, _is_not_ours = re.compile(_UNSEEN), re.compile(f"(?!{_COLOUR}){_UNSEEN}")


def declare(name: str) -> None:
    """Treat an environment variable as a secret, whatever it is called."""
    _DECLARED.add(name)


@contextlib.contextmanager
def working_on(mask: Mask | None) -> Generator[None]:
    """Let texts be masked while something is worked on, with all that `conceal` adds meanwhile."""
    before = len(_MASKS)
    _MASKS.extend([mask] if mask is not None else ())
    try:
        yield
    finally:
        del _MASKS[before:]


def conceal(mask: Mask) -> None:
    """Mask texts from now on, until the work ends around which `working_on` stands."""
    _MASKS.append(mask)


def masked(text: str) -> str:
    """A text without passwords in URLs, values of environment variables that hold secrets, and personal values.

    The product's own code may put such a value into an exception, or print it. A variable counts by its
    name (`DB_PASSWORD`, `API_TOKEN`), or because a product file names it as a secret; its name in brackets takes the place of its value.
    """
    secrets = [(value, name) for name, value in os.environ.items() if _is_secret(name, value)]
    for value, name in sorted(secrets, key=lambda secret: -len(secret[0])):
        text = text.replace(value, f"[{name}]")
    for mask in _MASKS:
        text = mask(text)
    return re.sub(_IN_A_URL, r"\1:[password]@", text)


def visible(text: str, *, coloured: bool = False) -> str:
    """A text in which nothing steers a terminal: what comes from data or a file's name may mean to.

    Args:
        text: Tabs and line feeds stay.
        coloured: Whether the colours that Headway uses stay too.
    """
    return (_is_not_ours if coloured else _is_unseen).sub(lambda sign: ascii(sign[0])[1:-1], text)


def _is_secret(name: str, value: str) -> bool:
    named = name in _DECLARED or re.search(_NAMED_SO, name) is not None
    return len(value) >= SHORTEST and named
