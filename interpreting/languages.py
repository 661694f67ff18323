"""Languages and channels: their ids, their names of themselves, and what a silent channel carries.

What is said about languages to people (texts, page languages) is left to the pages' catalogues.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Literal, NewType, TypeAlias

__all__ = ["ENDONYMS", "FLOOR", "Channel", "Fallback", "Language", "endonym", "parse_language"]

Language = NewType("Language", str)
"""A language tag in lower case, BCP 47 (RFC 5646 §2.1) without private use: ``de``, ``uk``, ``en``, ``sr-latn``."""

FLOOR: Final[Literal["floor"]] = "floor"
"""The channel id of the original sound."""

Channel: TypeAlias = Language | Literal["floor"]
"""What a listener selects: a language, or the floor."""


class Fallback(StrEnum):
    """What a channel carries while nobody interprets into it and the floor speaks another language."""

    DUCKED = "ducked"
    FLOOR = "floor"
    SILENCE = "silence"


ENDONYMS: Final[Mapping[Language, str]] = {
    Language("de"): "Deutsch",
    Language("uk"): "Українська",
    Language("en"): "English",
}
"""Names of languages in themselves, as a listener looks for them."""

# Subtags of letters and digits keep ids safe inside bus names, which join them by "+" and "/".
_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")


def parse_language(text: str) -> Language:
    """Return ``text`` as a language, or raise ``ValueError`` when it is no lower-case language tag.

    ``ua`` is refused as well: it names the country, the language is ``uk``.
    """
    if text == "ua":
        raise ValueError("Ukrainian is 'uk'; 'ua' is the country")
    if not _TAG.fullmatch(text):
        raise ValueError(f"not a language tag: {text!r}")
    return Language(text)


def endonym(language: Language) -> str:
    """Return the language's name in itself, or its tag where that name is not known here."""
    return ENDONYMS.get(language, language)
