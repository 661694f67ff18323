"""Things that fall over while a conference runs: `python -m deploy.load.faults [TRIAL …]`, one `name: value` a line.

Every fault is made to processes and networks of our own: a server started for the trial, a Redis of its own, lean
people and listeners who come back as the pages do. What each figure must be is in RESULTS.md.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Final

import aiohttp

from deploy.load import faults_people, faults_recording, faults_rush, faults_server, faults_store
from deploy.load.company import Refused
from deploy.load.lean import allow_descriptors
from deploy.load.listening import Figures
from deploy.load.processes import BenchError
from deploy.load.sdp import SdpError
from deploy.load.swarm import SignallingError

Trial = Callable[[Path], AsyncIterator[tuple[str, float]]]
TRIALS: Final[dict[str, Trial]] = {
    trial.__name__: trial
    for trial in (
        faults_server.killed,
        faults_server.stopped,
        faults_store.redis,
        faults_people.venue,
        faults_people.booth,
        faults_rush.rush,
        faults_server.descriptors,
        faults_server.clock,
        faults_server.disk,
        faults_recording.recording,
    )
}
_LIMIT_S: Final = 900
_SOCKETS: Final = 4096


async def run(trials: Sequence[str], figures: Figures) -> int:
    """Run the trials one after another; how many of them could not be made or ended in an error."""
    failed = 0
    for name in trials:
        with tempfile.TemporaryDirectory(prefix="tolmach-load-") as folder:
            try:
                async for figure, value in TRIALS[name](Path(folder)):
                    figures.add(figure, value)
            except (
                BenchError,
                SignallingError,
                SdpError,
                Refused,
                TimeoutError,
                OSError,
                aiohttp.ClientError,
            ) as error:
                failed += 1
                print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
    return failed


async def _run_until_asked(trials: Sequence[str]) -> int:
    task = asyncio.ensure_future(run(trials, Figures()))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        async with asyncio.timeout(_LIMIT_S):
            return await task
    except asyncio.CancelledError:
        return 1


def main() -> int:
    """Print the figures; 1 when a trial failed."""
    parser = argparse.ArgumentParser(prog="python -m deploy.load.faults", description=__doc__.split("\n\n")[0])
    parser.add_argument("trial", nargs="*", choices=[[], *TRIALS], help=f"some of {', '.join(TRIALS)}; all without")
    options = parser.parse_args()
    allow_descriptors(_SOCKETS)
    return 1 if asyncio.run(_run_until_asked(options.trial or list(TRIALS))) else 0


if __name__ == "__main__":
    raise SystemExit(main())
