"""What must hold of everybody's sound in every state of a room: both machines check it after each command."""

from collections.abc import Iterable

from interpreting.audience import Audience
from interpreting.buses import INTERCOM, MINUS_VENUE
from interpreting.ids import DEMO, HALL, HALL_MICS, PLAYOUT, PersonId, SourceId, SourceKind, mic_source, speaker_source
from interpreting.intercom import heard_by
from interpreting.languages import FLOOR
from interpreting.mix_minus import bus_for
from interpreting.own_view import Belongings, Own
from interpreting.people import Role
from interpreting.plan import bus_of, plan
from interpreting.relay import hears
from interpreting.room import Room
from interpreting.words import Line
from interpreting.workshop import MAX_HOLDERS, Place


def check_sound(room: Room) -> None:
    """Check all of it."""
    check_no_console_hears_itself(room)
    check_nobody_hears_themselves(room)
    check_shut_microphones_are_silent(room)
    check_the_intercom(room)
    check_the_halls_return(room)
    check_the_floor(room)


class Marks:
    """What everybody's own was told by, from state to state: the same mark never stands for two things."""

    def __init__(self) -> None:
        self._before: Belongings | None = None
        self._known: dict[Audience, tuple[tuple[object, ...], Own, tuple[Line, ...]]] = {}

    def check(self, room: Room, audiences: Iterable[Audience]) -> None:
        """Look at the room's next state, with the eyes of each."""
        self._before = belongings = Belongings(room, self._before)
        for who in audiences:
            mark, own, lines = belongings.mark(who), belongings.of(who), belongings.lines(who)
            known_mark, *known = self._known.get(who, (None, None, None))
            assert known_mark != mark or known == [own, lines]
            self._known[who] = mark, own, lines


def check_no_console_hears_itself(room: Room) -> None:
    """What an interpreter listens to never has their own microphone, with or without the original underneath."""
    mixes = plan(room).mixes
    for booth in room.booths.values():
        for seat in booth.seats.values():
            for channel in (seat.incoming, hears(room, seat)):
                assert channel != seat.outgoing
                for original_under in (False, True):
                    heard = mixes[bus_of(channel, original_under=original_under)]
                    if channel == hears(room, seat) or not seat.is_on_air:
                        assert mic_source(seat.person) not in heard


def check_nobody_hears_themselves(room: Room) -> None:
    """No sink ever contains its own source, and who is let in has something to hear."""
    mixes = plan(room).mixes
    for person, attendee in room.people.items():
        bus = bus_for(room, person)
        assert (bus is not None) is (attendee.place in (Place.SEATED, Place.BACKSTAGE))
        if bus is None:
            continue
        assert not {speaker_source(person), mic_source(person)} & mixes[bus].keys()
        if room.holder(person):
            heard = mixes[bus_of(attendee.hears)]
            assert mixes[bus] == {source: gain for source, gain in heard.items() if source != speaker_source(person)}


def check_shut_microphones_are_silent(room: Room) -> None:
    """No bus has a source whose microphone is shut, or of somebody removed, at the door or backstage."""
    for bus, mix in plan(room).mixes.items():
        for source in () if bus.startswith(INTERCOM) else mix:
            assert room.sources[source] is not SourceKind.INTERCOM
            if room.sources[source] is SourceKind.SPEAKER:
                person = _person_of(source)
                if person not in room.people:
                    continue  # sends without a page, let in by a token
                assert room.people[person].place is Place.SEATED
                holder = room.holder(person)
                is_open = holder is not None and holder.muted_by is None
                assert is_open
            if room.sources[source] is SourceKind.MIC:
                # Nobody is in a booth and in the room, and who was removed is in neither.
                assert _person_of(source) not in room.people


def check_the_intercom(room: Room) -> None:
    """What is said there is heard nowhere else at the time, and by nobody's own side."""
    mixes = plan(room).mixes
    talked = {bus: mix for bus, mix in mixes.items() if bus.startswith(INTERCOM)}
    on_air = {source for bus, mix in mixes.items() for source in mix if bus not in talked}
    for bus, mix in talked.items():
        for source in mix:
            person = _person_of(source)
            talk = room.talks[person]
            assert source not in on_air, "it reaches the air"
            if talk.role is Role.INTERPRETER:
                assert room.booth_of(person), "they have left the booth"
            if talk.role in (Role.PARTICIPANT, Role.SPEAKER):
                assert room.people[person].place is Place.BACKSTAGE, "they talk from the room"
                assert bus_for(room, person) != bus, "they hear themselves"
            assert heard_by(talk.role, talk.from_booth) != bus, "they hear themselves"


def check_the_halls_return(room: Room) -> None:
    """The hall never hears itself, and of far away hears what the floor has."""
    mixes = plan(room).mixes
    returns = {bus: mix for bus, mix in mixes.items() if bus.startswith(MINUS_VENUE)}
    assert len(returns) == 1 + len(room.venue_hears)
    for mix in returns.values():
        assert not {*HALL, *HALL_MICS, DEMO} & mix.keys()
    assert mixes[MINUS_VENUE].items() <= mixes[bus_of(FLOOR)].items()


def check_the_floor(room: Room) -> None:
    """Six hold it at most; a video message has it alone, and is nowhere else than on air."""
    routing = plan(room)
    assert len(room.holders) <= MAX_HOLDERS
    assert routing.faces == tuple(speaker_source(holder.person) for holder in room.holders)
    if room.is_playing_out:
        assert routing.mixes[bus_of(FLOOR)] == {PLAYOUT: 1.0}
        assert routing.picture == PLAYOUT
    else:
        assert not any(PLAYOUT in mix for mix in routing.mixes.values())


def _person_of(source: SourceId) -> PersonId:
    return PersonId(source.partition(":")[2])
