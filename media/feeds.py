"""What an edge needs of its origin: a subscription for every bus and picture in demand, renewed when it breaks.

A feed begins when somebody wants it and ends ten seconds after nobody does, so that a change of mind costs nothing.
Belongs to the media thread; how the origin is asked is the business of whoever takes the `Pull`s.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from media.calling import Kind
from media.dtls import DtlsIdentity
from media.rtcp import SenderReport
from media.rtp import RtpPacket
from media.upstream import Take, Upstream

LINGER_S: Final = 10.0
RETRY_S: Final = 0.5
_FLOWS_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Pull:
    """An offer for the origin: `peer` names the session, `bus` is what is heard in packets of `frames` ticks, or the
    bus of somebody who sees `picture`, which is then what is subscribed to.
    """

    peer: str
    offer: str
    bus: str
    picture: str | None
    frames: int


@dataclass(frozen=True, slots=True)
class Want:
    """One thing to subscribe to: a bus in packets of `frames` ticks, or a picture when it is named."""

    bus: str
    picture: str | None = None
    frames: int = 1


class Feed:
    """One bus or picture of the origin, while somebody wants it.

    Args:
        pull: takes an offer for the origin; the answer comes by `answered` or `refused`.
        take: takes the packets that arrive.
        report: takes the origin's sender reports.
    """

    def __init__(
        self,
        want: Want,
        identity: DtlsIdentity,
        pull: Callable[[Pull], None],
        take: Take,
        report: Callable[[SenderReport], None],
    ) -> None:
        self.want = want
        self.failures = 0
        self._identity = identity
        self._pull = pull
        self._take = take
        self._report = report
        self._upstream: Upstream | None = None
        self._peer = ""
        self._is_wanted = False
        self._until = self._asked_until = 0.0
        self._retry_at = 0.0
        self._flowed = float("-inf")

    @property
    def peer(self) -> str:
        """The session that is being opened or is open, as the origin knows it; "" while there is none."""
        return self._peer if self._upstream is not None else ""

    @property
    def upstream(self) -> Upstream | None:
        """The session itself."""
        return self._upstream

    def is_flowing(self, now: float) -> bool:
        """Whether packets come just now."""
        return now - self._flowed < _FLOWS_S

    def set_wanted(self, is_wanted: bool, now: float) -> None:
        """Somebody wants it, or nobody any more."""
        self._is_wanted = is_wanted
        self._until = now + LINGER_S
        self._open_when_needed(now)

    def ask(self, now: float) -> None:
        """Somebody will want it within `LINGER_S`."""
        self._asked_until = self._until = now + LINGER_S
        self._open_when_needed(now)

    def answered(self, answer: str, extra_host: str | None, now: float) -> None:
        """The origin took the offer."""
        if self._upstream is not None:
            self._upstream.answered(answer, extra_host, now)

    def refused(self) -> None:
        """The origin did not take the offer, or could not be asked; it is asked again later."""
        if self._upstream is not None:
            self._upstream.failure = "refused"

    def ask_keyframe(self) -> None:
        """A viewer needs a fresh start."""
        if self._upstream is not None:
            self._upstream.ask_keyframe()

    def on_timer(self, now: float) -> bool:
        """Look after the session; open one where it is missing. Returns False when the feed is of no more use."""
        if self._upstream is not None:
            self._upstream.on_timer(now)
            if self._upstream.failure:
                self.failures += 1
                self.close()
                self._retry_at = now + RETRY_S
        if not self._is_wanted and now >= self._until:
            self.close()
            return False
        self._open_when_needed(now)
        return True

    def close(self) -> None:
        """End the session."""
        if self._upstream is not None:
            self._upstream.close()
            self._upstream = None

    def _open_when_needed(self, now: float) -> None:
        if self._upstream is not None or now < self._retry_at:
            return
        if self._is_wanted or now < self._asked_until:
            self._open(now)

    def _open(self, now: float) -> None:
        self._retry_at = now + RETRY_S
        self._peer = f"edge-{secrets.token_hex(8)}"
        kind: Kind = "audio" if self.want.picture is None else "video"
        upstream = self._upstream = Upstream(self._identity, kind, self._on_packet, self._report, now)
        if kind == "video":
            upstream.ask_keyframe()
        self._pull(Pull(self._peer, upstream.offer, self.want.bus, self.want.picture, self.want.frames))

    def _on_packet(self, packet: RtpPacket, codec: str, now: float) -> None:
        self._flowed = now
        self._take(packet, codec, now)
