"""A machine for the workshop: people from afar, hands, the floor and play-out, in any order, with faults."""

import json
from contextlib import suppress
from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from interpreting.audience import ANYBODY, audience_of
from interpreting.codec import event_from_dict, event_to_dict, room_from_dict, room_to_dict
from interpreting.commands import (
    Command,
    ConnectSource,
    LoseSource,
    Say,
    SetConsent,
    StartRecording,
    StepAway,
    TakeMic,
    TalkTo,
)
from interpreting.errors import Refused
from interpreting.events import Event
from interpreting.ids import (
    HALL,
    HALL_MICS,
    PLAYOUT,
    AssetId,
    PersonId,
    SourceKind,
    intercom_source,
    kind_of,
    speaker_source,
)
from interpreting.languages import FLOOR, Channel, Language
from interpreting.people import Role
from interpreting.roles import PARTIES
from interpreting.room import Room, replay
from interpreting.view import room_view
from interpreting.words import Addressee, Party, Settlement, Standing
from interpreting.workshop import MAX_HOLDERS, Door, Place
from interpreting.workshop_commands import (
    Admit,
    AskQuestion,
    BringOn,
    CallBackstage,
    CuePlayout,
    EnterRoom,
    GiveFloor,
    LeaveRoom,
    LoseFloor,
    Mute,
    PausePlayout,
    RaiseHand,
    Remove,
    SelectChannel,
    SetDoor,
    SetSpeaks,
    SettleQuestion,
    SetVenueHears,
    StartPlayout,
    StopPlayout,
    TakeFloor,
    Unmute,
    WithdrawQuestion,
)
from tests.interpreting.plenary import CHAIR, DE, DE_UK, EN, GUEST, NOW, OLHA, REMOTE, UK, VISITOR, workshop
from tests.interpreting.promises import Marks, check_sound
from tests.interpreting.strategies import commands, workshop_commands

CROWD = tuple(PersonId(f"p{number}") for number in range(5))
EVERYBODY = (REMOTE, VISITOR, GUEST, *CROWD)
TECHNICIAN = PersonId("technician")
TALKERS = {
    OLHA: Role.INTERPRETER,
    GUEST: Role.SPEAKER,
    REMOTE: Role.PARTICIPANT,
    CHAIR: Role.MODERATOR,
    TECHNICIAN: Role.TECHNICIAN,
}
ROLES = {GUEST: Role.SPEAKER, CHAIR: Role.MODERATOR}
somebody = st.sampled_from(EVERYBODY)
somebody_or_chair = st.sampled_from((*EVERYBODY, CHAIR))


class WorkshopMachine(RuleBasedStateMachine):
    """A workshop under commands in any order, with everybody's sound checked after each."""

    def __init__(self) -> None:
        super().__init__()
        self.begin = workshop()
        self.room: Room = self.begin
        self.history: list[Event] = []
        self.marks = Marks()

    @initialize(
        is_closed=st.booleans(), is_recorded=st.booleans(), on_floor=st.sets(st.sampled_from((REMOTE, VISITOR)))
    )
    def open_the_house(self, is_closed: bool, is_recorded: bool, on_floor: set[PersonId]) -> None:
        self.begin = self.room = replace(self.begin, is_closed=is_closed)
        self.say(TakeMic(OLHA))
        if is_recorded:
            self.say(StartRecording(CHAIR))
        for person in sorted(on_floor):
            self.say(SetConsent(person, speaker_source(person), True))
            self.say(GiveFloor(CHAIR, person))

    @rule(person=somebody_or_chair, language=st.sampled_from((None, DE, UK, EN)), named=st.booleans())
    def come(self, person: PersonId, language: Language | None, named: bool) -> None:
        self.say(EnterRoom(person, person.title(), language, ROLES.get(person, Role.PARTICIPANT), named))
        self.say(ConnectSource(speaker_source(person), SourceKind.SPEAKER))

    @rule(person=somebody_or_chair, is_for_good=st.booleans())
    def go(self, person: PersonId, is_for_good: bool) -> None:
        self.say(LeaveRoom(person) if is_for_good else StepAway(person))

    @rule(person=somebody, kind=st.sampled_from((Admit, Remove, CallBackstage, BringOn)))
    def place(self, person: PersonId, kind: type[Admit | Remove | CallBackstage | BringOn]) -> None:
        self.say(kind(CHAIR, person))

    @rule(person=somebody)
    def give_the_floor(self, person: PersonId) -> None:
        self.say(GiveFloor(CHAIR, person))

    @rule(person=somebody, kind=st.sampled_from((TakeFloor, Mute, Unmute)), is_own=st.booleans())
    def turn_the_floor(self, person: PersonId, kind: type[TakeFloor | Mute | Unmute], is_own: bool) -> None:
        self.say(kind(person if is_own else CHAIR, person))

    @rule(person=somebody, is_noticed=st.booleans())
    def lose_somebodys_sound(self, person: PersonId, is_noticed: bool) -> None:
        self.say(LoseSource(speaker_source(person)))
        if is_noticed:
            self.say(LoseFloor(person))

    @rule(person=somebody)
    def raise_a_hand(self, person: PersonId) -> None:
        self.say(RaiseHand(person))

    @rule(person=somebody, channel=st.sampled_from((FLOOR, DE, UK, EN)), speaks=st.sampled_from((None, DE, UK, EN)))
    def choose_languages(self, person: PersonId, channel: Channel, speaks: Language | None) -> None:
        self.say(SelectChannel(person, channel))
        self.say(SetSpeaks(person, speaks))

    @rule(source=st.sampled_from((*HALL, *HALL_MICS, PLAYOUT)), is_there=st.booleans())
    def turn_a_sender(self, source: str, is_there: bool) -> None:
        id = next(one for one in (*HALL, *HALL_MICS, PLAYOUT) if one == source)
        self.say(ConnectSource(id, kind_of(id)) if is_there else LoseSource(id))

    @rule(
        person=somebody,
        how=st.sampled_from((*Settlement, None)),
        to=st.sampled_from((Addressee.ROOM, Addressee.PERSON)),
    )
    def write(self, person: PersonId, how: Settlement | None, to: Addressee) -> None:
        self.say(Say(person, Addressee.ROOM, person, "", ROLES.get(person, Role.PARTICIPANT)))
        self.say(Say(CHAIR, to, "welcome", "Chair", Role.MODERATOR, person))
        self.say(AskQuestion(person, f"{person}?"))
        open_ones = [one for one in self.room.questions if one.person == person and one.standing is Standing.OPEN]
        for one in open_ones[:1]:
            self.say(SettleQuestion(CHAIR, one.id, how) if how else WithdrawQuestion(person, one.id))

    @rule(kind=st.sampled_from((StartPlayout, PausePlayout, StopPlayout)))
    def play_out(self, kind: type[StartPlayout | PausePlayout | StopPlayout]) -> None:
        self.say(CuePlayout(CHAIR, None, AssetId("greeting"), 30.0))
        self.say(kind(CHAIR))
        self.say(ConnectSource(PLAYOUT, SourceKind.PLAYOUT))

    @rule(door=st.sampled_from(Door), languages=st.sets(st.sampled_from((DE, UK, EN))))
    def run_the_room(self, door: Door, languages: set[Language]) -> None:
        self.say(SetDoor(CHAIR, door))
        self.say(SetVenueHears(CHAIR, tuple(sorted(languages))))

    @rule(person=st.sampled_from(tuple(TALKERS)), to=st.sampled_from((None, *Party)))
    def talk(self, person: PersonId, to: Party | None) -> None:
        role = TALKERS[person]
        if to is not None and to not in PARTIES[role]:
            return
        self.say(TalkTo(person, to, person.title(), role, DE_UK if to is Party.BOOTH else None))
        source = intercom_source(person)
        self.say(ConnectSource(source, SourceKind.INTERCOM))

    @rule(person=st.sampled_from((REMOTE, GUEST)), then=st.sampled_from((BringOn, Remove, LeaveRoom, StepAway)))
    def answer_backstage(self, person: PersonId, then: type[BringOn | Remove | LeaveRoom | StepAway]) -> None:
        self.say(CallBackstage(CHAIR, person))
        self.say(TalkTo(person, Party.MODERATOR, person.title(), TALKERS[person]))
        check_sound(self.room)
        self.say(then(person) if then in (LeaveRoom, StepAway) else then(CHAIR, person))  # type: ignore[call-arg]
        attendee = self.room.people.get(person)
        if attendee is None or attendee.place is not Place.BACKSTAGE or then is StepAway:
            assert person not in self.room.talks

    @rule(command=st.one_of(workshop_commands, commands))
    def say_anything(self, command: Command) -> None:
        self.say(command)

    def say(self, command: Command) -> None:
        """Apply a command; what it asks for is so afterwards, and nothing is heard of who was removed."""
        now = NOW + len(self.history)
        was_removed = [one.person for one in self.room.people.values() if one.place is Place.REMOVED]
        try:
            facts = self.room.apply(command, now)
        except Refused:
            return
        assert not facts or getattr(command, "by", None) not in was_removed
        self.history += facts
        self.room = replay(self.room, facts)
        with suppress(Refused):
            assert isinstance(command, Say) or self.room.apply(command, now) == ()

    @invariant()
    def everybodys_sound_is_in_order(self) -> None:
        check_sound(self.room)

    @invariant()
    def who_holds_something_is_seated(self) -> None:
        seated = {one.person for one in self.room.people.values() if one.place is Place.SEATED}
        assert {holder.person for holder in self.room.holders} <= seated
        assert {hand.person for hand in self.room.hands if hand.person} <= seated
        assert len(self.room.holders) <= MAX_HOLDERS
        assert not self.room.timer or self.room.timer.since >= max((one.since for one in self.room.holders), default=0)

    @invariant()
    def the_state_is_what_the_events_made_it(self) -> None:
        assert replay(self.begin, self.history) == self.room
        assert room_from_dict(json.loads(json.dumps(room_to_dict(self.room)))) == self.room

    @invariant()
    def everybody_sees_no_more_than_they_may(self) -> None:
        assert not set(EVERYBODY) & set(json.dumps(room_view(self.room, ANYBODY)).split('"'))
        for person in (REMOTE, GUEST, OLHA):
            view = room_view(self.room, audience_of(ROLES.get(person, Role.PARTICIPANT), person=person))
            assert json.loads(json.dumps(view)) == view
            attendee = self.room.people.get(person)
            if attendee is None or attendee.place in (Place.WAITING, Place.REMOVED):
                assert (view["speakers"], view["people"], view["timer"]) == ([], [], None)
            chat, questions = view["chat"], view["questions"]
            assert isinstance(chat, list)
            assert isinstance(questions, list)
            assert all(one["person"] == person for one in questions)
            own = [line for line in chat if person in (line["person"], line["to_person"])]
            is_inside = attendee is not None and attendee.place in (Place.SEATED, Place.BACKSTAGE)
            assert all(line in own or line["to"] == "room" for line in chat)
            assert is_inside or chat == own

    @invariant()
    def what_is_told_again_is_what_has_changed(self) -> None:
        staff = (audience_of(role) for role in (Role.MODERATOR, Role.TECHNICIAN, Role.VENUE))
        people = (audience_of(ROLES.get(who, Role.PARTICIPANT), DE_UK, who) for who in (REMOTE, VISITOR, GUEST, OLHA))
        self.marks.check(self.room, (ANYBODY, *staff, *people))

    def teardown(self) -> None:
        """The whole history comes back from its stored form."""
        stored = json.loads(json.dumps([event_to_dict(event) for event in self.history]))
        assert [event_from_dict(record) for record in stored] == self.history


TestWorkshopMachine = WorkshopMachine.TestCase
TestWorkshopMachine.settings = settings(
    max_examples=60,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
