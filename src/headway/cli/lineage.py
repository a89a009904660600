"""`headway lineage REF`: where a thing came from, and what came of it."""

from __future__ import annotations

import argparse
import json
import sys

from headway.cli import options


def arguments(parser: argparse.ArgumentParser) -> None:
    """Of what, and in which direction."""
    parser.add_argument(
        "reference",
        help="model.delay, model.delay@prod, or 6 digits of a digest, a prediction id or a run id",
    )
    parser.add_argument("--down", action="store_true", help="what came of it, instead of where it came from")
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the tree."""
    from headway.api.reading import lineage
    from headway.render.lineage import lineage_text
    from headway.render.shown import prediction_text
    from headway.render.style import Style, is_colourful

    found = lineage(options.here(), args.reference, down=args.down)
    if args.json:
        print(json.dumps(found.to_json()))
        return 0
    if found.prediction is not None:
        print(prediction_text(found.prediction))
    carried = found.to_json()["carried"]
    print(lineage_text(found.lineage, Style(is_colourful(sys.stdout)), carried))
    return 0
