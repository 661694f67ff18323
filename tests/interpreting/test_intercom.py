"""The intercom: who talks to whom, by which microphone, and that nothing of it goes on air."""

import pytest

from interpreting.audience import audience_of
from interpreting.commands import (
    ConnectSource,
    LeaveBooth,
    LoseSource,
    PressCough,
    ReleaseCough,
    ReleaseMic,
    StepAway,
    TakeMic,
    TalkTo,
)
from interpreting.errors import Code, Refused
from interpreting.ids import BoothId, BusId, PersonId, SourceKind, intercom_source, mic_source, speaker_source
from interpreting.mix_minus import bus_for
from interpreting.people import Role
from interpreting.plan import plan
from interpreting.roles import check_allowed
from interpreting.room import Room
from interpreting.view import room_view
from interpreting.words import Party
from interpreting.workshop import Door
from interpreting.workshop_commands import BringOn, CallBackstage, EnterRoom, LeaveRoom, Remove, SetDoor, TakeFloor
from tests.interpreting.plenary import (
    CHAIR,
    DE_UK,
    EN_DE,
    EN_UK,
    GUEST,
    OLHA,
    REMOTE,
    STRANGER,
    TECHNICIAN,
    after,
    code_of,
    staffed_room,
    workshop,
)

DESK = intercom_source(TECHNICIAN)
HOUSE = PersonId("house")


def by_technician(to: Party | None, booth: BoothId | None = None) -> TalkTo:
    return TalkTo(TECHNICIAN, to, "Tom", Role.TECHNICIAN, booth)


def by_olha(to: Party | None) -> TalkTo:
    return TalkTo(OLHA, to, "Olha", Role.INTERPRETER)


def heard(room: Room, side: str) -> set[str]:
    return set(plan(room).mixes.get(BusId(f"intercom:{side}"), {}))


def staffed() -> Room:
    """The plenary with a technician whose microphone flows."""
    return after(staffed_room(), ConnectSource(DESK, SourceKind.INTERCOM))


class TestTheTechnician:
    def test_talks_to_one_booth_and_to_nobody_else(self) -> None:
        room = after(staffed(), by_technician(Party.BOOTH, DE_UK))
        assert heard(room, "booth:de-uk") == {DESK}
        others = [mix for bus, mix in plan(room).mixes.items() if bus != "intercom:booth:de-uk"]
        assert not any(DESK in mix for mix in others)
        assert not heard(after(room, by_technician(None)), "booth:de-uk")

    def test_talks_to_all_booths(self) -> None:
        room = after(staffed(), by_technician(Party.BOOTHS))
        assert all(heard(room, f"booth:{booth}") == {DESK} for booth in (DE_UK, EN_DE, EN_UK))

    def test_is_heard_when_their_microphone_flows(self) -> None:
        room = after(staffed(), LoseSource(DESK), by_technician(Party.VENUE))
        assert heard(room, "venue") == set()
        assert heard(after(room, ConnectSource(DESK, SourceKind.INTERCOM)), "venue") == {DESK}

    @pytest.mark.parametrize(("to", "booth"), [(Party.BOOTH, None), (Party.VENUE, DE_UK), (Party.BOOTH, BoothId("x"))])
    def test_a_booth_is_named_when_it_is_one(self, to: Party, booth: BoothId | None) -> None:
        assert code_of(staffed(), by_technician(to, booth)) is Code.BOOTH_UNKNOWN


class TestTheInterpreter:
    def test_talks_by_the_booths_microphone_while_it_is_off_air(self) -> None:
        room = after(staffed(), by_olha(Party.TECHNICIAN))
        assert heard(room, "technician") == {mic_source(OLHA)}
        on_air = after(room, TakeMic(OLHA))
        assert heard(on_air, "technician") == set()
        assert heard(after(on_air, ReleaseMic(OLHA)), "technician") == set(), "it comes back to life"
        coughing = after(on_air, PressCough(OLHA), by_olha(Party.TECHNICIAN))
        assert heard(coughing, "technician") == {mic_source(OLHA)}
        assert heard(after(coughing, ReleaseCough(OLHA)), "technician") == set()

    def test_is_refused_on_air(self) -> None:
        room = after(staffed(), TakeMic(OLHA))
        assert code_of(room, by_olha(Party.TECHNICIAN)) is Code.ON_AIR
        assert code_of(after(room, PressCough(OLHA)), by_olha(Party.TECHNICIAN)) is None

    def test_without_a_seat_there_is_no_microphone(self) -> None:
        assert code_of(after(staffed(), LeaveBooth(OLHA)), by_olha(Party.TECHNICIAN)) is Code.NOT_IN_BOOTH
        gone = after(staffed(), by_olha(Party.TECHNICIAN), LeaveBooth(OLHA))
        assert heard(gone, "technician") == set()

    def test_a_microphone_that_went_takes_the_talk_with_it(self) -> None:
        gone = after(staffed(), by_olha(Party.TECHNICIAN), LoseSource(mic_source(OLHA)))
        assert heard(after(gone, ConnectSource(mic_source(OLHA), SourceKind.MIC)), "technician") == set()
        away = after(staffed(), by_olha(Party.TECHNICIAN), StepAway(OLHA))
        assert not away.talks


@pytest.mark.parametrize(("person", "role"), [(GUEST, Role.SPEAKER), (REMOTE, Role.PARTICIPANT)])
class TestWhoIsBackstage:
    """A guest who came there, and a participant who was called from their seat."""

    def answer(self, person: PersonId, role: Role) -> TalkTo:
        return TalkTo(person, Party.MODERATOR, person, role)

    def called(self, person: PersonId) -> Room:
        return after(workshop(), CallBackstage(CHAIR, person))

    def test_answers_the_moderator_alone(self, person: PersonId, role: Role) -> None:
        room = after(self.called(person), self.answer(person, role))
        assert heard(room, "moderator") == {speaker_source(person)}
        others = [mix for bus, mix in plan(room).mixes.items() if bus != "intercom:moderator"]
        assert not any(speaker_source(person) in mix for mix in others)
        assert heard(after(room, TalkTo(person, None, person, role)), "moderator") == set()

    def test_answers_no_more_on_the_floor_nor_back_at_their_seat(self, person: PersonId, role: Role) -> None:
        on = after(self.called(person), self.answer(person, role), BringOn(CHAIR, person))
        assert not on.talks
        assert code_of(on, self.answer(person, role)) is Code.NOT_BACKSTAGE
        seated = after(on, TakeFloor(CHAIR, person))
        assert heard(seated, "moderator") == set(), "it comes back to life"
        assert code_of(seated, self.answer(person, role)) is Code.NOT_BACKSTAGE
        again = after(seated, CallBackstage(CHAIR, person))
        assert heard(again, "moderator") == set(), "it comes back to life"
        assert code_of(again, self.answer(person, role)) is None

    def test_talks_no_more_when_they_are_gone(self, person: PersonId, role: Role) -> None:
        room = after(self.called(person), self.answer(person, role))
        source = speaker_source(person)
        assert not after(room, Remove(CHAIR, person)).talks
        assert not after(room, LeaveRoom(person)).talks
        assert not after(room, StepAway(person)).talks
        assert not after(room, LoseSource(source)).talks
        away = after(room, StepAway(person))
        assert code_of(away, self.answer(person, role)) is Code.NOT_BACKSTAGE

    def test_hears_the_moderator_and_sees_so(self, person: PersonId, role: Role) -> None:
        to_all = TalkTo(CHAIR, Party.BACKSTAGE, "Chair", Role.MODERATOR)
        room = after(
            self.called(person),
            ConnectSource(intercom_source(CHAIR), SourceKind.INTERCOM),
            to_all,
            self.answer(person, role),
        )
        bus = bus_for(room, person)
        assert bus is not None
        assert set(plan(room).mixes[bus]) == {intercom_source(CHAIR)}
        assert seen(room, role, person) == [(CHAIR, True), (person, True)]
        assert seen(room, Role.MODERATOR, CHAIR) == [(CHAIR, True), (person, True)]
        assert seen(after(room, BringOn(CHAIR, person)), role, person) == []


@pytest.mark.parametrize("person", [REMOTE, STRANGER])
def test_a_participant_who_was_not_called_talks_to_nobody(person: PersonId) -> None:
    asked = TalkTo(person, Party.MODERATOR, "Iryna", Role.PARTICIPANT)
    assert code_of(workshop(), asked) is Code.NOT_BACKSTAGE
    at_the_door = after(staffed_room(), SetDoor(CHAIR, Door.WAITING), EnterRoom(REMOTE, "Iryna", None))
    assert code_of(at_the_door, asked) is Code.NOT_BACKSTAGE


def seen(room: Room, role: Role, person: PersonId) -> list[object]:
    talks = room_view(room, audience_of(role, person=person))["talks"]
    assert isinstance(talks, list)
    return [(talk["person"], talk["live"]) for talk in talks]


def test_a_moderator_talks_to_those_backstage_who_see_it() -> None:
    aside = intercom_source(CHAIR)
    to_guests = TalkTo(CHAIR, Party.BACKSTAGE, "Chair", Role.MODERATOR)
    room = after(workshop(), ConnectSource(aside, SourceKind.INTERCOM), to_guests)
    assert heard(room, "backstage") == {aside}
    others = [mix for bus, mix in plan(room).mixes.items() if bus != "intercom:backstage"]
    assert not any(aside in mix for mix in others)

    assert seen(room, Role.SPEAKER, GUEST) == [(CHAIR, True)]
    assert seen(after(room, BringOn(CHAIR, GUEST)), Role.SPEAKER, GUEST) == []
    assert seen(room, Role.PARTICIPANT, REMOTE) == []
    assert heard(after(room, StepAway(CHAIR)), "backstage") == set()


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.TECHNICIAN, {Party.BOOTH, Party.BOOTHS, Party.VENUE, Party.MODERATOR}),
        (Role.MODERATOR, {Party.BOOTH, Party.BOOTHS, Party.VENUE, Party.TECHNICIAN, Party.BACKSTAGE}),
        (Role.INTERPRETER, {Party.TECHNICIAN, Party.MODERATOR}),
        (Role.VENUE, {Party.TECHNICIAN, Party.MODERATOR}),
        (Role.SPEAKER, {Party.MODERATOR}),
        (Role.PARTICIPANT, {Party.MODERATOR}),
        (Role.VIEWER, set()),
        (Role.ORGANISER, set()),
    ],
)
def test_who_talks_to_whom(role: Role, allowed: set[Party]) -> None:
    for party in Party:
        if party in allowed:
            check_allowed(role, TalkTo(OLHA, party))
            continue
        with pytest.raises(Refused):
            check_allowed(role, TalkTo(OLHA, party))


def test_only_those_concerned_see_who_talks() -> None:
    room = after(staffed(), by_technician(Party.BOOTH, DE_UK), TalkTo(HOUSE, Party.TECHNICIAN, "", Role.VENUE))

    def seen(role: Role, booth: BoothId | None = None) -> list[object]:
        talks = room_view(room, audience_of(role, booth))["talks"]
        assert isinstance(talks, list)
        return [talk["person"] for talk in talks]

    assert seen(Role.TECHNICIAN) == [TECHNICIAN, HOUSE]
    assert seen(Role.INTERPRETER, DE_UK) == [TECHNICIAN]
    assert seen(Role.INTERPRETER, EN_DE) == []
    assert seen(Role.VENUE) == [HOUSE]
    assert seen(Role.VIEWER) == seen(Role.PARTICIPANT) == seen(Role.MODERATOR) == []
