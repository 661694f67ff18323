"""Loudness against the tones of EBU Tech 3341 and libavfilter's ebur128, and what a bank of meters shows."""

import numpy as np
import pytest

from media import meters as meters_module
from media.loudness import Powers, lufs, weighted_power
from media.meters import BLOCK_TICKS, Meters
from media.opus import FRAME_SAMPLES, Pcm
from tests.media.speech import spoken

BLOCK = BLOCK_TICKS * FRAME_SAMPLES


def momentary(pcm: Pcm) -> list[float]:
    """Of each 400 ms that end with a block."""
    powers = weighted_power(pcm[: len(pcm) // BLOCK * BLOCK].reshape(-1, BLOCK))
    return [lufs(float(powers[at - 5 : at].mean())) for at in range(5, len(powers) + 1)]


def sine(hertz: float, dbfs: float, seconds: float = 2.0) -> Pcm:
    moments = np.arange(int(48000 * seconds)) / 48000
    return (10 ** (dbfs / 20) * np.sin(2 * np.pi * hertz * moments)).astype(np.float32)


# By BS.1770-5's two filters; 997 Hz at full scale is −3.01 LUFS by its definition of the offset.
@pytest.mark.parametrize(
    ("hertz", "weighting_db"), [(997, 0.0), (50, -4.62), (100, -1.83), (3000, 3.11), (10000, 3.33)]
)
def test_tones_are_as_loud_as_the_standard_says(hertz: float, weighting_db: float) -> None:
    for found in momentary(sine(hertz, -20.0)):
        assert found == pytest.approx(-23.01 + weighting_db, abs=0.12)


@pytest.mark.parametrize("language", ["de", "uk", "en"])
def test_speech_is_as_loud_as_ebur128_says(language: str) -> None:
    speech = spoken(language)
    theirs = _ebur128(speech)
    # Theirs come every 100 ms, ours every 80: compared at every 400 ms.
    ours = momentary(speech)
    pairs = [(ours[5 * n], theirs[4 * n]) for n in range(min(len(ours) // 5, len(theirs) // 4))]
    assert len(pairs) > 10
    loud = [abs(mine - other) for mine, other in pairs if other > -45]
    assert np.median(loud) < 0.2
    assert max(loud) < 1.0


def _ebur128(pcm: Pcm) -> list[float]:
    """Momentary loudness of each 400 ms by the same filters, run sample by sample."""
    weighted = pcm.astype(np.float64)
    shelf = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (-1.69065929318241, 0.73248077421585))
    high_pass = ((1.0, -2.0, 1.0), (-1.99004745483398, 0.99007225036621))
    for above, below in (shelf, high_pass):
        made = np.zeros_like(weighted)
        one = two = 0.0
        for at, sample in enumerate(weighted):
            made[at] = above[0] * sample + one
            one = above[1] * sample - below[0] * made[at] + two
            two = above[2] * sample - below[1] * made[at]
        weighted = made
    squares = np.square(weighted)
    return [lufs(float(squares[at - 19200 : at].mean())) for at in range(19200, len(squares) + 1, 4800)]


def test_meters_show_peak_loudness_and_clipping() -> None:
    meters = Meters()
    meters.watch(frozenset({"a", "b", "gone"}))
    frames = {"a": sine(997, -6.0).reshape(-1, FRAME_SAMPLES), "b": np.clip(sine(997, 3.0), -1, 1).reshape(-1, 960)}
    for tick in range(40):
        for name, sound in frames.items():
            meters.hear(tick, name, sound[tick])
        meters.measure(tick)
    assert set(meters.levels) == {"a", "b"}
    assert meters.levels["a"].peak_dbfs == pytest.approx(-6, abs=0.1)
    assert meters.levels["a"].loudness_lufs == pytest.approx(-9, abs=0.2)
    assert not meters.levels["a"].is_clipping
    assert meters.levels["b"].is_clipping
    for tick in range(40, 50):
        meters.measure(tick)
    assert not meters.levels, "what does not sound any more has no level"


def test_a_peak_of_one_sample_is_seen() -> None:
    meters = Meters()
    meters.watch(frozenset({"a"}))
    frame = np.zeros(FRAME_SAMPLES, np.float32)
    frame[500] = 0.9
    seen = []
    for tick in range(20):
        meters.hear(tick, "a", frame if tick == 9 else np.zeros(FRAME_SAMPLES, np.float32))
        meters.measure(tick)
        seen.append(meters.levels["a"].peak_dbfs if "a" in meters.levels else -120.0)
    assert max(seen) == pytest.approx(-0.92, abs=0.02)


def test_what_is_the_same_is_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = []

    def counted(blocks: Powers) -> Powers:
        measured.append(len(blocks))
        return weighted_power(blocks)

    monkeypatch.setattr(meters_module, "weighted_power", counted)
    meters = Meters()
    names = [f"m{n}" for n in range(40)]
    meters.watch(frozenset(names))
    frame, other = sine(440, -20.0)[:FRAME_SAMPLES], sine(440, -26.0)[:FRAME_SAMPLES]
    for tick in range(100):
        for name in names:
            meters.hear(tick, name, other if name == "m7" else frame)
        meters.measure(tick)
    assert sum(measured) == 100 + 25
    assert meters.levels["m7"].peak_dbfs == pytest.approx(-26, abs=0.1)
    assert {level.peak_dbfs for name, level in meters.levels.items() if name != "m7"} == {meters.levels["m1"].peak_dbfs}
