"""A native model that holds the product's own classes goes all the way, with the code that it was trained with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from product import HEADWAY, Folder, post

import headway
from headway.errors import EngineError
from headway.serve.embedded import EmbeddedModel

SHIFTS = '''"""Numbers that the model is made of."""

SHIFT = 0.125


def moved(chance):
    """A probability, moved within its bounds."""
    return (chance * (1 - SHIFT) + SHIFT).clip(0.0, 1.0)
'''

SHIFTED = '''"""A classifier that moves another one's probabilities."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from parcels.shifts import moved


class Shifted(ClassifierMixin, BaseEstimator):
    def __init__(self, inner=None):
        self.inner = inner

    def fit(self, x, y):
        self.inner.fit(x, y)
        self.classes_ = self.inner.classes_
        return self

    def predict_proba(self, x):
        from parcels import shifts  # found in the archive too, when it is asked late

        chance = moved(self.inner.predict_proba(x)[:, 1])
        assert shifts.SHIFT > 0
        return np.stack([1 - chance, chance], axis=1)

    def predict(self, x):
        return self.classes_[(self.predict_proba(x)[:, 1] >= 0.5).astype(int)]
'''


@pytest.fixture(scope="module")
def shifted_once(applied_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    import product

    folder = product.copy_of(applied_once, tmp_path_factory.mktemp("shifted") / "parcels")
    (folder.root / "parcels" / "shifts.py").write_text(SHIFTS)
    (folder.root / "parcels" / "shifted.py").write_text(SHIFTED)
    training = folder.root / "parcels" / "training.py"
    text = training.read_text()
    call = "LogisticRegression(C=params['learning_rate'], max_iter=params['max_iter'])"
    assert call in text
    training.write_text("from parcels.shifted import Shifted\n" + text.replace(call, f"Shifted({call})"))
    done = folder.run("apply", "--env", "dev")
    assert done.code == 0, done.err
    return folder.root


@pytest.fixture
def shifted(shifted_once: Path, tmp_path: Path) -> Folder:
    import product

    return product.copy_of(shifted_once, tmp_path / "parcels")


def row(folder: Folder) -> dict[str, object]:
    model = headway.load("parcels@dev", folder.root)
    import polars as pl

    table = pl.read_csv(folder.root / "data" / "deliveries.csv", n_rows=3)
    return {name: table[name][1] for name in model.columns}


def release(folder: Folder) -> Path:
    return folder.root / ".headway" / "serve" / "dev" / "releases" / folder.pointers()["endpoint.main"]


def change_the_code(folder: Folder) -> None:
    folder.edit("parcels/shifts.py", "SHIFT = 0.125", "SHIFT = 0.875")


def test_it_is_released_natively_with_its_code(shifted: Folder) -> None:
    names = {path.name for path in release(shifted).iterdir()}
    assert {"model.joblib", "model_code.zip"} <= names
    assert "native" in shifted.run("status").out


def test_the_server_and_the_embedded_model_answer_as_released_whatever_lies_on_disk(shifted: Folder) -> None:
    asked = row(shifted)
    (before,) = headway.load("parcels@dev", shifted.root).predict([asked])
    change_the_code(shifted)
    with shifted.serving() as address:
        answered = post(f"{address}/predict/main", asked)
    (after,) = headway.load("parcels@dev", shifted.root).predict([asked])
    assert before["probability"] > 0.125
    assert after["probability"] == before["probability"]
    assert json.dumps(before["probability"]) in json.dumps(answered)


def test_another_code_is_another_release_beside_it(shifted: Folder) -> None:
    asked = row(shifted)
    old = release(shifted)
    key = bytes.fromhex((shifted.root / ".headway" / "key").read_text())
    change_the_code(shifted)
    done = shifted.run("apply")
    assert done.code == 0, done.err
    one, two = EmbeddedModel(old, key), EmbeddedModel(release(shifted), key)
    (first,), (second,), (again,) = one.predict([asked]), two.predict([asked]), one.predict([asked])
    assert second["probability"] >= 0.875
    assert first["probability"] == again["probability"] < second["probability"]


def test_a_comment_makes_no_other_model(shifted: Folder) -> None:
    before = shifted.pointers()
    shifted.edit("parcels/shifted.py", '"""A classifier', '# a comment\n"""A classifier')
    assert shifted.run("apply", "--refresh", "model.main").code == 0
    assert shifted.pointers() == before


def test_it_is_reproduced_from_its_archive_after_the_code_changed(shifted: Folder) -> None:
    change_the_code(shifted)
    done = shifted.run("reproduce", "model.main@dev")
    assert done.code == 0, done.out + done.err
    assert "equal" in done.out


def test_it_meets_its_successor_as_champion_with_its_own_code(shifted: Folder) -> None:
    """The gate asks for the champion: evaluated again after the code on disk is another one."""
    gate = "- roc_auc >= 0.6"
    shifted.edit("headway.yaml", gate, gate + "\n      - log_loss <= champion")
    assert shifted.run("apply").code == 0
    change_the_code(shifted)
    done = shifted.run("apply", "--json")
    assert done.code == 0, done.err
    why = shifted.run("why", "evaluation.main").out
    assert "gate `log_loss <= champion`: fail" in why, "a shift of 0.875 is worse than one of 0.125"


def test_serving_the_bundle_alone_needs_no_product_beside_it(shifted: Folder, tmp_path: Path) -> None:
    asked = row(shifted)
    key = (shifted.root / ".headway" / "key").read_text()
    alone = tmp_path / "alone"
    alone.mkdir()
    bundle = alone / "bundle"
    release(shifted).rename(bundle)
    process = subprocess.Popen(
        [str(HEADWAY), "serve", "--bundle", str(bundle), "--port", "0"],
        cwd=alone,
        env=os.environ | {"HEADWAY_KEY": key},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        address = process.stderr.readline().strip().rpartition(" ")[2]
        assert "probability" in json.dumps(post(f"{address}/predict/main", asked))
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


def test_a_changed_archive_and_a_bundle_without_a_key_are_refused(shifted: Folder) -> None:
    bundle = release(shifted)
    key = bytes.fromhex((shifted.root / ".headway" / "key").read_text())
    with pytest.raises(EngineError) as caught:
        EmbeddedModel(bundle, None)
    assert caught.value.code == "RL508"
    archive = bundle / "model_code.zip"
    archive.write_bytes(archive.read_bytes() + b"x")
    with pytest.raises(EngineError):
        EmbeddedModel(bundle, key)


def test_a_model_that_keeps_its_state_in_a_module_is_refused_where_it_is_trained(shifted: Folder) -> None:
    shifted.edit(
        "parcels/shifted.py",
        "        self.inner.fit(x, y)",
        "        shifts.SHIFT = 0.5\n        self.inner.fit(x, y)",
    )
    shifted.edit(
        "parcels/shifted.py",
        "from parcels.shifts import moved",
        "from parcels import shifts\nfrom parcels.shifts import moved",
    )
    shifted.edit(
        "parcels/shifted.py",
        "        from parcels import shifts  # found in the archive too, when it is asked late\n\n",
        "",
    )
    done = shifted.run("apply")
    assert done.code == 6
    assert "EN017" in done.err
    assert "answers differ" in done.err
