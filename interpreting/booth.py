"""A booth: interpreters working together, its outgoing languages, its seats, a handover under way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from interpreting.ids import BoothId, PersonId
from interpreting.languages import FLOOR, Channel, Language


class MicState(StrEnum):
    """The state of an interpreter's microphone. Who coughs is still on air: their channel stays engaged."""

    OFF_AIR = "off_air"
    ON_AIR = "on_air"
    COUGHING = "coughing"


class Interlock(StrEnum):
    """What happens when a microphone opens into a channel that another booth is on air into."""

    NONE = "none"
    """Both are heard, mixed."""
    INTERLOCK = "interlock"
    """The newcomer is refused."""
    OVERRIDE = "override"
    """The newcomer displaces the other, who goes off air."""


Shift: TypeAlias = Literal[10, 15, 20, 30]
"""Minutes after which a booth means to change over."""


@dataclass(frozen=True, slots=True)
class Seat:
    """One interpreter's place: display name, microphone, where they speak into and what they listen to.

    ``present`` says that the person's page is connected. ``incoming`` is never ``outgoing``. ``pivot`` is the
    channel to rely on while the floor speaks none of the booth's languages (``relay.hears``).
    """

    person: PersonId
    name: str
    outgoing: Language
    incoming: Channel = FLOOR
    mic: MicState = MicState.OFF_AIR
    present: bool = True
    pivot: Language | None = None

    @property
    def is_on_air(self) -> bool:
        """On air, whether coughing or not."""
        return self.mic is not MicState.OFF_AIR


@dataclass(frozen=True, slots=True)
class Handover:
    """A handover asked for by one side; ``accepted_by`` is the other side once it has agreed."""

    asked_by: PersonId
    accepted_by: PersonId | None = None

    @property
    def accepted(self) -> bool:
        """Both sides agree; the one on air may switch."""
        return self.accepted_by is not None


@dataclass(frozen=True, slots=True)
class Booth:
    """A booth with its outgoing languages (A, B, C in this order) and its seats in order of entering.

    At most one seat is on air; a handover exists only while one is. ``shift_since`` is when it went on air, in
    seconds since the Unix epoch; ``shift_minutes`` is how long the booth means a shift to last.
    """

    id: BoothId
    languages: tuple[Language, ...]
    seats: Mapping[PersonId, Seat] = field(default_factory=dict)
    handover: Handover | None = None
    shift_minutes: Shift | None = None
    shift_since: float | None = None

    @property
    def on_air(self) -> Seat | None:
        """The seat whose microphone is open or coughing, if any."""
        return next((seat for seat in self.seats.values() if seat.is_on_air), None)
