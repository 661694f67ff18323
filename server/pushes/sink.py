"""What carries a push away: the meeting point of the push's thread with RTMP and WHIP."""

from __future__ import annotations

from typing import Protocol

from media.stream import Sample


class SinkError(Exception):
    """A connection that does not come about or is lost.

    `reason` is stable: unreachable, timeout, broken, certificate, not_understood, and, of the other side's own will,
    refused. It may be tried again, after a refusal later.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    @property
    def is_refusal(self) -> bool:
        """Whether the other side does not want it."""
        return self.reason == "refused"


class Sink(Protocol):
    """An open connection, used from the push's thread alone. Every call may wait, each with an end."""

    def send(self, sample: Sample) -> int:
        """Send a sample and return how many bytes that were. Raises SinkError."""
        ...

    def close(self) -> None:
        """Take leave, and close. Never raises."""
        ...
