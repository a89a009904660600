"""What is known not to run from the text alone, and what may run and is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from headway.spec.graph import Node, Offered
from headway.survey.closure import closure
from headway.survey.faults import CodeFault, code_faults
from headway.survey.modules import Modules

HERE = ("numpy", "sklearn")


def faults(root: Path, node: Node, files: dict[str, str]) -> tuple[CodeFault, ...]:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    modules = Modules(root)
    return code_faults(node, closure(node.code, modules), modules, HERE)


def of_training(root: Path, text: str, **others: str) -> list[tuple[str, str]]:
    node = Node(name="model.m", kind="model", code=("p.training:fit",))
    more = {f"p/{name}.py": body for name, body in others.items()}
    found = faults(root, node, {"p/__init__.py": "", "p/training.py": text, **more})
    return [(fault.place, fault.what) for fault in found]


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("import lightgbmm\n\n\ndef fit(): ...\n", "1:1", "there is no module `lightgbmm`"),
        ("import lightgbmm.sklearn as s\ndef fit(): return s\n", "1:1", "there is no module `lightgbmm`"),
        ("from lightgbmm import X\ndef fit(): return X\n", "1:1", "there is no module `lightgbmm`"),
        ("def fit():\n    import lightgbmm\n", "2:5", "there is no module `lightgbmm`"),
        ("from p import featurs\ndef fit(): ...\n", "1:1", "module `p` has no `featurs`"),
        ("from p.featurs import x\ndef fit(): ...\n", "1:1", "the product has no module `p.featurs`"),
        ("import p.featurs\ndef fit(): ...\n", "1:1", "the product has no module `p.featurs`"),
        ("from .featurs import x\ndef fit(): ...\n", "1:1", "the product has no module `p.featurs`"),
        ("from p.features import spead\ndef fit(): ...\n", "1:1", "module `p.features` has no `spead`"),
    ],
)
def test_an_import_that_cannot_be_found_is_named_with_its_line(
    tmp_path: Path, text: str, place: str, what: str
) -> None:
    ((where, said),) = of_training(tmp_path, text, features="def speed(): ...\n")
    assert where == f"p/training.py:{place}"
    assert said.startswith(what)


@pytest.mark.parametrize(
    "text",
    [
        "import json, numpy as np, sklearn.anything\ndef fit(): ...\n",
        "try:\n    import lightgbmm\nexcept ImportError:\n    lightgbmm = None\ndef fit(): ...\n",
        "def fit(kind):\n    if kind:\n        import lightgbmm\n",
        "import contextlib\nwith contextlib.suppress(ImportError):\n    import lightgbmm\ndef fit(): ...\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import lightgbmm\ndef fit(): ...\n",
        "def fit(): ...\ndef unused():\n    import lightgbmm\n",
        "from p import features\nfrom p.features import speed, LATE, made\ndef fit(): ...\n",
        "from p.features import *\nfrom . import features as f\ndef fit(): ...\n",
        "from p.dynamic import anything\ndef fit(): ...\n",
        "from p.lazy import anything\ndef fit(): ...\n",
        "import p.features as f, headway.spec\ndef fit(): ...\n",
    ],
)
def test_an_import_that_may_be_found_or_never_runs_is_left_alone(tmp_path: Path, text: str) -> None:
    features = "def speed(): ...\nLATE = 1\nfor made in ():\n    pass\n"
    others = {"features": features, "dynamic": "globals().update(x=1)\n", "lazy": "def __getattr__(n): ...\n"}
    assert of_training(tmp_path, text, **others) == []


def test_the_nearest_module_is_named(tmp_path: Path) -> None:
    node = Node(name="model.m", kind="model", code=("training:fit",))
    text = "import sklern\nfrom featurs import x\ndef fit(): ...\n"
    first, second = faults(tmp_path, node, {"training.py": text, "features.py": "x = 1\n"})
    assert first.hint == "did you mean `sklearn`? else install it"
    assert second.what.startswith("there is no module `featurs`")
    assert second.hint == "did you mean `features`? else install it"


def of_features(
    root: Path, text: str, *, functions: tuple[tuple[str, str], ...] = (), **others: str
) -> list[tuple[str, str, str]]:
    offered = Offered(columns=("distance", "carrier"), functions=functions, where="of source `rows`")
    node = Node(name="feature_group.g", kind="feature_group", code=("features",), offered=offered)
    found = faults(root, node, {"features.py": text, **{f"{name}.py": body for name, body in others.items()}})
    return [(fault.place, fault.what, fault.hint) for fault in found]


def test_a_parameter_that_is_no_column_is_named_with_its_line_and_the_nearest_one(tmp_path: Path) -> None:
    text = "def short(distanse,\n          carrier, *, late):\n    return late\n"
    assert of_features(tmp_path, text) == [
        (
            "features.py:1:11",
            "parameter `distanse` of `short` is no column of source `rows`",
            "did you mean `distance`?",
        ),
        (
            "features.py:2:23",
            "parameter `late` of `short` is no column of source `rows`",
            "name a column; a function that is no feature has a name that begins with `_`",
        ),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "def short(distance): ...\ndef shorter(short, carrier): ...\n",
        "def short(distance): ...\ndef _helper(x): ...\n",
        "def distance(distance): ...\ndef short(distance): ...\n",
        "import functools\n@functools.cache\ndef short(x): ...\n",
        "if True:\n    def other(distance): ...\ndef short(other): ...\n",
        "def short(x): ...\nshort = print\ndef shorter(short): ...\n",
        "def short(x): ...\ndef short(distance): ...\n",
    ],
)
def test_what_only_running_the_module_can_tell_is_left_alone(tmp_path: Path, text: str) -> None:
    assert of_features(tmp_path, text) == []


def test_a_parameter_with_the_name_of_its_own_function_must_be_a_column(tmp_path: Path) -> None:
    ((place, what, _),) = of_features(tmp_path, "def late(late): ...\n")
    assert (place, what) == ("features.py:1:10", "parameter `late` of `late` is no column of source `rows`")


def test_a_feature_on_demand_with_the_name_of_a_column_is_named_before_it_runs(tmp_path: Path) -> None:
    offered = Offered(columns=("wind", "gust"), where="of the request or the groups")
    node = Node(name="dataset.d", kind="dataset", code=("features",), offered=offered)
    (fault,) = faults(tmp_path, node, {"features.py": "def calm(wind): ...\ndef wind(wind): ...\n"})
    assert fault.place == "features.py:2:1"
    assert fault.what == "feature `wind` has the name of a column of the request or the groups"


def test_features_of_a_group_that_are_all_taken_are_read_from_its_module(tmp_path: Path) -> None:
    functions, weather = (("weather", "w_"),), "def wind(x): ...\n"
    said = of_features(tmp_path, "def chill(w_wind, wind): ...\n", functions=functions, weather=weather)
    assert [what for _, what, _ in said] == ["parameter `wind` of `chill` is no column of source `rows`"]
    decorated = f"import functools\n@functools.cache\n{weather}"
    assert of_features(tmp_path, "def chill(wind): ...\n", functions=functions, weather=decorated) == []
