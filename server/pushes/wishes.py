"""What of pushes outlives a restart: the targets an organiser entered, and which of all are to run. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from server.pushes.target import BadTarget, Target, checked_target
from server.store.base import Document

MOST: Final = 20
"""Pushes a room may have: each is a platform in one language, with a thread and an upload of its own."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """A room's targets by name, and the names of those that an organiser has started."""

    targets: Mapping[str, Target]
    started: frozenset[str] = frozenset()

    def with_target(self, target: Target) -> Wishes:
        """Return them with a target added or in the place of its namesake."""
        return replace(self, targets={**self.targets, target.name: target})

    def without(self, name: str) -> Wishes:
        """Return them without a target."""
        targets = {other: target for other, target in self.targets.items() if other != name}
        return Wishes(targets, self.started - {name})

    def as_started(self, name: str, *, is_started: bool) -> Wishes:
        """Return them with one started or stopped."""
        return replace(self, started=self.started | {name} if is_started else self.started - {name})


def format_wishes(wishes: Wishes) -> Document:
    """Return what the store keeps; it holds stream keys."""
    targets = [
        {"name": one.name, "url": one.url, "channel": one.channel, "token": one.token}
        for one in wishes.targets.values()
    ]
    return {"targets": targets, "started": sorted(wishes.started)}


def parse_wishes(document: Document | None) -> Wishes:
    """Return what the store kept; what cannot be read of it is left out."""
    if document is None:
        return Wishes({})
    listed, started = document.get("targets"), document.get("started")
    targets = [_target(one) for one in listed] if isinstance(listed, list) else []
    names = started if isinstance(started, list) else []
    found = {target.name: target for target in targets if target is not None}
    return Wishes(found, frozenset(name for name in names if isinstance(name, str)))


def _target(kept: object) -> Target | None:
    if not isinstance(kept, dict):
        return None
    values = [kept.get(name) for name in ("name", "url", "channel", "token")]
    if not all(isinstance(value, str) for value in values):
        return None
    try:
        return checked_target(*(str(value) for value in values))
    except BadTarget:
        return None
