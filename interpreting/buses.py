"""The names of buses, and how fast a gain on them may move.

A bus has the domain's name here, without the room. What each carries is ``plan``'s.
"""

from typing import Final

from interpreting.ids import BoothId, BusId, PersonId, SourceId, SourceKind
from interpreting.languages import FLOOR, Channel, Language
from interpreting.words import Party

FLOOR_RISE_MS: Final = 300
FLOOR_FALL_MS: Final = 80
FLOOR_BUS_MS: Final = 80
MIC_MS: Final = 30
PLAYOUT_MS: Final = 300

MINUS_VENUE: Final = BusId("minus:venue")
"""The hall's return, for its loudspeakers: those far away, without any sound of the hall."""

INTERCOM: Final = "intercom:"
"""What the names of the intercom's buses begin with."""

_RECORDED: Final = "rec:"
_STEM: Final = "stem:"
_MINUS: Final = "minus:"


def bus_of(channel: Channel, *, original_under: bool = False) -> BusId:
    """Return the bus that carries the channel, pure or with the original underneath; the floor has one."""
    return BusId(f"{channel}+{FLOOR}" if original_under and channel != FLOOR else channel)


def recorded_bus(channel: Channel) -> BusId:
    """Return the bus on which a channel is recorded: ``rec:<channel>``."""
    return BusId(f"{_RECORDED}{channel}")


def stem_bus(source: SourceId) -> BusId:
    """Return the bus on which a source is recorded by itself: ``stem:<source>``."""
    return BusId(f"{_STEM}{source}")


def minus_bus(channel: Channel, person: PersonId) -> BusId:
    """Return the bus that carries the channel without the person's own voice: ``minus:<channel>:<person>``."""
    return BusId(f"{_MINUS}{channel}:{person}")


def venue_bus(language: Language) -> BusId:
    """Return the hall's return in a language: ``minus:venue:<language>``."""
    return BusId(f"{MINUS_VENUE}:{language}")


def intercom_bus(party: Party, booth: BoothId | None = None) -> BusId:
    """Return the bus by which a side hears the intercom: ``intercom:<party>``, ``intercom:booth:<booth>``."""
    return BusId(f"{INTERCOM}{party.value}" + (f":{booth}" if booth else ""))


def ramp_ms(bus: BusId, source_kind: SourceKind, before: float, after: float) -> int:
    """Return how long the source's gain on the bus takes from ``before`` to ``after``, in milliseconds.

    ``bus`` is the domain's id, without the room. The floor returns to a language's channel in 300 ms, so that
    it never crashes into an interpreter's pause, and makes way in 80 ms. Microphones take 30 ms, within the
    20 to 50 ms in which a handover is heard as one voice after another and a cough is cut. A video message comes and
    goes in 300 ms. Recorded channels and those without one's own voice sound as the channels do; on a stem everything
    but a microphone moves as on the floor.
    """
    if source_kind is SourceKind.MIC or bus.startswith(INTERCOM):
        return MIC_MS
    if source_kind is SourceKind.PLAYOUT:
        return PLAYOUT_MS
    if _channel_of(bus) == FLOOR or bus.startswith(_STEM):
        return FLOOR_BUS_MS
    return FLOOR_RISE_MS if after > before else FLOOR_FALL_MS


def _channel_of(bus: BusId) -> str:
    """Return the channel whose sound the bus has; the hall's return sounds as the floor."""
    if bus == MINUS_VENUE:
        return FLOOR
    if bus.startswith(f"{MINUS_VENUE}:"):
        return bus.removeprefix(f"{MINUS_VENUE}:")
    if bus.startswith(_MINUS):
        return bus.removeprefix(_MINUS).partition(":")[0]
    return bus.removeprefix(_RECORDED)
