"""Encoders that know nothing but RTMP: the port where they are waited for, and each room's stream keys.

rtmp_port = 0         # TOLMACH_RTMP_PORT; 1935 is RTMP's own, 0 waits for nobody

[[conference.room.ingest]]
key = "a long word"   # of your own choice; the encoder publishes to rtmp://SERVER:1935/ROOM and has this as its key
backup = false        # true: it is the hall's second sender, which takes over when the first is lost
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from server.config_table import ConfigError, Table

ENVIRONMENT: Final = {"rtmp_port": "TOLMACH_RTMP_PORT"}
MIN_KEY_CHARS: Final = 12
"""A key is all that keeps strangers from the hall's place."""
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")


@dataclass(frozen=True, slots=True)
class IngestConfig:
    """One stream key, and which of the hall's senders it feeds."""

    key: str = field(repr=False)
    is_backup: bool


def parse_ingest(tables: Iterable[Table]) -> tuple[IngestConfig, ...]:
    """Read a room's keys. Raises ConfigError, which never repeats a key."""
    found: dict[bool, IngestConfig] = {}
    keys: set[str] = set()
    for table in tables:
        key, is_backup = table.text("key"), table.flag("backup", False)
        if not _KEY.fullmatch(key) or len(key) < MIN_KEY_CHARS:
            mend = f"Use {MIN_KEY_CHARS} to 128 of a to z, A to Z, 0 to 9, _ and -"
            raise ConfigError(table.key("key"), "it will not do as a stream key", mend)
        if is_backup in found or key in keys:
            raise ConfigError(table.key("backup"), "a room has one first and one backup encoder", "Remove one of them")
        found[is_backup] = IngestConfig(key, is_backup)
        keys.add(key)
        table.close()
    return tuple(found.values())
