"""`headway status`: what each environment points at, serves and holds."""

from __future__ import annotations

import argparse
import json
import sys

from headway.cli import options


def arguments(parser: argparse.ArgumentParser) -> None:
    """Only the form."""
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print every environment."""
    from headway.api.reading import status
    from headway.render.status import status_text
    from headway.render.style import Style, is_colourful

    found = status(options.here())
    print(json.dumps(found.to_json()) if args.json else status_text(found, Style(is_colourful(sys.stdout))))
    if not args.json:
        options.untouched()
    return 0
