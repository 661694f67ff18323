"""The sequence check finds gaps, late packets and duplicates, also across the roll-over."""

import random

from deploy.load.sequence import SequenceCheck


def check(numbers: list[int]) -> SequenceCheck:
    sequence = SequenceCheck()
    for number in numbers:
        sequence.add(number)
    return sequence


def counts(sequence: SequenceCheck) -> tuple[int, int, int, int, int]:
    return (sequence.received, sequence.lost, sequence.gaps, sequence.reordered, sequence.duplicates)


def test_a_whole_stream_across_the_roll_over_is_clean() -> None:
    assert counts(check([n % 65536 for n in range(65_500, 65_700)])) == (200, 0, 0, 0, 0)


def test_missing_packets_are_one_gap_and_so_many_lost() -> None:
    assert counts(check([10, 11, 15, 16])) == (4, 3, 1, 0, 0)


def test_a_gap_across_the_roll_over() -> None:
    assert counts(check([65_534, 1, 2])) == (3, 2, 1, 0, 0)


def test_a_late_packet_is_reordered_and_not_lost() -> None:
    assert counts(check([1, 2, 4, 3, 5])) == (5, 0, 1, 1, 0)


def test_a_late_packet_across_the_roll_over() -> None:
    assert counts(check([65_535, 1, 0, 2])) == (4, 0, 1, 1, 0)


def test_a_repeated_packet_is_a_duplicate() -> None:
    assert counts(check([1, 2, 2, 3, 1])) == (5, 0, 0, 0, 2)


def test_a_late_packet_twice_is_once_reordered_and_once_a_duplicate() -> None:
    assert counts(check([1, 3, 2, 2])) == (4, 0, 1, 1, 1)


def test_what_is_remembered_of_gaps_is_bounded_and_the_count_is_not() -> None:
    sequence = check([0, 30_000, 1, 29_999])
    # Number 1 is missing too long to be told from a duplicate; 29,999 is not.
    assert counts(sequence) == (4, 29_998, 1, 1, 1)


def test_any_loss_and_order_adds_up() -> None:
    chance = random.Random(7)
    for _ in range(50):
        start = chance.randrange(65_536)
        kept = [n for n in range(400) if n in (0, 399) or chance.random() > 0.1]
        for at in range(2, len(kept) - 2, 7):
            kept[at], kept[at + 1] = kept[at + 1], kept[at]
        sequence = check([(start + n) % 65_536 for n in kept])
        assert sequence.received == len(kept)
        assert sequence.received - sequence.duplicates + sequence.lost == 400
        assert sequence.duplicates == 0
