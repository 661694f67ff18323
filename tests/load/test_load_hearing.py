"""The tools for bad lines and long afternoons: fate is exact, what is missing is found, lines are fitted."""

import math
import random

import numpy as np
import pytest

from deploy.load import hearing
from deploy.load.actors import Meter, tone_packets
from deploy.load.company import pause_s
from deploy.load.hearing import Heard
from deploy.load.soak import slope
from deploy.load.weather import Fate, Weather
from media.rtp import RtpPacket

SECONDS = 4


def listened(packets: list[bytes], late_s: float, lost: frozenset[int] = frozenset()) -> Heard:
    """What a listener records to whom each packet comes so late."""
    tape = [
        (RtpPacket(111, False, n, n * 960, 1, packet), 0.02 * n + late_s)
        for n, packet in enumerate(packets)
        if n not in lost
    ]
    return Heard.of(tape)


@pytest.fixture(scope="module")
def tune() -> list[bytes]:
    return hearing.encode(hearing.make_tune(SECONDS))


@pytest.mark.parametrize("percent", [0, 1, 5, 20, 100])
def test_of_each_hundred_exactly_so_many_are_lost(percent: int) -> None:
    fate = Fate(percent, random.Random(7))
    hundreds = [[fate.is_lost() for _ in range(100)] for _ in range(5)]
    assert [sum(hundred) for hundred in hundreds] == [percent] * 5
    assert percent in (0, 100) or hundreds[0] != hundreds[1]


def test_what_comes_during_a_stall_comes_at_its_end() -> None:
    weather = Weather(delay_ms=20, stall=(10.0, 10.3))
    assert weather.pause(9.0) == pytest.approx(0.02)
    assert 10.1 + weather.pause(10.1) == pytest.approx(10.3)
    assert weather.pause(10.3) == pytest.approx(0.02)


def test_what_all_came_is_all_heard_and_as_late_as_it_was(tune: list[bytes]) -> None:
    sent_at = [0.02 * n for n in range(len(tune))]
    pieces = hearing.compare(hearing.decode(tune), sent_at, listened(tune, 0.05))
    assert len(pieces) > 100
    assert hearing.missing_percent(pieces) == 0
    # A recording that begins with the first packet cannot tell what came before it.
    assert np.median(hearing.delays_ms(pieces)) == pytest.approx(50, abs=0.1)


def test_what_a_decoder_invents_is_not_taken_for_what_was_sent(tune: list[bytes]) -> None:
    lost = frozenset(range(20, 160, 10))
    sent_at = [0.02 * n for n in range(len(tune))]
    heard = listened(tune, 0.05, lost)
    pieces = hearing.compare(hearing.decode(tune), sent_at, heard)
    missed = {piece.number for piece in pieces if not piece.is_heard}
    assert heard.missing == len(lost)
    assert {number for number in lost if number <= pieces[-1].number} <= missed


def test_a_delay_that_lasts_never_settles(tune: list[bytes]) -> None:
    sent_at = [0.02 * n for n in range(len(tune))]
    pieces = hearing.compare(hearing.decode(tune), sent_at, listened(tune, 0.3))
    assert hearing.settled_after_s(pieces, sent_at, 1.0, 100) == math.inf
    assert hearing.settled_after_s(pieces, sent_at, 1.0, 400) == 0
    with pytest.raises(ValueError, match="nothing was heard"):
        hearing.settled_after_s(pieces, sent_at, 100.0, 400)


def test_a_line_is_fitted_with_its_error() -> None:
    rise, error = slope([(x, 3 * x + 1) for x in range(10)])
    assert rise == pytest.approx(3)
    assert error == pytest.approx(0, abs=1e-9)
    with pytest.raises(ValueError, match="too few"):
        slope([(0, 0), (1, 1)])


def test_pauses_are_those_of_the_pages() -> None:
    assert [pause_s(attempt, 0.0) for attempt in range(6)] == [0.5, 1, 2, 3, 3, 3]
    assert pause_s(1, 1.0) == 1.5


def test_a_meter_tells_tones_apart_and_when() -> None:
    meter = Meter((500, 1000))
    packets = [*tone_packets(500), *tone_packets(1000)]
    for number, packet in enumerate(packets):
        meter.take(RtpPacket(111, False, number, 960 * number, 1, packet), 0.02 * number)
    assert meter.first(500, 0) < 0.1
    assert meter.first(1000, 0) == pytest.approx(1.0, abs=0.05)
    assert meter.last(500, 2) == pytest.approx(1.0, abs=0.05)
    assert meter.longest_gap_s(500, 0, 2) == pytest.approx(1.0, abs=0.06)
    assert meter.rise_ms(1000, 0, 0.3) <= 60
