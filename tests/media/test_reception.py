"""Loss, jitter and what is asked for again."""

import pytest

from media.reception import Reception
from media.rtcp import SenderReport


def feed(reception: Reception, sequences: list[int], start: float = 0.0) -> None:
    for n, sequence in enumerate(sequences):
        reception.note(sequence, n * 960, 100, start + n * 0.02)


def test_nothing_lost_across_the_wrap() -> None:
    reception = Reception(1, 48000)
    feed(reception, [65534, 65535, 0, 1])
    assert reception.lost == 0
    assert reception.block(1.0).highest_sequence == 65536 + 1


def test_the_fraction_lost_is_since_the_last_report() -> None:
    reception = Reception(1, 48000)
    feed(reception, [0, 1, 3])
    assert reception.block(1.0).lost_fraction == pytest.approx(0.25)
    feed(reception, [4, 5])
    block = reception.block(2.0)
    assert block.lost_fraction == 0
    assert block.lost_total == 1


def test_a_missing_packet_is_asked_for_after_20_ms_three_times_at_most() -> None:
    reception = Reception(1, 48000)
    feed(reception, [0, 1, 4])
    assert reception.to_ask_for(0.05) == []
    assert reception.to_ask_for(0.07) == [2, 3]
    assert reception.to_ask_for(0.08) == []
    assert reception.to_ask_for(0.18) == [2, 3]
    assert reception.to_ask_for(0.30) == [2, 3]
    assert reception.to_ask_for(0.50) == []


def test_sound_is_asked_for_at_once() -> None:
    reception = Reception(1, 48000, patience_s=0)
    feed(reception, [0, 2])
    assert reception.to_ask_for(0.02) == [1]


def test_it_asks_again_as_soon_as_the_answer_should_be_there() -> None:
    reception = Reception(1, 48000, patience_s=0)
    for n in range(40):
        # Every other packet is lost, and comes 40 ms after it was asked for.
        reception.note(2 * n, 0, 100, 0.1 * n)
        for sequence in reception.to_ask_for(0.1 * n):
            reception.note(sequence, 0, 100, 0.1 * n + 0.04)
    reception.note(80, 0, 100, 4.0)
    assert reception.to_ask_for(4.0) == [79]
    assert reception.to_ask_for(4.045) == []
    assert reception.to_ask_for(4.055) == [79]


def test_on_a_line_that_loses_much_it_asks_twice_before_the_answer_could_come() -> None:
    reception = Reception(1, 48000, patience_s=0)
    feed(reception, [0, 2, 4, 6, 8])
    reception.block(1.0)
    reception.note(10, 0, 100, 1.0)
    assert 9 in reception.to_ask_for(1.0)
    assert 9 in reception.to_ask_for(1.025)


def test_what_came_late_is_not_asked_for() -> None:
    reception = Reception(1, 48000)
    feed(reception, [0, 2])
    reception.note(1, 960, 100, 0.045)
    assert reception.to_ask_for(0.1) == []
    assert reception.lost == 0


def test_even_arrivals_have_no_jitter() -> None:
    reception = Reception(1, 48000)
    feed(reception, list(range(50)))
    assert reception.jitter_ms == pytest.approx(0, abs=1e-6)
    reception.note(50, 50 * 960, 100, 50 * 0.02 + 0.016)
    assert reception.jitter_ms == pytest.approx(1.0)


def test_the_block_names_the_last_sender_report() -> None:
    reception = Reception(1, 48000)
    reception.note(0, 0, 1, 0.0)
    reception.note_report(SenderReport(1, 0.0, 0xABCD, 0, 0, 0), 1.0)
    block = reception.block(1.5)
    assert (block.last_report, block.delay_s) == (0xABCD, 0.5)
