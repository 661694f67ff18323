"""ISO 639-2 codes for the languages of channels, as MP4 and M4A write them into a track (ISO 14496-12, `mdhd`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SEVERAL: Final = "mul"
"""The floor: whoever speaks there speaks their own language."""
UNKNOWN: Final = "und"

# The terminological codes (639-2/T) of the languages of Europe and of its partner cities.
_CODES: Final[Mapping[str, str]] = {
    "ar": "ara", "az": "aze", "be": "bel", "bg": "bul", "bs": "bos", "ca": "cat", "cs": "ces", "cy": "cym",
    "da": "dan", "de": "deu", "el": "ell", "en": "eng", "es": "spa", "et": "est", "eu": "eus", "fa": "fas",
    "fi": "fin", "fr": "fra", "ga": "gle", "gl": "glg", "he": "heb", "hi": "hin", "hr": "hrv", "hu": "hun",
    "hy": "hye", "id": "ind", "is": "isl", "it": "ita", "ja": "jpn", "ka": "kat", "kk": "kaz", "ko": "kor",
    "ku": "kur", "ky": "kir", "lb": "ltz", "lt": "lit", "lv": "lav", "mk": "mkd", "mn": "mon", "mt": "mlt",
    "nb": "nob", "nl": "nld", "nn": "nno", "no": "nor", "pl": "pol", "ps": "pus", "pt": "por", "rm": "roh",
    "ro": "ron", "ru": "rus", "sk": "slk", "sl": "slv", "sq": "sqi", "sr": "srp", "sv": "swe", "sw": "swa",
    "ti": "tir", "tg": "tgk", "tk": "tuk", "tr": "tur", "uk": "ukr", "ur": "urd", "uz": "uzb", "vi": "vie",
    "yi": "yid", "zh": "zho",
}  # fmt: skip


def iso_639_2(tag: str) -> str:
    """Return the three-letter code of a language tag such as `de` or `pt-br`; `und` for one we have no code for."""
    primary = tag.partition("-")[0]
    return primary if len(primary) == 3 else _CODES.get(primary, UNKNOWN)
