"""An hour of clean speech with pauses, far faster than it is spoken: how many alarms it raises, and what judging costs.

    python -m deploy.load.false_alarms [--minutes 60]

A speaker in German and an interpreter into Ukrainian, made by espeak-ng at the same loudness, each in a room with a
little noise. Sentences follow each other within 0.2 to 1.2 s, every tenth time after 2 to 4.5 s; the interpreter begins
2 to 4 s after the speaker and ends after them. All goes through the engine's judges and the server's finders as it
does in a room. Then each fault is put in, and how long it takes until its alarm is counted.
"""

import argparse
import random
import subprocess
import time
import wave
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from typing import Final

import numpy as np

from interpreting.booth import Booth
from interpreting.commands import Command, ConnectSource, EnterBooth, TakeMic
from interpreting.ids import VENUE, BoothId, PersonId, RoomId, SourceId, SourceKind, mic_source
from interpreting.languages import Language
from interpreting.room import Room, replay
from media.loudness import lufs, weighted_power
from media.opus import FRAME_SAMPLES, SAMPLE_RATE_HZ, Pcm
from media.quality import SoundJudge
from server.alarms.board import Board
from server.alarms.hearing import Hearing
from server.alarms.kinds import Kind
from server.alarms.sound import Scene, find_in_sound
from server.config_alarms import AlarmsConfig

_TEXTS: Final = {
    "de": (
        "Sehr geehrte Damen und Herren, ich begrüße Sie zu unserer Sitzung.",
        "Wir sprechen heute über die Zusammenarbeit der Städte, über Schulen und Straßen.",
        "Zuerst möchte ich Ihnen von unserem Besuch im vergangenen Jahr erzählen.",
        "Es war kalt.",
        "Die Schule hat jetzt ein neues Dach, vierzehn neue Fenster und eine Heizung, die im Winter nicht ausfällt.",
        "Haben Sie dazu Fragen?",
    ),
    "uk": (
        "Шановні пані та панове, вітаю вас на нашому засіданні.",
        "Сьогодні ми говоримо про співпрацю міст, про школи та вулиці.",
        "Спершу я хотів би розповісти вам про наш торішній візит.",
        "Було холодно.",
        "Школа тепер має новий дах, чотирнадцять нових вікон і опалення, яке не вимикається взимку.",
        "Чи є у вас запитання?",
    ),
}
LOUDNESS_LUFS: Final = -24.0
"""How loud both speak."""
_ROOM_DBFS: Final = -64.0
_HALL: Final = RoomId("hall")
_OLENA: Final = PersonId("olena")
MIC: Final = mic_source(_OLENA)
"""The interpreter's."""
_NOW: Final = 1_800_000_000.0
Fault = Callable[[Pcm, int], Pcm]
"""What is made of a second of sound, the so-and-so-manieth."""


@cache
def _spoken(language: str, words: int, pitch: int, text: str) -> Pcm:
    made = subprocess.run(
        ["espeak-ng", "-v", language, "-s", str(words), "-p", str(pitch), "--stdout", text],
        capture_output=True,
        check=True,
        timeout=30,
    ).stdout
    with wave.open(BytesIO(made)) as file:
        rate = file.getframerate()
    samples = np.frombuffer(made[44:], dtype="<i2").astype(np.float64) / 32768
    length = int(len(samples) * SAMPLE_RATE_HZ / rate)
    spectrum, wide = np.fft.rfft(samples), np.zeros(length // 2 + 1, np.complex128)
    wide[: len(spectrum)] = spectrum[: len(wide)]
    speech = np.fft.irfft(wide, length) * length / len(samples)
    blocks = speech[: len(speech) // 19200 * 19200].reshape(-1, 19200).astype(np.float32)
    loudness = lufs(float(np.max(weighted_power(blocks)))) if len(blocks) else LOUDNESS_LUFS
    spoken: Pcm = (speech * 10 ** ((LOUDNESS_LUFS - loudness) / 20)).astype(np.float32)
    return spoken


class Speaker:
    """Somebody who speaks and pauses, a second at a time; `lag_s` is how long they wait at first."""

    def __init__(self, language: str, chance: random.Random, lag_s: float) -> None:
        self._chance = chance
        self._clips = [
            _spoken(language, words, pitch, text)
            for text in _TEXTS[language]
            for words, pitch in ((130, 40), (150, 45), (165, 55))
        ]
        self._noise = np.random.default_rng(chance.getrandbits(32))
        self._rest: Pcm = np.zeros(int(lag_s * SAMPLE_RATE_HZ), np.float32)

    def second(self) -> Pcm:
        """The next one."""
        while len(self._rest) < SAMPLE_RATE_HZ:
            pause_s = self._chance.uniform(0.2, 1.2) if self._chance.random() > 0.1 else self._chance.uniform(2.0, 4.5)
            gain = np.float32(10 ** (self._chance.uniform(-1.5, 1.5) / 20))
            clip = self._chance.choice(self._clips) * gain
            self._rest = np.concatenate((self._rest, clip, np.zeros(int(pause_s * SAMPLE_RATE_HZ), np.float32)))
        now, self._rest = self._rest[:SAMPLE_RATE_HZ], self._rest[SAMPLE_RATE_HZ:]
        noise: Pcm = self._noise.normal(0, 10 ** (_ROOM_DBFS / 20), SAMPLE_RATE_HZ).astype(np.float32)
        return now + noise


def _room() -> Room:
    de, uk = Language("de"), Language("uk")
    booth = BoothId("de-uk")
    room = Room(_HALL, (de, uk), {booth: Booth(booth, (uk, de))}, de)
    commands: tuple[Command, ...] = (
        ConnectSource(VENUE, SourceKind.VENUE),
        EnterBooth(_OLENA, booth, "Olena"),
        ConnectSource(MIC, SourceKind.MIC),
        TakeMic(_OLENA),
    )
    for command in commands:
        room = replay(room, room.apply(command, _NOW))
    return room


@dataclass
class Trial:
    """A room whose time is made of the sound that it is given."""

    seed: int = 1
    seconds: int = 0
    cpu_s: float = 0.0
    board: Board = field(default_factory=Board)

    def __post_init__(self) -> None:
        chance = random.Random(self.seed)
        self._speakers = {VENUE: Speaker("de", chance, 0.0), MIC: Speaker("uk", chance, chance.uniform(2.0, 4.0))}
        self._judges = {VENUE: SoundJudge(), MIC: SoundJudge(phase=7)}
        self._room, self._hearing = _room(), Hearing()

    def run(self, seconds: int, faults: dict[SourceId, Fault] | None = None) -> Iterator[tuple[Kind, float]]:
        """Go on for so long; yields each alarm that is raised and after how many seconds."""
        for second in range(seconds):
            sound = {source: speaker.second() for source, speaker in self._speakers.items()}
            for source, fault in (faults or {}).items():
                sound[source] = fault(sound[source], second)
            began = time.process_time()
            for quarter in range(4):
                for tick in range(quarter * 50 // 4, (quarter + 1) * 50 // 4):
                    for source, judge in self._judges.items():
                        judge.hear(sound[source][tick * FRAME_SAMPLES : (tick + 1) * FRAME_SAMPLES])
                for kind in self._look((quarter + 1) / 4):
                    yield kind, second + (quarter + 1) / 4
            self.cpu_s += time.process_time() - began
            self.seconds += 1

    @property
    def worded_s(self) -> int:
        """In how many of the last ten seconds the floor was taken for speech."""
        return self._hearing.worded_s(_HALL, VENUE, 10)

    def _look(self, part_s: float) -> Iterator[Kind]:
        self._hearing.refresh({f"{_HALL}/{source}": judge.quality for source, judge in self._judges.items()}, {}, {})
        scene = Scene(self._room, (VENUE,), self._hearing, self.board, AlarmsConfig(), frozenset({VENUE}))
        change = self.board.take(find_in_sound(scene), self.seconds + part_s, 0)
        for alarm in change.raised:
            yield alarm.kind


def _hum(pcm: Pcm, second: int) -> Pcm:
    at = np.arange(len(pcm)) / SAMPLE_RATE_HZ
    lines = [share * np.sin(2 * np.pi * 50 * n * at) for n, share in ((1, 1.0), (2, 0.4), (3, 0.6))]
    humming: Pcm = pcm + (0.004 * np.sum(lines, axis=0)).astype(np.float32)
    return humming


def _narrow(pcm: Pcm, second: int) -> Pcm:
    spectrum = np.fft.rfft(pcm)
    spectrum[np.fft.rfftfreq(len(pcm), 1 / SAMPLE_RATE_HZ) > 3400] = 0
    narrow: Pcm = np.fft.irfft(spectrum, len(pcm)).astype(np.float32)
    return narrow


_FAULTS: Final[dict[Kind, tuple[SourceId, Fault]]] = {
    Kind.FLOOR_SILENT: (VENUE, lambda pcm, second: np.zeros_like(pcm)),
    Kind.CHANNEL_SILENT: (MIC, lambda pcm, second: np.zeros_like(pcm)),
    Kind.CLIPPING: (VENUE, lambda pcm, second: np.clip(12 * pcm, -1, 1)),
    Kind.NARROW_SOUND: (VENUE, _narrow),
    Kind.HUM: (VENUE, _hum),
    Kind.LOUDNESS_APART: (MIC, lambda pcm, second: pcm * np.float32(0.5)),
}
"""Each with where it is put in: silence, 21 dB too loud, a telephone, a hum at −50 dBFS, 6 dB too soft."""


def measure(minutes: int) -> dict[str, float]:
    """The figures, by name."""
    trial = Trial()
    raised = [kind for kind, _ in trial.run(60 * minutes)]
    figures: dict[str, float] = {
        "alarms_clean_minutes": minutes,
        "alarms_false": len(raised),
        "alarms_judging_cpu_percent_a_source": 100 * trial.cpu_s / trial.seconds / 2,
    }
    for kind, (source, fault) in _FAULTS.items():
        faulty = Trial(seed=2)
        false = [one for one, _ in faulty.run(90)]
        after_s = [at for one, at in faulty.run(120, {source: fault}) if one is kind]
        figures[f"alarms_{kind.value}_after_s"] = after_s[0] if after_s else float("nan")
        figures["alarms_false"] += len(false)
    return figures


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=60, help="how long is spoken (60)")
    for name, value in measure(parser.parse_args(arguments).minutes).items():
        print(f"{name}: {value:.2f}")


if __name__ == "__main__":
    main()
