"""The door: find the command, parse, run, turn errors into text on stderr and an exit code."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from importlib import import_module

from headway import __version__
from headway.cli.commands import COMMANDS, Command, find

INTERRUPTED = 130
WRONG_USAGE = 2


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns its exit code (DESIGN: 0, 2, 3, 4, 5, 6, 10, 130; 1 is a bug)."""
    words = sys.argv[1:] if argv is None else argv
    if argv is None:
        _open_closed()
        # A scheduler's SIGTERM ends a command as Ctrl-C does: the run is recorded, nothing is left lying about.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    if not words or words[0] in ("-h", "--help", "help"):
        print(_help())
        return 0
    if words[0] in ("-V", "--version"):
        print(f"headway {__version__}")
        return 0
    command = find(words[0])
    if command is None:
        return _unknown(words[0])
    return _guarded(command, words[1:])


def _open_closed() -> None:
    """Give closed streams (`headway plan >&-`) to nobody, before the ledger gets their number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r+" if number else "r"))  # noqa: SIM115, PTH123 -- for good


def _guarded(command: Command, words: list[str]) -> int:
    """Run a command; the one place where any failure becomes an exit code."""
    try:
        module = import_module(command.module)
        parser = argparse.ArgumentParser(prog=f"headway {command.name}", description=command.line)
        module.arguments(parser)
        code: int = module.run(parser.parse_args(words))
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("interrupted: what is done is kept; the pointers are where they were", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away (`headway log | head`): not a failure of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else WRONG_USAGE
    except Exception as error:  # noqa: BLE001 -- the boundary: a user never sees a bare traceback
        return _failed(error)
    return code


def _failed(error: Exception) -> int:
    from headway.errors import HeadwayError
    from headway.errors.engine import missing_extra, system_refuses, unexpected

    if os.environ.get("HEADWAY_DEBUG"):
        import traceback

        traceback.print_exception(error)
    if isinstance(error, ModuleNotFoundError) and error.name in EXTRAS:
        error = missing_extra(error.name, EXTRAS[error.name])
    if not isinstance(error, HeadwayError):
        error = system_refuses(error) if isinstance(error, OSError) else unexpected(error)
    print(error, file=sys.stderr)
    return error.exit_code


EXTRAS = {
    "deltalake": "data",
    "numpy": "data",
    "polars": "data",
    "sklearn": "train",
    "skl2onnx": "train",
    "joblib": "train",
    "onnx": "train",
    "onnxruntime": "serve",
    "starlette": "serve",
    "uvicorn": "serve",
    "prometheus_client": "serve",
}
"""Module -> the extra that installs it."""


def _unknown(word: str) -> int:
    import difflib

    near = difflib.get_close_matches(word, [command.name for command in COMMANDS], n=1, cutoff=0.6)
    hint = f"did you mean `{near[0]}`?" if near else "`headway --help` lists the commands"
    print(f"error[US001]: `{word}` is not a command\n\nhint: {hint}", file=sys.stderr)
    return WRONG_USAGE


def _help() -> str:
    width = max(len(command.name) for command in COMMANDS)
    lines = "\n".join(f"  {command.name:<{width}}  {command.line}" for command in COMMANDS)
    return (
        "Continuous delivery for machine learning: declare a product in one file, and keep it true.\n\n"
        f"usage: headway COMMAND [...]\n\n{lines}\n\n"
        "Every command takes --help; most take --env NAME (default: dev) and --json.\n"
        "First time here: `headway demo`, or `headway init` in an empty folder."
    )
