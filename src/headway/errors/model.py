"""What loading, keeping and running a model tells a user."""

from __future__ import annotations

from headway.errors.families import EngineError, UsageError, UserCodeError

_LONGEST = 200


def _brief(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def graph_cannot_be_loaded(reason: str) -> EngineError:
    """MO001: ONNX Runtime does not load a model's graph.

    The bytes are those that were built (every read is verified), so either this machine has an ONNX
    Runtime that is older than the one that the model was built with, or the graph needs an operator
    that this platform lacks. Install the version that the release's manifest names.
    """
    return EngineError(
        code="MO001",
        what=f"the ONNX graph cannot be loaded: {_brief(reason)}",
        where="file `model.onnx`",
        mend="install the onnxruntime that `manifest.json` names, or build with `serve_as: native`",
    )


def graph_failed(reason: str) -> EngineError:
    """MO002: ONNX Runtime failed while it answered.

    The graph loaded and then refused these columns. That should not happen to columns that the contract
    let through, so the reason is ONNX Runtime's own.
    """
    return EngineError(
        code="MO002",
        what=f"the ONNX graph does not answer: {_brief(reason)}",
        where="file `model.onnx`",
        mend="build the model with `serve_as: native`, and report the reason",
    )


def model_cannot_be_kept(kind: str, reason: str) -> UserCodeError:
    """MO003: A fitted model cannot be written to a file.

    A model is kept with joblib, which writes classes and functions by their name. A lambda, a function
    defined inside another one, an open file or a lock has none. Define such functions at the top of a
    module of the product.
    """
    return UserCodeError(
        code="MO003",
        what=f"model `{kind}` cannot be written: {_brief(reason)}",
        mend="hold no lambdas, nested functions or open files: define functions at the top of a module",
    )


def model_needs_a_library(name: str, reason: str) -> EngineError:
    """MO004: A native model needs a library or a module that is not here.

    A native model is made of the classes of its libraries, so it can be loaded only where they are
    installed. The release's manifest names each with its version.
    """
    return EngineError(
        code="MO004",
        what=f"the model needs `{_brief(name)}`, which cannot be imported: {_brief(reason)}",
        where="file `model.joblib`",
        mend="install the libraries that `manifest.json` lists, or serve the model as ONNX",
    )


def model_cannot_be_read(file: str, reason: str) -> EngineError:
    """MO005: A native model's file cannot be read.

    Most often it was written with another version of its library, whose classes have changed since.
    """
    return EngineError(
        code="MO005",
        what=f"`{file}` cannot be read: {_brief(reason)}",
        where=f"file `{file}`",
        mend="install the versions that `manifest.json` lists, or train the model again with those of here",
    )


def pandas_is_missing() -> UsageError:
    """MO006: A training function wants pandas, and pandas is not installed.

    Headway itself works with Polars, so pandas comes only with the products that use it.
    """
    return UsageError(
        code="MO006",
        what="the training function is annotated with pandas types, and pandas is not installed",
        mend="`pip install pandas` and lock it, or take Polars frames (`train.features`)",
    )
