"""Who says a command: what a message may not claim is taken from the person's invitation.

Whether the role may say it at all stands in `interpreting.roles`.
"""

from __future__ import annotations

from dataclasses import replace

from interpreting.commands import CallTechnician, Command, EnterBooth, Say
from interpreting.errors import Code, Refused
from server.tokens import Invitation


def said_by(command: Command, invitation: Invitation) -> Command:
    """Return the command with the name and role of the invitation; raise Refused for a booth it is not for."""
    match command:
        case EnterBooth():
            if invitation.booth not in (None, command.booth):
                raise Refused(Code.FORBIDDEN)
            return replace(command, name=invitation.name or command.name)
        case CallTechnician() | Say():
            return replace(command, name=invitation.name, role=invitation.role)
        case _:
            return command
