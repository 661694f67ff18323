"""The workroom: many files at once are looked at a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from server.reels.workroom import Made, Workroom


async def test_files_that_come_all_at_once_are_looked_at_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    running: list[int] = [0]

    async def run(arguments: tuple[str, ...], on_percent: Callable[[int], None]) -> Made:
        running.append(running[-1] + 1)
        for _ in range(3):
            await asyncio.sleep(0)
        running.append(running[-1] - 1)
        return Made(seconds=1.0)

    monkeypatch.setattr("server.reels.workroom._run", run)
    workroom = Workroom()
    made = await asyncio.gather(*(workroom.survey(Path(f"{number}.mp4")) for number in range(7)))
    assert made == [Made(seconds=1.0)] * 7
    assert max(running) == 2
    assert running[-1] == 0
