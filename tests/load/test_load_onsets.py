"""Latencies and gaps are read right off envelopes whose truth is known."""

import math

import pytest

from deploy.load.onsets import BLOCK_MS, Envelope, below_talking, find_onsets, latencies, read_take, switch_gap


def an_envelope(seconds: float, *, peak: dict[int, float], tones: int = 0) -> Envelope:
    """Silence with the peaks given by block."""
    envelope = Envelope()
    for block in range(int(seconds * 375)):
        level = peak.get(block, 0.0)
        envelope.extend(0.0, [[block * BLOCK_MS, level, level / math.sqrt(2), *([0.0] * tones)]])
    return envelope


def test_a_click_is_found_at_its_first_loud_block() -> None:
    envelope = an_envelope(3, peak={200: 0.5, 201: 0.5, 202: 0.1, 575: 0.3, 580: 0.5})
    assert find_onsets(envelope) == [pytest.approx(200 * BLOCK_MS), pytest.approx(575 * BLOCK_MS)]


def test_noise_below_a_third_of_the_loudest_is_no_click() -> None:
    assert find_onsets(an_envelope(2, peak={150: 0.1, 400: 0.5})) == [pytest.approx(400 * BLOCK_MS)]
    assert find_onsets(Envelope()) == []


def test_what_clicks_while_the_recording_begins_is_left_out() -> None:
    assert find_onsets(an_envelope(1, peak={1: 0.5})) == []


def test_a_latency_is_to_the_last_click_sent_before() -> None:
    assert latencies([0, 1000, 2000], [120, 1130, 2990]) == [120, 130]
    assert latencies([1000], [900]) == []


def test_a_take_is_put_on_the_common_clock() -> None:
    envelope = Envelope()
    read_take(envelope, {"offset": 1000.0, "rows": [[0, 0.5, 0.3, 0.2], [2, 0.4, 0.2, 0.1]]})
    assert (envelope.times, envelope.peaks, envelope.tones) == ([1000.0, 1002.0], [0.5, 0.4], [[0.2, 0.1]])
    with pytest.raises(KeyError):
        read_take(envelope, {})


def a_switch(old_until: int, new_from: int) -> Envelope:
    envelope = an_envelope(3, peak={}, tones=2)
    for block in range(len(envelope.times)):
        envelope.tones[0][block] = 0.2 if block < old_until else 0.001
        envelope.tones[1][block] = 0.2 if block >= new_from else 0.001
    return envelope


def test_the_gap_of_a_switch_is_from_the_last_of_the_old_to_the_first_of_the_new() -> None:
    gap, delay = switch_gap(a_switch(400, 415), 0, 1, pressed=375 * BLOCK_MS)
    assert gap == pytest.approx(15 * BLOCK_MS)
    assert delay == pytest.approx(40 * BLOCK_MS)


def test_an_overlap_is_no_gap() -> None:
    assert switch_gap(a_switch(415, 400), 0, 1, pressed=375 * BLOCK_MS)[0] == 0.0


def test_a_switch_to_silence_is_an_error() -> None:
    with pytest.raises(ValueError, match="tone 1 is not heard"):
        switch_gap(a_switch(400, 5000), 0, 1, pressed=1000)


def test_what_is_below_the_talking_level_is_added_up() -> None:
    talk = dict.fromkeys(range(1200), 0.3)
    quiet = dict.fromkeys([*range(600, 605), *range(700, 703)], 0.1)
    envelope = an_envelope(3, peak=talk | quiet)
    assert below_talking(envelope, 500 * BLOCK_MS, 900 * BLOCK_MS) == pytest.approx(8 * BLOCK_MS)


def test_a_dip_of_less_than_six_decibels_is_talking() -> None:
    talk = dict.fromkeys(range(1200), 0.3) | dict.fromkeys(range(600, 650), 0.16)
    assert below_talking(an_envelope(3, peak=talk), 500 * BLOCK_MS, 900 * BLOCK_MS) == 0.0


def test_a_handover_of_nobody_is_an_error() -> None:
    with pytest.raises(ValueError, match="nobody talks"):
        below_talking(an_envelope(3, peak={}), 1500, 2500)
