"""The product's own function: it returns a table, or yields several; a source that fails is told apart."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import polars as pl

from headway.data.calls import call, to_polars
from headway.data.cells import parse
from headway.data.loaders.asked import Asked, Batch
from headway.errors import HeadwayError, UserCodeError
from headway.errors import data as data_errors
from headway.errors import sources as errors
from headway.features.functions import folder_of, place_in
from headway.spec.contract import Contract

SINCE = "since"
"""Keyword under which an incremental function gets the bound; None asks for everything."""
_OURS = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)


def load(asked: Asked) -> Iterator[Batch]:
    """What the function returns, or what it yields; its options are keyword arguments.

    Raises:
        EngineError: It raised an `OSError` of the network (`ConnectionError`, `TimeoutError`):
            what it reads is not available now.
        UserCodeError: It raised anything else, or gave no table.
    """
    options = {**asked.options, **asked.marks}
    try:
        returned = call(asked.load, asked.resolve, where=asked.where, options=options)
        for part in _parts(returned, asked):
            frame = to_polars(part, asked.load, where=asked.where)
            yield Batch(frame if frame.width or asked.contract is None else _without_rows(asked.contract))
    except UserCodeError as error:
        if isinstance(error.__cause__, OSError) and not isinstance(error.__cause__, _OURS):
            raise errors.source_is_unreachable(asked.name, asked.load, str(error.__cause__)) from error
        raise


def _parts(returned: Any, asked: Asked) -> Iterator[Any]:
    """The tables that a generator yields, its failures named; anything else is one table."""
    if not inspect.isgenerator(returned) and not hasattr(returned, "__next__"):
        yield returned
        return
    function = asked.resolve(asked.load)
    some = False
    while True:
        try:
            part = next(returned)
        except StopIteration:
            break
        except HeadwayError:
            raise
        except Exception as error:  # the user-code boundary: whatever it raises is named
            place = place_in(error, folder_of(function))
            raise data_errors.function_failed(asked.load, asked.where, place, error) from error
        some = True
        yield part
    if not some:
        yield []


def _without_rows(contract: Contract) -> pl.DataFrame:
    """A function that returned no rows at all named no columns either."""
    texts = pl.DataFrame(schema=dict.fromkeys(contract.columns, pl.String))
    return parse(texts, contract.columns)[0]
