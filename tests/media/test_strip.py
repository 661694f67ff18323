"""Buses that carry the same share one mixing and one encoding, and nobody hears when they begin or end to."""

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media import mixer as mixer_module
from media.mixer import Encoded, Mix, Mixer
from media.opus import FRAME_SAMPLES, Decoder, Encoder, Pcm
from media.strip import SETTLED_TICKS, Bus, Strip, share
from tests.media.speech import spoken


class Talker:
    """Speech in a circle."""

    def __init__(self, language: str, peak: float = 0.4) -> None:
        self._speech = spoken(language, peak)
        self._at = 0

    def pull(self) -> Pcm:
        frame: Pcm = np.take(self._speech, range(self._at, self._at + FRAME_SAMPLES), mode="wrap")
        self._at += FRAME_SAMPLES
        return frame

    def skip(self) -> None:
        self._at += FRAME_SAMPLES


class Tap:
    """Keeps what it is handed."""

    def __init__(self) -> None:
        self.sound: list[Pcm] = []

    def put(self, tick: int, pcm: Pcm) -> None:
        self.sound.append(pcm.copy())


class Hall:
    """A mixer with talkers, whose packets are kept by bus and length, as (tick, packet)."""

    def __init__(self, **peaks: float) -> None:
        self.errors: list[str] = []
        self.mixer = Mixer(self._take, self.errors.append)
        self.packets: dict[tuple[str, int], list[tuple[int, bytes]]] = {}
        self.tick = 0
        for language in ("de", "uk", "en"):
            self.mixer.add_source(language, Talker(language, peaks.get(language, 0.4)))

    def _take(self, packets: list[Encoded]) -> None:
        for packet in packets:
            self.packets.setdefault((packet.bus, packet.frames), []).append((packet.tick, packet.payload))

    def hear(self, bus: str, *sources: str, frames: int = 1) -> None:
        """Somebody hears these sources in a bus, at full gain."""
        self.carry(bus, *sources)
        self.mixer.set_sinks(bus, {frames: 1})

    def carry(self, bus: str, *sources: str) -> None:
        self.mixer.set_mix(bus, {source: Mix(1.0) for source in sources})

    def run(self, ticks: int) -> None:
        for _ in range(ticks):
            self.mixer.run_tick(self.tick, 0.0)
            self.tick += 1
        assert self.errors == []

    def payloads(self, bus: str, since: int = 0) -> list[bytes]:
        return [payload for tick, payload in self.packets[bus, 1] if tick >= since]

    def encoded_by(self, ticks: int) -> int:
        """How many packets are encoded in so many ticks."""
        before = self.mixer.counts.encoded
        self.run(ticks)
        return self.mixer.counts.encoded - before


def each_its_own(buses: Iterable[Bus]) -> dict[Strip, list[Bus]]:
    """Instead of `share`: nobody shares."""
    shares = {}
    for bus in buses:
        bus.strip = bus.strip or Strip()
        shares[bus.strip] = [bus]
    return shares


def test_six_people_who_hear_the_same_cost_one_encoding() -> None:
    hall = Hall()
    for person in range(6):
        hall.hear(f"minus:{person}", "de", "uk")
    assert hall.encoded_by(50) == 50
    assert hall.mixer.counts.shared == 250
    assert len({tuple(hall.payloads(f"minus:{person}")) for person in range(6)}) == 1
    assert len(hall.payloads("minus:5")) == 50


def test_who_begins_to_talk_leaves_without_a_sample_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """The packets are those of an encoder that was the leaver's own all the time, bit for bit."""
    taps = {}
    halls = {}
    for is_shared in (True, False):
        if not is_shared:
            monkeypatch.setattr(mixer_module, "share", each_its_own)
        # Loud enough for the limiter to be at work when they part.
        hall = halls[is_shared] = Hall(de=0.9, uk=0.9)
        taps[is_shared] = Tap()
        hall.mixer.add_tap("minus:0", taps[is_shared])
        for person in range(3):
            hall.hear(f"minus:{person}", "de", "uk")
        hall.run(60)
        hall.carry("minus:0", "de")
        hall.run(60)
    assert halls[True].mixer.counts.shared == 2 * 60 + 60
    np.testing.assert_array_equal(taps[True].sound, taps[False].sound)
    for person in range(3):
        assert halls[True].payloads(f"minus:{person}") == halls[False].payloads(f"minus:{person}")


def test_a_change_that_all_make_together_parts_nobody() -> None:
    hall = Hall()
    for person in range(3):
        hall.hear(f"minus:{person}", "de", "uk")
    hall.run(40)
    for person in range(3):
        hall.mixer.set_mix(f"minus:{person}", {"de": Mix(1.0), "uk": Mix(0.2, 300)})
    assert hall.encoded_by(40) == 40


def test_the_first_may_leave_as_well() -> None:
    hall = Hall()
    for person in range(3):
        hall.hear(f"minus:{person}", "de", "uk")
    hall.run(40)
    hall.carry("minus:0", "en")
    hall.run(10)
    assert hall.payloads("minus:1", 42) == hall.payloads("minus:2", 42)
    assert hall.payloads("minus:0", 42) != hall.payloads("minus:1", 42)


def test_who_falls_silent_comes_back_after_half_a_second() -> None:
    hall = Hall()
    tap = Tap()
    hall.mixer.add_tap("minus:0", tap)
    hall.hear("minus:0", "de")
    hall.hear("minus:1", "de", "uk")
    hall.run(50)
    hall.carry("minus:0", "de", "uk")
    assert hall.encoded_by(SETTLED_TICKS) == 2 * SETTLED_TICKS
    hall.run(4)
    assert hall.encoded_by(100) == 100


@pytest.mark.parametrize("offset_ticks", [0, 37, 81, 120])
def test_joining_makes_no_click(offset_ticks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a bus begins to take another encoder's packets its decoder is not farther off than coding always is."""
    sounds = {}
    for is_shared in (True, False):
        if not is_shared:
            monkeypatch.setattr(mixer_module, "share", each_its_own)
        hall = Hall()
        hall.hear("floor", "de")
        hall.hear("minus:0", "de", "uk")
        hall.run(50 + offset_ticks)
        hall.carry("minus:0", "de")
        hall.run(100)
        assert (hall.mixer.counts.shared > 60) == is_shared
        decoder = Decoder()
        sounds[is_shared] = np.concatenate([decoder.decode(payload) for payload in hall.payloads("minus:0")])
    talker = Talker("de")
    spoken_then = np.concatenate([talker.pull() for _ in range(150 + offset_ticks)])
    joined, alone = (distances(sound, spoken_then) for sound in (sounds[True], sounds[False]))
    at = (50 + offset_ticks + SETTLED_TICKS) * 4
    near = slice(at - 20, at + 60)
    assert joined[near].max() < 1.25 * max(alone[near].max(), 0.003)


def distances(sound: Pcm, original: Pcm) -> Pcm:
    """How far what was decoded is from what was said, in windows of 5 ms: limiter and codec delay by 552 samples."""
    error = sound[552:] - original[:-552]
    windows = error[: len(error) // 240 * 240].reshape(-1, 240)
    found: Pcm = np.sqrt((windows**2).mean(axis=1)).astype(np.float32)
    return found


def test_long_packets_go_on_when_buses_of_both_lengths_join() -> None:
    hall = Hall()
    hall.hear("floor", "de")
    hall.hear("de", "de", "uk", frames=3)
    hall.run(31)
    hall.carry("de", "de")
    hall.run(90)
    ticks = [tick for tick, _ in hall.packets["de", 3]]
    assert ticks == list(range(0, 118, 3))
    assert hall.mixer.counts.encoded == 121 + 40
    hall.carry("de", "de", "en")
    hall.run(31)
    assert [tick for tick, _ in hall.packets["de", 3]] == list(range(0, 150, 3))
    assert [tick for tick, _ in hall.packets["floor", 1]] == list(range(152))


def test_a_bus_that_somebody_enters_joins_at_once() -> None:
    hall = Hall()
    hall.hear("floor", "de", "uk")
    hall.carry("minus:0", "de", "uk")
    hall.run(20)
    hall.mixer.set_sinks("minus:0", {1: 1})
    assert hall.encoded_by(20) == 20
    assert hall.payloads("minus:0") == hall.payloads("floor", 20)


def test_an_encoder_and_its_copy_make_the_same_packets() -> None:
    encoder, speech = Encoder(loss_percent=10), Talker("uk")
    for _ in range(30):
        encoder.encode(speech.pull())
    copy = encoder.copy()
    frames = [speech.pull() for _ in range(50)]
    assert [encoder.encode(frame) for frame in frames] == [copy.encode(frame) for frame in frames]
    del encoder
    assert copy.encode(frames[0])


MIXES = st.dictionaries(st.sampled_from(["de", "uk", "en", "away"]), st.sampled_from([0.0, 0.2, 1.0]))
CHANGES = st.tuples(
    st.sampled_from(["floor", "de", "minus"]),
    st.one_of(MIXES, st.sampled_from([{1: 1}, {3: 1}, {1: 2, 3: 1}, {}])),
    st.sampled_from([30, 300]),
    st.sampled_from([1, 3, SETTLED_TICKS + 3]),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(CHANGES, min_size=1, max_size=8))
def test_whoever_shares_what_each_hears_its_own_mix(changes: list[tuple[str, dict[object, float], int, int]]) -> None:
    halls = []
    for is_shared in (True, False):
        with pytest.MonkeyPatch.context() as patch:
            if not is_shared:
                patch.setattr(mixer_module, "share", each_its_own)
            hall, taps = Hall(), {bus: Tap() for bus in ("floor", "de", "minus")}
            for bus, tap in taps.items():
                hall.mixer.add_tap(bus, tap)
            for bus, change, ramp_ms, ticks in changes:
                if all(isinstance(key, str) for key in change) and change:
                    hall.mixer.set_mix(bus, {str(key): Mix(gain, ramp_ms) for key, gain in change.items()})
                else:
                    hall.mixer.set_sinks(bus, {int(str(key)): int(count) for key, count in change.items()})
                hall.run(ticks)
            halls.append((hall, taps))
    (shared, shared_taps), (alone, alone_taps) = halls
    for bus, tap in shared_taps.items():
        np.testing.assert_allclose(tap.sound, alone_taps[bus].sound, atol=1e-5)
    for (bus, frames), packets in shared.packets.items():
        # A long packet may be full already where another bus had waited for it.
        ours, theirs = ({tick for tick, _ in one} for one in (packets, alone.packets.get((bus, frames), [])))
        assert theirs <= ours
        assert frames > 1 or theirs == ours
    assert shared.packets.keys() >= alone.packets.keys()


def test_what_stands_still_is_looked_through_again_after_a_command_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []

    def noted(buses: Iterable[Bus]) -> dict[Strip, list[Bus]]:
        looked.append(1)
        return share(buses)

    monkeypatch.setattr(mixer_module, "share", noted)
    hall = Hall()
    hall.hear("floor", "de", "uk")
    hall.hear("minus:0", "de")
    hall.run(SETTLED_TICKS + 10)
    looked.clear()
    hall.run(100)
    assert not looked
    assert hall.encoded_by(10) == 20
    hall.carry("minus:0", "de", "uk")
    hall.run(SETTLED_TICKS + 10)
    assert looked
    assert hall.encoded_by(10) == 10
    hall.carry("floor", "de")
    hall.run(SETTLED_TICKS + 10)
    assert hall.encoded_by(10) == 20


def test_a_source_that_comes_and_goes_is_heard_and_gone_in_what_stood_still() -> None:
    hall, tap, late = Hall(), Tap(), Talker("uk")
    hall.mixer.add_tap("floor", tap)
    hall.hear("floor", "late")
    hall.run(SETTLED_TICKS + 10)
    assert not np.any(tap.sound)
    hall.mixer.add_source("late", late)
    hall.run(SETTLED_TICKS + 10)
    assert np.any(tap.sound[-10:])
    hall.mixer.remove_source("late", late)
    hall.run(SETTLED_TICKS + 10)
    assert not np.any(tap.sound[-10:])


def test_buses_that_carry_the_same_show_the_same_and_silence_shows_nothing() -> None:
    hall = Hall()
    for bus in ("floor", "de"):
        hall.carry(bus, "de", "uk")
    hall.carry("minus:0", "uk")
    hall.carry("empty")
    hall.mixer.set_meters(frozenset({"floor", "de", "minus:0", "empty", "nobody"}))
    hall.run(SETTLED_TICKS + 60)
    levels = hall.mixer.meters.levels
    # Rows are measured one tick after another, so two buses look at windows that are 20 ms apart.
    assert abs(levels["floor"].loudness_lufs - levels["de"].loudness_lufs) < 3
    assert levels["minus:0"].loudness_lufs > -60
    assert levels["empty"].peak_dbfs == levels["empty"].loudness_lufs == -120
    assert "nobody" not in levels
