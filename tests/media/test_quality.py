"""How sources are judged: real speech in three languages, and what lines and bad microphones do to it."""

import time
from dataclasses import replace

import numpy as np
import pytest

from media.mixer import Encoded, Mix, Mixer
from media.opus import FRAME_SAMPLES, Pcm
from media.quality import UNKNOWN, Quality, Reason, SoundJudge
from media.voiceband import Downsampler
from tests.media.speech import SENTENCES, below, silence, spoken, through_opus
from tests.tries import best


def judged(pcm: Pcm, *, lost_a_second: int = 0) -> list[Quality]:
    """What is said after each second."""
    judge, said = SoundJudge(), []
    for number, frame in enumerate(pcm[: len(pcm) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES), 1):
        judge.hear(frame, lost_packets=number // 50 * lost_a_second)
        if number % 50 == 0:
            said.append(judge.quality)
    return said


def with_pauses(speech: Pcm) -> Pcm:
    return through_opus(np.concatenate((silence(1), speech, silence(4), speech, silence(2), speech)))


@pytest.mark.parametrize("language", SENTENCES)
def test_speech_with_pauses_raises_no_alarm(language: str) -> None:
    said = judged(with_pauses(spoken(language)))
    assert {one.reason for one in said} == {Reason.UNKNOWN, Reason.OK}
    known = [one.reason is Reason.OK for one in said]
    assert known[known.index(True) :].count(False) == 0
    assert 10_000 <= (said[-1].bandwidth_hz or 0) <= 12_500
    assert -35 < said[-1].level_dbfs < -20


@pytest.mark.parametrize("language", SENTENCES)
@pytest.mark.parametrize("hertz", [3400, 5500])
def test_a_telephone_is_narrow_also_with_hiss_on_the_line(language: str, hertz: int) -> None:
    narrow = below(spoken(language), hertz)
    hiss = np.random.default_rng(1).normal(0, 10 ** (-75 / 20), len(narrow)).astype(np.float32)
    for speech in (narrow, narrow + hiss):
        said = judged(with_pauses(speech))
        assert {one.reason for one in said} == {Reason.UNKNOWN, Reason.NARROW}
        assert said[-1].bandwidth_hz == pytest.approx(hertz, abs=600)


@pytest.mark.parametrize("language", SENTENCES)
def test_too_loud_and_too_soft(language: str) -> None:
    clipped = np.clip(spoken(language) * 8, -1, 1)
    assert judged(with_pauses(clipped))[-1].reason is Reason.CLIPPING
    assert judged(with_pauses(spoken(language) * np.float32(0.03)))[-1].reason is Reason.QUIET


def test_a_noisy_hall_is_not_taken_for_a_fault() -> None:
    speech = spoken("de")
    hall = np.random.default_rng(2).normal(0, 10 ** (-55 / 20), len(speech)).astype(np.float32)
    assert judged(with_pauses(speech + hall))[-1].reason is Reason.OK


def test_loss_is_said_before_all_else_and_passes() -> None:
    speech = with_pauses(below(spoken("en"), 3400))
    lossy = judged(speech, lost_a_second=3)
    assert lossy[-1].reason is Reason.LOSSY
    assert lossy[-1].lost_percent == pytest.approx(6, abs=0.1)
    judge = SoundJudge()
    for number in range(50 * 12):
        judge.hear(speech[:FRAME_SAMPLES], lost_packets=min(number, 60))
    assert judge.quality.lost_percent == 0


def test_tones_and_silence_say_nothing_of_a_line() -> None:
    at = np.arange(48000 * 8) / 48000
    tone = (0.3 * np.sin(2 * np.pi * 440 * at)).astype(np.float32)
    assert {one.reason for one in judged(tone)} == {Reason.UNKNOWN}
    assert replace(judged(silence(5))[-1], seconds=0) == UNKNOWN
    assert judged(tone)[-1].is_speaking
    assert not judged(silence(5))[-1].is_speaking


def test_speaking_follows_the_voice_and_not_the_hum() -> None:
    hum = (0.002 * np.sin(2 * np.pi * 50 * np.arange(48000 * 40) / 48000)).astype(np.float32)
    speech = spoken("uk")
    hum[48000 * 10 : 48000 * 10 + len(speech)] += speech
    said = [one.is_speaking for one in judged(hum)]
    assert not any(said[:10])
    assert sum(said[10:16]) >= 5
    assert not any(said[20:])


def test_a_single_click_does_not_make_a_telephone_wide() -> None:
    speech = with_pauses(below(spoken("de"), 3400))
    speech[48000 * 5 :: 48000] = 0.5
    assert judged(speech)[-1].reason is Reason.NARROW


def test_it_costs_less_than_half_a_percent_of_a_core() -> None:
    speech = np.tile(spoken("de"), 4)

    def share_of_a_core() -> float:
        began = time.process_time()
        judged(speech)
        return (time.process_time() - began) / (len(speech) / 48000)

    assert best(share_of_a_core, 0.005) < 0.005


class Voice:
    """A source that speaks."""

    def __init__(self, speech: Pcm) -> None:
        self._speech, self._at = speech, 0

    def pull(self) -> Pcm:
        self._at = (self._at + FRAME_SAMPLES) % (len(self._speech) - FRAME_SAMPLES)
        return self._speech[self._at : self._at + FRAME_SAMPLES]

    def skip(self) -> None:
        self._at = 0


def test_the_mixer_judges_what_is_heard_and_nothing_else() -> None:
    def take(packets: list[Encoded]) -> None:
        """Nobody is there."""

    mixer = Mixer(take, lambda error: pytest.fail(error))
    mixer.add_source("venue", Voice(below(spoken("de"), 3400)))
    mixer.add_source("idle", Voice(spoken("en")))
    mixer.set_mix("floor", {"venue": Mix(1.0)})
    mixer.set_sinks("floor", {1: 1})
    for tick in range(50 * 7):
        mixer.run_tick(tick, 0.0)
    assert mixer.quality().keys() == {"venue"}
    assert mixer.quality()["venue"].reason is Reason.NARROW
    mixer.set_sinks("floor", {})
    mixer.run_tick(400, 0.0)
    assert mixer.quality() == {}


def test_the_voice_band_keeps_speech_and_folds_nothing_back() -> None:
    at = np.arange(48000) / 48000
    for hertz, is_kept in ((300, True), (3000, True), (6000, True), (9000, False), (12000, False), (20000, False)):
        tone = (0.5 * np.sin(2 * np.pi * hertz * at)).astype(np.float32)
        downsampler = Downsampler()
        blocks = [downsampler.take(block) for block in tone.reshape(-1, 960)]
        heard = np.frombuffer(b"".join(blocks), "<i2")[200:] / 32768
        assert len(heard) == 16000 - 200
        loudness = float(np.sqrt(np.mean(np.square(heard))) * np.sqrt(2))
        assert loudness == pytest.approx(0.5, rel=0.05) if is_kept else loudness < 0.003
