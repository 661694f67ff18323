"""Mixes without one's own voice: who hears what from afar, in the hall, and backstage."""

import pytest

from interpreting.buses import MINUS_VENUE, intercom_bus, minus_bus, ramp_ms, venue_bus
from interpreting.commands import (
    Command,
    ConnectSource,
    LoseSource,
    SetConsent,
    SetFallback,
    StartRecording,
    TakeMic,
    TalkTo,
)
from interpreting.ids import (
    DEMO,
    HALL_MICS,
    VENUE,
    BusId,
    PersonId,
    SourceId,
    SourceKind,
    intercom_source,
    mic_source,
    speaker_source,
)
from interpreting.languages import FLOOR, Fallback
from interpreting.mix_minus import bus_for
from interpreting.people import Role
from interpreting.plan import DUCKED_GAIN, bus_of, plan, recorded_bus, stem_bus
from interpreting.room import Room
from interpreting.words import Party
from interpreting.workshop import Door
from interpreting.workshop_commands import (
    BringOn,
    EnterRoom,
    GiveFloor,
    Mute,
    Remove,
    SelectChannel,
    SetDoor,
    SetVenueHears,
    TakeFloor,
)
from tests.interpreting.plenary import CHAIR, DE, EMMA, EN, GUEST, OLHA, REMOTE, STRANGER, UK, VISITOR, after, workshop

IRYNA, JONAS, MAYOR, MODERATION = map(speaker_source, (REMOTE, VISITOR, GUEST, CHAIR))
BACKSTAGE = intercom_bus(Party.BACKSTAGE)


def heard(room: Room, person: PersonId) -> dict[SourceId, float] | None:
    """Return what somebody from afar hears."""
    bus = bus_for(room, person)
    return None if bus is None else dict(plan(room).mixes[bus])


def mix(room: Room, bus: BusId) -> dict[SourceId, float]:
    """Return what a bus carries."""
    return dict(plan(room).mixes[bus])


def two_speak(*commands: Command) -> Room:
    """Return the workshop with Iryna and Jonas on the floor, both hearing it, then the commands."""
    give = (GiveFloor(CHAIR, REMOTE), GiveFloor(CHAIR, VISITOR))
    return after(workshop(), SelectChannel(REMOTE, FLOOR), *give, *commands)


class TestThoseOnTheFloor:
    def test_hear_all_but_themselves(self) -> None:
        room = two_speak()
        assert mix(room, bus_of(FLOOR)) == {VENUE: 1.0, IRYNA: 1.0, JONAS: 1.0}
        assert heard(room, REMOTE) == {VENUE: 1.0, JONAS: 1.0}
        assert heard(room, VISITOR) == {VENUE: 1.0, IRYNA: 1.0}

    def test_hear_the_channel_they_chose(self) -> None:
        room = two_speak(SelectChannel(VISITOR, EN), TakeMic(EMMA))
        assert bus_for(room, VISITOR) == minus_bus(EN, VISITOR) == f"minus:en:{VISITOR}"
        assert heard(room, VISITOR) == {mic_source(EMMA): 1.0}

    def test_are_not_in_what_they_hear_when_the_floor_is_ducked(self) -> None:
        room = two_speak(SelectChannel(VISITOR, EN), SetFallback(CHAIR, EN, Fallback.DUCKED))
        assert heard(room, VISITOR) == {VENUE: DUCKED_GAIN, IRYNA: DUCKED_GAIN}

    def test_muted_keep_their_bus_with_the_ordinary_mix(self) -> None:
        room = two_speak(Mute(VISITOR, VISITOR))
        assert heard(room, VISITOR) == mix(room, bus_of(FLOOR)) == {VENUE: 1.0, IRYNA: 1.0}
        assert bus_for(room, VISITOR) == minus_bus(FLOOR, VISITOR)

    def test_are_those_whose_faces_may_be_seen(self) -> None:
        assert plan(two_speak()).faces == (IRYNA, JONAS)
        assert plan(workshop()).faces == ()


class TestAShutMicrophone:
    @pytest.mark.parametrize(
        "command", [Mute(CHAIR, REMOTE), TakeFloor(CHAIR, REMOTE), Remove(CHAIR, REMOTE), LoseSource(IRYNA)]
    )
    def test_is_in_no_mix(self, command: Command) -> None:
        room = two_speak(SetConsent(REMOTE, IRYNA, True), StartRecording(CHAIR))
        assert mix(room, stem_bus(IRYNA)) == {IRYNA: 1.0}
        assert IRYNA in mix(room, recorded_bus(FLOOR))
        assert not any(IRYNA in one for one in plan(after(room, command)).mixes.values())

    def test_hears_the_ordinary_bus(self) -> None:
        assert bus_for(workshop(), REMOTE) == bus_of(UK)
        assert not any(bus.startswith("minus:uk") for bus in plan(workshop()).mixes)

    def test_at_the_door_or_removed_hears_nothing(self) -> None:
        room = after(workshop(), SetDoor(CHAIR, Door.WAITING), EnterRoom(STRANGER, "New", None), Remove(CHAIR, REMOTE))
        assert [bus_for(room, who) for who in (STRANGER, REMOTE, OLHA)] == [None, None, None]


class TestBackstage:
    def test_hears_the_moderator_who_talks_there_alone(self) -> None:
        aside = intercom_source(CHAIR)
        room = two_speak(ConnectSource(aside, SourceKind.INTERCOM))
        assert (bus_for(room, GUEST), heard(room, GUEST)) == (BACKSTAGE, {})
        talking = after(room, TalkTo(CHAIR, Party.BACKSTAGE, "Chair", Role.MODERATOR))
        assert heard(talking, GUEST) == {aside: 1.0}
        assert [bus for bus, sources in plan(talking).mixes.items() if aside in sources] == [BACKSTAGE]
        assert heard(after(talking, LoseSource(aside)), GUEST) == {}

    def test_then_hears_the_floor_in_their_own_language_without_themselves(self) -> None:
        room = two_speak(BringOn(CHAIR, GUEST))
        assert bus_for(room, GUEST) == minus_bus(EN, GUEST)
        assert heard(room, GUEST) == {VENUE: 1.0, IRYNA: 1.0, JONAS: 1.0}
        assert BACKSTAGE not in plan(room).mixes


class TestTheHallsReturn:
    def test_is_those_from_afar_without_the_hall(self) -> None:
        room = two_speak()
        assert mix(room, MINUS_VENUE) == {IRYNA: 1.0, JONAS: 1.0}
        assert mix(workshop(), MINUS_VENUE) == {}
        more = after(room, *(ConnectSource(mic, SourceKind.HALL_MIC) for mic in HALL_MICS))
        assert mix(more, bus_of(FLOOR)) == {VENUE: 1.0, **dict.fromkeys(HALL_MICS, 1.0), IRYNA: 1.0, JONAS: 1.0}
        assert mix(more, MINUS_VENUE) == {IRYNA: 1.0, JONAS: 1.0}
        demo = after(workshop(), LoseSource(VENUE))
        assert (mix(demo, bus_of(FLOOR)), mix(demo, MINUS_VENUE)) == ({DEMO: 1.0}, {})

    def test_has_languages_when_the_hall_asks(self) -> None:
        room = two_speak(TakeMic(OLHA), SetVenueHears(STRANGER, (DE, UK, UK)))
        assert [bus for bus in plan(room).mixes if bus.startswith(f"{MINUS_VENUE}:")] == [venue_bus(DE), venue_bus(UK)]
        assert mix(room, venue_bus(UK)) == {mic_source(OLHA): 1.0}
        assert mix(room, venue_bus(DE)) == {IRYNA: DUCKED_GAIN, JONAS: DUCKED_GAIN}
        assert room.venue_hears == (DE, UK)


@pytest.mark.parametrize(
    ("bus", "kind", "before", "after_", "duration_ms"),
    [
        ("minus:floor:visitor", SourceKind.SPEAKER, 0.0, 1.0, 80),
        ("minus:venue", SourceKind.SPEAKER, 0.0, 1.0, 80),
        ("intercom:backstage", SourceKind.INTERCOM, 0.0, 1.0, 30),
        ("minus:venue:de", SourceKind.SPEAKER, 0.0, 1.0, 300),
        ("minus:de:visitor", SourceKind.VENUE, 0.35, 1.0, 300),
        ("minus:de:visitor", SourceKind.VENUE, 1.0, 0.0, 80),
        ("minus:de:visitor", SourceKind.MIC, 1.0, 0.0, 30),
        ("floor", SourceKind.PLAYOUT, 1.0, 0.0, 300),
        ("de", SourceKind.PLAYOUT, 0.0, 1.0, 300),
    ],
)
def test_gains_move_as_on_the_channel(
    bus: str, kind: SourceKind, before: float, after_: float, duration_ms: int
) -> None:
    assert ramp_ms(BusId(bus), kind, before, after_) == duration_ms


def test_a_late_connection_changes_what_is_heard_and_not_where() -> None:
    room = two_speak(LoseSource(JONAS))
    back = after(room, ConnectSource(JONAS, SourceKind.SPEAKER))
    assert bus_for(room, REMOTE) == bus_for(back, REMOTE)
    assert JONAS in (heard(back, REMOTE) or {})
