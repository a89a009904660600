"""The product's own classes in a native model: the code that they are in, archived and tried out."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from headway.core import digest
from headway.engine.archive import pack
from headway.engine.models import CODE, NATIVE
from headway.engine.user_code import loaded
from headway.engine.work import Work
from headway.errors import engine as errors
from headway.model import native
from headway.serve.product_code import ProductCode
from headway.training.build import BuiltModel, Material, evaluation_rows
from headway.training.steady import steady


class OwnCode(NamedTuple):
    """What a native model needs of the product.

    Attributes:
        modules: Modules that its classes and functions are in, sorted.
        archive: Zip of every module of the product that training had loaded, and of the node's closure.
        meaning: Digest of what the node's code means, so that a comment makes no other model.
    """

    modules: tuple[str, ...]
    archive: bytes
    meaning: str


def kept(work: Work, built: BuiltModel) -> OwnCode | None:
    """The code that a native model needs; None when it needs none. Call it where the model was trained.

    Raises:
        EngineError: The saved model cannot be read back.
    """
    if built.runtime != "native":
        return None
    here = loaded(work.root)
    path = work.folder / NATIVE
    modules = tuple(sorted(native.modules_of(path) & here.keys()))
    if not modules:
        return None
    root = work.root.resolve()
    files = [str(Path(file).resolve().relative_to(root)) for file in here.values() if file.endswith(".py")]
    code = [name for name in work.code_files if name.endswith(".py")]
    return OwnCode(modules, pack(work.root, [*files, *code]), digest.of_value(dict(work.code)))


def require_same_answers(work: Work, built: BuiltModel, own: OwnCode, made_of: Material, seed: int) -> None:
    """Answer the evaluation rows with the model as a server will load it: from its archive alone.

    Raises:
        UserCodeError: It fails there, or answers otherwise than in training.
        EngineError: Its code cannot be imported there.
    """
    place = work.folder / CODE
    place.write_bytes(own.archive)
    code = ProductCode(place, built.digest)
    model = native.load(work.folder / NATIVE, made_of.inputs, built.kind, built.container, code.own)
    try:
        with steady(seed):
            answers = model.predict(evaluation_rows(made_of))
    except Exception as error:  # the user-code boundary: whatever the model raises is named
        said = f"it raises {type(error).__name__}: {error}"
        raise errors.model_depends_on_its_process(work.node.name, own.modules, said) from error
    if answers.shape != built.answers.shape:
        said = f"{answers.shape} instead of {built.answers.shape} answers"
        raise errors.model_depends_on_its_process(work.node.name, own.modules, said)
    other = int((~np.isclose(answers, built.answers, rtol=0, atol=0, equal_nan=True)).sum())
    if other:
        said = f"{other:,} of {answers.size:,} answers differ"
        raise errors.model_depends_on_its_process(work.node.name, own.modules, said)
