"""The table of roles and commands."""

import pytest

from interpreting.codec import parse_command
from interpreting.commands import (
    COMMANDS,
    Command,
    NextItem,
    Say,
    SelectVenue,
    SetConsent,
    SetFallback,
    SetFloorLanguage,
    StartRecording,
    wire_fields,
)
from interpreting.errors import Code, Refused
from interpreting.ids import BACKUP, DEMO, HALL_MICS, VENUE, PersonId, SourceId, mic_source, speaker_source
from interpreting.roles import ADDRESSEES, ALLOWED, CONDUCTOR_ONLY, Role, check_allowed
from interpreting.words import Addressee
from interpreting.workshop_commands import Mute, Unmute
from tests.interpreting.plenary import OLHA, PETRO

ARGS: dict[str, object] = {
    "language": "de",
    "fallback": "ducked",
    "booth": "de-uk",
    "name": "Olha",
    "channel": "floor",
    "kind": "venue",
    "mode": "override",
    "minutes": 20,
    "consents": False,
    "held": True,
    "item": "opening",
    "wish": "slower",
    "call": 1,
    "text": "Good morning",
    "door": "waiting",
    "person": "olha",
    "talks": True,
    "phrase": "thanks",
    "label": "microphone 2",
    "hand": "person:olha",
    "question": 1,
    "how": "answered",
    "follows": False,
    "seconds": 60,
    "languages": ["de"],
    "asset": "greeting",
    "gain_db": -6.0,
    "delay_ms": 120,
    "high_pass": True,
    "gate": False,
    "muted": False,
}
OF_COMMAND: dict[str, dict[str, object]] = {"move_hand": {"to": 0}, "talk_to": {"to": None, "booth": None}}
# Whose consent somebody speaks for, and to whom they speak, so that the role alone decides.
OWN = {
    Role.INTERPRETER: {"source": "mic:olha", "to": "booth"},
    Role.SPEAKER: {"source": "speaker:olha", "to": "moderator"},
    Role.PARTICIPANT: {"source": "speaker:olha", "to": "moderator"},
}


def some_command(name: str, role: Role) -> Command:
    """Return the command of that name with well-formed arguments that are the role's own."""
    args = {"source": "venue", "to": "moderator", **ARGS, **OWN.get(role, {}), **OF_COMMAND.get(name, {})}
    return parse_command(name, {field: args[field] for field in wire_fields(COMMANDS[name])}, OLHA)


def test_every_role_has_a_row() -> None:
    assert set(ALLOWED) == set(Role)


def test_no_person_may_say_what_only_the_conductor_knows() -> None:
    assert not any(row & CONDUCTOR_ONLY for row in ALLOWED.values())


def test_every_other_command_belongs_to_somebody() -> None:
    assert frozenset().union(*ALLOWED.values()) | CONDUCTOR_ONLY == set(COMMANDS.values())


def test_an_interpreter_can_do_nothing_outside_the_booth() -> None:
    assert not ALLOWED[Role.INTERPRETER] & {SetFloorLanguage, SetFallback, StartRecording, SelectVenue, NextItem}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("name", list(COMMANDS))
def test_the_table_is_what_is_checked(role: Role, name: str) -> None:
    command = some_command(name, role)
    if COMMANDS[name] in ALLOWED[role]:
        check_allowed(role, command)
    else:
        with pytest.raises(Refused) as caught:
            check_allowed(role, command)
        assert caught.value.code is Code.FORBIDDEN


THE_HALLS = (VENUE, BACKUP, *HALL_MICS, DEMO)
MINE, HERS = mic_source(OLHA), mic_source(PETRO)
MY_TALK, HIS_TALK = speaker_source(OLHA), speaker_source(PersonId("remote"))


@pytest.mark.parametrize(
    ("role", "allowed", "withdrawable"),
    [
        (Role.INTERPRETER, {MINE}, {MINE}),
        (Role.SPEAKER, {MY_TALK}, {MY_TALK}),
        (Role.PARTICIPANT, {MY_TALK}, {MY_TALK}),
        (Role.VENUE, {VENUE}, {VENUE}),
        (Role.MODERATOR, {*THE_HALLS, MY_TALK}, {*THE_HALLS, MINE, HERS, MY_TALK, HIS_TALK}),
        (Role.TECHNICIAN, {*THE_HALLS}, {*THE_HALLS, MINE, HERS, MY_TALK, HIS_TALK}),
        (Role.VIEWER, set(), set()),
        (Role.ORGANISER, set(), set()),
    ],
)
def test_nobody_consents_for_somebody_else(role: Role, allowed: set[SourceId], withdrawable: set[SourceId]) -> None:
    everything = (*THE_HALLS, MINE, HERS, MY_TALK, HIS_TALK)
    assert {source for source in everything if is_allowed(role, SetConsent(OLHA, source, True))} == allowed
    assert {source for source in everything if is_allowed(role, SetConsent(OLHA, source, False))} == withdrawable


@pytest.mark.parametrize("role", list(Role))
def test_everybody_speaks_to_those_the_table_says(role: Role) -> None:
    heard = {to for to in Addressee if is_allowed(role, Say(OLHA, to, "Good morning"))}
    assert heard == ADDRESSEES.get(role, frozenset())
    assert bool(heard) is (Say in ALLOWED[role])
    assert (Addressee.BOOTH in heard) is (role is Role.INTERPRETER)


@pytest.mark.parametrize("kind", [Mute, Unmute])
@pytest.mark.parametrize("role", [role for role in Role if Mute in ALLOWED[role]])
def test_nobody_but_who_runs_the_room_turns_anothers_microphone(role: Role, kind: type[Mute | Unmute]) -> None:
    assert is_allowed(role, kind(OLHA, OLHA))
    assert is_allowed(role, kind(OLHA, PETRO)) is (role in (Role.MODERATOR, Role.TECHNICIAN))


def is_allowed(role: Role, command: Command) -> bool:
    """Tell whether the role may say the command."""
    try:
        check_allowed(role, command)
    except Refused:
        return False
    return True
