"""The one table of which role may say which command, and what of it: whose consent, to whom in the chat.

What is not in the tables is denied. Which routes a role may ask for is left to the server.
"""

from collections.abc import Mapping
from typing import Final

from interpreting.commands import (
    AcceptHandover,
    AnswerCall,
    AskHandover,
    AskSpeaker,
    CallTechnician,
    ClearAsks,
    Command,
    ConnectSource,
    DeclineHandover,
    EnterBooth,
    HoldSlide,
    LeaveBooth,
    LoseAllSources,
    LoseSource,
    NextItem,
    PressCough,
    ReleaseCough,
    ReleaseMic,
    Say,
    SelectIncoming,
    SelectItem,
    SelectOutgoing,
    SelectPivot,
    SelectVenue,
    SetConsent,
    SetFallback,
    SetFloorLanguage,
    SetInterlock,
    SetShift,
    StartRecording,
    StepAway,
    StopRecording,
    SwitchHandover,
    TakeMic,
)
from interpreting.errors import Code, Refused
from interpreting.ids import DEMO, HALL, VENUE, mic_source, speaker_source
from interpreting.people import Role
from interpreting.words import Addressee

__all__ = ["ADDRESSEES", "ALLOWED", "CONDUCTOR_ONLY", "Role", "check_allowed"]

_BOOTH: Final[frozenset[type[Command]]] = frozenset(
    {
        EnterBooth,
        LeaveBooth,
        SelectIncoming,
        SelectOutgoing,
        SelectPivot,
        SetShift,
        TakeMic,
        ReleaseMic,
        PressCough,
        ReleaseCough,
        AskHandover,
        AcceptHandover,
        DeclineHandover,
        SwitchHandover,
        SetConsent,
        AskSpeaker,
        CallTechnician,
        Say,
    }
)
_HALL: Final[frozenset[type[Command]]] = frozenset(
    {
        SetFloorLanguage,
        SetFallback,
        StartRecording,
        StopRecording,
        SetConsent,
        SelectVenue,
        HoldSlide,
        SelectItem,
        NextItem,
        ClearAsks,
        Say,
    }
)

ALLOWED: Final[Mapping[Role, frozenset[type[Command]]]] = {
    Role.VIEWER: frozenset(),
    Role.PARTICIPANT: frozenset(),
    Role.SPEAKER: frozenset({SetConsent, ClearAsks}),
    Role.INTERPRETER: _BOOTH,
    Role.MODERATOR: _HALL | {CallTechnician},
    Role.TECHNICIAN: _HALL | {SetInterlock, AnswerCall},
    Role.ORGANISER: frozenset({Say}),
    Role.VENUE: frozenset({SetFloorLanguage, SetConsent, SelectItem, NextItem, ClearAsks, CallTechnician, Say}),
}
"""Role to the commands it may say."""

CONDUCTOR_ONLY: Final[frozenset[type[Command]]] = frozenset({StepAway, ConnectSource, LoseSource, LoseAllSources})
"""What no person may say: facts about connections that only the conductor knows."""

_STAFF: Final = frozenset({Addressee.BOOTHS, Addressee.MODERATOR, Addressee.TECHNICIAN})

ADDRESSEES: Final[Mapping[Role, frozenset[Addressee]]] = {
    Role.INTERPRETER: frozenset(
        {Addressee.BOOTH, Addressee.INTERPRETERS, Addressee.MODERATOR, Addressee.TECHNICIAN},
    ),
    Role.MODERATOR: _STAFF,
    Role.TECHNICIAN: _STAFF,
    Role.ORGANISER: _STAFF,
    Role.VENUE: frozenset({Addressee.MODERATOR, Addressee.TECHNICIAN}),
}
"""Role to whom it may say something."""


def check_allowed(role: Role, command: Command) -> None:
    """Raise ``Refused`` (``forbidden``) unless the role may say the command, about this source, to these people."""
    if type(command) not in ALLOWED[role]:
        raise Refused(Code.FORBIDDEN)
    if isinstance(command, SetConsent) and not _may_consent(role, command):
        raise Refused(Code.FORBIDDEN)
    if isinstance(command, Say) and command.to not in ADDRESSEES[role]:
        raise Refused(Code.FORBIDDEN)


def _may_consent(role: Role, command: SetConsent) -> bool:
    """Everybody speaks for their own source alone; who runs the room for the hall's, and may withdraw others'."""
    match role:
        case Role.INTERPRETER:
            return command.source == mic_source(command.by)
        case Role.SPEAKER:
            return command.source == speaker_source(command.by)
        case Role.VENUE:
            return command.source == VENUE
        case _:
            return command.source in (*HALL, DEMO) or not command.consents
