"""Questions in writing, and what those who take part write to each other: who may, who sees it, what a flood costs."""

import pytest

from interpreting.audience import Audience, audience_of
from interpreting.commands import Say
from interpreting.errors import Code, InvalidRecord
from interpreting.ids import PersonId, QuestionId
from interpreting.people import Role
from interpreting.room import Room, replay
from interpreting.view import room_view
from interpreting.words import (
    MAX_OPEN_QUESTIONS,
    MAX_QUESTIONS,
    MAX_RECENT_LINES,
    RECENT_S,
    Addressee,
    Settlement,
    Standing,
)
from interpreting.workshop import Door
from interpreting.workshop_commands import (
    AskQuestion,
    EnterRoom,
    LeaveRoom,
    Remove,
    SetDoor,
    SettleQuestion,
    WithdrawQuestion,
)
from interpreting.workshop_events import QuestionAsked, QuestionSettled, QuestionWithdrawn
from tests.interpreting.plenary import (
    CHAIR,
    DE_UK,
    GUEST,
    NOW,
    REMOTE,
    STRANGER,
    VISITOR,
    after,
    code_of,
    events_of,
    workshop,
)

IRYNA, JONAS, NEW = (audience_of(Role.PARTICIPANT, person=who) for who in (REMOTE, VISITOR, STRANGER))
MAYOR = audience_of(Role.SPEAKER, person=GUEST)
CHAIRS, TECHNICIANS, ORGANISERS = (audience_of(role) for role in (Role.MODERATOR, Role.TECHNICIAN, Role.ORGANISER))
BOOTH, HALL = audience_of(Role.INTERPRETER, DE_UK), audience_of(Role.VENUE)
ONE = QuestionId(1)


def asked(*texts: str, by: PersonId = REMOTE) -> Room:
    """Return the workshop with somebody's questions."""
    return after(workshop(), *(AskQuestion(by, text) for text in texts))


def standings(room: Room) -> list[str]:
    """Return how the questions stand."""
    return [question.standing.value for question in room.questions]


class TestQuestions:
    def test_bear_name_and_language_of_who_asks(self) -> None:
        assert events_of(workshop(), AskQuestion(REMOTE, "When?")) == (
            QuestionAsked(ONE, REMOTE, "Iryna", workshop().people[REMOTE].speaks, "When?", at=NOW),
        )

    def test_are_settled_or_withdrawn_once(self) -> None:
        room = asked("When?", "Where?")
        assert events_of(room, SettleQuestion(CHAIR, ONE, Settlement.ANSWERED)) == (
            QuestionSettled(ONE, Settlement.ANSWERED, at=NOW),
        )
        assert events_of(room, WithdrawQuestion(REMOTE, ONE)) == (QuestionWithdrawn(ONE, at=NOW),)
        settled = after(room, SettleQuestion(CHAIR, ONE, Settlement.DISMISSED), WithdrawQuestion(REMOTE, QuestionId(2)))
        assert standings(settled) == ["dismissed", "withdrawn"]
        assert events_of(settled, SettleQuestion(CHAIR, ONE, Settlement.DISMISSED)) == ()
        assert code_of(settled, SettleQuestion(CHAIR, ONE, Settlement.ANSWERED)) is Code.QUESTION_UNKNOWN
        assert code_of(settled, WithdrawQuestion(REMOTE, ONE)) is Code.QUESTION_UNKNOWN

    def test_of_others_are_not_ones_own_to_withdraw(self) -> None:
        assert code_of(asked("When?"), WithdrawQuestion(VISITOR, ONE)) is Code.QUESTION_UNKNOWN
        assert code_of(workshop(), SettleQuestion(CHAIR, ONE, Settlement.ANSWERED)) is Code.QUESTION_UNKNOWN

    def test_of_one_person_are_three(self) -> None:
        room = asked(*map(str, range(MAX_OPEN_QUESTIONS)))
        assert events_of(room, AskQuestion(REMOTE, "0")) == ()
        assert code_of(room, AskQuestion(REMOTE, "more")) is Code.QUESTIONS_FULL
        assert events_of(room, AskQuestion(VISITOR, "more"))
        assert events_of(after(room, WithdrawQuestion(REMOTE, ONE)), AskQuestion(REMOTE, "more"))

    def test_that_are_settled_are_forgotten_first_and_open_ones_never(self) -> None:
        crowd = [PersonId(f"p{n}") for n in range(MAX_QUESTIONS)]
        room = after(workshop(), *(EnterRoom(one, one, None) for one in crowd))
        full = after(room, *(AskQuestion(one, "When?") for one in crowd))
        assert code_of(full, AskQuestion(REMOTE, "I too")) is Code.QUESTIONS_FULL
        freed = after(full, SettleQuestion(CHAIR, QuestionId(7), Settlement.ANSWERED), AskQuestion(REMOTE, "I too"))
        assert [one.id for one in freed.questions] == [n for n in range(1, MAX_QUESTIONS + 2) if n != 7]
        assert set(standings(freed)) == {Standing.OPEN}

    def test_want_somebody_who_was_let_in(self) -> None:
        waiting = after(workshop(), SetDoor(CHAIR, Door.WAITING), EnterRoom(STRANGER, "New", None))
        assert code_of(waiting, AskQuestion(STRANGER, "May I?")) is Code.NOT_IN_ROOM
        assert code_of(workshop(), AskQuestion(STRANGER, "May I?")) is Code.NOT_IN_ROOM
        assert code_of(after(workshop(), Remove(CHAIR, REMOTE)), AskQuestion(REMOTE, "Why?")) is Code.REMOVED

    def test_outlast_who_asked(self) -> None:
        assert standings(after(asked("When?"), LeaveRoom(REMOTE))) == ["open"]

    def test_that_nobody_asked_fit_no_room(self) -> None:
        with pytest.raises(InvalidRecord):
            replay(workshop(), [QuestionWithdrawn(ONE, at=NOW)])

    @pytest.mark.parametrize(
        ("who", "texts"),
        [
            *((staff, ["When?", "Where?"]) for staff in (CHAIRS, TECHNICIANS, ORGANISERS)),
            (IRYNA, ["When?"]),
            (JONAS, ["Where?"]),
            *((other, []) for other in (MAYOR, NEW, BOOTH, HALL, audience_of(Role.VIEWER))),
        ],
        ids=str,
    )
    def test_are_seen_by_their_asker_and_by_who_runs_the_room(self, who: Audience, texts: list[str]) -> None:
        room = after(
            asked("When?", "Never mind"), AskQuestion(VISITOR, "Where?"), WithdrawQuestion(REMOTE, QuestionId(2))
        )
        assert [one["text"] for one in room_view(room, who)["questions"]] == texts  # type: ignore[attr-defined]


def say(person: PersonId, to: Addressee, text: str, role: Role = Role.PARTICIPANT, of: PersonId | None = None) -> Say:
    """Return a line as the server passes it on."""
    return Say(person, to, text, "the invitation's", role, of)


def talk() -> Room:
    """Return the workshop after some lines of every kind."""
    return after(
        workshop(),
        say(REMOTE, Addressee.ROOM, "all"),
        say(REMOTE, Addressee.MODERATOR, "help"),
        say(CHAIR, Addressee.PERSON, "gladly", Role.MODERATOR, REMOTE),
        say(CHAIR, Addressee.ROOM, "welcome", Role.MODERATOR),
        say(GUEST, Addressee.MODERATOR, "soon?", Role.SPEAKER),
    )


class TestLinesOfThoseWhoTakePart:
    @pytest.mark.parametrize(
        ("who", "texts"),
        [
            (IRYNA, ["all", "help", "gladly", "welcome"]),
            (JONAS, ["all", "welcome"]),
            (MAYOR, ["all", "welcome", "soon?"]),
            (CHAIRS, ["all", "help", "gladly", "welcome", "soon?"]),
            (TECHNICIANS, ["all", "welcome"]),
            (ORGANISERS, ["all", "welcome"]),
            (BOOTH, ["all", "welcome"]),
            *((nobody, []) for nobody in (HALL, NEW, audience_of(Role.VIEWER), audience_of(Role.PARTICIPANT))),
        ],
        ids=str,
    )
    def test_are_seen_by_those_they_are_for(self, who: Audience, texts: list[str]) -> None:
        assert [line["text"] for line in room_view(talk(), who)["chat"]] == texts  # type: ignore[attr-defined]

    def test_bear_the_name_they_have_in_the_room(self) -> None:
        assert [line.name for line in talk().chat] == ["Iryna", "Iryna", *["the invitation's"] * 2, "Mayor"]

    def test_at_the_door_reach_the_moderator_alone(self) -> None:
        room = after(workshop(), SetDoor(CHAIR, Door.WAITING), EnterRoom(STRANGER, "New", None))
        assert code_of(room, say(STRANGER, Addressee.ROOM, "hello")) is Code.NOT_IN_ROOM
        room = after(room, say(VISITOR, Addressee.ROOM, "inside"), say(STRANGER, Addressee.MODERATOR, "knock"))
        assert [line["text"] for line in room_view(room, NEW)["chat"]] == ["knock"]  # type: ignore[attr-defined]

    def test_want_somebody_who_is_there(self) -> None:
        assert code_of(workshop(), say(STRANGER, Addressee.ROOM, "hello")) is Code.NOT_IN_ROOM
        to_nobody = say(CHAIR, Addressee.PERSON, "hello", Role.MODERATOR, STRANGER)
        assert code_of(workshop(), to_nobody) is Code.PERSON_UNKNOWN
        assert code_of(workshop(), say(CHAIR, Addressee.PERSON, "hello", Role.MODERATOR)) is Code.PERSON_UNKNOWN

    def test_of_a_flood_are_refused(self) -> None:
        lines = [say(REMOTE, Addressee.ROOM, str(n)) for n in range(MAX_RECENT_LINES)]
        room = after(workshop(), *lines)
        assert code_of(room, say(REMOTE, Addressee.MODERATOR, "more")) is Code.TOO_FAST
        assert events_of(room, say(VISITOR, Addressee.ROOM, "more"))
        assert room.apply(say(REMOTE, Addressee.ROOM, "more"), NOW + RECENT_S)

    def test_of_who_was_removed_are_gone_for_them(self) -> None:
        room = after(talk(), Remove(CHAIR, REMOTE))
        assert room_view(room, IRYNA)["chat"] == []
        assert code_of(room, say(REMOTE, Addressee.MODERATOR, "why?")) is Code.REMOVED
