"""Roles of people and places, and the one table of which role may say which command.

What is not in the table is denied. Which routes a role may ask for is left to the server.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from interpreting.commands import (
    AcceptHandover,
    AskHandover,
    Command,
    ConnectSource,
    DeclineHandover,
    EnterBooth,
    LeaveBooth,
    LoseAllSources,
    LoseSource,
    PressCough,
    ReleaseCough,
    ReleaseMic,
    SelectIncoming,
    SelectOutgoing,
    SetFallback,
    SetFloorLanguage,
    StepAway,
    SwitchHandover,
    TakeMic,
)
from interpreting.errors import Code, Refused


class Role(StrEnum):
    """As what somebody is in a room."""

    VIEWER = "viewer"
    PARTICIPANT = "participant"
    SPEAKER = "speaker"
    INTERPRETER = "interpreter"
    MODERATOR = "moderator"
    TECHNICIAN = "technician"
    ORGANISER = "organiser"
    VENUE = "venue"


_BOOTH: Final[frozenset[type[Command]]] = frozenset(
    {
        EnterBooth,
        LeaveBooth,
        SelectIncoming,
        SelectOutgoing,
        TakeMic,
        ReleaseMic,
        PressCough,
        ReleaseCough,
        AskHandover,
        AcceptHandover,
        DeclineHandover,
        SwitchHandover,
    }
)

ALLOWED: Final[Mapping[Role, frozenset[type[Command]]]] = {
    Role.VIEWER: frozenset(),
    Role.PARTICIPANT: frozenset(),
    Role.SPEAKER: frozenset(),
    Role.INTERPRETER: _BOOTH,
    Role.MODERATOR: frozenset({SetFloorLanguage, SetFallback}),
    Role.TECHNICIAN: frozenset({SetFloorLanguage, SetFallback}),
    Role.ORGANISER: frozenset(),
    Role.VENUE: frozenset({SetFloorLanguage}),
}
"""Role to the commands it may say."""

CONDUCTOR_ONLY: Final[frozenset[type[Command]]] = frozenset({StepAway, ConnectSource, LoseSource, LoseAllSources})
"""What no person may say: facts about connections that only the conductor knows."""


def check_allowed(role: Role, command: Command) -> None:
    """Raise ``Refused`` (``forbidden``) unless the role may say the command."""
    if type(command) not in ALLOWED[role]:
        raise Refused(Code.FORBIDDEN)
