"""What a bad line to the server costs: `python -m deploy.load.loss`, one `name: value` a line.

A lean publisher sends a tune of 50 tones a second by way of a relay that loses, delays, stalls or reorders by script; a
lean listener on a good line decodes what comes and looks for every 20 ms of the tune. Trials run in the rooms of one
server, so many at a time as there are rooms.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from deploy.load import hearing
from deploy.load.hearing import Heard, Piece
from deploy.load.house import ROOMS, House, opened
from deploy.load.listening import Figures
from deploy.load.processes import BenchError
from deploy.load.sdp import SdpError
from deploy.load.swarm import SignallingError
from deploy.load.voice import Ear, Voice
from deploy.load.weather import Relay, Weather
from interpreting.roles import Role
from media.rtp import RtpPacket

LOSSES: Final = (1, 5, 20)
_ONE_WAY_MS: Final = 20.0
_JITTER_MS: Final = 30.0
_STALL_S: Final = 0.3
_STALL_AFTER_S: Final = 12.0
# The buffer keeps its target to within 10 ms either way; the rest is the measurement.
_SETTLED_MS: Final = 25.0
_WARM_UP_S: Final = 2.0
_TAIL_S: Final = 1.0
_LIMIT_S: Final = 900


@dataclass(frozen=True, slots=True)
class Trial:
    """A wire to try: `judge` makes figures of what came of it."""

    name: str
    weather: Callable[[], Weather]
    answers: bool
    judge: Callable[["Result"], dict[str, float]]


@dataclass(frozen=True, slots=True)
class Result:
    """What was sent and heard in one trial, and what the server counted of it in per cent of the packets."""

    pieces: list[Piece]
    sent_at: Sequence[float]
    stalled_until: float
    concealed_percent: float
    asked: int
    heard_missing: int


async def run_trial(house: House, room: str, trial: Trial, seconds: float) -> Result:
    """Send, listen and compare.

    Raises:
        SignallingError, SdpError, TimeoutError, ValueError: nothing could be sent or heard.
    """
    packets = await asyncio.to_thread(lambda: hearing.encode(hearing.make_tune(seconds)))
    tape: list[tuple[RtpPacket, float]] = []
    weather = trial.weather()
    relay, voice = Relay(weather), Voice(packets, answers=trial.answers, keeps_times=True)
    ear = Ear(lambda packet, at: tape.append((packet, at)))
    try:
        await ear.open(f"{house.url}/whep/{room}/floor")
        await voice.open(f"{house.url}/whip/{room}", house.token(Role.VENUE, "hall", room=room), through=relay)
        if weather.stall is not None:
            start = time.monotonic() + _STALL_AFTER_S
            weather.stall = (start, start + _STALL_S)
        await voice.speak(seconds)
        counted = await house.metrics()
        await asyncio.sleep(_TAIL_S)
    finally:
        await voice.aclose()
        await ear.aclose()
        relay.close()
    concealed = counted.get(
        f'tolmach_source_sound_concealed_samples_total{{room="{room}",source="venue"}}', float("nan")
    )
    pieces, lacking = await asyncio.to_thread(_compare, packets, voice.sent_at, tape)
    return Result(
        pieces,
        voice.sent_at,
        weather.stall[1] if weather.stall else 0.0,
        100 * concealed / 960 / len(packets),
        voice.asked,
        lacking,
    )


def _compare(
    packets: Sequence[bytes], sent_at: Sequence[float], tape: Sequence[tuple[RtpPacket, float]]
) -> tuple[list[Piece], int]:
    heard = Heard.of(tape)
    pieces = hearing.compare(hearing.decode(packets), sent_at, heard)
    return [piece for piece in pieces if piece.number * 0.02 >= _WARM_UP_S], heard.missing


def judge_loss(result: Result) -> dict[str, float]:
    """Missing as heard, and as the server counted what it had to make up."""
    delays = hearing.delays_ms(result.pieces)
    return {
        "missing_percent": hearing.missing_percent(result.pieces),
        "made_up_percent": result.concealed_percent,
        "delay_ms_median": float(np.median(delays)),
        "asked_again": result.asked,
        "lost_behind_server": result.heard_missing,
    }


def judge_delay(result: Result) -> dict[str, float]:
    """The server's own delay."""
    delays = hearing.delays_ms(result.pieces)
    return {
        "delay_ms_median": float(np.median(delays)),
        "delay_ms_p99": float(np.percentile(delays, 99)),
        "delay_ms_worst": float(delays.max()),
        "missing_percent": hearing.missing_percent(result.pieces),
    }


def judge_stall(result: Result) -> dict[str, float]:
    """How soon after a stall the delay is what it was."""
    before = hearing.delays_ms([p for p in result.pieces if result.sent_at[p.number] < result.stalled_until - _STALL_S])
    usual = float(np.median(before))
    later = [p for p in result.pieces if 2 <= result.sent_at[p.number] + p.delay_s - result.stalled_until < 4]
    return {
        "delay_ms_before": usual,
        "delay_ms_worst": float(hearing.delays_ms(result.pieces).max()),
        "delay_ms_after_2_s": float(np.median(hearing.delays_ms(later))),
        "back_after_s": hearing.settled_after_s(
            result.pieces, result.sent_at, result.stalled_until, usual + _SETTLED_MS
        ),
        "missing_percent": hearing.missing_percent(result.pieces),
    }


def _lossy(percent: int, *, answers: bool) -> Trial:
    def weather() -> Weather:
        return Weather(loss_percent=percent, delay_ms=_ONE_WAY_MS, hits_all=answers)

    return Trial(f"loss_{percent}_{'nack' if answers else 'plain'}", weather, answers, judge_loss)


def all_trials() -> list[Trial]:
    """Every wire that is promised to be borne."""
    return [
        Trial("calm", Weather, True, judge_delay),
        Trial("stall", lambda: Weather(delay_ms=_ONE_WAY_MS, stall=(0.0, 0.0)), True, judge_stall),
        Trial("jitter", lambda: Weather(delay_ms=2 * _JITTER_MS, jitter_ms=_JITTER_MS), True, judge_loss),
        *(_lossy(percent, answers=answers) for answers in (False, True) for percent in LOSSES),
    ]


async def run(trials: Sequence[Trial], seconds: float, figures: Figures) -> None:
    """Run the trials, as many at a time as the server has rooms, and print their figures."""
    with tempfile.TemporaryDirectory(prefix="tolmach-load-") as folder:
        async with opened(House(Path(folder))) as house:
            for at in range(0, len(trials), len(ROOMS)):
                some = trials[at : at + len(ROOMS)]
                results = await asyncio.gather(
                    *(run_trial(house, room, trial, seconds) for room, trial in zip(ROOMS, some, strict=False))
                )
                for trial, result in zip(some, results, strict=True):
                    for name, value in trial.judge(result).items():
                        figures.add(f"{trial.name}_{name}", value)


def main() -> int:
    """Print the figures; 1 when a trial could not be made."""
    names = [trial.name for trial in all_trials()]
    parser = argparse.ArgumentParser(prog="python -m deploy.load.loss", description=__doc__.split("\n\n")[0])
    parser.add_argument("trial", nargs="*", help=f"some of {', '.join(names)}; all without")
    parser.add_argument("--seconds", type=float, default=40.0, help="length of each trial (40)")
    options = parser.parse_args()
    if unknown := set(options.trial) - set(names):
        parser.error(f"no such trial: {', '.join(sorted(unknown))}")
    signal.alarm(_LIMIT_S)
    trials = [trial for trial in all_trials() if not options.trial or trial.name in options.trial]
    try:
        asyncio.run(run(trials, options.seconds, Figures()))
    except (BenchError, SignallingError, SdpError, TimeoutError, ValueError) as error:
        print(f"loss: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
