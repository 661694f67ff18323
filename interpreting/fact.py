"""What all events have in common; the events themselves stand in ``events`` and ``workshop_events``."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A fact about a room; ``at`` is its moment in seconds since the Unix epoch."""

    at: float
