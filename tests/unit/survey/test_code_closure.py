"""Sixteen import idioms: an edit to what is used is seen, a comment is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from headway.errors import UserCodeError
from headway.survey.closure import Closure, closure
from headway.survey.modules import Modules

HELPER = "RATE = 2\n\n\ndef helper(x):\n    return x * RATE\n"

IDIOMS: dict[str, dict[str, str]] = {
    "same module": {"p/main.py": f"{HELPER}\ndef fit(x):\n    return helper(x)\n"},
    "from import": {"p/main.py": "from p.other import helper\ndef fit(x):\n    return helper(x)\n"},
    "from import as": {"p/main.py": "from p.other import helper as h\ndef fit(x):\n    return h(x)\n"},
    "import dotted": {"p/main.py": "import p.other\ndef fit(x):\n    return p.other.helper(x)\n"},
    "import as": {"p/main.py": "import p.other as o\ndef fit(x):\n    return o.helper(x)\n"},
    "from package import module": {
        "p/main.py": "from p import other\ndef fit(x):\n    return other.helper(x)\n"
    },
    "relative": {"p/main.py": "from .other import helper\ndef fit(x):\n    return helper(x)\n"},
    "relative module": {"p/main.py": "from . import other\ndef fit(x):\n    return other.helper(x)\n"},
    "star": {"p/main.py": "from p.other import *\ndef fit(x):\n    return helper(x)\n"},
    "inside the function": {
        "p/main.py": "def fit(x):\n    from p.other import helper\n    return helper(x)\n"
    },
    "re-export": {
        "p/__init__.py": "from p.other import helper\n",
        "p/main.py": "from p import helper\ndef fit(x):\n    return helper(x)\n",
    },
    "import error fallback": {
        "p/main.py": "try:\n    from fast import helper\nexcept ImportError:\n    from p.other import helper\n"
        "def fit(x):\n    return helper(x)\n"
    },
    "passed as a value": {
        "p/main.py": "from functools import partial\nfrom p.other import helper\nCALL = partial(helper, 3)\n"
        "def fit(x):\n    return CALL()\n"
    },
    "getattr on a module": {
        "p/main.py": "from p import other\ndef fit(x):\n    return getattr(other, 'hel' + 'per')(x)\n"
    },
    "imported by name": {
        "p/main.py": "import importlib\ndef fit(x):\n    return importlib.import_module('p.other').helper(x)\n"
    },
    "base class": {
        "p/other.py": "RATE = 2\n\n\nclass Helper:\n    def run(self, x):\n        return x * RATE\n",
        "p/main.py": "from p.other import Helper\nclass Mine(Helper):\n    pass\ndef fit(x):\n    return Mine().run(x)\n",
    },
    "local decorator": {
        "p/other.py": "RATE = 2\n\n\ndef helper(function):\n    return lambda x: function(x) * RATE\n",
        "p/main.py": "from p.other import helper\n@helper\ndef fit(x):\n    return x\n",
    },
    "registry": {
        "p/registry.py": "FOUND = {}\ndef register(function):\n    FOUND[function.__name__] = function\n    return function\n",
        "p/other.py": "from p.registry import register\nRATE = 2\n@register\ndef helper(x):\n    return x * RATE\n",
        "p/main.py": "import p.other\nfrom p.registry import FOUND\ndef fit(x):\n    return FOUND['helper'](x)\n",
    },
    "computed import": {
        "p/main.py": "import importlib\nNAME = 'other'\ndef fit(x):\n    return importlib.import_module('p.' + NAME).helper(x)\n"
    },
    "default argument": {
        "p/main.py": "from p.other import helper\ndef fit(x, call=helper):\n    return call(x)\n"
    },
    "src layout": {"src/p/main.py": "from p.other import helper\ndef fit(x):\n    return helper(x)\n"},
}


def write(root: Path, files: dict[str, str]) -> None:
    base = "src/" if any(name.startswith("src/") for name in files) else ""
    for name, text in {f"{base}p/__init__.py": "", f"{base}p/other.py": HELPER, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def read(root: Path, reference: str = "p.main:fit") -> Closure:
    return closure([reference], Modules(root))


def edit(root: Path, before: str, after: str) -> None:
    for path in root.rglob("*.py"):
        path.write_text(path.read_text().replace(before, after))


@pytest.mark.parametrize("idiom", IDIOMS)
def test_an_edit_behind_any_import_idiom_is_seen_and_a_comment_is_not(tmp_path: Path, idiom: str) -> None:
    write(tmp_path, IDIOMS[idiom])
    before = read(tmp_path).parts
    edit(tmp_path, "RATE = 2\n", "# the rate\nRATE = 2   # twice\n\n\n")
    assert read(tmp_path).parts == before, "a comment or blank line changes nothing"
    edit(
        tmp_path,
        "return x * RATE",
        "'''Docs.'''\n        return x * RATE" if "class" in idiom else "return (x\n     * RATE)",
    )
    edit(tmp_path, "RATE = 2", "RATE = 3")
    assert read(tmp_path).parts != before, "a changed constant behind the helper is seen"


@pytest.mark.parametrize("idiom", IDIOMS)
def test_an_edit_to_the_helper_itself_is_seen(tmp_path: Path, idiom: str) -> None:
    write(tmp_path, IDIOMS[idiom])
    before = read(tmp_path).parts
    edit(tmp_path, "* RATE", "+ RATE")
    assert read(tmp_path).parts != before


def test_an_unused_neighbour_does_not_count(tmp_path: Path) -> None:
    write(tmp_path, IDIOMS["from import"] | {"p/other.py": HELPER + "\ndef unused():\n    return 1\n"})
    before = read(tmp_path).parts
    edit(tmp_path, "return 1", "return 2")
    assert read(tmp_path).parts == before


def test_parts_are_named_so_that_a_person_can_find_them(tmp_path: Path) -> None:
    write(tmp_path, IDIOMS["from import"])
    assert set(read(tmp_path).parts) == {"p.main.fit", "p.other.helper", "p.other.RATE"}


def test_a_module_taken_in_whole_says_why(tmp_path: Path) -> None:
    write(tmp_path, IDIOMS["getattr on a module"])
    assert read(tmp_path).coarse == {"p.other": "used as a value in p.main"}


def test_statements_that_run_on_import_count(tmp_path: Path) -> None:
    write(tmp_path, IDIOMS["from import"] | {"p/__init__.py": "print('hello')\n"})
    before = read(tmp_path).parts
    edit(tmp_path, "hello", "goodbye")
    assert read(tmp_path).parts != before


def test_third_party_imports_are_named_and_the_standard_library_is_not(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "p/main.py": "import json, numpy as np\ndef fit(x):\n    import sklearn.tree\n    return np.sum(x)\n"
        },
    )
    assert read(tmp_path).imports == ("numpy", "sklearn")


def test_a_module_reference_means_its_public_functions(tmp_path: Path) -> None:
    write(
        tmp_path, {"p/main.py": "def a():\n    return 1\ndef b():\n    return 2\ndef _c():\n    return 3\n"}
    )
    assert set(read(tmp_path, "p.main").parts) == {"p.main.a", "p.main.b"}


@pytest.mark.parametrize(
    ("text", "reference", "said"),
    [
        ("def fit(:\n", "p.main:fit", "SV001"),
        ("def fit(): ...\n", "p.main:fitt", "did you mean `fit`"),
        ("def fit(): ...\n", "p.mian:fit", "SV002"),
        ("x = '\0'\n", "p.main:fit", "SV001"),
    ],
)
def test_what_cannot_be_followed_is_a_named_error(
    tmp_path: Path, text: str, reference: str, said: str
) -> None:
    write(tmp_path, {"p/main.py": text})
    with pytest.raises(UserCodeError) as caught:
        read(tmp_path, reference)
    assert said in str(caught.value)
