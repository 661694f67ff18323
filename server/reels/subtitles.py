"""Subtitles as the booth reads them: WebVTT (W3C) or SubRip in, lines with times out.

Only times and words are taken; places, colours and voices are for screens. UTF-8 alone, as with papers.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from server.problems import Problem

MAX_BYTES: Final = 1024 * 1024
MAX_CUES: Final = 10_000
MAX_CUE_CHARS: Final = 1000
MAX_WRITTEN_CHARS: Final = 4 * MAX_CUE_CHARS
"""A cue with its markup."""

_TIME: Final = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,](\d{3})"
_TIMING: Final = re.compile(rf"\s*{_TIME}\s+-->\s+{_TIME}(?:\s.*)?")
_MARKUP: Final = re.compile(r"<[^>\n]{0,200}>|\{\\[^}\n]{0,100}\}")


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle: from when to when, in seconds of the message."""

    from_s: float
    to_s: float
    text: str


def parse_subtitles(content: bytes) -> tuple[Cue, ...]:
    """Return the cues in the order of their times. Raises Problem subtitles_invalid or subtitles_too_large."""
    if len(content) > MAX_BYTES:
        raise Problem("subtitles_too_large")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Problem("subtitles_invalid") from None
    blocks = _blocks(text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", ""))
    cues = sorted((cue for block in blocks if (cue := _cue(block))), key=lambda cue: (cue.from_s, cue.to_s))
    if not cues:
        raise Problem("subtitles_invalid")
    if len(cues) > MAX_CUES:
        raise Problem("subtitles_too_large")
    return tuple(cues)


def _blocks(text: str) -> Iterator[list[str]]:
    """Yield the lines between blank ones, a step at a time, so that no other thread waits for a large file."""
    block: list[str] = []
    for line in text.split("\n"):
        if line.strip(" \t"):
            block.append(line)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _cue(lines: list[str]) -> Cue | None:
    """Return what a block says; None for one without a time, such as a header, a note or a style."""
    at = next((number for number, line in enumerate(lines[:2]) if "-->" in line), None)
    if at is None:
        return None
    timing = _TIMING.fullmatch(lines[at])
    if timing is None:
        raise Problem("subtitles_invalid")
    from_s, to_s = _seconds(*timing.groups()[:4]), _seconds(*timing.groups()[4:])
    written = " ".join(lines[at + 1 :])
    # Before it is read: each "<" is looked for its ">", and a number of thousands of digits is none.
    if len(written) > MAX_WRITTEN_CHARS:
        raise Problem("subtitles_invalid")
    text = " ".join(html.unescape(_MARKUP.sub("", written)).split())
    if to_s < from_s or len(text) > MAX_CUE_CHARS:
        raise Problem("subtitles_invalid")
    return Cue(from_s, to_s, text) if text else None


def _seconds(hours: str | None, minutes: str, seconds: str, thousandths: str) -> float:
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + int(thousandths) / 1000
