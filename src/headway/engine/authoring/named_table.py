"""The table that a person names on the command line: a source of the product, or a file; read, and not kept."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from headway.contract.casting import DTYPES
from headway.contract.personal import personal_columns
from headway.core.listing import below, is_pattern
from headway.data import sources
from headway.data.cells import Unparsed, parse
from headway.data.guessing import CSV, JSON, with_types
from headway.data.loaders.asked import Asked
from headway.data.loaders.files import listed
from headway.engine.authoring.scaffold import separator_of
from headway.engine.recall import find_product
from headway.engine.user_code import importable, resolve
from headway.errors import SpecError, UsageError
from headway.errors import validation as errors
from headway.spec.contract import Column, Contract
from headway.spec.load import Loaded, load, load_contract
from headway.spec.loading import loading
from headway.spec.product import Source

_MARKED = (".csv", ".tsv")
_NOTHING = Contract(columns={})
"""Takes every column as it comes, text in CSV included."""


class Named(NamedTuple):
    """A table, found.

    Attributes:
        name: The source's name, or the file as it was given; for errors.
        what: What it is, in words.
        root: Folder to which the source's paths are relative.
        contract: What it must be; None where nothing says so.
        contract_file: Where that stands, as it was written.
    """

    name: str
    what: str
    source: Source
    root: Path
    contract: Contract | None = None
    contract_file: str = ""


def find(folder: Path, asked: str, contract: Path | None = None, *, wants_contracts: bool = True) -> Named:
    """The source that is called so, or else the file.

    A file that a source of the nearest product reads is that source's: its options and its contract hold.

    Args:
        folder: Where the person stands.
        asked: `flights`, `data/flights.parquet`, `exports/*.csv`.
        contract: A contract to use in place of the source's.
        wants_contracts: Whether a contract that the product names and that is not there is a fault.

    Raises:
        UsageError: There is neither such a source nor such a file.
        SpecError: The product file, or the contract, is wrong.
    """
    path = folder / asked
    is_there = "://" in asked or _is_there(path)
    product = _product(folder, is_needed=not is_there, wants_contracts=wants_contracts)
    found = _of_product(product, asked, path) if product is not None else None
    if found is None and not is_there:
        known = tuple(product.product.sources) if product is not None else ()
        raise errors.no_such_table(asked, known)
    if found is None:
        found = Named(asked, f"`{asked}`", Source(load=asked, options=_options(path)), folder)
    if contract is None:
        return found
    return found._replace(
        contract=load_contract(folder / contract, str(contract)), contract_file=str(contract)
    )


def _is_there(path: Path) -> bool:
    try:
        return path.exists() or is_pattern(path.name)
    except (OSError, ValueError):  # a name that no file can have
        return False


def _product(folder: Path, *, is_needed: bool, wants_contracts: bool) -> Loaded | None:
    """The nearest product; a file can be looked at without one, and while its contract is still to be written."""
    try:
        return load(find_product(folder), wants_contracts=wants_contracts)
    except (UsageError, SpecError):
        if is_needed:
            raise
        return None


def _of_product(product: Loaded, asked: str, path: Path) -> Named | None:
    root = product.file.parent
    for name, source in product.product.sources.items():
        is_its_file = loading(source).place == "file" and _same(root / source.load, path)
        if name == asked or is_its_file:
            written = source.contract or ""
            what = f"source `{name}` ({source.load})"
            return Named(name, what, source, root, product.contracts.get(written), written)
    return None


def _same(one: Path, other: Path) -> bool:
    return os.path.abspath(one) == os.path.abspath(other)  # noqa: PTH100 -- patterns are no paths to resolve


def _options(path: Path) -> dict[str, str]:
    """How a file, or a folder's, is written that nothing is declared of: by its ending, and by its first line."""
    if path.is_dir():
        return _options_of_folder(path)
    if path.suffix not in _MARKED or not path.is_file():
        return {}
    separator = separator_of(path)
    found = {"format": "csv"} if path.suffix != ".csv" else {}
    return found | ({"separator": separator} if separator != "," else {})


def _options_of_folder(path: Path) -> dict[str, str]:
    """As its files are written, where all have one ending."""
    names = below(path)
    forms = {loading(Source(load=name)).format for name in names} if names else set()
    tables = {name.removesuffix(".gz").rpartition(".")[2] for name in names}
    if tables == {"tsv"} or forms == {"csv"}:
        found = _options(path / names[0])
        return {"format": "csv"} | found
    form = next(iter(forms), None)
    return {"format": form} if len(forms) == 1 and form is not None else {}


# -- reading ---------------------------------------------------------------------------------


def as_it_is(named: Named) -> pl.LazyFrame:
    """All rows, with types guessed where they come as text; Parquet files are not read into memory.

    Raises:
        HeadwayError: The rows cannot be read; see `headway.data.sources.load`.
    """
    if is_parquet(named):
        try:
            return _scanned(named)
        except (pl.exceptions.PolarsError, OSError):
            pass  # the loader says by name what is wrong
    return loaded(named).lazy()


def loaded(named: Named) -> pl.DataFrame:
    """As `as_it_is`, read into memory by the source's loader.

    Raises:
        HeadwayError: The rows cannot be read; see `headway.data.sources.load`.
    """
    frame = _read(named, _texts(named)).frame
    form = loading(named.source).format
    kinds = {"csv": CSV, "json": JSON, "json_lines": JSON}.get(str(form), ())
    return with_types(frame, kinds)


def is_parquet(named: Named) -> bool:
    """Whether its rows lie in Parquet files of this machine."""
    said = loading(named.source)
    return said.place == "file" and said.format == "parquet" and not said.gzipped


def _scanned(named: Named) -> pl.LazyFrame:
    path = named.root / named.source.load
    files = [path] if path.is_file() else listed(_asked(named))
    rows = pl.scan_parquet(files, glob=False)
    rows.collect_schema()
    return rows


def _asked(named: Named) -> Asked:
    source = named.source
    return Asked(
        name=named.name,
        load=source.load,
        loading=loading(source),
        options={},
        contract=None,
        root=named.root,
        resolve=resolve,
    )


def _read(named: Named, contract: Contract) -> sources.Loaded:
    with importable(named.root):
        return sources.load(named.source, named.name, contract, named.root, resolve)


def _texts(named: Named) -> Contract:
    """A contract that leaves every cell as it is, and still says which columns are personal."""
    declared = named.contract
    if declared is None or loading(named.source).format != "csv":
        return _NOTHING
    personal = personal_columns(declared)
    columns = {
        name: Column(type="text", nulls=True, tags=column.tags if name in personal else ())
        for name, column in declared.columns.items()
    }
    return Contract(columns=columns)


class Typed(NamedTuple):
    """Rows as they come, typed by a contract where they come as text.

    Attributes:
        unparsed: Of text columns that do not parse what does not; those stay text.
        files: Name and rows of each file, in the order of the rows.
    """

    frame: pl.DataFrame
    unparsed: dict[str, Unparsed]
    files: Sequence[tuple[str, int]] = ()


def under_contract(named: Named, contract: Contract) -> Typed:
    """All rows, typed by a contract where they come as text.

    Raises:
        HeadwayError: The rows cannot be read; see `headway.data.sources.load`.
    """
    said = loading(named.source)
    if said.place in ("sqlite", "postgresql"):
        return Typed(_read(named, contract).frame, {})
    read = _read(named._replace(contract=contract), _texts(named._replace(contract=contract)))
    frame, files = read.frame, sources.files_of(read.origins)
    if not frame.width:
        return Typed(
            pl.DataFrame(schema={name: DTYPES[one.type] for name, one in contract.columns.items()}), {}
        )
    if said.format not in ("csv", "json", "json_lines") or not said.has_files:
        return Typed(frame, {}, files)
    kinds = ("time", "date") if said.format != "csv" else tuple(DTYPES)
    texts = {
        name: column
        for name, column in contract.columns.items()
        if column.type in kinds and frame.schema.get(name) == pl.String
    }
    typed, unparsed = parse(pl.DataFrame({name: frame[name] for name in texts}), texts)
    held = {name: typed[name] for name in texts if name not in unparsed}
    return Typed(frame.with_columns(**held) if held else frame, unparsed, files)
