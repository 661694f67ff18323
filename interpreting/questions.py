"""Questions in writing: those who take part ask, a moderator says what became of each.

Both halves stand here: what a command makes, and what the fact does to the room. The newest stands last; what is
settled is forgotten before what is open.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from interpreting.entrance import attending
from interpreting.errors import Code, InvalidRecord, Refused
from interpreting.ids import PersonId, QuestionId
from interpreting.words import MAX_OPEN_QUESTIONS, MAX_QUESTIONS, Question, Standing
from interpreting.workshop import Place
from interpreting.workshop_commands import AskQuestion, QuestionCommand, SettleQuestion, WithdrawQuestion
from interpreting.workshop_events import QuestionAsked, QuestionEvent, QuestionSettled, QuestionWithdrawn

if TYPE_CHECKING:
    from interpreting.events import Event
    from interpreting.room import Room


def decide_questions(room: Room, command: QuestionCommand, now: float) -> tuple[Event, ...]:
    """Return the facts that the command makes; raise ``Refused`` when the rules forbid it."""
    match command:
        case AskQuestion():
            return _ask(room, command, now)
        case WithdrawQuestion(by=person, question=id):
            question = _found(room, id)
            if question.person != person:
                raise Refused(Code.QUESTION_UNKNOWN)
            return (QuestionWithdrawn(id, at=now),) if _is_open(question, Standing.WITHDRAWN) else ()
        case SettleQuestion(question=id, how=how):
            question = _found(room, id)
            return (QuestionSettled(id, how, at=now),) if _is_open(question, Standing(how)) else ()
        case _:
            assert_never(command)


def evolve_questions(room: Room, event: QuestionEvent) -> Room:
    """Return the room as the fact makes it; raises ``InvalidRecord`` for a question that nobody asked."""
    match event:
        case QuestionAsked():
            question = Question(event.question, event.person, event.name, event.language, event.text, event.at)
            return replace(room, questions=_newest((*room.questions, question)))
        case QuestionWithdrawn(question=id):
            return _with_standing(room, id, Standing.WITHDRAWN)
        case QuestionSettled(question=id, how=how):
            return _with_standing(room, id, Standing(how))
        case _:
            assert_never(event)


def _ask(room: Room, command: AskQuestion, now: float) -> tuple[Event, ...]:
    asker = attending(room, command.by)
    if asker.place not in (Place.SEATED, Place.BACKSTAGE):
        raise Refused(Code.NOT_IN_ROOM)
    if any(one.text == command.text for one in _open_of(room, command.by)):
        return ()
    is_full = sum(one.standing is Standing.OPEN for one in room.questions) >= MAX_QUESTIONS
    if is_full or len(_open_of(room, command.by)) >= MAX_OPEN_QUESTIONS:
        raise Refused(Code.QUESTIONS_FULL)
    id = QuestionId(room.questions[-1].id + 1 if room.questions else 1)
    return (QuestionAsked(id, command.by, asker.name, asker.speaks, command.text, at=now),)


def _open_of(room: Room, person: PersonId) -> list[Question]:
    return [one for one in room.questions if one.person == person and one.standing is Standing.OPEN]


def _found(room: Room, id: QuestionId) -> Question:
    question = next((one for one in room.questions if one.id == id), None)
    if question is None:
        raise Refused(Code.QUESTION_UNKNOWN)
    return question


def _is_open(question: Question, wanted: Standing) -> bool:
    """Tell whether it may come to be as wanted; it is no error where it is so already, but nothing is settled anew."""
    if question.standing not in (Standing.OPEN, wanted):
        raise Refused(Code.QUESTION_UNKNOWN)
    return question.standing is Standing.OPEN


def _with_standing(room: Room, id: QuestionId, standing: Standing) -> Room:
    if all(one.id != id for one in room.questions):
        raise InvalidRecord(Code.RECORD_INVALID, "a question that nobody asked")
    questions = tuple(replace(one, standing=standing) if one.id == id else one for one in room.questions)
    return replace(room, questions=questions)


def _newest(questions: tuple[Question, ...]) -> tuple[Question, ...]:
    """Return at most as many as are kept; what is settled is forgotten first."""
    if len(questions) <= MAX_QUESTIONS:
        return questions
    forgotten = next((one for one in questions if one.standing is not Standing.OPEN), questions[0])
    return tuple(one for one in questions if one is not forgotten)
