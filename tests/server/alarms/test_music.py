"""Music and applause on the floor while the interpreter on air is silent: nobody is alarmed of either."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np
import pytest

from interpreting.ids import VENUE, SourceId
from media.opus import FRAME_SAMPLES, SAMPLE_RATE_HZ, Pcm
from media.quality import Quality, SoundJudge
from tests.media.music import applause, band, hymn, seconds_of
from tests.server.alarms.scenes import PAUSE, Stage

_SECONDS: Final = 40
_MADE: Final[dict[str, Callable[[], Iterator[Pcm]]]] = {
    "hymn": hymn,
    "chords held for long": lambda: hymn(12.0),
    "band": band,
    "applause": lambda: (applause(8, seed) for seed in range(99)),
}


def _talk() -> Iterator[Pcm]:
    """Noise in syllables, as a control."""
    at = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    syllables = np.abs(np.sin(np.pi * at / 0.2)) * (at < 0.8) * 0.1
    chance = np.random.default_rng(1)
    while True:
        yield (chance.normal(0, 1, SAMPLE_RATE_HZ) * syllables).astype(np.float32)


def _judged(pieces: Iterator[Pcm]) -> list[Quality]:
    judge, said = SoundJudge(), []
    for second in seconds_of(pieces, _SECONDS):
        for frame in second.reshape(-1, FRAME_SAMPLES):
            judge.hear(frame)
        said.append(judge.quality)
    return said


def _raised(floor: list[Quality]) -> list[str]:
    """What is raised while the interpreter, who spoke before and is on air, waits."""
    waits = replace(PAUSE, loudness_lufs=-30.0)

    def sounds(source: SourceId, second: int) -> Quality:
        return floor[second] if source == VENUE else waits

    return [alarm.kind.value for alarm, _ in Stage().run(_SECONDS, sounds)]


@pytest.mark.parametrize("name", _MADE)
def test_music_and_applause_are_no_reason_for_alarm(name: str) -> None:
    said = _judged(_MADE[name]())
    assert all(one.is_speaking for one in said[5:]), "they are loud"
    assert all(one.is_unbroken for one in said[5:])
    assert _raised(said) == []


def test_speech_to_which_the_interpreter_is_silent_still_is() -> None:
    said = _judged(_talk())
    assert not any(one.is_unbroken for one in said)
    assert _raised(said) == ["channel_silent", "loudness_apart"]


def test_music_that_is_clipped_is_still_told() -> None:
    loud = (np.clip(40 * chord, -1, 1) for chord in hymn())
    assert _raised(_judged(loud)) == ["clipping"]
