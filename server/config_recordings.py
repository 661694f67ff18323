"""What is told of recordings: how long they are kept, and how much room on the disk is left to the rest.

[recordings]
keep_days = 30        # TOLMACH_RECORDINGS_KEEP_DAYS, from the end of a recording; then it is deleted
min_free_mb = 1024    # TOLMACH_RECORDINGS_MIN_FREE_MB; with less free a recording pauses and the livestream goes on
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from server.config_table import Table

KEEP_DAYS: Final = 30
MIN_FREE_MB: Final = 1024
_MAX_DAYS: Final = 3650

ENVIRONMENT: Final = {
    "recordings.keep_days": "TOLMACH_RECORDINGS_KEEP_DAYS",
    "recordings.min_free_mb": "TOLMACH_RECORDINGS_MIN_FREE_MB",
}


@dataclass(frozen=True, slots=True)
class RecordingsConfig:
    """`keep_days` from the end of a recording; `min_free_mb` in MiB."""

    keep_days: int = KEEP_DAYS
    min_free_mb: int = MIN_FREE_MB


def parse_recordings(table: Table) -> RecordingsConfig:
    """Read the settings from the top of the file. Raises ConfigError."""
    own = table.table("recordings")
    config = RecordingsConfig(
        keep_days=own.whole("keep_days", KEEP_DAYS, 1, _MAX_DAYS),
        min_free_mb=own.whole("min_free_mb", MIN_FREE_MB, 0, 1024 * 1024),
    )
    own.close()
    return config
