"""Where a room may be pushed to, in the configuration. An organiser starts and stops it on the desk.

[[conference.room.push]]
name = "city-en"                             # unique in its room
url = "rtmps://live.example.org/app/KEY"     # rtmp, rtmps, or http and https for WHIP
channel = "en"                               # a channel of the room, or "floor"
token = ""                                   # WHIP's bearer
"""

from __future__ import annotations

from collections.abc import Iterable

from interpreting.languages import FLOOR, Language
from server.config_table import ConfigError, Table
from server.pushes.target import BadTarget, Target, checked_target


def parse_pushes(tables: Iterable[Table], languages: tuple[Language, ...]) -> tuple[Target, ...]:
    """Read a room's pushes. Raises ConfigError, which never repeats an address."""
    targets: dict[str, Target] = {}
    for table in tables:
        target = _target(table)
        if target.channel not in (FLOOR, *languages):
            mend = f"Write floor or one of {', '.join(languages)}"
            raise ConfigError(table.key("channel"), f'the room has no channel "{target.channel}"', mend)
        if target.name in targets:
            raise ConfigError(table.key("name"), f'"{target.name}" is given twice', "Rename one of them")
        targets[target.name] = target
        table.close()
    return tuple(targets.values())


def _target(table: Table) -> Target:
    name, url = table.text("name"), table.text("url")
    try:
        return checked_target(name, url, table.text("channel"), table.text("token", ""))
    except BadTarget as error:
        raise ConfigError(table.key("url"), "it will not do", error.wrong[:1].upper() + error.wrong[1:]) from error
