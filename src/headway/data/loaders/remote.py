"""Files behind any fsspec URL (`memory://`, `file://`, `s3://`): one, a folder, or a pattern."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import polars as pl

from headway.core import digest
from headway.core.listing import is_pattern
from headway.data.loaders import formats
from headway.data.loaders.asked import Asked, Batch, Origin
from headway.errors import HeadwayError
from headway.errors import data as data_errors
from headway.errors import sources as errors

_UNIT = "://"


def load(asked: Asked) -> Iterator[Batch]:
    """The files in the order of their names.

    Raises:
        EngineError: The place cannot be reached, refuses, has no such file, or needs a library.
        ContractError: A file is no whole file of its format.
        SpecError: The URL's scheme, or an option, is unknown.
    """
    system, path = _opened(asked)
    with _named(asked):
        files = _listed(system, path, asked)
    if not files:
        raise errors.nothing_matches(asked.name, asked.load)
    left = Counter(asked.known)
    for file in files:
        with _named(asked):
            content = system.cat_file(file)
        found = digest.of_bytes(content)
        if left[found] > 0:
            left[found] -= 1
            yield Batch(pl.DataFrame(), (Origin(file, found, None),))
            continue
        frame = formats.read(content, asked, posixpath.basename(file))
        yield Batch(frame, (Origin(file, found, frame.height),))


def _opened(asked: Asked) -> tuple[Any, str]:
    scheme = asked.load.partition(_UNIT)[0]
    try:
        import fsspec

        storage = asked.options.get("storage", {})
        if not isinstance(storage, dict):
            raise errors.option_is_wrong(asked.name, "storage", asked.loading.options or {})
        system, path = fsspec.core.url_to_fs(asked.load, **storage)
    except ImportError as error:
        extra = "headway[s3]" if scheme in ("s3", "s3a") else "headway[remote]"
        library = error.name or extra
        raise data_errors.library_is_missing(library, asked.where, str(error)) from error
    except ValueError as error:
        raise errors.scheme_is_unknown(asked.name, scheme) from error
    except TypeError as error:
        raise errors.option_is_wrong(asked.name, "storage", asked.loading.options or {}) from error
    system.invalidate_cache()  # file systems are kept by fsspec, with what they listed before
    return system, str(path)


def _listed(system: Any, path: str, asked: Asked) -> list[str]:
    if is_pattern(asked.load):
        found = system.glob(path)
    elif system.isdir(path):
        found = system.find(path)
    else:
        return [path]
    return sorted(str(file) for file in found if not posixpath.basename(str(file)).startswith("."))


@contextmanager
def _named(asked: Asked) -> Generator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise errors.source_is_not_found(asked.name, asked.load, "no such file") from error
    except PermissionError as error:
        raise errors.access_is_refused(asked.name, asked.load, str(error)) from error
    except TimeoutError as error:
        raise errors.source_is_too_slow(asked.name, asked.load, None) from error
    except HeadwayError:
        raise
    except TypeError as error:  # some take their options at the first request only
        raise errors.option_is_wrong(asked.name, "storage", asked.loading.options or {}) from error
    except Exception as error:  # file systems of any library: each has errors of its own
        raise errors.source_is_unreachable(asked.name, asked.load, str(error)) from error
