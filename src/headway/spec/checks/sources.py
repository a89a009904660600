"""What does not fit together in a source: where it is, its options, how it is read again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from headway.core.listing import is_pattern
from headway.spec.checks.scene import SHOWN, Scene
from headway.spec.document import Path_
from headway.spec.loading import FORMATS, Loading, is_watched, loading
from headway.spec.product import Incremental, Source

_TIMES = ("time", "date")


def check_source(scene: Scene, path: Path_, source: Source) -> None:
    """Add what neither the types nor the names say of one source."""
    found = loading(source)
    if found.place == "nowhere":
        what = f"`{source.load[:SHOWN]}` is neither a file nor a function"
        hint = "write `data/rows.parquet` or `package.module:function`"
        scene.check.fault((*path, "load"), what, hint)
        return
    _format(scene, path, source, found)
    _options(scene, path, source, found)
    _again(scene, path, source, found)


def _format(scene: Scene, path: Path_, source: Source, found: Loading) -> None:
    if source.load.startswith(("http:", "https:", "postgres")) and urlsplit(source.load).password:
        hint = "a secret is named, never written: use `options` with `{secret: NAME}`"
        scene.check.fault((*path, "load"), "a password in a URL", hint)
    asks = ("query" in source.options) + ("table" in source.options)
    if found.place in ("postgresql", "sqlite") and asks != 1:
        scene.check.fault(path, "a database needs `query` or `table`", "give one of them in `options`")
    if not found.has_files:
        return
    asked = source.options.get("format")
    if asked is not None and asked not in FORMATS:
        scene.check.refer((*path, "options"), str(asked), FORMATS, "format")
    elif found.format is None:
        what = f"nothing says how `{source.load[:SHOWN]}` is written"
        scene.check.fault((*path, "load"), what, f"add `options: {{format: ...}}`: {', '.join(FORMATS)}")
    if found.format == "csv" and source.contract is None:
        hint = "its cells have no types: declare `contract:`"
        scene.check.fault(path, "a CSV file without a contract", hint)
    if found.format == "delta" and (found.gzipped or found.place == "web" or is_pattern(source.load)):
        hint = "name its folder, here or in an object store"
        scene.check.fault((*path, "load"), "a Delta table is a folder of its own", hint)
    if found.format == "parquet" and found.gzipped:
        scene.check.fault((*path, "load"), "a Parquet file in gzip", "Parquet compresses by itself")


def _options(scene: Scene, path: Path_, source: Source, found: Loading) -> None:
    known = found.options
    for option, value in source.options.items():
        if known is None or option in known:
            _secrets(scene, (*path, "options", option), value)
        elif set(known) - {"format"}:
            scene.check.refer((*path, "options"), option, known, "option")
        else:
            what = f"option `{option[:SHOWN]}` of a {found.format or 'bare'} file"
            scene.check.fault((*path, "options"), what, "options are for CSV files and functions")
    password = source.options.get("password")
    if password is not None and known is not None and "password" in known and _secret(password) is None:
        scene.check.fault((*path, "options"), "a password is written", "name it: `{secret: NAME}`")


def _secret(value: Any) -> str | None:
    if isinstance(value, dict) and set(value) == {"secret"} and isinstance(value["secret"], str):
        return value["secret"]
    return None


def _secrets(scene: Scene, path: Path_, value: Any) -> None:
    """Refuse `secret` beside other keys, or without a name."""
    for part in _mappings(value):
        if "secret" in part and not _secret(part):
            scene.check.fault(path[:-1], "`secret` is no name of a secret", "write `{secret: NAME}`")


def _mappings(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        yield from _mappings(item)


# -- reading again -----------------------------------------------------------------------------


def _again(scene: Scene, path: Path_, source: Source, found: Loading) -> None:
    scene.positive((*path, "refresh"), source.refresh)
    if source.last_good is not None:
        scene.positive((*path, "last_good", "max_age"), source.last_good.max_age)
    if source.refresh is not None and is_watched(source):
        hint = "a plan sees by itself when they change"
        scene.check.fault((*path, "refresh"), "`refresh` of files in the product's folder", hint)
    if source.incremental is None:
        return
    if source.refresh is None and not is_watched(source) and not scene.check.broken((*path, "refresh")):
        hint = "say how old a reading may be, such as `refresh: 1h`"
        scene.check.fault((*path, "incremental"), "`incremental` without `refresh`", hint)
    if source.incremental.by == "content":
        _by_content(scene, (*path, "incremental"), source.incremental, found)
    else:
        _by_watermark(scene, (*path, "incremental"), source, source.incremental)


def _by_content(scene: Scene, path: Path_, declared: Incremental, found: Loading) -> None:
    for key in ("column", "late"):
        if getattr(declared, key) is not None:
            hint = "it goes with `by: watermark`"
            scene.check.fault((*path, key), f"`{key}` with `by: content`", hint)
    if found.place not in ("file", "remote") or found.format == "delta":
        hint = "use `by: watermark`"
        scene.check.fault((*path, "by"), "`by: content` where there are no files", hint)


def _by_watermark(scene: Scene, path: Path_, source: Source, declared: Incremental) -> None:
    if declared.column is None:
        if not scene.check.broken((*path, "column")):
            hint = "name a column that grows with time"
            scene.check.fault(path, "`by: watermark` without `column`", hint)
        return
    contract = scene.contracts.get(source.contract or "")
    if contract is None or not scene.check.refer(
        (*path, "column"), declared.column, contract.columns, "column"
    ):
        return
    kind = contract.columns[declared.column].type
    if kind not in (*_TIMES, "integer"):
        what = f"column `{declared.column[:SHOWN]}` is of type {kind}"
        scene.check.fault((*path, "column"), what, "a watermark is a time, a date or an integer")
    if declared.late is not None and kind not in _TIMES:
        scene.check.fault((*path, "late"), f"`late` on a column of type {kind}", "it is for times and dates")
