"""For what a test has to measure in real time: the best of a few tries.

A machine that stands still for a second or two spoils one of them, and says nothing about what is tested; what is wrong
or too slow is so in all of them.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Final, ParamSpec

TIMES: Final = 3
P = ParamSpec("P")


def best(measure: Callable[[], float], limit: float, *, times: int = TIMES) -> float:
    """The least of some tries at a figure, which end as soon as the limit is kept."""
    figure = math.inf
    for _ in range(times):
        figure = min(figure, measure())
        if figure <= limit:
            break
    return figure


def retried(test: Callable[P, Awaitable[None]]) -> Callable[P, Awaitable[None]]:
    """Do a test once more when it fails, and a third time. It leaves nothing behind that the next try would find."""

    @wraps(test)
    async def tries(*args: P.args, **kwargs: P.kwargs) -> None:
        for _ in range(TIMES - 1):
            try:
                await test(*args, **kwargs)
            except (AssertionError, TimeoutError) as error:
                print(f"once more: {error}")
            else:
                return
        await test(*args, **kwargs)

    return tries
