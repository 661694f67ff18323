"""A machine that throws commands at the plenary and checks, after each, what must always hold."""

import json
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from interpreting.audience import ANYBODY, audience_of
from interpreting.booth import Interlock, MicState
from interpreting.codec import event_from_dict, event_to_dict, room_from_dict, room_to_dict
from interpreting.commands import (
    AcceptHandover,
    AskHandover,
    Command,
    ConnectSource,
    EnterBooth,
    HandoverCommand,
    LeaveBooth,
    LoseSource,
    PressCough,
    ReleaseCough,
    ReleaseMic,
    Say,
    SelectIncoming,
    SelectOutgoing,
    SelectPivot,
    SetConsent,
    SetFloorLanguage,
    SetInterlock,
    StartRecording,
    StepAway,
    SwitchHandover,
    TakeMic,
)
from interpreting.errors import Refused
from interpreting.events import Event
from interpreting.ids import HALL, HALL_MICS, BoothId, PersonId, SourceId, SourceKind, kind_of, mic_source
from interpreting.languages import FLOOR, Channel
from interpreting.people import Role
from interpreting.plan import Mode, bus_of, channel_states, plan, recorded_bus, stem_bus
from interpreting.relay import hears
from interpreting.room import Room, replay
from interpreting.view import room_view
from interpreting.words import MAX_ASKS, MAX_CALLS, MAX_LINES
from tests.interpreting.plenary import (
    DE_UK,
    EMMA,
    EN_DE,
    EN_UK,
    FAY,
    MODERATOR,
    NOW,
    OLHA,
    PETRO,
    PL,
    QUINN,
    TECHNICIAN,
    empty_room,
)
from tests.interpreting.promises import Marks, check_sound
from tests.interpreting.strategies import (
    commands,
    connecting,
    hall_commands,
    losing,
    policy_commands,
    talk_commands,
)

STAFF = ((OLHA, DE_UK), (PETRO, DE_UK), (QUINN, DE_UK), (EMMA, EN_DE), (FAY, EN_UK))


def house() -> Room:
    """Return the plenary with a fourth channel, whose language no booth takes."""
    plenary = empty_room()
    return replace(plenary, languages=(*plenary.languages, PL))


class RoomMachine(RuleBasedStateMachine):
    """A room under commands in any order, and the whole history of what happened in it."""

    def __init__(self) -> None:
        super().__init__()
        self.room: Room = house()
        self.history: list[Event] = []
        self.marks = Marks()

    @initialize(
        on_air=st.sets(st.sampled_from((OLHA, PETRO, EMMA, FAY)), max_size=3),
        mode=st.sampled_from(Interlock),
        is_recorded=st.booleans(),
    )
    def open_the_house(self, on_air: set[PersonId], mode: Interlock, is_recorded: bool) -> None:
        """Begin with interpreters seated and heard, some on air, so that the deep states are near."""
        self.say(SetInterlock(TECHNICIAN, mode))
        if is_recorded:
            self.say(StartRecording(TECHNICIAN))
        for person, booth in STAFF:
            self.come_back((person, booth))
        for person in sorted(on_air):
            self.say(SetConsent(person, mic_source(person), True))
            self.say(TakeMic(person))

    @rule(data=st.data())
    def take_the_microphone(self, data: st.DataObject) -> None:
        self.say(TakeMic(self.somebody_seated(data)))

    @precondition(lambda self: any(self.room.seats_on_air()))
    @rule(data=st.data(), kind=st.sampled_from((ReleaseMic, PressCough, ReleaseCough)))
    def use_the_open_microphone(self, data: st.DataObject, kind: type[ReleaseMic | PressCough | ReleaseCough]) -> None:
        self.say(kind(data.draw(st.sampled_from([seat.person for seat in self.room.seats_on_air()]))))

    @precondition(lambda self: self.ready_for_a_handover())
    @rule(data=st.data())
    def ask_for_a_handover(self, data: st.DataObject) -> None:
        self.say(AskHandover(data.draw(st.sampled_from(self.ready_for_a_handover()))))

    @precondition(lambda self: self.in_a_handover())
    @rule(data=st.data(), kind=st.sampled_from(get_args(HandoverCommand)))
    def speak_of_the_handover(self, data: st.DataObject, kind: type[HandoverCommand]) -> None:
        self.say(kind(data.draw(st.sampled_from(self.in_a_handover()))))

    @precondition(lambda self: self.in_a_handover())
    @rule(data=st.data())
    def accept_the_handover(self, data: st.DataObject) -> None:
        self.say(AcceptHandover(data.draw(st.sampled_from(self.in_a_handover()))))

    @precondition(lambda self: self.about_to_switch())
    @rule(data=st.data())
    def switch_the_handover(self, data: st.DataObject) -> None:
        self.say(SwitchHandover(data.draw(st.sampled_from(self.about_to_switch()))))

    @precondition(lambda self: any(self.room.seats_on_air()))
    @rule(data=st.data())
    def rely_on_a_pivot(self, data: st.DataObject) -> None:
        pivots = [seat.outgoing for seat in self.room.seats_on_air()]
        self.say(SelectIncoming(self.somebody_seated(data), data.draw(st.sampled_from(pivots))))

    @rule(data=st.data())
    def leave_a_booth_to_its_pivots(self, data: st.DataObject) -> None:
        """The floor goes to a language that somebody's booth does not take, and they rely on a channel on air."""
        person = self.somebody_seated(data)
        booth = self.room.booth_of(person)
        foreign = [language for language in self.room.languages if not booth or language not in booth.languages]
        self.say(SelectIncoming(person, FLOOR))
        pivots = [None, *(seat.outgoing for seat in self.room.seats_on_air())]
        self.say(SelectPivot(person, data.draw(st.sampled_from(pivots))))
        self.say(SetFloorLanguage(MODERATOR, data.draw(st.sampled_from(foreign))))

    @rule(source=st.sampled_from((*HALL, *HALL_MICS)), is_there=st.booleans())
    def turn_a_sender_of_the_hall(self, source: SourceId, is_there: bool) -> None:
        self.say(ConnectSource(source, kind_of(source)) if is_there else LoseSource(source))

    @rule(mode=st.sampled_from(Interlock))
    def turn_the_interlock(self, mode: Interlock) -> None:
        self.say(SetInterlock(TECHNICIAN, mode))

    @rule(command=st.one_of(hall_commands, talk_commands))
    def run_the_hall(self, command: Command) -> None:
        self.say(command)

    @rule(data=st.data(), consents=st.booleans())
    def consent(self, data: st.DataObject, consents: bool) -> None:
        person = self.somebody_seated(data)
        self.say(SetConsent(person, mic_source(person), consents))

    @rule(data=st.data())
    def listen(self, data: st.DataObject) -> None:
        channel: Channel = data.draw(st.sampled_from((FLOOR, *self.room.languages)))
        self.say(SelectIncoming(self.somebody_seated(data), channel))

    @rule(data=st.data())
    def turn_the_direction(self, data: st.DataObject) -> None:
        person = self.somebody_seated(data)
        booth = self.room.booth_of(person)
        languages = booth.languages if booth else self.room.languages
        self.say(SelectOutgoing(person, data.draw(st.sampled_from(languages))))

    @rule(data=st.data(), kind=st.sampled_from((StepAway, LeaveBooth)))
    def go(self, data: st.DataObject, kind: type[StepAway | LeaveBooth]) -> None:
        self.say(kind(self.somebody_seated(data)))

    @rule(who=st.sampled_from(STAFF))
    def come_back(self, who: tuple[PersonId, BoothId]) -> None:
        person, booth = who
        self.say(EnterBooth(person, booth, person.title()))
        self.say(ConnectSource(mic_source(person), SourceKind.MIC))

    @rule(command=st.one_of(policy_commands, connecting, losing))
    def change_what_is_around(self, command: Command) -> None:
        self.say(command)

    @rule(command=commands)
    def say_anything(self, command: Command) -> None:
        self.say(command)

    def somebody_seated(self, data: st.DataObject) -> PersonId:
        """Draw somebody who has a seat, or anybody while nobody has."""
        seated = [person for booth in self.room.booths.values() for person in booth.seats]
        return data.draw(st.sampled_from(seated or [OLHA]))

    def ready_for_a_handover(self) -> list[PersonId]:
        """Everybody of a booth on air in which a handover may begin."""
        booths = [booth for booth in self.room.booths.values() if booth.on_air and not booth.handover]
        return [person for booth in booths if len(booth.seats) > 1 for person in booth.seats]

    def in_a_handover(self) -> list[PersonId]:
        """Everybody of a booth in which a handover is under way."""
        return [person for booth in self.room.booths.values() if booth.handover for person in booth.seats]

    def about_to_switch(self) -> list[PersonId]:
        """Everybody on air whose handover is agreed."""
        booths = [booth for booth in self.room.booths.values() if booth.handover and booth.handover.accepted]
        return [booth.on_air.person for booth in booths if booth.on_air]

    def say(self, command: Command) -> None:
        """Apply one command; check that judging it is repeatable and leaves the room alone."""
        before = json.dumps(room_to_dict(self.room))
        now = NOW + len(self.history)
        try:
            facts = self.room.apply(command, now)
            assert facts == self.room.apply(command, now)
        except Refused as refused:
            with pytest.raises(Refused, match=f"^{refused.code}$"):
                self.room.apply(command, now)
            facts = ()
        assert json.dumps(room_to_dict(self.room)) == before
        self.history += facts
        self.room = replay(self.room, facts)
        self.check_settled(command, now)

    def check_settled(self, command: Command, now: float) -> None:
        """What a command asks for is so afterwards, or it was refused: said again it makes no new fact.

        A line of chat is the one wish that is never so already.
        """
        with suppress(Refused):
            facts = self.room.apply(command, now)
            assert facts == () or isinstance(command, Say)

    @invariant()
    def one_on_air_per_outgoing_channel_unless_they_may_share(self) -> None:
        taken = Counter(
            seat.outgoing for booth in self.room.booths.values() for seat in booth.seats.values() if seat.is_on_air
        )
        assert self.room.interlock is Interlock.NONE or all(count == 1 for count in taken.values())

    @invariant()
    def at_most_one_open_microphone_per_booth(self) -> None:
        for booth in self.room.booths.values():
            assert sum(seat.is_on_air for seat in booth.seats.values()) <= 1

    @invariant()
    def nobody_sits_in_two_booths(self) -> None:
        seated = [person for booth in self.room.booths.values() for person in booth.seats]
        assert len(seated) == len(set(seated))

    @invariant()
    def a_handover_is_between_two_of_whom_one_is_on_air(self) -> None:
        for booth in self.room.booths.values():
            if booth.handover:
                assert booth.on_air
                assert booth.handover.asked_by in booth.seats
                if booth.handover.accepted_by:
                    sides = {booth.handover.asked_by, booth.handover.accepted_by}
                    assert booth.on_air.person in sides
                    assert len(sides & set(booth.seats)) == 2

    @invariant()
    def no_sink_hears_its_own_source(self) -> None:
        check_sound(self.room)

    @invariant()
    def nothing_is_recorded_without_consent_or_off_air(self) -> None:
        routing = plan(self.room)
        recorded = {bus: mix for bus, mix in routing.mixes.items() if bus.startswith(("rec:", "stem:"))}
        assert bool(recorded) is (self.room.recording is not None)
        on_air = {mic_source(seat.person) for seat in self.room.seats_on_air() if seat.mic is MicState.ON_AIR}
        for bus, mix in recorded.items():
            for source in mix:
                assert self.room.consents_to(source)
                assert self.room.sources[source] is not SourceKind.MIC or source in on_air
                assert not bus.startswith("stem:") or bus == stem_bus(source)
        assert set(recorded.get(recorded_bus(FLOOR), {})) <= set(routing.mixes[bus_of(FLOOR)])
        picture = routing.recorded_picture
        assert picture is None or (self.room.recording and self.room.consents_to(picture))

    @invariant()
    def the_floor_carries_no_microphone_and_one_sender_of_the_hall(self) -> None:
        floor = plan(self.room).mixes[bus_of(FLOOR)]
        kinds = Counter(self.room.sources[source] for source in floor)
        assert kinds[SourceKind.MIC] == 0
        assert kinds[SourceKind.VENUE] + kinds[SourceKind.BACKUP] <= 1
        if self.room.is_live(self.room.venue_source):
            assert self.room.venue_source in floor
        assert not (kinds[SourceKind.BACKUP] and kinds[SourceKind.HALL_MIC])

    @invariant()
    def relay_has_no_ring_also_with_pivots(self) -> None:
        """From nobody on air does what they say lead back, through all who listen, to what they hear."""
        arrows: dict[Channel, set[Channel]] = {}
        for seat in self.room.seats_on_air():
            arrows.setdefault(seat.outgoing, set()).update({seat.incoming, hears(self.room, seat)})
        for start in arrows:
            reached: set[Channel] = set()
            waiting = list(arrows[start])
            while waiting:
                channel = waiting.pop()
                assert channel != start
                if channel not in reached:
                    reached.add(channel)
                    waiting += arrows.get(channel, ())

    @invariant()
    def a_relay_is_somebody_or_the_floor(self) -> None:
        for booth in self.room.booths.values():
            for seat in booth.seats.values():
                heard = hears(self.room, seat)
                if heard != FLOOR:
                    assert heard in (seat.incoming, seat.pivot)
                    assert self.room.voices(heard) or self.room.floor_language == heard

    @invariant()
    def what_is_kept_of_words_is_bounded(self) -> None:
        assert len(self.room.asks) <= MAX_ASKS
        assert len(self.room.calls) <= MAX_CALLS
        assert len(self.room.chat) <= MAX_LINES
        waiting = Counter(call.person for call in self.room.calls if not call.answered)
        assert all(count == 1 for count in waiting.values())

    @invariant()
    def every_channel_has_exactly_one_resolved_mode(self) -> None:
        states = channel_states(self.room)
        assert list(states) == list(self.room.languages)
        for language, state in states.items():
            mics = {source for source in plan(self.room).mixes[bus_of(language)] if source.startswith("mic:")}
            engaged = self.room.on_air_into(language)
            assert state.engaged_by == tuple(booth.id for booth, _ in engaged)
            assert (state.booth, state.person) == (
                (engaged[0][0].id, engaged[0][1].person) if engaged else (None, None)
            )
            assert (state.relay > 0) is (state.mode is Mode.INTERPRETED)
            if state.mode is Mode.INTERPRETED:
                heard = [seat for seat in self.room.voices(language) if seat.mic is MicState.ON_AIR]
                assert mics == {mic_source(seat.person) for seat in heard}
            else:
                assert mics == set()
                assert (state.mode is Mode.PASSTHROUGH) is (language == self.room.floor_language)

    @invariant()
    def the_plan_is_complete_and_within_full_scale(self) -> None:
        routing = plan(self.room)
        buses = {bus_of(FLOOR)} | {
            bus_of(language, original_under=under) for language in self.room.languages for under in (False, True)
        }
        others = ("rec:", "stem:", "minus:", "intercom:")
        assert {bus for bus in routing.mixes if not bus.startswith(others)} == buses
        for mix in routing.mixes.values():
            assert set(mix) <= set(self.room.sources)
            assert all(0.0 < gain <= 1.0 for gain in mix.values())
        assert routing.picture is None or routing.picture in self.room.sources
        assert routing == plan(self.room)

    @invariant()
    def the_state_is_what_the_events_made_it(self) -> None:
        assert replay(house(), self.history) == self.room

    @invariant()
    def the_snapshot_and_the_views_come_back_from_json(self) -> None:
        assert room_from_dict(json.loads(json.dumps(room_to_dict(self.room)))) == self.room
        for who in (ANYBODY, audience_of(Role.INTERPRETER, DE_UK), audience_of(Role.TECHNICIAN)):
            view = room_view(self.room, who)
            assert json.loads(json.dumps(view)) == view

    @invariant()
    def what_is_told_again_is_what_has_changed(self) -> None:
        booths = (audience_of(Role.INTERPRETER, booth) for booth in self.room.booths)
        self.marks.check(self.room, (ANYBODY, *booths, audience_of(Role.TECHNICIAN), audience_of(Role.MODERATOR)))

    def teardown(self) -> None:
        """The whole history comes back from its stored form."""
        stored = json.loads(json.dumps([event_to_dict(event) for event in self.history]))
        assert [event_from_dict(record) for record in stored] == self.history


TestRoomMachine = RoomMachine.TestCase
TestRoomMachine.settings = settings(
    max_examples=80,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
