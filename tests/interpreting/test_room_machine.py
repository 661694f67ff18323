"""A machine that throws commands at the plenary and checks, after each, what must always hold."""

import json
from collections import Counter
from contextlib import suppress
from typing import get_args

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from interpreting.booth import MicState
from interpreting.codec import event_from_dict, event_to_dict, room_from_dict, room_to_dict
from interpreting.commands import (
    AcceptHandover,
    AskHandover,
    Command,
    ConnectSource,
    EnterBooth,
    HandoverCommand,
    LeaveBooth,
    PressCough,
    ReleaseCough,
    ReleaseMic,
    SelectIncoming,
    SelectOutgoing,
    StepAway,
    SwitchHandover,
    TakeMic,
)
from interpreting.errors import Refused
from interpreting.events import Event
from interpreting.ids import BoothId, PersonId, SourceKind, mic_source
from interpreting.languages import FLOOR, Channel
from interpreting.plan import Mode, bus_of, channel_states, plan
from interpreting.roles import Role
from interpreting.room import Room, replay
from interpreting.view import room_view
from tests.interpreting.plenary import (
    DE_UK,
    EMMA,
    EN_DE,
    EN_UK,
    FAY,
    NOW,
    OLHA,
    PETRO,
    QUINN,
    empty_room,
)
from tests.interpreting.strategies import commands, connecting, losing, policy_commands

STAFF = ((OLHA, DE_UK), (PETRO, DE_UK), (QUINN, DE_UK), (EMMA, EN_DE), (FAY, EN_UK))


class RoomMachine(RuleBasedStateMachine):
    """A room under commands in any order, and the whole history of what happened in it."""

    def __init__(self) -> None:
        super().__init__()
        self.room: Room = empty_room()
        self.history: list[Event] = []

    @initialize(on_air=st.sets(st.sampled_from((OLHA, PETRO, EMMA, FAY)), max_size=3))
    def open_the_house(self, on_air: set[PersonId]) -> None:
        """Begin with interpreters seated and heard, some on air, so that the deep states are near."""
        for person, booth in STAFF:
            self.come_back((person, booth))
        for person in sorted(on_air):
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
        """What a command asks for is so afterwards, or it was refused: said again it makes no new fact."""
        with suppress(Refused):
            assert self.room.apply(command, now) == ()

    @invariant()
    def one_on_air_per_outgoing_channel(self) -> None:
        taken = Counter(
            seat.outgoing for booth in self.room.booths.values() for seat in booth.seats.values() if seat.is_on_air
        )
        assert all(count == 1 for count in taken.values())

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
        mixes = plan(self.room).mixes
        for booth in self.room.booths.values():
            for seat in booth.seats.values():
                assert seat.incoming != seat.outgoing
                for original_under in (False, True):
                    heard = mixes[bus_of(seat.incoming, original_under=original_under)]
                    assert mic_source(seat.person) not in heard

    @invariant()
    def the_floor_carries_no_microphone(self) -> None:
        kinds = {self.room.sources[source] for source in plan(self.room).mixes[bus_of(FLOOR)]}
        assert SourceKind.MIC not in kinds

    @invariant()
    def relay_ends_at_the_floor_or_at_nobody(self) -> None:
        for seat in self.room.seats_on_air():
            passed: list[Channel] = [seat.outgoing]
            listener = seat
            while listener.incoming != FLOOR and (pivot := self.room.on_air_into(listener.incoming)):
                assert listener.incoming not in passed
                passed.append(listener.incoming)
                listener = pivot[1]

    @invariant()
    def every_channel_has_exactly_one_resolved_mode(self) -> None:
        states = channel_states(self.room)
        assert list(states) == list(self.room.languages)
        for language, state in states.items():
            mics = [source for source in plan(self.room).mixes[bus_of(language)] if source.startswith("mic:")]
            engaged = self.room.on_air_into(language)
            assert (state.booth, state.person) == ((engaged[0].id, engaged[1].person) if engaged else (None, None))
            if state.mode is Mode.INTERPRETED:
                assert engaged
                assert mics == ([mic_source(engaged[1].person)] if engaged[1].mic is MicState.ON_AIR else [])
            else:
                assert mics == []
                assert (state.mode is Mode.PASSTHROUGH) is (language == self.room.floor_language)

    @invariant()
    def the_plan_is_complete_and_within_full_scale(self) -> None:
        routing = plan(self.room)
        buses = {bus_of(FLOOR)} | {
            bus_of(language, original_under=under) for language in self.room.languages for under in (False, True)
        }
        assert set(routing.mixes) == buses
        for mix in routing.mixes.values():
            assert set(mix) <= set(self.room.sources)
            assert all(0.0 < gain <= 1.0 for gain in mix.values())
        assert routing.picture is None or routing.picture in self.room.sources
        assert routing == plan(self.room)

    @invariant()
    def the_state_is_what_the_events_made_it(self) -> None:
        assert replay(empty_room(), self.history) == self.room

    @invariant()
    def the_snapshot_and_the_views_come_back_from_json(self) -> None:
        assert room_from_dict(json.loads(json.dumps(room_to_dict(self.room)))) == self.room
        for role in (Role.VIEWER, Role.INTERPRETER):
            view = room_view(self.room, role)
            assert json.loads(json.dumps(view)) == view

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
