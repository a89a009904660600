"""What cannot be followed takes its module in: a closure may be too coarse, and is never blind."""

from __future__ import annotations

from pathlib import Path

import pytest

from headway.errors import UserCodeError
from headway.survey.closure import Closure, closure
from headway.survey.modules import Modules

HELPER = "def helper(x):\n    return x*2\ndef other(x):\n    return x*3\n"
CASES: dict[str, tuple[dict[str, str], str, str]] = {
    "third-party alias swapped": (
        {"p/main.py": "from numpy import sum as s\ndef fit(x):\n    return s(x)\n"},
        "sum as",
        "prod as",
    ),
    "local aliases swapped": (
        {
            "p/o.py": HELPER,
            "p/main.py": "from p.o import helper as a, other as b\ndef fit(x):\n    return a(x)-b(x)\n",
        },
        "helper as a, other as b",
        "other as a, helper as b",
    ),
    "try local except define": (
        {
            "p/o.py": HELPER,
            "p/main.py": "try:\n    from p.o import helper\nexcept ImportError:\n"
            "    def helper(x):\n        return 0\ndef fit(x):\n    return helper(x)\n",
        },
        "x*2",
        "x*9",
    ),
    "two fallbacks": (
        {
            "p/o.py": HELPER,
            "p/o2.py": "def helper(x):\n    return 1\n",
            "p/main.py": "try:\n    from p.o import helper\nexcept ImportError:\n"
            "    from p.o2 import helper\ndef fit(x):\n    return helper(x)\n",
        },
        "x*2",
        "x*9",
    ),
    "definition leaves its if": (
        {
            "p/main.py": "import os\nif os.environ.get('A'):\n    pass\nif os.environ.get('B'):\n"
            "    K = 1\n    L = 1\ndef fit(x):\n    return K\n"
        },
        "    K = 1\n    L = 1\n",
        "    L = 1\nK = 1\n",
    ),
    "name != main": (
        {"p/main.py": "K=[]\nif __name__ != '__main__':\n    K.append(7)\ndef fit(x):\n    return K\n"},
        "append(7)",
        "append(8)",
    ),
    "module re-exported": (
        {
            "p/o.py": HELPER,
            "p/__init__.py": "import p.o as tools\n",
            "p/main.py": "from p import tools\ndef fit(x):\n    return tools.helper(x)\n",
        },
        "x*2",
        "x*9",
    ),
    "module re-exported chain": (
        {
            "p/o.py": HELPER,
            "p/mid.py": "import p.o as tools\n",
            "p/main.py": "import p.mid\ndef fit(x):\n    return p.mid.tools.helper(x)\n",
        },
        "x*2",
        "x*9",
    ),
    "aliased import_module": (
        {
            "p/o.py": HELPER,
            "p/main.py": "from importlib import import_module as im\ndef fit(x):\n"
            "    return im('p.o').helper(x)\n",
        },
        "x*2",
        "x*9",
    ),
    "flat computed import": (
        {
            "o.py": HELPER,
            "main.py": "import importlib\nN='o'\ndef fit(x):\n"
            "    return importlib.import_module(N).helper(x)\n",
        },
        "x*2",
        "x*9",
    ),
    "__init_subclass__": (
        {
            "p/reg.py": "ALL={}\nclass Base:\n    def __init_subclass__(cls):\n"
            "        ALL[cls.__name__]=cls\n",
            "p/o.py": "from p.reg import Base\nclass A(Base):\n    def go(self,x):\n        return x*2\n",
            "p/main.py": "import p.o\nfrom p.reg import ALL\ndef fit(x):\n    return ALL['A']().go(x)\n",
        },
        "x*2",
        "x*9",
    ),
    "__subclasses__": (
        {
            "p/reg.py": "class Base:\n    pass\n",
            "p/o.py": "from p.reg import Base\nclass A(Base):\n    def go(self,x):\n        return x*2\n",
            "p/main.py": "import p.o\nfrom p.reg import Base\ndef fit(x):\n"
            "    return Base.__subclasses__()[0]().go(x)\n",
        },
        "x*2",
        "x*9",
    ),
    "third-party registering decorator": (
        {
            "p/o.py": "import polars as pl\n@pl.api.register_expr_namespace('g')\nclass G:\n"
            "    def go(self):\n        return 2\n",
            "p/main.py": "import p.o\nimport polars as pl\ndef fit(x):\n    return pl.col('x').g.go()\n",
        },
        "return 2",
        "return 9",
    ),
    "assignment that registers": (
        {
            "p/reg.py": "ALL={}\ndef add(f):\n    ALL['f']=f\n    return f\n",
            "p/o.py": "from p.reg import add\ndef helper(x):\n    return x*2\n_=add(helper)\n",
            "p/main.py": "import p.o\nfrom p.reg import ALL\ndef fit(x):\n    return ALL['f'](x)\n",
        },
        "x*2",
        "x*9",
    ),
    "dict of module": (
        {"p/o.py": HELPER, "p/main.py": "import p.o as o\ndef fit(x):\n    return o.__dict__['helper'](x)\n"},
        "x*2",
        "x*9",
    ),
    "sys.modules": (
        {
            "p/o.py": HELPER,
            "p/main.py": "import sys, p.o\ndef fit(x):\n    return sys.modules['p.o'].helper(x)\n",
        },
        "x*2",
        "x*9",
    ),
    "import name differs from loc": (
        {
            "p/o/__init__.py": "def helper(x):\n    return x*2\n",
            "p/o.py": "def helper(x):\n    return 0\n",
            "p/main.py": "from p.o import helper\ndef fit(x):\n    return helper(x)\n",
        },
        "x*2",
        "x*9",
    ),
    "quoted annotation": (
        {
            "p/o.py": "class T:\n    n=2\n",
            "p/main.py": "from p.o import T\nclass R:\n    t: 'T'\ndef fit(x):\n    return R\n",
        },
        "n=2",
        "n=9",
    ),
    "compound statement": (
        {"p/main.py": "match 3:\n    case K:\n        L = K*2\ndef fit(x):\n    return L\n"},
        "K*2",
        "K*9",
    ),
}


def read(root: Path, files: dict[str, str], reference: str = "p.main:fit") -> Closure:
    for name, text in {"p/__init__.py": "", **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return closure(["main:fit" if "main.py" in files else reference], Modules(root))


@pytest.mark.parametrize("case", CASES)
def test_an_edit_is_seen_however_the_code_reaches_it(tmp_path: Path, case: str) -> None:
    files, before, after = CASES[case]
    first = read(tmp_path, files).parts
    assert any(before in text for text in files.values())
    second = read(tmp_path, {name: text.replace(before, after) for name, text in files.items()}).parts
    assert first != second


def test_a_function_that_a_star_import_brings_can_be_referred_to(tmp_path: Path) -> None:
    files = {"p/o.py": HELPER, "p/main.py": "from p.o import *\n"}
    assert "p.o.helper" in read(tmp_path, files, "p.main:helper").parts


@pytest.mark.parametrize(
    "text", ["def fit():\n    return '\\d'\n", f"K = 0x{'f' * 6000}\ndef fit():\n    return K\n"]
)
def test_odd_but_valid_python_is_read_without_a_word(tmp_path: Path, text: str) -> None:
    assert "p.main.fit" in read(tmp_path, {"p/main.py": text}).parts


def test_code_that_nests_too_deeply_is_a_named_error(tmp_path: Path) -> None:
    with pytest.raises(UserCodeError, match="SV001") as caught:
        read(tmp_path, {"p/main.py": "def fit():\n    return " + "(" * 5000 + "1" + ")" * 5000 + "\n"})
    assert caught.value.code == "SV001"


def test_what_only_annotations_import_counts_as_a_library(tmp_path: Path) -> None:
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pandas as pd\n"
    text += "def fit(x: 'pd.Series'):\n    return x\n"
    assert read(tmp_path, {"p/main.py": text}).imports == ("pandas",)


def test_a_folder_named_as_a_library_does_not_hide_it(tmp_path: Path) -> None:
    (tmp_path / "wandb").mkdir()
    assert read(tmp_path, {"p/main.py": "import wandb\ndef fit():\n    return wandb.run\n"}).imports == (
        "wandb",
    )


def test_what_would_come_before_a_module_is_noted_as_absent(tmp_path: Path) -> None:
    found = read(
        tmp_path, {"p/o.py": HELPER, "p/main.py": "import numpy\nfrom p.o import helper\nfit = helper\n"}
    )
    assert {"numpy", "numpy.py", "p/o"} <= set(found.absent)


def test_an_extension_module_counts_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "fast.abi3.so").write_bytes(b"one")
    files = {"p/main.py": "from p.fast import go\ndef fit(x):\n    return go(x)\n"}
    first = read(tmp_path, files)
    (tmp_path / "p" / "fast.abi3.so").write_bytes(b"two")
    assert first.coarse["p.fast"].startswith("compiled")
    assert first.parts != read(tmp_path, files).parts


def test_a_missing_function_names_the_line_of_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(UserCodeError) as caught:
        read(tmp_path, {"p/main.py": "\n\ndef fit():\n    return 1\n"}, "p.main:fitt")
    assert (caught.value.where, "`fit`" in caught.value.mend) == ("p/main.py:3:1", True)


def test_a_missing_module_names_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(UserCodeError) as caught:
        read(tmp_path, {"p/main.py": "fit = 1\n"}, "p.mian:fit")
    assert caught.value.mend == "did you mean `p.main`?"


def test_the_examples_are_followed_without_taking_any_module_whole() -> None:
    root = Path(__file__).parents[3] / "examples" / "flights"
    found = closure(["delay.features.weather", "delay.training:fit"], Modules(root))
    assert found.coarse == {}
