"""Bytes or a file in one of the known formats, as a table; what is no data at all is refused by name."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import polars as pl

from headway.data.loaders import csv_text, json_lines, parquet
from headway.data.loaders.asked import Asked
from headway.errors import sources as errors

_HEAD = 64
_PAGE = (b"<!doctype html", b"<html", b"<head")


def read(content: Path | bytes, asked: Asked, file: str) -> pl.DataFrame:
    """One file in the format that the source declares.

    Raises:
        ContractError: It is empty, a web page, cut off or damaged, or its cells do not parse.
        SpecError: The format is unknown.
    """
    form, gzipped = asked.loading.format, asked.loading.gzipped
    if form == "parquet":
        refuse_page(_head(content), asked, file)
        return parquet.read(content, asked, file)
    data = content.read_bytes() if isinstance(content, Path) else content
    data = unpacked(data, asked, file) if gzipped else data
    refuse_page(data[:_HEAD], asked, file)
    match form:
        case "csv":
            return csv_text.read(data, asked, file)
        case "json_lines":
            return json_lines.read_lines(data, asked, file)
        case "json":
            return json_lines.read_array(data, asked, file)
    raise errors.format_is_unknown(asked.name, asked.load)


def unpacked(data: bytes, asked: Asked, file: str) -> bytes:
    """What a gzip file holds.

    Raises:
        ContractError: It is cut off, or no gzip file.
    """
    if not data:
        raise errors.file_is_empty(asked.name, file)
    refuse_page(data[:_HEAD], asked, file)
    try:
        return gzip.decompress(data)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise errors.gzip_is_broken(asked.name, file, str(error)) from error


def is_page(head: bytes) -> bool:
    """Whether a file begins as a web page does."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_PAGE)


def refuse_page(head: bytes, asked: Asked, file: str) -> None:
    """Refuse what begins as a web page, and what does not begin at all.

    Raises:
        ContractError: It does.
    """
    if is_page(head):
        raise errors.file_is_a_page(asked.name, file)
    if not head.removeprefix(b"\xef\xbb\xbf").lstrip():
        raise errors.file_is_empty(asked.name, file)


def _head(content: Path | bytes) -> bytes:
    if isinstance(content, bytes):
        return content[:_HEAD]
    with content.open("rb") as file:
        return file.read(_HEAD)
