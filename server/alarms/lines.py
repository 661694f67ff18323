"""What is wrong with the senders' lines and clocks: loss over five seconds, a clock that runs away. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Final

from server.alarms.board import Board
from server.alarms.kinds import Finding, Kind, Severity
from server.config_alarms import AlarmsConfig
from server.switchboard import local_name

_WINDOW: Final = 6
"""Looks once a second, so five seconds lie between the first and the last."""
_FEWEST_PACKETS: Final = 50
_STILL: Final = 0.5


class Lines:
    """All publishers' figures of the last seconds. Note them once a second."""

    def __init__(self, config: AlarmsConfig) -> None:
        self._config = config
        self._looks: dict[str, deque[Mapping[str, float]]] = {}

    def note(self, publishers: Mapping[str, Mapping[str, float]]) -> None:
        """Take each publisher's figures, by its global name."""
        self._looks = {name: self._looks.get(name, deque(maxlen=_WINDOW)) for name in publishers}
        for name, figures in publishers.items():
            looks = self._looks[name]
            if looks and _counts_anew(looks[-1], figures):
                looks.clear()
            looks.append(dict(figures))

    def find(self, board: Board) -> Iterator[Finding]:
        """Yield what is wrong now."""
        for name, looks in self._looks.items():
            room, source = local_name(name)
            for kind in ("audio", "video"):
                percent = self._lost_percent(looks, kind)
                bound = self._config.loss_percent * (_STILL if board.has(Kind.LOSS, room, source) else 1)
                if percent > bound:
                    values = {"track": kind, "percent": round(percent, 1)}
                    yield Finding(Kind.LOSS, room, source, Severity.AMBER, values)
                    break
            ppm = looks[-1].get("audio_drift_ppm", 0.0)
            bound = self._config.drift_ppm * (0.75 if board.has(Kind.CLOCK_DRIFT, room, source) else 1)
            if abs(ppm) > bound:
                yield Finding(Kind.CLOCK_DRIFT, room, source, Severity.AMBER, {"ppm": round(ppm)})

    @staticmethod
    def _lost_percent(looks: deque[Mapping[str, float]], kind: str) -> float:
        first, last = looks[0], looks[-1]
        came = last.get(f"{kind}_packets", 0.0) - first.get(f"{kind}_packets", 0.0)
        lost = max(0.0, last.get(f"{kind}_lost", 0.0) - first.get(f"{kind}_lost", 0.0))
        return 100 * lost / (came + lost) if came + lost >= _FEWEST_PACKETS else 0.0


def _counts_anew(before: Mapping[str, float], now: Mapping[str, float]) -> bool:
    """Tell whether another session took the place of the one before."""
    return any(now.get(name, 0.0) < count for name, count in before.items() if name.endswith("_packets"))
