"""The measure of a chain, on chains whose truth is known."""

from collections.abc import Callable

import numpy as np
import pytest

from media import chain
from media.chain import analyse, band_gains, impulse_response, stimulus, sweep
from media.opus import Pcm
from media.sound import shorten
from tests.media.speech import below, through_opus


def delayed(sound: Pcm, ms: float) -> Pcm:
    return np.concatenate((np.zeros(int(ms * 48), np.float32), sound))


def with_tail(sound: Pcm) -> Pcm:
    return np.concatenate((sound, np.zeros(48000, np.float32)))


def shelf(sound: Pcm, hertz: float, db: float) -> Pcm:
    """All above so much louder, without a slope."""
    spectrum = np.fft.rfft(sound)
    spectrum[np.fft.rfftfreq(len(sound), 1 / 48000) > hertz] *= 10 ** (db / 20)
    shaped: Pcm = np.fft.irfft(spectrum, len(sound)).astype(np.float32)
    return shaped


def test_a_wire_is_flat_and_has_the_delay_it_has() -> None:
    figures = analyse(with_tail(delayed(stimulus(), 123)) * np.float32(0.5))
    assert figures.flatness_db == pytest.approx(0, abs=0.05)
    assert figures.delay_ms == pytest.approx(123, abs=0.05)
    assert figures.wander_ms == pytest.approx(0, abs=0.1)
    assert figures.gain_db == pytest.approx(-6.02, abs=0.05)
    assert figures.level_dbfs == pytest.approx(-12.04 - 3.01 - 6.02, abs=0.2)
    assert figures.is_good
    assert figures.bands[0].hertz == 125
    assert figures.bands[-1].hertz == 16000


@pytest.mark.parametrize("db", [-6, 2, 6])
@pytest.mark.parametrize("hertz", [400, 5600])
def test_a_shelf_is_measured(hertz: float, db: float) -> None:
    figures = analyse(with_tail(delayed(shelf(stimulus(), hertz, db), 60)))
    assert figures.flatness_db == pytest.approx(abs(db), abs=0.3)
    assert figures.is_good == (abs(db) < 3)
    by_hertz = {band.hertz: band.gain_db for band in figures.bands}
    expected = db if hertz > 1000 else -db
    assert by_hertz[8000 if hertz > 1000 else 250] == pytest.approx(expected, abs=0.3)


def test_a_telephone_and_a_wideband_line_are_not_flat() -> None:
    for hertz in (3400, 8000, 12000):
        figures = analyse(with_tail(delayed(below(stimulus(), hertz), 80)))
        assert figures.flatness_db is not None
        assert figures.flatness_db > 20


def test_opus_at_64_kbit_s_is_flat_enough() -> None:
    figures = analyse(with_tail(through_opus(stimulus(), 64000)))
    assert figures.flatness_db is not None
    assert figures.flatness_db < 1.5
    assert figures.delay_ms == pytest.approx(6.5, abs=0.5), "the codec's look-ahead"


def test_a_cut_in_the_middle_does_not_spoil_the_flatness() -> None:
    """A jitter buffer that shortens the sound by some milliseconds, as ours does."""
    sound = delayed(stimulus(), 100)
    cut = np.concatenate((sound[:100_000], shorten(sound[100_000:104_000], 900), sound[104_000:]))
    figures = analyse(with_tail(cut))
    assert figures.is_good
    assert figures.delay_ms == pytest.approx(100, abs=0.5)
    assert figures.wander_ms is not None
    assert figures.wander_ms < 20


def test_noise_on_the_line_does_not_deceive() -> None:
    noise = np.random.default_rng(1).normal(0, 10 ** (-50 / 20), int(5.2 * 48000)).astype(np.float32)
    sound = with_tail(stimulus()) + noise[: len(with_tail(stimulus()))]
    assert analyse(sound).flatness_db == pytest.approx(0, abs=0.5)


NOTHINGS: dict[str, Callable[[int], Pcm]] = {
    "silence": lambda n: np.zeros(n, np.float32),
    "noise": lambda n: np.random.default_rng(1).normal(0, 0.1, n).astype(np.float32),
    "a tone": lambda n: (0.2 * np.sin(np.arange(n) * 0.05)).astype(np.float32),
    "very little": lambda n: np.zeros(100, np.float32),
}


@pytest.mark.parametrize("what", NOTHINGS)
def test_nothing_is_no_figure(what: str) -> None:
    figures = analyse(NOTHINGS[what](int(5.2 * 48000)))
    assert figures.flatness_db is None
    assert figures.delay_ms is None
    assert not figures.is_good


def test_dividing_by_the_sweep_gives_what_was_in_between() -> None:
    between = np.zeros(1000, np.float32)
    between[200], between[700] = 0.8, -0.3
    heard = np.convolve(sweep(), between).astype(np.float32)
    response = impulse_response(heard, sweep(), 1000)
    assert int(np.argmax(response)) == 200
    assert int(np.argmin(response)) == 700
    assert response[700] / response[200] == pytest.approx(-0.3 / 0.8, abs=0.03)


def test_the_stimulus_stays_below_every_limiter() -> None:
    assert float(np.abs(stimulus()).max()) <= 2 * chain.PEAK
    assert len(stimulus()) == pytest.approx(chain.STIMULUS_S * 48000)
    bands, gain_db = band_gains(sweep(), sweep())
    assert gain_db == 0
    assert len(bands) == 22
