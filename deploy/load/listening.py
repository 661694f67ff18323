"""What listening costs a server: the idle share first, then step by step more listeners, each step its figures."""

import sys
from dataclasses import dataclass
from typing import Any, Final

from deploy.load import measure
from deploy.load.measure import Usage
from deploy.load.processes import BenchError, Children, pause
from deploy.load.targets import Target

JOIN_S: Final = 90.0
MARK_S: Final = 15.0
SETTLE_S: Final = 2.0
_COUNTS: Final = ("connected", "lost", "gaps", "reordered", "duplicates", "sampled", "forged", "timestamps_wrong")


@dataclass(frozen=True, slots=True)
class Plan:
    """How many listeners each step has, in rising order; the figures of step `main` have no suffix.

    `seconds` is the window a step is measured for, `idle_s` the one with nobody there. Most light listeners' packets
    are counted by the kernel and not read.
    """

    steps: tuple[int, ...]
    main: int
    seconds: float
    idle_s: float
    is_light: bool = False

    def suffix(self, step: int) -> str:
        """What the names of a step's figures end in."""
        return "" if step == self.main else f"_at_{step}"

    def longest_s(self) -> float:
        """How long all steps take at most: as long must the floor sound."""
        return len(self.steps) * (self.seconds + SETTLE_S + JOIN_S + 3 * MARK_S)


class Figures:
    """The figures so far; each is printed as soon as it is known. `is_whole` until something could not be measured."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}
        self.is_whole = True

    def add(self, name: str, value: float) -> None:
        """Keep and print one; whole numbers without a point."""
        self.values[name] = value
        print(f"{name}: {value}" if isinstance(value, int) else f"{name}: {value:.2f}", flush=True)


@dataclass(frozen=True, slots=True)
class Joining:
    """What one step's joining took: the children's answer, the usage around it, the packets sent meanwhile."""

    arrived: int
    failed: int
    seconds: float
    before: Usage
    after: Usage
    packets: int


@dataclass(frozen=True, slots=True)
class Window:
    """What came in a step's window, the usage around it, and the listeners' own share of a core."""

    tally: dict[str, int]
    least_per_s: float
    before: Usage
    after: Usage
    own_share: float


def idle_share(target: Target, seconds: float, children: Children) -> float:
    """The share of a core that the process uses with nobody there."""
    before = Usage.of_family(target.pid)
    pause(seconds, children)
    return Usage.of_family(target.pid).share_since(before)


def measure_listening(target: Target, plan: Plan, idle: float, figures: Figures, children: Children) -> None:
    """Let listeners join up to each step of the plan, listen, and print the step's figures. A later step that is too
    much for this machine ends it.

    Raises:
        BenchError: a process failed or did not answer.
        ValueError: nobody joined, or no packet came.
    """
    empty_kib, present = _resident_kib(target), 0
    for step in plan.steps:
        try:
            joining = _join(target, step - present)
        except BenchError as error:
            if present == 0:
                raise
            print(f"{target.name}: {step} listeners are too many here: {error}", file=sys.stderr)
            figures.is_whole = False
            return
        pause(SETTLE_S, children)
        window = _listen(target, plan.seconds, children)
        grown_kib = _resident_kib(target) - empty_kib
        us = measure.us_per_packet(window.before, window.after, idle, window.tally["packets"])
        # Of 20 ms, unless the server is told to send longer ones (TOLMACH_LISTENER_PACKET_MS).
        rate = measure.PACKETS_PER_S if window.least_per_s > measure.PACKETS_PER_S / 2 else window.least_per_s
        values: dict[str, float] = {
            "us_per_packet": us,
            "listeners_per_core": int(measure.listeners_per_core(us, rate)),
            "cpu_percent": 100 * window.after.share_since(window.before),
            "join_seconds": joining.seconds,
            "join_failures": joining.failed,
            "setup_cpu_ms": measure.setup_ms(joining.before, joining.after, idle, joining.packets, us, joining.arrived),
            "memory_kib_per_listener": grown_kib / max(1, window.tally["connected"]),
            "packets": window.tally["packets"],
            "packet_bytes": window.tally["payload_bytes"] / (window.tally["packets"] - window.tally["unread"]),
            "least_packets_per_second": window.least_per_s,
            **{name: window.tally[name] for name in _COUNTS},
            "listeners_own_cpu_percent": 100 * window.own_share,
        }
        for name, value in values.items():
            figures.add(f"{target.name}_{name}{plan.suffix(step)}", value)
        present = step


def _resident_kib(target: Target) -> int:
    return sum(map(measure.resident_kib, measure.family(target.pid)))


def _join(target: Target, count: int) -> Joining:
    before = Usage.of_family(target.pid)
    answer = target.listeners.ask(f"join {count}", JOIN_S)
    after = Usage.of_family(target.pid)
    packets = _mark(target)["tally"]["packets"]
    for reason, times in sorted(answer["failed"].items()):
        print(f"{target.name}: {times} listeners could not join: {reason}", file=sys.stderr)
    failed = sum(answer["failed"].values())
    return Joining(count - failed, failed, answer["seconds"], before, after, packets)


def _listen(target: Target, seconds: float, children: Children) -> Window:
    first = _mark(target)
    before = Usage.of_family(target.pid)
    pause(seconds, children)
    last = _mark(target)
    after = Usage.of_family(target.pid)
    own = (last["cpu_s"] - first["cpu_s"]) / last["seconds"]
    return Window(last["tally"], last["least"] / last["seconds"], before, after, own)


def _mark(target: Target) -> dict[str, Any]:
    return target.listeners.ask("mark", MARK_S)
