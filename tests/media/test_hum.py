"""Hum is heard in pauses and under speech, and nothing else is taken for it; loudness of speech is what R128 says."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from media.hum import Hum, HumEar
from media.loudness import lufs, weighted_power
from media.opus import FRAME_SAMPLES, Pcm
from media.quality import Quality, SoundJudge
from tests.media.music import STRINGS, band, hymn, note, pitch_hz, seconds_of
from tests.media.speech import SENTENCES, silence, spoken, through_opus


def judged(pcm: Pcm) -> Quality:
    """What is said at the end."""
    judge = SoundJudge()
    for frame in pcm[: len(pcm) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES):
        judge.hear(frame)
    return judge.quality


def talk(language: str = "de", room_dbfs: float = -65.0) -> Pcm:
    """Half a minute with pauses, in a room that is not dead."""
    speech = spoken(language)
    pieces = [silence(0.5), *(piece for _ in range(3) for piece in (speech, silence(1.2)))]
    said = np.concatenate(pieces)
    room = np.random.default_rng(3).normal(0, 10 ** (room_dbfs / 20), len(said)).astype(np.float32)
    return said + room


def hum(samples: int, mains_hz: float, dbfs: float, harmonics: tuple[float, ...] = (1.0, 0.5, 0.7, 0.2)) -> Pcm:
    moments = np.arange(samples) / 48000
    lines = [share * np.sin(2 * np.pi * mains_hz * n * moments) for n, share in enumerate(harmonics, 1)]
    made = np.sum(lines, axis=0)
    humming: Pcm = (10 ** (dbfs / 20) * made / np.sqrt(np.mean(np.square(made)))).astype(np.float32)
    return humming


@pytest.mark.parametrize("language", SENTENCES)
@pytest.mark.parametrize(("mains", "drift"), [(50, 0.0), (60, 0.0), (50, 0.05), (50, -0.05)])
def test_hum_under_speech_is_found(language: str, mains: int, drift: float) -> None:
    said = talk(language)
    found = judged(through_opus(said + hum(len(said), mains + drift, -50))).hum
    assert found is not None
    assert found.hz == mains
    assert found.level_dbfs == pytest.approx(-50, abs=3)


def test_hum_alone_is_found_also_when_it_is_loud() -> None:
    for dbfs in (-60, -45, -30):
        found = judged(hum(48000 * 12, 50, dbfs)).hum
        assert found is not None
        assert found.hz == 50


@pytest.mark.parametrize("dbfs", [-55, -45, -35])
@pytest.mark.parametrize("language", SENTENCES)
def test_hum_that_begins_in_the_midst_of_speech_is_found_within_six_seconds(language: str, dbfs: float) -> None:
    said = talk(language)
    begins = int(9.4 * 48000)
    said[begins:] += hum(len(said) - begins, 50, dbfs)
    assert judged(said[:begins]).hum is None
    found = judged(said[: begins + 6 * 48000]).hum
    assert found is not None
    assert found.hz == 50


@pytest.mark.parametrize("language", SENTENCES)
def test_a_faint_hum_that_is_drowned_now_and_then_is_found_within_eleven_seconds(language: str) -> None:
    said = talk(language)
    begins = int(9.4 * 48000)
    said[begins:] += hum(len(said) - begins, 50, -60)
    assert judged(said[: begins + 11 * 48000]).hum is not None


def test_hum_that_has_ended_is_soon_forgotten() -> None:
    said = talk()
    ends = 12 * 48000
    said[:ends] += hum(ends, 50, -50)
    assert judged(said[:ends]).hum is not None
    assert judged(said[: ends + 8 * 48000]).hum is None


def test_a_pure_tone_of_the_mains_is_hum() -> None:
    said = talk()
    found = judged(said + hum(len(said), 50, -50, (1.0,))).hum
    assert found is not None
    assert found.hz == 50


@pytest.mark.parametrize("language", SENTENCES)
@pytest.mark.parametrize("room_dbfs", [-80.0, -65.0, -50.0])
def test_speech_in_a_room_is_no_hum(language: str, room_dbfs: float) -> None:
    assert judged(through_opus(talk(language, room_dbfs))).hum is None


def test_a_fan_is_no_hum() -> None:
    said = talk()
    spectrum = np.fft.rfft(np.random.default_rng(4).normal(0, 1, len(said)))
    hertz = np.maximum(np.fft.rfftfreq(len(said), 1 / 48000), 10)
    fan = np.fft.irfft(spectrum / hertz, len(said))
    fan *= 10 ** (-45 / 20) / np.sqrt(np.mean(np.square(fan)))
    assert judged(said + fan.astype(np.float32)).hum is None


def test_a_steady_voice_on_a_harmonic_is_no_hum_unless_it_never_moves() -> None:
    """A note of 200 Hz, sung again and again, with pauses in a quiet room."""
    note = hum(48000, 200, -25, (1.0, 0.6, 0.3))
    song = np.concatenate([piece for _ in range(15) for piece in (note, silence(0.5))])
    room = np.random.default_rng(5).normal(0, 10 ** (-65 / 20), len(song)).astype(np.float32)
    assert judged(song + room).hum is None


@pytest.mark.parametrize("language", SENTENCES)
@pytest.mark.parametrize("gain_db", [0.0, -9.0])
def test_loudness_of_speech_is_gated_as_r128_does(language: str, gain_db: float) -> None:
    said = talk(language) * np.float32(10 ** (gain_db / 20))
    found = judged(said).loudness_lufs
    blocks = said[: len(said) // 19200 * 19200].reshape(-1, 19200)
    powers = weighted_power(blocks)
    powers = powers[powers > 10 ** (-6.93)]
    expected = lufs(float(powers[powers > powers.mean() / 10].mean()))
    assert found == pytest.approx(expected, abs=1.5)


def test_loudness_is_unknown_without_speech() -> None:
    assert judged(silence(20)).loudness_lufs is None


def heard(pcm: Pcm) -> list[Hum]:
    """What hums, second by second."""
    ear, found = HumEar(), []
    for second in pcm.reshape(-1, 48000):
        ear.hear(second)
        found.append(ear.hum)
    return [one for one in found if one is not None]


@pytest.mark.parametrize("midi", range(28, 37))
@pytest.mark.parametrize("harmonics", [(1.0,), STRINGS, (0.3, 1.0, 0.8, 0.5, 0.3, 0.2, 0.1, 0.1)])
def test_a_bass_note_that_is_held_is_no_hum(midi: int, harmonics: tuple[float, ...]) -> None:
    """E at 41.2 Hz to C at 65.4 Hz, as an orchestra, an organ and a baroque orchestra tune them."""
    for tuning_hz, cents in ((440, 0), (440, 15), (440, 50), (443, 0), (446, 0), (415, 0)):
        assert heard(note(pitch_hz(midi, tuning_hz), 10, cents=cents, harmonics=harmonics)) == []


@pytest.mark.parametrize("hertz", [49.85, 49.9, 50.0, 50.1, 50.15, 59.85, 60.0, 60.15])
@pytest.mark.parametrize("harmonics", [(1.0,), (1.0, 0.5, 0.7, 0.2), (0.0, 1.0, 0.5), (0.0, 0.0, 1.0)])
def test_mains_wander_by_a_seventh_of_a_hertz(hertz: float, harmonics: tuple[float, ...]) -> None:
    found = heard(hum(480000, hertz, -50, harmonics))
    assert {one.hz for one in found} == {round(hertz)}
    assert found[-1].level_dbfs == pytest.approx(-50, abs=0.5)
    assert len(found) == 6, "since five seconds were heard"


@pytest.mark.parametrize("make", [hymn, band])
def test_music_is_no_hum(make: Callable[[], Iterator[Pcm]]) -> None:
    assert heard(np.concatenate(list(seconds_of(make(), 30)))) == []


def test_hum_under_held_chords_is_found() -> None:
    found = heard(np.concatenate(list(seconds_of(hymn(), 20))) + hum(20 * 48000, 50, -40))
    assert found
    assert {one.hz for one in found} == {50}
    assert found[-1].level_dbfs == pytest.approx(-40, abs=3), "of the chords nothing is counted in"
