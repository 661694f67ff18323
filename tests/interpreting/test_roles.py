"""The table of roles and commands."""

import pytest

from interpreting.codec import parse_command
from interpreting.commands import COMMANDS, Command, SetFallback, SetFloorLanguage
from interpreting.errors import Code, Refused
from interpreting.roles import ALLOWED, CONDUCTOR_ONLY, Role, check_allowed
from tests.interpreting.plenary import OLHA

ARGS: dict[str, object] = {
    "language": "de",
    "fallback": "ducked",
    "booth": "de-uk",
    "name": "Olha",
    "channel": "floor",
    "source": "venue",
    "kind": "venue",
}


def some_command(name: str) -> Command:
    """Return the command of that name with any well-formed arguments."""
    kind = COMMANDS[name]
    return parse_command(name, {field: ARGS[field] for field in kind.__dataclass_fields__ if field != "by"}, OLHA)


def test_every_role_has_a_row() -> None:
    assert set(ALLOWED) == set(Role)


def test_no_person_may_say_what_only_the_conductor_knows() -> None:
    assert not any(row & CONDUCTOR_ONLY for row in ALLOWED.values())


def test_every_other_command_belongs_to_somebody() -> None:
    assert frozenset().union(*ALLOWED.values()) | CONDUCTOR_ONLY == set(COMMANDS.values())


def test_an_interpreter_can_do_nothing_outside_the_booth() -> None:
    assert not ALLOWED[Role.INTERPRETER] & {SetFloorLanguage, SetFallback}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("name", list(COMMANDS))
def test_the_table_is_what_is_checked(role: Role, name: str) -> None:
    command = some_command(name)
    if COMMANDS[name] in ALLOWED[role]:
        check_allowed(role, command)
    else:
        with pytest.raises(Refused) as caught:
            check_allowed(role, command)
        assert caught.value.code is Code.FORBIDDEN
