"""A command bears the name and the role of the invitation, whatever its message claims."""

from __future__ import annotations

import pytest

from interpreting.commands import CallTechnician, Command, EnterBooth, Say, TakeMic
from interpreting.errors import Code, Refused
from interpreting.ids import BoothId, PersonId, RoomId
from interpreting.roles import Role
from interpreting.words import Addressee
from server.said_by import said_by
from server.tokens import Invitation

OLENA, BOOTH = PersonId("olena"), BoothId("de-uk")
INVITATION = Invitation.new(RoomId("plenary"), Role.INTERPRETER, booth=BOOTH, name="Olena", person=OLENA)


@pytest.mark.parametrize(
    ("message", "command"),
    [
        (EnterBooth(OLENA, BOOTH, "The President"), EnterBooth(OLENA, BOOTH, "Olena")),
        (
            Say(OLENA, Addressee.BOOTH, "6,1", "The President", Role.TECHNICIAN),
            Say(OLENA, Addressee.BOOTH, "6,1", "Olena", Role.INTERPRETER),
        ),
        (CallTechnician(OLENA), CallTechnician(OLENA, "Olena", Role.INTERPRETER)),
        (TakeMic(OLENA), TakeMic(OLENA)),
    ],
)
def test_a_command_is_said_by_who_was_invited(message: Command, command: Command) -> None:
    assert said_by(message, INVITATION) == command


def test_another_booth_is_not_entered() -> None:
    with pytest.raises(Refused) as caught:
        said_by(EnterBooth(OLENA, BoothId("en"), "Olena"), INVITATION)
    assert caught.value.code is Code.FORBIDDEN
