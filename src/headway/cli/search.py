"""`headway search WORDS`: find features, groups, sources, datasets and models, with who reads them."""

from __future__ import annotations

import argparse
import json
import sys

from headway.cli import options


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to look for."""
    parser.description = "Find features, sources and models, with who reads them: in this product, and in those of the folders beside it."
    parser.add_argument("words", nargs="*", help="in names, tags and descriptions; all of them")
    parser.add_argument(
        "--tag", action="append", default=[], metavar="TAG", help="that bears or carries this tag"
    )
    parser.add_argument(
        "--kind", metavar="KIND", help="source, column, feature_group, feature, dataset, model, ..."
    )
    parser.add_argument(
        "--limit", type=options.positive, default=20, metavar="N", help="how many (default: 20)"
    )
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print what was found, best first."""
    from headway.api.searching import search
    from headway.render.found import results_text
    from headway.render.style import Style, is_colourful

    found = search(options.here(), args.words, tags=args.tag, kind=args.kind, limit=args.limit)
    if args.json:
        print(json.dumps(found.to_json()))
        return 0
    print(results_text(found, Style(is_colourful(sys.stdout))))
    for file, why in found.skipped.items():
        print(f"note: {file} is left out: {why}", file=sys.stderr)
    return 0
