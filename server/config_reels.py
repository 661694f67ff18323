"""What is told of video messages that are played out.

[reels]
max_mb = 2048         # TOLMACH_REELS_MAX_MB; a larger file is refused while it is being sent
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from server.config_table import Table

MAX_MB: Final = 2048

ENVIRONMENT: Final = {"reels.max_mb": "TOLMACH_REELS_MAX_MB"}


@dataclass(frozen=True, slots=True)
class ReelsConfig:
    """`max_mb` a file in MiB."""

    max_mb: int = MAX_MB


def parse_reels(table: Table) -> ReelsConfig:
    """Read the settings from the top of the file. Raises ConfigError."""
    own = table.table("reels")
    config = ReelsConfig(max_mb=own.whole("max_mb", MAX_MB, 1, 1024 * 1024))
    own.close()
    return config
