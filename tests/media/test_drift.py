"""A sender's clock against ours, on lines that jitter, and a route that changes."""

import numpy as np
import pytest

from media.drift import Drift


def drift_of(ppm: float, seconds: int = 240, jitter_ms: float = 8.0, step_at: int = 0, step_ms: float = 0.0) -> Drift:
    drift, late = Drift(), np.random.default_rng(1)
    for packet in range(seconds * 50):
        sent = packet * 0.02 / (1 + ppm / 1e6)
        network = abs(late.normal(0, jitter_ms / 1000)) + (step_ms / 1000 if step_at and sent > step_at else 0)
        drift.note(0.02, 1000 + sent + network)
    return drift


@pytest.mark.parametrize("ppm", [-400, -50, 0, 50, 400])
def test_drift_is_found_under_jitter(ppm: float) -> None:
    assert drift_of(ppm).ppm == pytest.approx(ppm, abs=15)


def test_a_route_that_becomes_longer_is_no_drift() -> None:
    found = drift_of(0, step_at=200, step_ms=40).ppm
    assert found is not None
    assert abs(found) < 100


def test_it_is_unknown_in_the_first_minute_and_after_a_restart() -> None:
    assert drift_of(400, seconds=50).ppm is None
    drift = drift_of(400)
    drift.restart()
    assert drift.ppm is None
