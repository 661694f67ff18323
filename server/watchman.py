"""Turns out who may no longer be in: withdrawn and expired invitations end what is open on them.

A token is judged at the door once; connections last. So every look compares all open pages and media sessions with
the list of the withdrawn and with the clock.
"""

from __future__ import annotations

from collections.abc import Callable

from server.conductor import Conductor
from server.hub import Hub
from server.tokens import Invitation


class Watchman:
    """Looks over pages and media sessions. `now` is the wall clock in epoch seconds."""

    def __init__(self, hub: Hub, conductor: Conductor, now: Callable[[], float]) -> None:
        self._hub = hub
        self._conductor = conductor
        self._now = now

    async def look(self, revoked: frozenset[str]) -> None:
        """End everything whose invitation is among `revoked` or over."""
        over: set[Invitation] = set()
        for client in self._hub:
            code = self._end_of(client.invitation, revoked)
            if client.invitation is not None and code is not None:
                client.close(code)
                over.add(client.invitation)
        for owner in self._conductor.switchboard.owners():
            if self._end_of(owner, revoked) is not None:
                over.add(owner)
        for invitation in over:
            await self._conductor.dismiss(invitation)

    def _end_of(self, invitation: Invitation | None, revoked: frozenset[str]) -> str | None:
        if invitation is None:
            return None
        if invitation.id in revoked:
            return "revoked"
        return "expired" if self._now() >= invitation.forgotten_at else None
