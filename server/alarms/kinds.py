"""What alarms there are, how long each must last until it is raised, and how long it must be over until it clears.

Words for people (what it is, what to do) are the pages' own, by the kind's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from interpreting.ids import RoomId

Value = str | int | float


class Kind(StrEnum):
    """What is wrong."""

    VENUE_LOST = "venue_lost"
    FLOOR_SILENT = "floor_silent"
    CHANNEL_SILENT = "channel_silent"
    CLIPPING = "clipping"
    NARROW_SOUND = "narrow_sound"
    HUM = "hum"
    LOUDNESS_APART = "loudness_apart"
    PICTURE_FROZEN = "picture_frozen"
    PICTURE_BLACK = "picture_black"
    LOSS = "loss"
    CLOCK_DRIFT = "clock_drift"
    MIXER_LATE = "mixer_late"
    DISK_LOW = "disk_low"
    CERTIFICATE_ENDING = "certificate_ending"
    STORE_AWAY = "store_away"
    RELAY_AWAY = "relay_away"


class Severity(StrEnum):
    """Red is what the audience notices now, amber what they may notice soon."""

    RED = "red"
    AMBER = "amber"


Key = tuple[Kind, RoomId | None, str]
"""Kind, room and subject: there is one alarm of each at a time."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong at this moment: `room` None is the whole server, `subject` a source, a channel or a part of the
    server, `values` what a person is told of it.
    """

    kind: Kind
    room: RoomId | None
    subject: str
    severity: Severity
    values: Mapping[str, Value] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """What tells it from others."""
        return self.kind, self.room, self.subject


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds until a finding is an alarm, and until an alarm without one is over."""

    raise_s: float
    clear_s: float


PATIENCE: Final[Mapping[Kind, Patience]] = {
    Kind.VENUE_LOST: Patience(0.0, 1.0),
    # How long it was silent is measured already.
    Kind.FLOOR_SILENT: Patience(0.0, 1.0),
    Kind.CHANNEL_SILENT: Patience(0.3, 1.0),
    Kind.CLIPPING: Patience(1.5, 5.0),
    Kind.NARROW_SOUND: Patience(10.0, 5.0),
    Kind.HUM: Patience(1.2, 5.0),
    Kind.LOUDNESS_APART: Patience(15.0, 5.0),
    Kind.PICTURE_FROZEN: Patience(0.0, 2.0),
    Kind.PICTURE_BLACK: Patience(0.0, 2.0),
    Kind.LOSS: Patience(1.5, 10.0),
    # A minute of it is measured already.
    Kind.CLOCK_DRIFT: Patience(10.0, 10.0),
    Kind.MIXER_LATE: Patience(0.0, 15.0),
    Kind.DISK_LOW: Patience(0.0, 15.0),
    Kind.CERTIFICATE_ENDING: Patience(0.0, 0.0),
    Kind.STORE_AWAY: Patience(1.0, 3.0),
    Kind.RELAY_AWAY: Patience(0.0, 0.0),
}
