"""`headway why NODE`: why one node is, or is not, out of date."""

from __future__ import annotations

import argparse
import json
import sys

from headway.cli import options


def arguments(parser: argparse.ArgumentParser) -> None:
    """The node, and whether its code is listed."""
    parser.add_argument("node", help="such as model.delay")
    parser.add_argument("--closure", action="store_true", help="list the code that it is made of")
    options.environment(parser)
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the step with its causes, the chain upstream, the last execution, and the evidence."""
    from headway.api.reading import why
    from headway.render.explained import explained_json, explained_text
    from headway.render.style import Style, is_colourful

    found = why(options.here(), args.node, args.env)
    if args.json:
        print(json.dumps(explained_json(found)))
    else:
        print(explained_text(found, Style(is_colourful(sys.stdout)), closure=args.closure))
        options.untouched()
    return 0
