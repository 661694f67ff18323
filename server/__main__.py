"""The program: `tolmach`, or `python -m server`."""

from __future__ import annotations

import sys

from server import cli
from server.config import Config


def main() -> int:
    """Run the command line of this process and return its exit code."""
    return cli.main(sys.argv[1:], serve)


def serve(config: Config) -> None:
    """Run the server until it is stopped."""
    # Imported here: inviting and publishing need no web server.
    from server.app import run

    run(config)


if __name__ == "__main__":
    sys.exit(main())
