"""Finds the loader for what `load:` says, and loads no library before it is needed."""

from __future__ import annotations

from headway.data.loaders import files, function
from headway.data.loaders.asked import Asked, Loader
from headway.errors import sources as errors


def loader_for(asked: Asked) -> Loader:
    """The loader of a source.

    Raises:
        SpecError: There is none.
    """
    loading = asked.loading
    if loading.has_files and loading.format is None:
        raise errors.format_is_unknown(asked.name, asked.load)
    if loading.format == "delta" and loading.has_files:
        from headway.data.loaders import delta

        return delta.load
    match loading.place:
        case "file":
            return files.load
        case "function":
            return function.load
        case "web":
            from headway.data.loaders import web

            return web.load
        case "remote":
            from headway.data.loaders import remote

            return remote.load
        case "sqlite" | "postgresql":
            from headway.data.loaders import sql

            return sql.load_sqlite if loading.place == "sqlite" else sql.load_postgresql
    raise errors.format_is_unknown(asked.name, asked.load)
