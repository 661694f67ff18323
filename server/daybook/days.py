"""Days of a report, by the server's own calendar: which there are, and when one begins and ends."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Final

from server.problems import Problem

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def day_of(at: float) -> str:
    """Return the day of a moment, `2026-01-31`."""
    return datetime.fromtimestamp(at).date().isoformat()


def bounds(day: str) -> tuple[float, float]:
    """Return when a day begins and ends, in epoch seconds. Raises Problem request_invalid for what is no day."""
    try:
        if not _DAY.fullmatch(day):
            raise ValueError
        found = date.fromisoformat(day)
        begin, end = (datetime.combine(one, datetime.min.time()) for one in (found, found + timedelta(days=1)))
        return begin.timestamp(), end.timestamp()
    except (ValueError, OverflowError, OSError):
        raise Problem("request_invalid") from None


def near(days: list[str], today: str) -> list[str]:
    """Return the days that may be chosen, the newest first: those with notes, and today."""
    return sorted({*days, today}, reverse=True)
