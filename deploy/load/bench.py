"""The bench: `python -m deploy.load.bench`, which is `make bench`. Prints `name: value`, one a line (see README.md).

Our server and then Janus run in one of two namespaces, lean listeners in the other; nothing leaves the machine. It
stops by itself: every wait has a deadline, and so has the whole.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final, Never

from deploy.load import janus, measure
from deploy.load.listening import Figures, Plan, idle_share, measure_listening
from deploy.load.netns import NamespaceError, pair_of_namespaces, raise_socket_limits
from deploy.load.processes import REPOSITORY, BenchError, Children, end, pause
from deploy.load.targets import Place, Tolmach, start_janus, start_wire

PARTS: Final = ("wire", "idle", "server", "janus", "click")
CURVE: Final = (100, 300, 1000, 3000)
_WARM_UP_S: Final = 3.0
_QUICK_IDLE_S: Final = 4.0
_WIRE_S: Final = 5.0
_LIMIT_S: Final = 240
_LIMIT_A_STEP_S: Final = 120


def bench_wire(place: Place, plan: Plan, figures: Figures) -> None:
    """What nothing but sending costs here."""
    with _workplace() as (_, children):
        sender, receiver = start_wire(place, children)
        for step in plan.steps:
            ports = receiver.ask(f"open {step}", _WIRE_S)["ports"]
            command = f"send {place.listener_ip} {_WIRE_S} {','.join(map(str, ports))}"
            cost = sender.ask(command, 4 * _WIRE_S)["us_per_packet"]
            figures.add(f"wire_us_per_packet{plan.suffix(step)}", cost)
        sender.stop()
        receiver.stop()


def bench_server(place: Place, plan: Plan, parts: frozenset[str], figures: Figures) -> None:
    """Our server: with nobody there, then with listeners to a floor that a lean publisher sends."""
    with _workplace() as (folder, children):
        tolmach = Tolmach(place, folder, children)
        target = tolmach.start(is_light=plan.is_light)
        pause(_WARM_UP_S, children)
        idle = idle_share(target, plan.idle_s if "idle" in parts else _QUICK_IDLE_S, children)
        if "idle" in parts:
            figures.add("idle_cpu_percent", 100 * idle)
            figures.add("idle_rss_mib", measure.resident_kib(target.pid) / 1024)
        if "server" in parts:
            tolmach.publish(plan.longest_s())
            pause(_WARM_UP_S, children)
            measure_listening(target, plan, idle, figures, children)
        target.listeners.stop()


def bench_janus(place: Place, plan: Plan, figures: Figures) -> None:
    """Janus's streaming plugin, with the same listeners and the same packets; then how many times it we carry."""
    with _workplace() as (folder, children):
        target = start_janus(place, folder, children, plan.longest_s(), is_light=plan.is_light)
        pause(_WARM_UP_S, children)
        idle = idle_share(target, _QUICK_IDLE_S, children)
        measure_listening(target, plan, idle, figures, children)
        target.listeners.stop()
    for step in plan.steps:
        suffix = plan.suffix(step)
        ours, theirs = (figures.values.get(f"{name}_listeners_per_core{suffix}") for name in ("server", "janus"))
        if ours and theirs:
            figures.add(f"server_times_janus{suffix}", ours / theirs)


def run_parts(plan: Plan, parts: frozenset[str], figures: Figures) -> None:
    """Run the parts asked for, in namespaces where we may and else on loopback, where Janus is left out."""
    raise_socket_limits()
    try:
        with pair_of_namespaces() as pair:
            _run_in(Place.of_pair(pair), plan, parts, figures)
    except NamespaceError as error:
        print(error, file=sys.stderr)
        _run_in(Place.loopback(), plan, parts - {"janus"}, figures)
    if "click" in parts:
        # A process of its own: the browser's driver brings an event loop of its own. It has a limit of its own, too.
        child = subprocess.Popen([sys.executable, "-m", "deploy.load.click"], cwd=REPOSITORY)
        try:
            child.wait()
        finally:
            end(child)


def parse_options(arguments: list[str] | None = None) -> tuple[Plan, frozenset[str], int]:
    """The plan, the parts to run, and the seconds after which all of it is given up."""
    parser = argparse.ArgumentParser(prog="python -m deploy.load.bench", description=__doc__.split("\n\n")[0])
    parser.add_argument("--listeners", type=int, default=1000, help="listeners on one bus (1000)")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of a window (20)")
    parser.add_argument("--idle-seconds", type=float, default=30.0, help="length of the idle window (30)")
    parser.add_argument("--curve", action="store_true", help="also at 100, 300, 1000 and 3000 listeners")
    parser.add_argument("--light", action="store_true", help="read every 50th listener; the kernel counts the rest")
    parser.add_argument("--skip", action="append", default=[], choices=PARTS, help="leave a part out (may repeat)")
    parser.add_argument("--limit", type=int, help="give up after so many seconds (240, or more with --curve)")
    options = parser.parse_args(arguments)
    if not 1 <= options.listeners <= 4000 or options.seconds <= 0 or options.idle_seconds <= 0:
        parser.error("1 to 4000 listeners, and windows longer than nothing")
    steps = sorted({options.listeners, *CURVE} if options.curve else {options.listeners})
    plan = Plan(tuple(steps), options.listeners, options.seconds, options.idle_seconds, options.light)
    limit = options.limit or _LIMIT_S + _LIMIT_A_STEP_S * (len(steps) - 1)
    return plan, frozenset(PARTS) - frozenset(options.skip), limit


def _run_in(place: Place, plan: Plan, parts: frozenset[str], figures: Figures) -> None:
    if "wire" in parts:
        bench_wire(place, plan, figures)
    if parts & {"idle", "server"}:
        bench_server(place, plan, parts, figures)
    if "janus" in parts and not janus.is_installed():
        print("Janus is left out: apt install janus brings it", file=sys.stderr)
    elif "janus" in parts:
        bench_janus(place, plan, figures)


@contextmanager
def _workplace() -> Iterator[tuple[Path, Children]]:
    """A temporary folder and the children that log there; the children end before the folder goes."""
    with tempfile.TemporaryDirectory(prefix="tolmach-load-") as name, Children(Path(name)) as children:
        yield Path(name), children


def _give_up(number: int, _: FrameType | None) -> Never:
    # An exception, so that every namespace and child is cleaned up on the way out.
    raise BenchError("it took too long" if number == signal.SIGALRM else "it was asked to stop")


def main() -> int:
    """Run the bench; 1 when a part could not be measured."""
    plan, parts, limit = parse_options()
    figures = Figures()
    signal.signal(signal.SIGTERM, _give_up)
    signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(limit)
    try:
        run_parts(plan, parts, figures)
    except (BenchError, ValueError, OSError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        signal.alarm(0)
    return 0 if figures.is_whole else 1


if __name__ == "__main__":
    raise SystemExit(main())
