"""What a recording's tracks are called where people read it: players' menus and files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from babel import Locale, UnknownLocaleError

from interpreting.languages import FLOOR

_ORIGINAL: Final[Mapping[str, str]] = {"de": "Original", "uk": "Оригінал", "en": "Original"}


def track_title(track: str, lang: str) -> str:
    """Return a channel's name, languages each in their own words; a stem's is its track's."""
    if track == FLOOR:
        return _ORIGINAL.get(lang, "Original")
    try:
        name = Locale.parse(track, sep="-").language_name or track
    except (UnknownLocaleError, ValueError):
        return track
    return name[:1].upper() + name[1:]
