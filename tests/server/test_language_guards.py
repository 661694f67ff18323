"""The guard of the outgoing language: with a detector that is a program, one that breaks, and none."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from interpreting.booth import Booth, MicState, Seat
from interpreting.ids import BoothId, PersonId, RoomId, SourceKind, mic_source
from interpreting.languages import Language
from interpreting.plan import plan
from interpreting.room import Room
from server.language_detector import ProcessDetector, parse_guess
from server.language_guards import LanguageGuards, Verdict, judge
from tests.fakes import FakeEngine

HALL, DE, UK = RoomId("hall"), Language("de"), Language("uk")
OLENA = PersonId("olena")

# Takes a loud voice for Ukrainian and a soft one for German, and says so once for each second it has read.
DETECTOR = """
import array, sys
while len(block := sys.stdin.buffer.read(32000)) == 32000:
    loudest = max(map(abs, array.array("h", block)))
    print("uk-UA 0.9" if loudest > 16000 else "de", flush=True)
"""


def room(mic: MicState) -> Room:
    seat = Seat(OLENA, "Olena", outgoing=UK, mic=mic)
    booth = Booth(BoothId("de-uk"), (DE, UK), {OLENA: seat})
    return Room(HALL, (DE, UK), {booth.id: booth}, DE, sources={mic_source(OLENA): SourceKind.MIC})


def follow(guards: LanguageGuards, mic: MicState) -> None:
    now = room(mic)
    guards.follow(now, plan(now))


def speak(engine: FakeEngine, amplitude: float, seconds: float = 0.5) -> None:
    tap = engine.sound_taps["hall/uk"]
    for tick in range(int(seconds * 50)):
        tone = amplitude * np.sin(2 * np.pi * 0.01 * np.arange(960))
        tap.put(tick, tone.astype(np.float32))


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not happened():  # noqa: ASYNC110 - a program of somebody else's is on the other side
            await asyncio.sleep(0.01)


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
async def guards(engine: FakeEngine, tmp_path: Path) -> AsyncIterator[LanguageGuards]:
    script = tmp_path / "a detector.py"
    script.write_text(DETECTOR)
    command = f'{sys.executable} "{script}"'
    guarding = LanguageGuards(engine, partial(ProcessDetector.open, command), every_s=0.01, again_s=0.01)
    yield guarding
    await guarding.aclose()


async def test_the_wrong_language_is_found_and_the_right_one_is_not(engine: FakeEngine, guards: LanguageGuards) -> None:
    assert guards.verdicts(HALL) == {}
    follow(guards, MicState.ON_AIR)
    await until(lambda: guards.verdicts(HALL) == {UK: Verdict.UNKNOWN})
    for amplitude, verdict in ((0.1, Verdict.WRONG), (0.9, Verdict.OK), (0.1, Verdict.WRONG)):

        def says(amplitude: float = amplitude, verdict: Verdict = verdict) -> bool:
            speak(engine, amplitude)
            return guards.verdicts(HALL) == {UK: verdict}

        await until(says)


async def test_off_air_nobody_listens(engine: FakeEngine, guards: LanguageGuards) -> None:
    follow(guards, MicState.ON_AIR)
    await until(lambda: "hall/uk" in engine.sound_taps)
    follow(guards, MicState.OFF_AIR)
    assert guards.verdicts(HALL) == {}
    await until(lambda: not engine.sound_taps)


async def test_without_a_detector_the_guard_is_absent_and_says_so(engine: FakeEngine) -> None:
    guards = LanguageGuards(engine, None)
    follow(guards, MicState.ON_AIR)
    assert guards.verdicts(HALL) == {UK: Verdict.ABSENT}
    assert not engine.sound_taps
    await guards.aclose()


@pytest.mark.parametrize("command", ["no-such-program-here", f"{sys.executable} -c 'raise SystemExit(3)'"])
async def test_a_detector_that_does_not_run_is_absent_and_tried_again(
    engine: FakeEngine, command: str, caplog: pytest.LogCaptureFixture
) -> None:
    attempts = 0

    async def open_detector() -> ProcessDetector:
        nonlocal attempts
        attempts += 1
        return await ProcessDetector.open(command)

    guards = LanguageGuards(engine, open_detector, every_s=0.01, again_s=0.01)
    follow(guards, MicState.ON_AIR)
    await until(lambda: attempts >= 3)
    await until(lambda: guards.verdicts(HALL) == {UK: Verdict.ABSENT})
    await guards.aclose()
    assert not engine.sound_taps
    assert "detector" in caplog.text


async def test_a_program_that_does_not_end_is_killed() -> None:
    stubborn = (
        "import signal,sys,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('de', flush=True); time.sleep(60)"
    )
    detector = await ProcessDetector.open(f'{sys.executable} -c "{stubborn}"')
    detector.hear(bytes(3_000_000))
    detector.hear(bytes(3_000_000))
    async with asyncio.timeout(30):
        await detector.aclose()
    assert not detector.is_alive


def test_lines_are_read_strictly() -> None:
    assert parse_guess("uk\n") == ("uk", 1.0)
    assert parse_guess("de-AT 0.25") == ("de", 0.25)
    for line in ("", "uk 2", "uk nan", "uk x", "a", "loading model …", "12", "de de", "ук"):
        assert parse_guess(line) is None


def test_wrong_needs_another_language_that_is_sure() -> None:
    assert judge("uk", {}) is Verdict.UNKNOWN
    assert judge("uk", {"de": 0.95}) is Verdict.WRONG
    assert judge("uk-UA", {"uk": 0.9}) is Verdict.OK
    assert judge("uk", {"de": 0.4, "en": 0.3}) is Verdict.OK
    assert judge("uk", {"ru": 0.6, "uk": 0.35}) is Verdict.OK
