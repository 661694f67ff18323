"""Full garbage collections wait for a pause, unless too much has piled up; afterwards all is as it was."""

from __future__ import annotations

import gc
import weakref

import pytest

from server import tidying
from server.tidying import Tidying


class Knot:
    """Garbage that only the collector finds."""

    def __init__(self) -> None:
        self.itself = self


def old_knot() -> weakref.ref[Knot]:
    """A knot that has lived through the young generations, and is garbage now."""
    knot = Knot()
    seen = weakref.ref(knot)
    gc.collect(1)
    return seen


async def test_a_full_collection_waits_for_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidying, "WORTH_IT", 0)
    is_quiet = False
    async with Tidying(lambda: is_quiet) as keeper:
        assert gc.get_threshold()[2] > 1_000_000
        seen = old_knot()
        gc.collect(1)
        assert not keeper.look()
        is_quiet = True
        assert keeper.look()
        assert seen() is None


async def test_too_much_is_collected_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidying, "TOO_MUCH", 0)
    async with Tidying(lambda: False) as keeper:
        assert keeper.look()


async def test_little_is_not_worth_it() -> None:
    async with Tidying(lambda: True) as keeper:
        assert not keeper.look()


async def test_everything_is_as_it_was_afterwards() -> None:
    before = gc.get_threshold()
    async with Tidying(lambda: True):
        assert gc.get_freeze_count() > 0
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)
