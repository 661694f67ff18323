"""Pages as text: Jinja2 templates with the words of one language and the page's data for its script.

What a page shows at first is rendered here; what changes is written by its module in ``static/js/pages``,
which reads the JSON block ``<script type="application/json" id="page">``. There is no inline script or
style, so that the Content-Security-Policy may forbid both. Templates know no request and no room object:
all they get is ``page``, a dictionary that is JSON-ready:

* every page: ``page`` (``start``, ``watch``, ``booth``, ``venue``, ``error``), ``boot``;
* ``start``: ``conferences`` = [{``slug``, ``title``: {lang: text}, ``rooms``: [room ids]}];
* ``conference``: ``conference`` = {``slug``, ``title``, ``rooms``: [{``room``, ``title``, ``languages``}]};
* both: ``links`` = [{``role``, ``room``, ``title``, ``booth`` or null, ``name``, ``url``}], empty away from localhost;
* ``watch``, ``embed``, ``booth``, ``venue``: ``room``, ``state`` (the room's view), ``token``, ``ws``, ``booth``,
  ``ice_servers`` (RTCIceServer, credentials included), ``livestream`` (whether the room has one), ``player`` (the
  address of the livestream's player, or null); ``embed`` has the words of ``watch``;
* ``conference`` too: ``recordings`` = [{``id``, ``room``, ``title``, ``begun_at``, ``keep_until``, ``is_public``,
  ``duration_s``}], times in epoch milliseconds;
* ``recording``: ``recording`` (as there), ``channels``, ``has_picture``, ``stems``, ``may_publish``, ``may_delete``,
  ``token``, ``player``; ``recording_wait``: ``recording``;
* ``error``: ``status`` (HTTP code), ``code`` (stable), ``text`` (what happened and what to do).

``lang``, ``languages`` and ``messages`` are filled in by `Templates.render` unless given.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from server.i18n import DEFAULT_LANGUAGE, LANGUAGE_NAMES, Translator

_WORDS_OF: Final[Mapping[str, str]] = {"embed": "watch"}


class Templates:
    """Renders the templates below one folder; compiled templates are kept. Safe to share between requests."""

    def __init__(self, root: Path, translator: Translator) -> None:
        self._translator = translator
        self._environment = Environment(
            loader=FileSystemLoader(root),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        # Cyrillic as itself: the block is UTF-8 like the page. `tojson` escapes <, >, & and ' in any case.
        self._environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": True}

    def render(self, name: str, lang: str, page: Mapping[str, object]) -> str:
        """The page ``name`` (``watch`` or ``watch.html``) in ``lang`` as HTML.

        Raises jinja2.TemplateNotFound for an unknown name and UndefinedError for a missing key of ``page``.
        """
        lang = lang if lang in LANGUAGE_NAMES else DEFAULT_LANGUAGE
        stem = name.removesuffix(".html")
        kind = str(page.get("page", stem))
        complete = {
            "page": kind,
            "lang": lang,
            "languages": dict(LANGUAGE_NAMES),
            "messages": self._translator.messages_for(_WORDS_OF.get(kind, kind), lang),
            **page,
        }
        return self._environment.get_template(f"{stem}.html").render(
            page=complete,
            lang=lang,
            t=partial(self._translator.text, lang),
            words_in=self._translator.text,
            named=partial(_named, lang),
            own_name=language_name,
            day=partial(_day, lang),
            span=_span,
        )


def _named(lang: str, titles: Mapping[str, str] | str) -> str:
    """A title given by language, in the page's one; else in any it has."""
    if isinstance(titles, str):
        return titles
    return titles.get(lang) or titles.get(DEFAULT_LANGUAGE) or next(iter(titles.values()), "")


def _day(lang: str, epoch_ms: float) -> str:
    """A day as people write it, by the server's own calendar."""
    return format_date(date.fromtimestamp(epoch_ms / 1000), "long", locale=lang)


def _span(seconds: float) -> str:
    """A length as a player shows it: 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def language_name(code: str) -> str:
    """A language's name in itself (Deutsch, Українська), capitalised as on a button; else its code."""
    if code in LANGUAGE_NAMES:
        return LANGUAGE_NAMES[code]
    try:
        name = Locale.parse(code, sep="-").language_name or code
    except (UnknownLocaleError, ValueError):
        return code
    return name[:1].upper() + name[1:]
