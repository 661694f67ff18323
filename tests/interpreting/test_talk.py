"""Wishes to the speaker, calls to the technician, chat: what is kept, and what a flood of it costs."""

from dataclasses import replace
from typing import cast

import pytest

from interpreting.audience import audience_of
from interpreting.commands import AnswerCall, AskSpeaker, CallTechnician, ClearAsks, Command, LeaveBooth, Say
from interpreting.errors import Code, Refused
from interpreting.events import AsksCleared, CallAnswered, SpeakerAsked, TechnicianCalled
from interpreting.ids import CallId, PersonId
from interpreting.people import Role
from interpreting.roles import check_allowed
from interpreting.room import Room, replay
from interpreting.view import room_view
from interpreting.words import ASK_AGAIN_S, MAX_ASKS, MAX_CALLS, MAX_LINES, Addressee, Ask, Phrase, Wish
from tests.interpreting.plenary import (
    DE_UK,
    EMMA,
    EN_DE,
    FAY,
    MODERATOR,
    NOW,
    OLHA,
    PETRO,
    STRANGER,
    TECHNICIAN,
    after,
    code_of,
    events_of,
    staffed_room,
)


def at(room: Room, now: float, command: Command) -> Room:
    """Return the room after a command at a moment."""
    return replay(room, room.apply(command, now))


class TestWishes:
    def test_are_the_booths(self) -> None:
        assert events_of(staffed_room(), AskSpeaker(OLHA, Wish.SLOWER)) == (SpeakerAsked(DE_UK, Wish.SLOWER, at=NOW),)
        room = after(staffed_room(), AskSpeaker(OLHA, Wish.SLOWER))
        assert events_of(room, AskSpeaker(PETRO, Wish.SLOWER)) == ()
        room = after(room, AskSpeaker(PETRO, Wish.LOUDER), AskSpeaker(EMMA, Wish.SLOWER))
        asked = [(ask.wish, ask.booth) for ask in room.asks]
        assert asked == [(Wish.SLOWER, DE_UK), (Wish.LOUDER, DE_UK), (Wish.SLOWER, EN_DE)]

    def test_count_anew_after_a_while_and_are_then_the_newest(self) -> None:
        room = after(staffed_room(), AskSpeaker(OLHA, Wish.SLOWER), AskSpeaker(OLHA, Wish.REPEAT))
        assert events_of(room, AskSpeaker(OLHA, Wish.SLOWER), NOW + ASK_AGAIN_S - 0.1) == ()
        again = at(room, NOW + ASK_AGAIN_S, AskSpeaker(OLHA, Wish.SLOWER))
        assert again.asks == (Ask(Wish.REPEAT, DE_UK, NOW), Ask(Wish.SLOWER, DE_UK, NOW + ASK_AGAIN_S))

    def test_are_cleared(self) -> None:
        room = after(staffed_room(), AskSpeaker(OLHA, Wish.SLOWER))
        assert events_of(room, ClearAsks(MODERATOR)) == (AsksCleared(at=NOW),)
        assert after(room, ClearAsks(MODERATOR)).asks == ()
        assert events_of(staffed_room(), ClearAsks(MODERATOR)) == ()

    def test_want_a_seat(self) -> None:
        assert code_of(staffed_room(), AskSpeaker(STRANGER, Wish.SLOWER)) is Code.NOT_IN_BOOTH

    def test_of_three_booths_are_all_kept(self) -> None:
        asked = [AskSpeaker(person, wish) for person in (OLHA, EMMA, FAY) for wish in Wish]
        assert len(after(staffed_room(), *asked).asks) == len(asked) <= MAX_ASKS


def called_by(person: PersonId, role: Role = Role.MODERATOR) -> CallTechnician:
    """Return a call as the server passes it on."""
    return CallTechnician(person, person.title(), role)


class TestCalls:
    def test_say_who_calls_from_where(self) -> None:
        assert events_of(staffed_room(), called_by(OLHA, Role.INTERPRETER)) == (
            TechnicianCalled(CallId(1), OLHA, "Olha", Role.INTERPRETER, DE_UK, at=NOW),
        )
        assert events_of(staffed_room(), called_by(MODERATOR)) == (
            TechnicianCalled(CallId(1), MODERATOR, "Moderator", Role.MODERATOR, None, at=NOW),
        )

    def test_of_one_person_wait_one_at_a_time(self) -> None:
        room = after(staffed_room(), called_by(OLHA), called_by(PETRO))
        assert events_of(room, called_by(OLHA)) == ()
        answered = after(room, AnswerCall(TECHNICIAN, CallId(1)))
        assert [call.answered for call in answered.calls] == [True, False]
        assert events_of(answered, AnswerCall(TECHNICIAN, CallId(1))) == ()
        assert [call.id for call in after(answered, called_by(OLHA)).calls] == [1, 2, 3]

    def test_are_answered_by_their_number(self) -> None:
        room = after(staffed_room(), called_by(OLHA))
        assert events_of(room, AnswerCall(TECHNICIAN, CallId(1))) == (CallAnswered(CallId(1), at=NOW),)
        assert code_of(room, AnswerCall(TECHNICIAN, CallId(2))) is Code.CALL_UNKNOWN

    def test_that_were_answered_are_forgotten_first(self) -> None:
        people = [PersonId(f"p{n}") for n in range(MAX_CALLS + 1)]
        room = after(staffed_room(), *(called_by(person) for person in people[:-1]), AnswerCall(TECHNICIAN, CallId(7)))
        full = after(room, called_by(people[-1]))
        assert [call.id for call in full.calls] == [n for n in range(1, MAX_CALLS + 2) if n != 7]
        assert after(full, called_by(PersonId("one more"))).calls[0].id == 2


def said_by(person: PersonId, to: Addressee, text: str = "6,1", role: Role = Role.INTERPRETER) -> Say:
    """Return a line as the server passes it on."""
    return Say(person, to, text, person.title(), role)


class TestLines:
    def test_are_counted_and_bear_the_booth(self) -> None:
        room = after(
            staffed_room(),
            said_by(OLHA, Addressee.BOOTH),
            said_by(MODERATOR, Addressee.BOOTHS, role=Role.MODERATOR),
        )
        assert [(line.id, line.booth, line.name, line.at) for line in room.chat] == [
            (1, DE_UK, "Olha", NOW),
            (2, None, "Moderator", NOW),
        ]

    def test_are_kept_to_the_last_two_hundred(self) -> None:
        lines = (said_by(OLHA, Addressee.BOOTH, str(n)) for n in range(1, MAX_LINES + 4))
        room = after(staffed_room(), *lines)
        assert [line.id for line in room.chat] == list(range(4, MAX_LINES + 4))

    def test_of_a_ready_phrase_bear_its_key(self) -> None:
        room = after(staffed_room(), replace(said_by(OLHA, Addressee.BOOTH, "Дякую"), phrase="thanks"))
        assert [(line.phrase, line.text) for line in room.chat] == [(Phrase.THANKS, "Дякую")]
        shown = cast("list[dict[str, object]]", room_view(room, audience_of(Role.INTERPRETER, DE_UK))["chat"])
        assert [line["phrase"] for line in shown] == ["thanks"]

    @pytest.mark.parametrize("phrase", ["hurry_up", "THANKS", "phrase.thanks"])
    def test_of_a_phrase_that_is_none_are_refused(self, phrase: str) -> None:
        line = replace(said_by(OLHA, Addressee.BOOTH), phrase=phrase)
        assert code_of(staffed_room(), line) is Code.PHRASE_UNKNOWN

    @pytest.mark.parametrize("to", [Addressee.BOOTH, Addressee.INTERPRETERS, Addressee.TECHNICIAN])
    def test_of_an_interpreter_want_a_seat(self, to: Addressee) -> None:
        room = after(staffed_room(), LeaveBooth(OLHA))
        assert code_of(room, said_by(OLHA, to)) is Code.NOT_IN_BOOTH


def test_a_line_to_the_lectern_is_seen_there_and_by_those_who_run_the_room() -> None:
    line = Say(MODERATOR, Addressee.LECTERN, "Please come to an end", "", Role.MODERATOR)
    check_allowed(Role.MODERATOR, line)
    room = after(staffed_room(), line)
    for role, sees in ((Role.VENUE, 1), (Role.MODERATOR, 1), (Role.TECHNICIAN, 1), (Role.VIEWER, 0)):
        assert len(cast("list[object]", room_view(room, role)["chat"])) == sees
    assert room_view(room, audience_of(Role.INTERPRETER, DE_UK))["chat"] == []
    for role in (Role.INTERPRETER, Role.VENUE, Role.ORGANISER, Role.PARTICIPANT):
        with pytest.raises(Refused):
            check_allowed(role, line)
