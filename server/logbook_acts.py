"""Acts in the log book: what the people at desks, moderators and the hall's machine did, with who and when.

A room's events say what became true; who wished it is known where the command came in. Chat and the queue of hands
are left out.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Final

from interpreting.commands import (
    AnswerCall,
    ClearAsks,
    Command,
    CutMic,
    HoldSlide,
    NextItem,
    SelectItem,
    SelectVenue,
    SetConsent,
    SetFallback,
    SetFloorLanguage,
    SetInterlock,
    SetTrim,
    StartRecording,
    StopRecording,
    command_name,
)
from interpreting.ids import RoomId
from interpreting.roles import Role
from interpreting.workshop_commands import (
    Admit,
    BringOn,
    CallBackstage,
    CuePlayout,
    GiveFloor,
    Mute,
    PausePlayout,
    Remove,
    SetDoor,
    SetFollowSpeaker,
    SetTimer,
    SetVenueHears,
    StartPlayout,
    StopPlayout,
    TakeFloor,
    Unmute,
)
from server.coverage import DESK_ROLES
from server.logbook import Fact, Logbook
from server.tokens import Invitation

ACTS: Final[frozenset[type[Command]]] = frozenset(
    {
        *(SetFloorLanguage, SetFallback, SetInterlock, StartRecording, StopRecording, SetConsent, SelectVenue),
        *(HoldSlide, SelectItem, NextItem, ClearAsks, AnswerCall, SetTrim, CutMic, SetVenueHears),
        *(SetDoor, Admit, Remove, CallBackstage, BringOn, GiveFloor, TakeFloor, Mute, Unmute),
        *(SetFollowSpeaker, SetTimer, CuePlayout, StartPlayout, PausePlayout, StopPlayout),
    }
)
OTHER_ACTS: Final = frozenset({"restart_source", "move_listeners", "chain_test", "rehearsal"})
"""What is done by HTTP and noted where it is done."""
_ACTING: Final = DESK_ROLES | {Role.VENUE}
_UNTOLD: Final = frozenset({"by", "text", "name"})


def note_act(logbook: Logbook, room: RoomId, invitation: Invitation, command: Command) -> None:
    """Note a command that was carried out, if it is one that a report tells."""
    if invitation.role not in _ACTING or type(command) not in ACTS:
        return
    facts: dict[str, Fact] = {}
    for field in fields(command):
        value = getattr(command, field.name)
        if field.name in _UNTOLD or value is None:
            continue
        facts[field.name] = value if isinstance(value, bool | int | float) else _text(value)
    by = invitation.name or invitation.role.value
    logbook.note(room, "act", by=by, **{**facts, "act": command_name(type(command))})


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
