"""The one table of which role may say which command, and what of it: whose consent and microphone, to whom.

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
    CutMic,
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
    SetTrim,
    StartRecording,
    StepAway,
    StopRecording,
    SwitchHandover,
    TakeMic,
    TalkTo,
)
from interpreting.errors import Code, Refused
from interpreting.ids import DEMO, HALL, HALL_MICS, VENUE, mic_source, speaker_source
from interpreting.people import Role
from interpreting.words import Addressee, Party
from interpreting.workshop_commands import (
    Admit,
    AskQuestion,
    BringOn,
    CallBackstage,
    CuePlayout,
    DismissHand,
    EnterRoom,
    GiveFloor,
    LeaveRoom,
    LoseFloor,
    LowerAllHands,
    LowerHand,
    MoveHand,
    Mute,
    PausePlayout,
    RaiseHallHand,
    RaiseHand,
    Remove,
    SelectChannel,
    SetDoor,
    SetFollowSpeaker,
    SetSpeaks,
    SetTimer,
    SettleQuestion,
    SetVenueHears,
    StartPlayout,
    StopPlayout,
    TakeFloor,
    Unmute,
    WithdrawQuestion,
    YieldFloor,
)

__all__ = ["ADDRESSEES", "ALLOWED", "CONDUCTOR_ONLY", "PARTIES", "Role", "check_allowed"]

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
        TalkTo,
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

_ATTENDING: Final[frozenset[type[Command]]] = frozenset(
    {
        EnterRoom,
        LeaveRoom,
        SetSpeaks,
        SelectChannel,
        RaiseHand,
        LowerHand,
        YieldFloor,
        Mute,
        Unmute,
        SetConsent,
    }
)
_ASKING: Final[frozenset[type[Command]]] = frozenset({Say, AskQuestion, WithdrawQuestion})
_STEWARD: Final[frozenset[type[Command]]] = frozenset(
    {Admit, Remove, GiveFloor, TakeFloor, Mute, Unmute, CuePlayout, StartPlayout, PausePlayout, StopPlayout}
)
_CHAIR: Final[frozenset[type[Command]]] = frozenset(
    {
        SetDoor,
        CallBackstage,
        BringOn,
        RaiseHallHand,
        DismissHand,
        LowerAllHands,
        MoveHand,
        SetFollowSpeaker,
        SetTimer,
        SettleQuestion,
    }
)

ALLOWED: Final[Mapping[Role, frozenset[type[Command]]]] = {
    Role.VIEWER: frozenset(),
    Role.PARTICIPANT: _ATTENDING | _ASKING | {TalkTo},
    Role.SPEAKER: _ATTENDING | _ASKING | {ClearAsks, TalkTo},
    Role.INTERPRETER: _BOOTH,
    Role.MODERATOR: _HALL | _ATTENDING | _STEWARD | _CHAIR | {CallTechnician, TalkTo},
    Role.TECHNICIAN: _HALL | _STEWARD | {SetInterlock, AnswerCall, SetTrim, CutMic, SetVenueHears, TalkTo},
    Role.ORGANISER: frozenset({Say}),
    Role.VENUE: frozenset(
        {SetFloorLanguage, SetConsent, SelectItem, NextItem, ClearAsks, CallTechnician, Say, SetVenueHears, TalkTo}
    ),
}
"""Role to the commands it may say."""

CONDUCTOR_ONLY: Final[frozenset[type[Command]]] = frozenset(
    {StepAway, ConnectSource, LoseSource, LoseAllSources, LoseFloor}
)
"""What no person may say: facts about connections that only the conductor knows."""

_OWN_MIC_ALONE: Final = frozenset({Role.PARTICIPANT, Role.SPEAKER})

_STAFF: Final = frozenset({Addressee.BOOTHS, Addressee.MODERATOR, Addressee.TECHNICIAN})

ADDRESSEES: Final[Mapping[Role, frozenset[Addressee]]] = {
    Role.INTERPRETER: frozenset(
        {Addressee.BOOTH, Addressee.INTERPRETERS, Addressee.MODERATOR, Addressee.TECHNICIAN},
    ),
    Role.PARTICIPANT: frozenset({Addressee.ROOM, Addressee.MODERATOR}),
    Role.SPEAKER: frozenset({Addressee.ROOM, Addressee.MODERATOR}),
    Role.MODERATOR: _STAFF | {Addressee.ROOM, Addressee.PERSON, Addressee.LECTERN},
    Role.TECHNICIAN: _STAFF | {Addressee.LECTERN},
    Role.ORGANISER: _STAFF,
    Role.VENUE: frozenset({Addressee.MODERATOR, Addressee.TECHNICIAN}),
}
"""Role to whom it may say something."""


PARTIES: Final[Mapping[Role, frozenset[Party]]] = {
    Role.TECHNICIAN: frozenset({Party.BOOTH, Party.BOOTHS, Party.VENUE, Party.MODERATOR}),
    Role.MODERATOR: frozenset({Party.BOOTH, Party.BOOTHS, Party.VENUE, Party.TECHNICIAN, Party.BACKSTAGE}),
    Role.INTERPRETER: frozenset({Party.TECHNICIAN, Party.MODERATOR}),
    Role.VENUE: frozenset({Party.TECHNICIAN, Party.MODERATOR}),
    Role.SPEAKER: frozenset({Party.MODERATOR}),
    Role.PARTICIPANT: frozenset({Party.MODERATOR}),
}
"""Role to whom it may talk. Nobody talks to their own side, so that nobody hears themselves."""


def check_allowed(role: Role, command: Command) -> None:
    """Raise ``Refused`` (``forbidden``) unless the role may say the command, of this source, to these people."""
    if type(command) not in ALLOWED[role]:
        raise Refused(Code.FORBIDDEN)
    if isinstance(command, SetConsent) and not _may_consent(role, command):
        raise Refused(Code.FORBIDDEN)
    if isinstance(command, Mute | Unmute) and role in _OWN_MIC_ALONE and command.person != command.by:
        raise Refused(Code.FORBIDDEN)
    if isinstance(command, Say) and command.to not in ADDRESSEES[role]:
        raise Refused(Code.FORBIDDEN)
    if isinstance(command, TalkTo) and command.to is not None and command.to not in PARTIES[role]:
        raise Refused(Code.FORBIDDEN)


def _may_consent(role: Role, command: SetConsent) -> bool:
    """Everybody speaks for their own source alone; who runs the room for the hall's, and may withdraw others'."""
    match role:
        case Role.INTERPRETER:
            return command.source == mic_source(command.by)
        case Role.SPEAKER | Role.PARTICIPANT:
            return command.source == speaker_source(command.by)
        case Role.VENUE:
            return command.source == VENUE
        case Role.MODERATOR if command.source == speaker_source(command.by):
            return True
        case _:
            return command.source in (*HALL, *HALL_MICS, DEMO) or not command.consents
