"""`headway show REF`: one artifact in full."""

from __future__ import annotations

import argparse
import json

from headway.cli import options


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to show."""
    parser.add_argument(
        "reference", help="model.delay, model.delay@prod, 6 digits of a digest, or a prediction id"
    )
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print what is known of it."""
    import msgspec

    from headway.api.reading import show
    from headway.render.shown import shown_text

    found = show(options.here(), args.reference)
    value = msgspec.to_builtins(found.artifact)
    if found.prediction is not None:
        value["prediction"] = msgspec.to_builtins(found.prediction)
    print(json.dumps(value) if args.json else shown_text(found))
    return 0
