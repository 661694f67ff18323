"""A command bears the name and the role of the invitation, whatever its message claims."""

from __future__ import annotations

import pytest

from interpreting.commands import CallTechnician, Command, EnterBooth, Say, TakeMic
from interpreting.errors import Code, Refused
from interpreting.ids import BoothId, PersonId, RoomId
from interpreting.roles import Role
from interpreting.words import Addressee
from interpreting.workshop_commands import EnterRoom
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


@pytest.mark.parametrize("name", ["", "Iryna"])
def test_who_comes_to_a_room_bears_their_invitations_role_and_name(name: str) -> None:
    invitation = Invitation.new(RoomId("plenary"), Role.SPEAKER, name=name, person=OLENA)
    message = EnterRoom(OLENA, "The President", None, Role.MODERATOR, is_named=True)
    said = said_by(message, invitation)
    assert said == EnterRoom(OLENA, name or "The President", None, Role.SPEAKER, is_named=bool(name))


def test_another_booth_is_not_entered() -> None:
    with pytest.raises(Refused) as caught:
        said_by(EnterBooth(OLENA, BoothId("en"), "Olena"), INVITATION)
    assert caught.value.code is Code.FORBIDDEN
