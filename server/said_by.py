"""Who says a command: what a message may not claim is taken from the person's invitation.

Whether the role may say it at all stands in `interpreting.roles`.
"""

from __future__ import annotations

from dataclasses import replace

from interpreting.commands import CallTechnician, Command, EnterBooth, Say, TalkTo
from interpreting.errors import Code, Refused
from interpreting.workshop_commands import EnterRoom
from server.tokens import Invitation


def said_by(command: Command, invitation: Invitation) -> Command:
    """Return the command with the name and role of the invitation; raise Refused for a booth it is not for."""
    match command:
        case EnterBooth():
            if invitation.booth not in (None, command.booth):
                raise Refused(Code.FORBIDDEN)
            return replace(command, name=invitation.name or command.name)
        case EnterRoom():
            is_named = bool(invitation.name)
            name = invitation.name or command.name
            return replace(command, name=name, role=invitation.role, is_named=is_named)
        case CallTechnician() | Say() | TalkTo():
            return replace(command, name=invitation.name, role=invitation.role)
        case _:
            return command
