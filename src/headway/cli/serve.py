"""`headway serve`: answer requests with an environment's releases, or with one bundle."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from headway.cli import options


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to serve, and where."""
    options.environment(parser)
    parser.add_argument("--bundle", metavar="DIR", help="serve this one release instead of an environment")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="port; 0 takes any free one (default: 8000)")
    parser.add_argument("--remote", action="store_true", help="allow an address that other machines reach")


def run(args: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C; requests in flight are finished, the log is written."""
    from headway.api.serving import serve_bundle, serve_environment

    def ready(server: Any) -> None:
        print(f"serving {args.bundle or args.env} on {server.url}", file=sys.stderr, flush=True)
        name = server.endpoints[0] if len(server.endpoints) == 1 else "ENDPOINT"
        ways = f"POST /predict/{name}, POST /v2/models/{name}/infer, GET /metrics; Ctrl-C ends it"
        print(f"  {ways}", file=sys.stderr, flush=True)

    where: dict[str, Any] = {
        "host": args.host,
        "port": args.port,
        "is_remote_allowed": args.remote,
        "ready": ready,
    }
    if args.bundle:
        serve_bundle(Path(args.bundle), **where)
    else:
        serve_environment(options.here(), args.env, **where)
    print("ended: requests in flight are answered, the log is written", file=sys.stderr)
    return 0
