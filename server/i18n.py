"""The words of the pages: gettext catalogues read at start, looked up by stable keys.

A key such as ``watch.nobody_interprets`` is the msgid in ``web/locales/{lang}/LC_MESSAGES/messages.po``;
the .po files are read as they are, so that no compiled catalogue has to be kept in step. Which language a
person's *sound* has is another matter and lives in the room, not here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from babel import Locale
from babel.messages.pofile import read_po

LANGUAGE_NAMES: Final[Mapping[str, str]] = {"de": "Deutsch", "uk": "Українська", "en": "English"}
"""Languages of the pages, each by its own name, in the order in which they are offered."""

DEFAULT_LANGUAGE: Final = "de"

# A gettext plural index by CLDR category, in the order of each catalogue's Plural-Forms header. The browser
# chooses by category (Intl.PluralRules), so both sides agree on one list.
_PLURALS: Final[Mapping[str, tuple[str, ...]]] = {
    "de": ("one", "other"),
    "uk": ("one", "few", "many"),
    "en": ("one", "other"),
}

_SHARED_PREFIXES: Final = ("common.", "channel.", "connection.", "network.", "device.", "consent.")
_FURTHER_PREFIXES: Final[Mapping[str, tuple[str, ...]]] = {
    "desk": ("alarm.", "reels.", "intercom.", "phrase."),
    "moderator": ("reels.", "intercom.", "phrase."),
    "venue": ("intercom.",),
    "lectern": ("phrase.",),
    "workshop": ("intercom.", "phrase."),
    "booth": ("reels.", "intercom.", "phrase."),
}

Message = str | dict[str, str]
"""A text, or a text by plural category (``one``, ``few``, ``many``, ``other``)."""


@dataclass(frozen=True, slots=True)
class Translator:
    """All catalogues in memory. Immutable, so it may be shared by every request."""

    catalogues: Mapping[str, Mapping[str, Message]]

    @classmethod
    def load(cls, root: Path) -> Translator:
        """Read ``root/{lang}/LC_MESSAGES/messages.po`` for every language of the pages.

        Raises OSError when one is missing and babel's PoFileError when one cannot be read.
        """
        return cls({lang: _read(root / lang / "LC_MESSAGES" / "messages.po", lang) for lang in LANGUAGE_NAMES})

    def text(self, lang: str, key: str, /, **variables: object) -> str:
        """The text of ``key`` with ``{name}`` replaced; ``n`` among the variables chooses the plural.

        An unknown language falls back to the default one. Raises KeyError for an unknown key: a test holds
        that no page and no error code uses one.
        """
        lang = lang if lang in self.catalogues else DEFAULT_LANGUAGE
        message = self.catalogues[lang][key]
        if not isinstance(message, str):
            message = _plural(lang, message, variables.get("n", 0))
        for name, value in variables.items():
            message = message.replace("{" + name + "}", str(value))
        return message

    def has(self, key: str) -> bool:
        """Whether ``key`` is known (catalogues hold the same keys; a test says so)."""
        return key in self.catalogues[DEFAULT_LANGUAGE]

    def error_text(self, lang: str, code: str) -> str:
        """One sentence for a stable error code; an unknown code gets the general sentence."""
        key = f"error.{code}"
        return self.text(lang, key if self.has(key) else "error.internal")

    def messages_for(self, page: str, lang: str) -> dict[str, Message]:
        """The texts that a page's scripts need: its own (``watch.…``), those of all, and those of some pages."""
        lang = lang if lang in self.catalogues else DEFAULT_LANGUAGE
        prefixes = (f"{page}.", *_FURTHER_PREFIXES.get(page, ()), *_SHARED_PREFIXES)
        return {key: message for key, message in self.catalogues[lang].items() if key.startswith(prefixes)}


def negotiate(cookie: str | None, accept_language: str | None) -> str:
    """The page's language: the cookie if it names one of ours, else the best of Accept-Language, else German.

    Quality values are RFC 9110 section 12.5.4; a range such as ``uk-UA`` matches ``uk``. Never raises.
    """
    if cookie in LANGUAGE_NAMES:
        return str(cookie)
    for tag in _by_quality((accept_language or "")[:1000].split(",")):
        primary = tag.split("-")[0].lower()
        if primary in LANGUAGE_NAMES:
            return primary
    return DEFAULT_LANGUAGE


def _by_quality(ranges: Iterable[str]) -> list[str]:
    weighted: list[tuple[float, str]] = []
    for item in ranges:
        tag, _, parameter = item.strip().partition(";")
        name, _, value = parameter.strip().partition("=")
        try:
            quality = float(value) if name.strip().lower() == "q" else 1.0
        except ValueError:
            quality = 0.0
        if tag and 0.0 < quality <= 1.0:
            weighted.append((quality, tag.strip()))
    return [tag for _, tag in sorted(weighted, key=lambda pair: -pair[0])]


def _plural(lang: str, forms: Mapping[str, str], n: object) -> str:
    number = n if isinstance(n, int | float) else 0
    category = Locale(lang).plural_form(number)
    # Ukrainian fractions are CLDR "other", which gettext's three forms do not have.
    return forms.get(category) or list(forms.values())[-1]


def _read(path: Path, lang: str) -> dict[str, Message]:
    with path.open("rb") as file:
        catalogue = read_po(file, locale=lang, abort_invalid=True)
    messages: dict[str, Message] = {}
    for entry in catalogue:
        if not entry.id:
            continue
        if isinstance(entry.id, str):
            messages[entry.id] = str(entry.string)
        else:
            forms = [str(form) for form in entry.string or ()]
            messages[entry.id[0]] = dict(zip(_PLURALS[lang], forms, strict=True))
    return messages
