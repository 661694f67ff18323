"""The command line: `tolmach run`, `invite`, `revoke`, `publish`, `edge` and `edge-token`.

A command's result goes to standard output, what is said about it to standard error. Exit codes: 0 done, 1 it did
not work, 2 misuse (an argument or a setting that cannot stand), 130 interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from yarl import URL

from interpreting.codec import is_one_line
from interpreting.ids import BoothId, RoomId
from interpreting.roles import Role
from server import edge_cli
from server.config import Config, ConfigError, RoomConfig, load_config
from server.config_edges import with_count
from server.store import StoreError, open_store
from server.tokens import CHANGING_ROLES, DEFAULT_HOURS, LEEWAY_S, MAX_HOURS, MAX_NAME_CHARS, Invitation, issue

Serve = Callable[[Config], None]

RTMP_PORT = 1935
_UNUSABLE_PORT = {
    errno.EADDRINUSE: "another program has it already",
    errno.EADDRNOTAVAIL: "this machine has no such address",
    errno.EACCES: "ports below 1024 need the right to it",
}


class Misuse(Exception):
    """Arguments that cannot be meant; the message says what would do."""


def main(arguments: Sequence[str], serve: Serve, environ: Mapping[str, str] = os.environ) -> int:
    """Run the command line and return its exit code; `serve` runs the server until it is stopped."""
    options = parser().parse_args(arguments)
    try:
        match options.command:
            case "run":
                return _run(options, serve, environ)
            case "invite":
                return _invite(options, environ)
            case "revoke":
                return _revoke(options, environ)
            case "edge-token":
                return edge_cli.print_token(load_config(options.config, environ), options)
            case "ingest":
                return _ingest()
            case "edge":
                return edge_cli.run_edge(options, environ)
            case _:
                return _publish(options)
    except (ConfigError, Misuse, edge_cli.Misuse) as error:
        _say(f"tolmach: {error}")
        return 2
    except StoreError as error:
        _say(f"tolmach: {error}")
        return 1
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    top = argparse.ArgumentParser("tolmach", description="A server for interpreted hybrid conferences.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    settings = argparse.ArgumentParser(add_help=False)
    settings.add_argument("--config", metavar="FILE", type=Path, help="the configuration, TOML")

    run = commands.add_parser("run", parents=[settings], help="start the server")
    run.add_argument("--edges", type=int, metavar="N", help="processes beside it that fan out to listeners")
    edge_cli.add_parsers(commands, settings)

    invite = commands.add_parser("invite", parents=[settings], help="print a personal link")
    invite.add_argument("--room", required=True, metavar="R")
    invite.add_argument(
        "--also", action="append", default=[], metavar="R", help="for interpreters and moderators: one more room"
    )
    invite.add_argument("--role", required=True, choices=[role.value for role in Role], metavar="ROLE")
    invite.add_argument("--booth", metavar="B", help="for interpreters: their booth")
    invite.add_argument("--backup", action="store_true", help="for a venue: the second sender, which takes over")
    invite.add_argument("--name", default="", metavar="N", help="the person's name, as others see it")
    invite.add_argument(
        "--hours", type=float, default=DEFAULT_HOURS, metavar="H", help=f"how long it holds ({DEFAULT_HOURS:g})"
    )

    revoke = commands.add_parser("revoke", parents=[settings], help="revoke an invitation, at once")
    revoke.add_argument("id", metavar="ID", help="the id that `tolmach invite` told")

    commands.add_parser("ingest")  # the server starts it for itself
    publish = commands.add_parser("publish", help="send a file, device, RTMP or RTSP source into a room")
    publish.add_argument(
        "source",
        nargs="+",
        metavar="SOURCE",
        help="a file, v4l2:/dev/video0, alsa:default, lavfi:GRAPH, rtmp://… or rtsp://…;"
        " rtmp://0.0.0.0:1935/APP/KEY waits for encoders; two for picture and sound from two devices",
    )
    publish.add_argument("--whip", required=True, metavar="URL", help="the room's address, https://…/whip/ROOM")
    publish.add_argument(
        "--token", default=os.environ.get("TOLMACH_TOKEN"), metavar="T", help="an invitation's link or its end"
    )
    publish.add_argument("--loop", action="store_true", help="begin again at the end; reopen what breaks off")
    publish.add_argument(
        "--listen", action="store_true", help="wait for an encoder at SOURCE, rtmp://ADDRESS:PORT/APP/KEY"
    )
    publish.add_argument("--audio-only", action="store_true", help="leave the picture out")
    return top


def _run(options: argparse.Namespace, serve: Serve, environ: Mapping[str, str]) -> int:
    config = load_config(options.config, environ)
    if options.edges is not None:
        config = replace(config, edges=with_count(config.edges, options.edges))
    try:
        serve(config)
    except OSError as error:
        if error.errno not in _UNUSABLE_PORT:
            raise
        ports = f"TCP port {config.port} or UDP port {config.udp_port}"
        why = _UNUSABLE_PORT[error.errno]
        _say(f"tolmach: cannot listen on {ports}: {why}. Choose others by TOLMACH_PORT and TOLMACH_UDP_PORT")
        return 1
    return 0


def _invite(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    config = load_config(options.config, environ)
    role = Role(options.role)
    room = _room(config, options.room)
    booth = _booth(room, role, options.booth)
    if not 0 < options.hours <= MAX_HOURS:
        raise Misuse(f"--hours: {options.hours:g} is no sensible time. Write 1 to {MAX_HOURS}")
    if options.backup and role is not Role.VENUE:
        raise Misuse(f"--backup: only a venue can be the backup. Leave it out for the role {role}")
    also = tuple(_other_room(config, room, role, name) for name in options.also)
    name = options.name.strip()
    if len(name) > MAX_NAME_CHARS or not is_one_line(name):
        raise Misuse(f"--name: write the name on one line of at most {MAX_NAME_CHARS} characters")
    invitation = Invitation.new(
        room.id, role, booth=booth, name=name, hours=options.hours, is_backup=options.backup, also=also
    )
    print(f"{config.public_url}/join/{issue(config.secret, invitation)}")
    file = f"--config {options.config} " if options.config else ""
    _say(f"id: {invitation.id}    (to take it back: tolmach revoke {file}{invitation.id})")
    return 0


def _room(config: Config, name: str) -> RoomConfig:
    room = config.rooms.get(RoomId(name))
    if room is None:
        raise Misuse(f"--room: there is no room {name!r}. There are {', '.join(config.rooms)}")
    return room


def _other_room(config: Config, first: RoomConfig, role: Role, name: str) -> RoomId:
    if role not in CHANGING_ROLES:
        raise Misuse(f"--also: only interpreters and moderators change rooms. Leave it out for the role {role}")
    conference = next(one for one in config.conferences if first in one.rooms)
    names = [room.id for room in conference.rooms if room is not first]
    if name not in names:
        raise Misuse(f"--also: the conference has no other room {name!r}. It has {', '.join(names) or 'none'}")
    return RoomId(name)


def _booth(room: RoomConfig, role: Role, name: str | None) -> BoothId | None:
    booths = [booth.id for booth in room.booths]
    if role is not Role.INTERPRETER:
        if name is not None:
            raise Misuse(f"--booth: only interpreters have one. Leave it out for the role {role}")
        return None
    if name is None or name not in booths:
        said = "an interpreter needs one" if name is None else f"{room.id} has no booth {name!r}"
        raise Misuse(f"--booth: {said}. The room has {', '.join(booths) or 'no booths'}")
    return BoothId(name)


def _revoke(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    config = load_config(options.config, environ)
    if not options.id.strip() or "." in options.id or "/" in options.id:
        raise Misuse("ID: this is no id of an invitation. It stands under the link that `tolmach invite` printed")
    asyncio.run(_revoke_in_store(config, options.id.strip()))
    _say(f"revoked: {options.id.strip()}")
    return 0


async def _revoke_in_store(config: Config, invitation: str) -> None:
    # Its own end is not known here; no invitation lasts longer than this.
    until = time.time() + MAX_HOURS * 3600 + LEEWAY_S
    async with open_store(config) as store:
        await store.revoke(invitation, until)


def _publish(options: argparse.Namespace) -> int:
    # Imported here: FFmpeg and aiortc would make every other command wait for them.
    from server.feed_source import FeedError, parse_source
    from server.publisher import Publication, run
    from server.whip_client import PublishRefused

    if len(options.source) == 1 and (options.listen or parse_source(options.source[0]).listens):
        return _listen(options)
    if options.listen:
        raise Misuse("--listen: it goes with one SOURCE, rtmp://ADDRESS:PORT/APP/KEY")
    publication = Publication(
        sources=tuple(parse_source(text) for text in options.source),
        address=_whip_address(options.whip),
        token=_token(options.token),
        repeat=options.loop,
        kinds=frozenset({"audio"}) if options.audio_only else frozenset({"audio", "video"}),
    )
    try:
        return asyncio.run(run(publication, _say))
    except (FeedError, PublishRefused) as error:
        _say(f"tolmach: {error}")
        return 1


def _ingest() -> int:
    # Imported here: FFmpeg and aiortc would make every other command wait for them.
    from server.ingest_cli import run_ingest

    return run_ingest(_say)


def _listen(options: argparse.Namespace) -> int:
    """Wait for encoders, one after another, and publish for each."""
    from server.publisher import until_stopped
    from server.rtmp_listener import Destination, RtmpListener

    place = urlsplit(options.source[0])
    app, _, key = place.path.strip("/").partition("/")
    if place.scheme != "rtmp" or not place.hostname or not app:
        raise Misuse("SOURCE: write where to wait as rtmp://0.0.0.0:1935/APP/KEY, the key of your own choice")
    if not key:
        _say("no key in the address: whoever reaches this port may publish")
    destination = Destination(app, key, _whip_address(options.whip), _token(options.token))
    host, port = place.hostname, place.port or RTMP_PORT
    try:
        return asyncio.run(until_stopped(RtmpListener([destination], _say).listen(host, port, _waiting)))
    except OSError as error:
        _say(f"tolmach: cannot listen on {host} port {port}: {error.strerror}")
        return 1


def _waiting(port: int) -> None:
    _say(f"waiting for encoders on port {port}")


def _whip_address(text: str) -> URL:
    try:
        address = URL(text)
        good = address.scheme in ("http", "https") and bool(address.host)
    except ValueError:
        good = False
    if not good:
        raise Misuse(f"--whip: {text!r} is no address. Write it as https://conference.example.org/whip/plenary")
    return address


def _token(text: str | None) -> str:
    # A whole link will do: its last segment is the token.
    token = (text or "").strip().rstrip("/").rpartition("/")[2]
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise Misuse("--token: it is missing or damaged. Write the link of an invitation, or its last part")
    return token


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
