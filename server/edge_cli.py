"""`tolmach edge` and `tolmach edge-token`: the command line's part for edges."""

from __future__ import annotations

import argparse
import errno
import ipaddress
import os
import socket
import sys
from collections.abc import Mapping
from typing import Any, Final

from yarl import URL

from server.config import Config
from server.config_edges import MAX_LISTENERS
from server.tokens import DEFAULT_HOURS, MAX_HOURS, issue_edge_pass

_PORT: Final = 8080


class Misuse(Exception):
    """Arguments that cannot be meant; the message says what would do."""


def add_parsers(commands: Any, settings: argparse.ArgumentParser) -> None:
    """Add both commands; `settings` are the options of commands that read the configuration."""
    token = commands.add_parser("edge-token", parents=[settings], help="print a token that lets an edge in")
    token.add_argument("--name", default="edge", metavar="N", help="what the edge is called when it names itself not")
    token.add_argument("--hours", type=float, default=DEFAULT_HOURS, metavar="H", help=f"({DEFAULT_HOURS:g})")

    edge = commands.add_parser("edge", help="fan out to listeners what a server elsewhere has")
    edge.add_argument("--origin", required=True, metavar="URL", help="the server's address, https://…")
    edge.add_argument("--token", metavar="T", help="what `tolmach edge-token` printed there, or TOLMACH_EDGE_TOKEN")
    edge.add_argument("--udp-port", type=int, metavar="P", help=f"for media, or TOLMACH_UDP_PORT ({_PORT})")
    edge.add_argument("--name", metavar="N", help="what it is called in figures (the machine's name)")
    edge.add_argument("--with-parent", action="store_true", help=argparse.SUPPRESS)


def print_token(config: Config, options: argparse.Namespace) -> int:
    """Print an edge's token to standard output, and its id to standard error. Raises Misuse."""
    if not 0 < options.hours <= MAX_HOURS:
        raise Misuse(f"--hours: {options.hours:g} is no sensible time. Write 1 to {MAX_HOURS}")
    token, id = issue_edge_pass(config.secret, options.name.strip(), options.hours)
    print(token)
    _say(f"id: {id}    (to take it back: tolmach revoke {id})")
    return 0


def run_edge(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Serve as an edge until stopped. Raises Misuse."""
    origin = _origin(options.origin)
    token = (options.token or environ.get("TOLMACH_EDGE_TOKEN") or "").strip()
    if not token or not token.isascii() or not token.isprintable():
        raise Misuse("--token: it is missing. Write what `tolmach edge-token` printed on the server")
    udp_port = _number("--udp-port", options.udp_port, environ.get("TOLMACH_UDP_PORT"), _PORT, 65535)
    public_ips = _addresses(environ.get("TOLMACH_PUBLIC_IPS", ""))
    most = _number("TOLMACH_MAX_LISTENERS", None, environ.get("TOLMACH_MAX_LISTENERS"), MAX_LISTENERS)

    # Imported here: every other command would wait for the media engine.
    from media.engine import EngineConfig
    from server.edge import EdgeConfig, EdgeRefused, run

    engine = EngineConfig(environ.get("TOLMACH_UDP_HOST", ""), udp_port, public_ips, max_listeners=most)
    config = EdgeConfig(origin, token, options.name or socket.gethostname(), engine, options.with_parent)
    try:
        run(config)
    except EdgeRefused as error:
        _say(f"tolmach: {error}. Make another token with: tolmach edge-token")
        return 1
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES):
            raise
        _say(f"tolmach: cannot listen on UDP port {udp_port}: {os.strerror(error.errno)}. Choose --udp-port")
        return 1
    return 0


def _origin(text: str) -> URL:
    try:
        url = URL(text)
        good = url.scheme in ("http", "https") and bool(url.host) and url.path in ("", "/") and not url.query_string
    except ValueError:
        good = False
    if not good:
        raise Misuse(f"--origin: {text!r} is no address of a server. Write it as https://conference.example.org")
    return url


def _number(name: str, given: int | None, set: str | None, default: int, most: int = 1_000_000) -> int:
    """The argument, else the setting, else the default."""
    text = str(given) if given is not None else (set or "").strip() or str(default)
    if not text.isascii() or not text.isdigit() or int(text) > most:
        raise Misuse(f"{name}: {text!r} will not do. Write a number up to {most}")
    return int(text)


def _addresses(text: str) -> tuple[str, ...]:
    addresses = tuple(part.strip() for part in text.split(",") if part.strip())
    for address in addresses:
        try:
            ipaddress.ip_address(address)
        except ValueError:
            raise Misuse(f"TOLMACH_PUBLIC_IPS: {address!r} is no IP address. Write numbers, no names") from None
    return addresses


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
