"""What is known at a moment of each source's sound and of each room's picture, as the finders take it.

The engine judges a source once a second; a few seconds of that are kept here, because silence is a matter of time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from interpreting.ids import RoomId, SourceId
from server.engine import PictureLook, Quality
from server.switchboard import global_name

_MEMORY_S: Final = 10


@dataclass(slots=True)
class Memory:
    """A source's last seconds, the newest last: whether there was speech, which music, applause and noise are not, and
    its loudest 20 ms in dBFS.
    """

    worded: deque[bool] = field(default_factory=lambda: deque(maxlen=_MEMORY_S))
    loudest: deque[float] = field(default_factory=lambda: deque(maxlen=_MEMORY_S))
    seconds: int = 0

    def note(self, quality: Quality) -> None:
        """Take the last verdict, once."""
        if quality.seconds == self.seconds:
            return
        if quality.seconds < self.seconds:
            self.worded.clear()
            self.loudest.clear()
        self.seconds = quality.seconds
        self.worded.append(quality.is_speaking and not quality.is_unbroken)
        self.loudest.append(quality.loudest_dbfs)


class Hearing:
    """All sources of the server by their global names. Refresh it, then ask.

    Args:
        lost_s: without a packet for so long a stream is lost. With 1.2 s and a look every quarter of a second it is
            told within 1.5 s; a Wi-Fi's usual stall is over before.
    """

    def __init__(self, lost_s: float = 1.2) -> None:
        self._lost_s = lost_s
        self._memories: dict[str, Memory] = {}
        self._qualities: Mapping[str, Quality] = {}
        self._silences: Mapping[str, float] = {}
        self._looks: Mapping[str, PictureLook] = {}

    def refresh(
        self, qualities: Mapping[str, Quality], silences: Mapping[str, float], looks: Mapping[str, PictureLook]
    ) -> None:
        """Take what the engine says now: verdicts, seconds since each publisher's last packet, pictures."""
        self._qualities, self._silences, self._looks = qualities, silences, looks
        self._memories = {name: self._memories.get(name, Memory()) for name in qualities}
        for name, quality in qualities.items():
            self._memories[name].note(quality)

    def quality(self, room: RoomId, source: SourceId) -> Quality | None:
        """Return the last verdict on a source; None for one that nobody judges."""
        return self._qualities.get(global_name(room, source))

    def is_stalled(self, room: RoomId, source: SourceId) -> bool:
        """Tell whether its packets have stopped, though nobody said so yet."""
        return self._silences.get(global_name(room, source), 0.0) > self._lost_s

    def look(self, room: RoomId) -> PictureLook | None:
        """Return what is to be said of the room's picture."""
        return self._looks.get(room)

    def silent_s(self, room: RoomId, source: SourceId, below_dbfs: float) -> int:
        """Return for how many whole seconds up to now nothing of a source was above this."""
        memory = self._memories.get(global_name(room, source))
        if memory is None:
            return 0
        return next((s for s, level in enumerate(reversed(memory.loudest)) if level > below_dbfs), len(memory.loudest))

    def worded_s(self, room: RoomId, source: SourceId, last_s: int) -> int:
        """Return in how many of the last seconds there was speech: no music, no applause and no noise."""
        memory = self._memories.get(global_name(room, source))
        return sum(list(memory.worded)[-last_s:]) if memory else 0

    def heard_s(self, room: RoomId, source: SourceId) -> int:
        """Return for how many seconds it has been judged, ten at most."""
        memory = self._memories.get(global_name(room, source))
        return len(memory.worded) if memory else 0
