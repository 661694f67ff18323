"""When pictures are shown: even spacing, and never far from where their sound is, for an hour too."""

import math
import random
from itertools import pairwise

import pytest

from media.stream_clock import USUAL_DELAY_S, PictureClock

FPS = 30


def test_while_nothing_is_known_arrival_decides() -> None:
    clock = PictureClock()
    assert clock.place(5000, 100.0, None) == pytest.approx(100 + USUAL_DELAY_S)


def test_jitter_of_arrival_and_reports_does_not_reach_the_spacing() -> None:
    chance, clock, placed = random.Random(1), PictureClock(), []
    for number in range(FPS * 60):
        at = 10 + number / FPS
        placed.append(clock.place(number * 3000, at, at + 0.08 + chance.gauss(0, 0.002)))
    spacing = [later - earlier for earlier, later in pairwise(placed)]
    assert max(abs(one - 1 / FPS) for one in spacing) < 0.001


def test_drift_over_an_hour_stays_in_step() -> None:
    """The camera's clock is 200 ppm fast, and the sound's buffer grows and shrinks by 30 ms, at once and slowly."""
    chance, clock, errors = random.Random(2), PictureClock(), []
    for number in range(FPS * 3600):
        true = number / FPS
        delay = 0.06 + 0.03 * math.sin(true / 60) + (0.03 if int(true / 300) % 2 else 0.0)
        due = true + delay + chance.gauss(0, 0.001)
        placed = clock.place(round(true * 90000 * 1.0002) & 0xFFFFFFFF, true + chance.uniform(0, 0.05), due)
        if true % 300 > 3:
            errors.append(placed - due)
    assert max(errors) < 0.02
    assert min(errors) > -0.02
    assert -40 < clock.lip_sync.worst_early_ms < 0 < clock.lip_sync.worst_late_ms < 60


def test_a_first_guess_is_corrected_when_reports_come() -> None:
    clock = PictureClock()
    for number in range(FPS * 10):
        at = number / FPS
        placed = clock.place(number * 3000, at, None if at < 1 else at + 0.2)
    assert placed - at == pytest.approx(0.2, abs=0.01)


def test_a_jump_of_the_senders_numbers_is_followed_at_once() -> None:
    clock = PictureClock()
    clock.place(0, 100.0, 100.1)
    assert clock.place(90000 * 500, 100.033, 100.133) == pytest.approx(100.133)


@pytest.mark.parametrize("nonsense", [1e9, -1e9, 103.0])
def test_a_report_that_cannot_be_is_not_believed(nonsense: float) -> None:
    clock = PictureClock()
    clock.place(0, 100.0, 100.1)
    assert clock.place(3000, 100.033, nonsense) == pytest.approx(100.133, abs=0.01)
