"""The mixer, a tick at a time and without its thread: who is heard where, how gains move, what is not computed."""

import numpy as np
import pytest

from media.mixer import Encoded, Mix, Mixer
from media.opus import FRAME_SAMPLES, Decoder, Pcm
from media.trim import UNTRIMMED, Trim
from tests.media.levels import rms_dbfs


class Tone:
    """A steady tone that counts how often it was asked."""

    def __init__(self, hertz: float, peak: float = 0.3) -> None:
        self.pulled = self.skipped = 0
        self._hertz, self._peak = hertz, peak

    def pull(self) -> Pcm:
        at = np.arange(self.pulled * FRAME_SAMPLES, (self.pulled + 1) * FRAME_SAMPLES) / 48000
        self.pulled += 1
        return (self._peak * np.sin(2 * np.pi * self._hertz * at)).astype(np.float32)

    def skip(self) -> None:
        self.skipped += 1


class Bench:
    """A mixer whose packets are decoded and kept by bus."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.mixer = Mixer(self._take, self.errors.append)
        self.heard: dict[str, list[Pcm]] = {}
        self._decoders: dict[str, Decoder] = {}
        self._tick = 0

    def _take(self, packets: list[Encoded]) -> None:
        for packet in packets:
            decoder = self._decoders.setdefault(packet.bus, Decoder())
            self.heard.setdefault(packet.bus, []).append(decoder.decode(packet.payload))

    def run(self, ticks: int, *, now: float = 0.0) -> None:
        for _ in range(ticks):
            self.mixer.run_tick(self._tick, now)
            self._tick += 1

    def strength(self, bus: str, hertz: int, last: int = 10) -> float:
        """The peak of a tone in what a bus carried last, linear."""
        sound = np.concatenate(self.heard[bus][-last:])
        at = np.arange(len(sound)) / 48000
        return float(2 * abs(np.mean(sound * np.exp(-2j * np.pi * hertz * at))))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_each_bus_carries_its_own_sources_at_their_gains(bench: Bench) -> None:
    bench.mixer.add_source("floor", Tone(500))
    bench.mixer.add_source("mic", Tone(900))
    bench.mixer.set_mix("de", {"mic": Mix(1.0), "floor": Mix(0.2)})
    bench.mixer.set_mix("uk", {"floor": Mix(1.0)})
    for bus in ("de", "uk"):
        bench.mixer.set_sinks(bus, {1: 1})
    bench.run(40)
    assert bench.strength("de", 900) == pytest.approx(0.3, rel=0.1)
    assert bench.strength("de", 500) == pytest.approx(0.06, rel=0.15)
    assert bench.strength("uk", 500) == pytest.approx(0.3, rel=0.1)
    assert bench.strength("uk", 900) < 0.001


def heard_by_the_speaker(*, speaks: bool, other_peak: float) -> Pcm:
    """What somebody hears whose voice is on the floor and not in their own mix, while somebody else is on both."""
    bench = Bench()
    bench.mixer.add_source("own", Tone(900, peak=0.9 if speaks else 0.0))
    bench.mixer.add_source("other", Tone(500, peak=other_peak))
    bench.mixer.set_mix("floor", {"own": Mix(1.0), "other": Mix(1.0)})
    bench.mixer.set_mix("minus:own", {"other": Mix(1.0)})
    for bus in ("floor", "minus:own"):
        bench.mixer.set_sinks(bus, {1: 1})
    bench.run(50)
    assert (bench.strength("floor", 900) > 0.3) is speaks
    return np.concatenate(bench.heard["minus:own"])


def test_a_loud_voice_leaves_no_trace_in_its_own_mix() -> None:
    with_it = heard_by_the_speaker(speaks=True, other_peak=0.3)
    without = heard_by_the_speaker(speaks=False, other_peak=0.3)
    assert rms_dbfs(without) > -20, "the other is heard"
    assert np.array_equal(with_it, without), "not one sample is another"


def test_a_loud_voice_alone_is_silence_in_its_own_mix() -> None:
    assert rms_dbfs(heard_by_the_speaker(speaks=True, other_peak=0.0)) <= -90


def test_a_bus_without_a_sink_and_a_source_without_a_bus_cost_nothing(bench: Bench) -> None:
    idle, heard = Tone(500), Tone(900)
    bench.mixer.add_source("idle", idle)
    bench.mixer.add_source("heard", heard)
    bench.mixer.set_mix("de", {"heard": Mix(1.0)})
    bench.mixer.set_mix("uk", {"idle": Mix(1.0)})
    bench.mixer.set_sinks("de", {1: 1})
    bench.run(10)
    assert (idle.pulled, idle.skipped) == (0, 10)
    assert heard.pulled == 10
    assert "uk" not in bench.heard
    bench.mixer.set_sinks("de", {})
    bench.run(10)
    assert heard.pulled == 10


def test_a_handover_leaves_no_hole(bench: Bench) -> None:
    bench.mixer.add_source("first", Tone(500))
    bench.mixer.add_source("second", Tone(900))
    bench.mixer.set_mix("uk", {"first": Mix(1.0)})
    bench.mixer.set_sinks("uk", {1: 1})
    bench.run(30)
    bench.mixer.set_mix("uk", {"first": Mix(0.0, 30), "second": Mix(1.0, 30)})
    bench.run(30)
    talking = rms_dbfs(bench.heard["uk"][20])
    sound = np.concatenate(bench.heard["uk"][10:])
    windows = sound[: len(sound) // 240 * 240].reshape(-1, 240)
    hole = sum(rms_dbfs(window) < talking - 6 for window in windows)
    assert hole * 5 <= 20
    assert bench.strength("uk", 900) == pytest.approx(0.3, rel=0.1)
    assert bench.strength("uk", 500) < 0.001


def test_the_floor_comes_back_slowly(bench: Bench) -> None:
    bench.mixer.add_source("floor", Tone(500))
    bench.mixer.set_sinks("uk", {1: 1})
    bench.mixer.set_mix("uk", {"floor": Mix(0.0)})
    bench.run(10)
    bench.mixer.set_mix("uk", {"floor": Mix(1.0, 300)})
    bench.run(30)
    levels = [float(np.abs(frame).max()) for frame in bench.heard["uk"][10:]]
    assert levels[5] < 0.15
    assert max(np.diff(levels)) < 0.05
    assert levels[-1] == pytest.approx(0.3, rel=0.15)


def test_long_packets_carry_the_same_sound_a_third_as_often(bench: Bench) -> None:
    bench.mixer.add_source("floor", Tone(500))
    bench.mixer.set_mix("uk", {"floor": Mix(1.0)})
    bench.mixer.set_sinks("uk", {1: 0, 3: 5})
    bench.run(40)
    assert len(bench.heard["uk"]) == 13
    assert all(len(sound) == 3 * FRAME_SAMPLES for sound in bench.heard["uk"])
    assert bench.strength("uk", 500) == pytest.approx(0.3, rel=0.1)


def test_all_sources_at_once_stay_below_full_scale(bench: Bench) -> None:
    for n in range(7):
        bench.mixer.add_source(str(n), Tone(300 + 100 * n, 0.9))
    bench.mixer.set_mix("floor", {str(n): Mix(1.0) for n in range(7)})
    bench.run(50, now=0.0)
    bench.mixer.set_meters(frozenset({"floor", "3"}))
    bench.run(50)
    assert bench.mixer.meters.levels["floor"].peak_dbfs <= -0.99
    assert bench.mixer.meters.levels["3"].peak_dbfs == pytest.approx(-0.92, abs=0.1)


def test_a_meter_shows_what_nobody_hears(bench: Bench) -> None:
    bench.mixer.add_source("mic", Tone(997, 0.1))
    bench.mixer.set_mix("uk", {"mic": Mix(1.0)})
    bench.run(10)
    assert not bench.mixer.meters.levels, "nothing is measured when nobody looks"
    bench.mixer.set_meters(frozenset({"mic", "uk", "nobody"}))
    bench.run(40)
    levels = bench.mixer.meters.levels
    assert set(levels) == {"mic", "uk"}
    for level in levels.values():
        assert level.peak_dbfs == pytest.approx(-20, abs=0.1)
        assert level.rms_dbfs == pytest.approx(-23, abs=0.1)
        assert level.loudness_lufs == pytest.approx(-23, abs=0.2)
    bench.mixer.set_meters(frozenset())
    bench.run(10)
    assert not bench.mixer.meters.levels


def test_a_trim_is_heard_on_every_bus(bench: Bench) -> None:
    bench.mixer.add_source("mic", Tone(500, 0.3))
    for bus in ("uk", "floor"):
        bench.mixer.set_mix(bus, {"mic": Mix(1.0)})
        bench.mixer.set_sinks(bus, {1: 1})
    bench.run(50)
    bench.mixer.set_trim("mic", Trim(gain_db=-20.0))
    bench.heard.clear()
    bench.run(50)
    for bus in ("uk", "floor"):
        assert bench.strength(bus, 500) == pytest.approx(0.03, rel=0.2)
    bench.mixer.set_trim("mic", UNTRIMMED)
    bench.run(50)
    bench.heard.clear()
    bench.run(50)
    assert bench.strength("uk", 500) == pytest.approx(0.3, rel=0.1)


def test_a_watched_source_is_judged_though_nobody_hears_it(bench: Bench) -> None:
    bench.mixer.add_source("mic", Tone(500, 0.3))
    bench.run(60)
    assert not bench.mixer.quality()
    bench.mixer.watch(frozenset({"mic"}))
    bench.run(120)
    assert bench.mixer.quality()["mic"].loudest_dbfs == pytest.approx(-13.5, abs=0.5)


def test_a_source_that_goes_leaves_silence_and_its_successor_is_heard(bench: Bench) -> None:
    first = Tone(500)
    bench.mixer.add_source("venue", first)
    bench.mixer.set_mix("floor", {"venue": Mix(1.0)})
    bench.mixer.set_sinks("floor", {1: 1})
    bench.run(20)
    bench.mixer.remove_source("venue", first)
    bench.run(30)
    assert rms_dbfs(bench.heard["floor"][-1]) < -60
    second = Tone(900)
    bench.mixer.add_source("venue", second)
    bench.mixer.remove_source("venue", first)
    bench.run(30)
    assert bench.strength("floor", 900) == pytest.approx(0.3, rel=0.1)


def test_a_source_that_breaks_costs_a_tick_and_is_told(bench: Bench) -> None:
    class Broken(Tone):
        def pull(self) -> Pcm:
            self.pulled += 1
            if self.pulled == 5:
                raise RuntimeError
            return super().pull()

    bench.mixer.add_source("venue", Broken(500))
    bench.mixer.set_mix("floor", {"venue": Mix(1.0)})
    bench.mixer.set_sinks("floor", {1: 1})
    bench.run(10)
    assert bench.errors == ["RuntimeError"]
    assert bench.mixer.counts.failed == 1
    assert len(bench.heard["floor"]) == 9


class Tap:
    """Keeps what it is handed."""

    def __init__(self) -> None:
        self.ticks: list[int] = []
        self.sound: list[Pcm] = []

    def put(self, tick: int, pcm: Pcm) -> None:
        self.ticks.append(tick)
        self.sound.append(pcm)


def test_a_tapped_bus_is_mixed_without_a_listener(bench: Bench) -> None:
    tone, tap = Tone(500), Tap()
    bench.mixer.add_source("venue", tone)
    bench.mixer.set_mix("floor", {"venue": Mix(1.0)})
    bench.run(10)
    bench.mixer.add_tap("floor", tap)
    bench.run(30)
    bench.mixer.remove_tap("floor", tap)
    bench.run(10)
    assert tap.ticks == list(range(10, 40))
    assert tone.pulled == 30
    assert float(np.abs(np.concatenate(tap.sound)).max()) == pytest.approx(0.3, rel=0.05)
    assert bench.heard == {}


def test_a_tap_on_a_bus_that_nobody_made_yet_hears_silence_and_then_the_bus(bench: Bench) -> None:
    tap = Tap()
    bench.mixer.add_tap("stem", tap)
    bench.mixer.remove_tap("another", tap)
    bench.run(3)
    bench.mixer.add_source("venue", Tone(500))
    bench.mixer.set_mix("stem", {"venue": Mix(1.0)})
    bench.run(30)
    assert not any(sound.any() for sound in tap.sound[:3])
    assert tap.sound[-1].any()
    assert tap.ticks == list(range(33))


@pytest.mark.parametrize("first_peak", [0.3, 0.9])
def test_a_handover_makes_no_click(bench: Bench, first_peak: float) -> None:
    """What a handover adds far above both voices, decoded as a listener has it, stays under −40 dBFS; a bare cut, which
    this would hear, does not.
    """
    bench.mixer.add_source("mic:first", Tone(375, first_peak))
    bench.mixer.add_source("mic:second", Tone(1125))
    voices = ("mic:first", "mic:second")
    bench.mixer.set_sinks("uk", {1: 1})
    for turn in range(7):
        bench.mixer.set_mix("uk", {voice: Mix(float(n == turn % 2), 30) for n, voice in enumerate(voices)})
        bench.run(17)
    assert _click_dbfs(np.concatenate(bench.heard["uk"][10:])) < -40
    cut = np.concatenate([Tone(375, first_peak).pull()[:600], np.zeros(4000, np.float32)])
    assert _click_dbfs(cut) > -40


def _click_dbfs(sound: Pcm) -> float:
    """The peak of what lies above 3 kHz."""
    spectrum = np.fft.rfft(sound)
    spectrum[: int(3000 * len(sound) / 48000)] = 0
    return float(20 * np.log10(np.abs(np.fft.irfft(spectrum, len(sound))).max()))
