"""What is told of the livestream; how long its parts are is not: players and sound frames leave no choice.

[livestream]
window_h = 4             # TOLMACH_LIVESTREAM_WINDOW_H, hours that viewers can rewind, on disk under `data`
small_picture = false    # TOLMACH_LIVESTREAM_SMALL_PICTURE, a second, small picture for narrow lines, at a third core
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from server.config_table import Table

WINDOW_H: Final = 4
_MOST_H: Final = 72

ENVIRONMENT: Final = {
    "livestream.window_h": "TOLMACH_LIVESTREAM_WINDOW_H",
    "livestream.small_picture": "TOLMACH_LIVESTREAM_SMALL_PICTURE",
}


@dataclass(frozen=True, slots=True)
class LivestreamConfig:
    """`window_h` hours can be rewound; `has_small_picture` adds a second picture."""

    window_h: int = WINDOW_H
    has_small_picture: bool = False

    @property
    def window_s(self) -> float:
        """The window in seconds."""
        return self.window_h * 3600.0


def parse_livestream(table: Table) -> LivestreamConfig:
    """Read the settings from the top of the file. Raises ConfigError."""
    own = table.table("livestream")
    config = LivestreamConfig(
        window_h=own.whole("window_h", WINDOW_H, 1, _MOST_H),
        has_small_picture=own.flag("small_picture", False),
    )
    own.close()
    return config
