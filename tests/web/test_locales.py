"""Every word is there in every language, every key that is used exists, and no page leaves the house."""

import ast
import re
from pathlib import Path

import pytest

from interpreting.errors import Code
from interpreting.words import Phrase
from server.i18n import LANGUAGE_NAMES, Message, Translator, negotiate
from server.problems import STATUS
from server.templating import Templates

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
SOURCES = sorted([*WEB.glob("templates/*.html"), *WEB.glob("static/**/*.js")])
WRITERS = sorted((ROOT / "server" / "daybook").glob("*.py"))
"""What writes words into pages on the server."""
SHIPPED = sorted([*SOURCES, *WEB.glob("static/**/*.css"), *WEB.glob("static/**/*.svg")])
SECTIONS = (
    "common|alarm|channel|connection|intercom|network|device|reels|role|start|"
    "watch|venue|booth|desk|lectern|workshop|moderator|consent|recording|screen|guide|qr|report|rehearsal|phrase"
)
# A key as a whole literal, or a prefix of one that is completed in braces: `venue.${live}_hint`, "role." ~ link.role.
LITERAL = re.compile(rf"""["'`]((?:{SECTIONS})\.(?!html\b)[a-z_]+)["'`](?! ~)""")
COMPUTED = re.compile(rf"""["'`]((?:{SECTIONS})\.[a-z_]*)(?:\$?\{{[^}}]+\}}([a-z_]*)[`"']|" ~ )""")
# The XML namespace of SVG is a name, not an address anybody asks for.
NAMESPACE = "http://www.w3.org/2000/svg"
SAMPLES: dict[str, dict[str, object]] = {
    "start": {"conferences": [{"slug": "demo", "title": {"de": "Vorführung"}, "rooms": ["plenary"]}], "links": []},
    "conference": {
        "page": "start",
        "conference": {
            "slug": "demo",
            "title": {"en": "Demo"},
            "rooms": [{"room": "r", "title": "R", "languages": ["pl"]}],
        },
        "recordings": [
            {"id": "r-1", "title": "R", "begun_at": 0, "keep_until": 1, "is_public": False, "duration_s": 1.0}
        ],
        "links": [
            {
                "role": "interpreter",
                "room": "r",
                "title": "R",
                "booth": "de-uk",
                "is_backup": False,
                "name": "<b>",
                "url": "/join/x",
            }
        ],
    },
    "error": {"status": 404, "code": "not_found", "text": "…"},
    "recording_wait": {"page": "recording", "recording": {"id": "r-1"}, "player": None},
    "recording": {
        "recording": {
            "id": "r-1",
            "title": {"de": "<b>"},
            "begun_at": 0,
            "keep_until": 86_400_000,
            "is_public": False,
            "duration_s": 3723.4,
        },
        "channels": ["floor", "uk"],
        "has_picture": True,
        "stems": [{"name": "stem-de-uk-1", "of": "de-uk", "number": "1", "offset_s": 4.267, "duration_s": 60.0}],
        "may_publish": True,
        "may_delete": True,
        "token": "t",
        "player": None,
    },
}
STATE = {
    "room": "plenary",
    "title": {"de": "Plenum </script><b>"},
    "channels": [{"channel": "de"}, {"channel": "uk"}],
    "floor_language": "de",
    "booths": [{"booth": "de-uk", "languages": ["de", "uk"], "seats": []}],
}
for _page in ("watch", "embed", "venue", "booth", "lectern", "workshop", "moderator", "screen", "guide"):
    SAMPLES[_page] = {
        "room": "plenary",
        "token": None,
        "ws": "/ws?room=plenary",
        "booth": "de-uk",
        "ice_servers": [{"urls": ["turn:relay"], "username": "</script>", "credential": "<b>"}],
        "livestream": True,
        "player": "/static/vendor/hls.mjs",
        "is_backup": False,
        "watch_url": "/r/plenary?<b>",
        "state": STATE,
    }
SAMPLES["workshop"]["token"] = "t"
_CELLS = dict.fromkeys(("since", "until", "length", "channel", "name", "booth", "source", "reason", "at", "by"), "<b>")
SAMPLES["report"] = {
    "room": "plenary",
    "title": STATE["title"],
    "query": "as=x",
    "day": "2026-01-31",
    "days": ["2026-01-31"],
    "since": "09:00",
    "until": "17:00",
    "zone": "UTC",
    "ticks": [{"at": 200.0, "text": "10:00"}],
    "is_empty": True,
    "lanes_height": 34,
    "plot_height": 220,
    "marks": [{"at": 10.0, "text": "4"}],
    "starts": ["09:00:00"],
    "lanes": [{"label": "<b>", "y": 0, "bars": [{"x": 1, "width": 9, "kind": "lost", "text": "<b>", "title": "<b>"}]}],
    "lines": [{"name": "<b>", "look": 0, "points": "1,2 3,4", "most": 3.0}],
    "on_air": [_CELLS],
    "shares": [_CELLS],
    "losses": [_CELLS],
    "alarms": [{**_CELLS, "severity": "<b>", "subject": "<b>", "what": "<b>"}],
    "acts": [{**_CELLS, "what": "<b>"}],
}
SAMPLES["rehearsal"] = {
    "room": "plenary",
    "title": STATE["title"],
    "query": "as=x",
    "token": "t",
    "now": 0,
    "by_hand": ["screen"],
    "stages": ["60", "10"],
    "checks": [{"id": "venue", "state": "bad", "words": "<b>", "kept": {"60": None, "10": None}}],
}
SAMPLES["desk"] = {"token": None, "role": "organiser", "rooms": [{"room": "plenary", "ws": "/ws", "state": STATE}]}


@pytest.fixture(scope="module")
def translator() -> Translator:
    return Translator.load(WEB / "locales")


def used_keys(path: Path) -> set[str]:
    return set(LITERAL.findall(path.read_text(encoding="utf-8")))


def forms(message: Message) -> list[str]:
    return [message] if isinstance(message, str) else list(message.values())


def variables(message: Message) -> set[str]:
    return {name for form in forms(message) for name in re.findall(r"\{(\w+)\}", form)}


def test_languages_hold_the_same_keys_with_the_same_variables(translator: Translator) -> None:
    german = translator.catalogues["de"]
    for lang in LANGUAGE_NAMES:
        catalogue = translator.catalogues[lang]
        assert catalogue.keys() == german.keys(), lang
        for key, message in catalogue.items():
            assert all(form.strip() for form in forms(message)), (lang, key)
            assert variables(message) == variables(german[key]), (lang, key)


def test_plurals_have_as_many_forms_as_the_language(translator: Translator) -> None:
    for lang, count in {"de": 2, "uk": 3, "en": 2}.items():
        plurals = [m for m in translator.catalogues[lang].values() if not isinstance(m, str)]
        assert plurals
        assert {len(message) for message in plurals} == {count}
    assert translator.text("uk", "booth.listeners", n=22) == "22 слухачі"
    assert translator.text("de", "booth.listeners", n=1) == "1 hört zu"


@pytest.mark.parametrize("path", [*SOURCES, *WRITERS], ids=lambda path: path.name)
def test_every_used_key_exists(path: Path, translator: Translator) -> None:
    missing = {key for key in used_keys(path) if not translator.has(key)}
    assert not missing
    for prefix, suffix in COMPUTED.findall(path.read_text(encoding="utf-8")):
        known = [k for k in translator.catalogues["de"] if k.startswith(prefix) and k.endswith(suffix)]
        assert known, (prefix, suffix)


@pytest.mark.parametrize(
    "page", ["desk", "watch", "venue", "booth", "lectern", "workshop", "moderator", "screen", "guide", "rehearsal"]
)
def test_a_page_is_given_every_key_of_its_scripts(page: str, translator: Translator) -> None:
    given = translator.messages_for(page, "uk")
    folder = WEB / "static" / "js" / "pages"
    for script in [folder / f"{page}.js", *folder.glob(f"{page}/*.js"), folder / "devices.js", folder / "shell.js"]:
        assert used_keys(script) <= given.keys(), script.name


def test_every_ready_phrase_has_words_a_button_and_a_key(translator: Translator) -> None:
    script = (WEB / "static" / "js" / "lib" / "phrases.js").read_text(encoding="utf-8")
    keys = re.search(r"PHRASES = .*\(\[(.*)\]\);", script)
    assert keys is not None
    assert re.findall(r'"(\w+)"', keys[1]) == list(Phrase)
    html = Templates(WEB / "templates", translator).render("booth", "uk", {"boot": "b", **SAMPLES["booth"]})
    assert re.findall(r'data-phrase="(\w+)"', html) == list(Phrase)
    for page in ("booth", "desk", "moderator", "lectern", "workshop"):
        assert {f"phrase.{phrase}" for phrase in Phrase} <= translator.messages_for(page, "uk").keys()


def test_no_key_is_left_over(translator: Translator) -> None:
    sources = [*SOURCES, *WRITERS]
    used = {key for path in sources for key in used_keys(path)}
    computed = [pair for path in sources for pair in COMPUTED.findall(path.read_text(encoding="utf-8"))]
    for key in translator.catalogues["de"]:
        is_computed = any(key.startswith(prefix) and key.endswith(suffix) for prefix, suffix in computed)
        assert key in used or is_computed or key.startswith("error."), key


def test_every_error_code_has_a_sentence(translator: Translator) -> None:
    # What the operator broke (configuration, stored records) is told in the log, not on a page.
    told = set(Code) - {Code.RECORD_INVALID, Code.ROOM_INVALID}
    codes = {*STATUS, *(code.value for code in told), *media_codes()}
    for lang in LANGUAGE_NAMES:
        for code in codes:
            assert translator.has(f"error.{code}"), code
            assert translator.error_text(lang, code).endswith("."), (lang, code)
    assert translator.error_text("en", "never_heard_of") == translator.text("en", "error.internal")


def media_codes() -> set[str]:
    """Codes that the engine refuses an offer with, read from its sources."""
    found: set[str] = set()
    for path in (ROOT / "media").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if is_call and node.func.id in ("OfferRejected", "Overloaded") and node.args:  # type: ignore[attr-defined]
                argument = node.args[0]  # type: ignore[attr-defined]
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    found.add(argument.value)
    return found


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_no_file_names_another_host(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace(NAMESPACE, "")
    assert not re.search(r"(?:https?:|wss?:)?//[a-z0-9-]+\.[a-z]", text, re.IGNORECASE)
    assert not re.search(r"@import|url\(\s*[\"']?(?!data:|#)[a-z]+:", text)


@pytest.mark.parametrize("lang", LANGUAGE_NAMES)
@pytest.mark.parametrize("name", SAMPLES)
def test_pages_render_without_inline_script_or_style(name: str, lang: str, translator: Translator) -> None:
    html = Templates(WEB / "templates", translator).render(name, lang, {"boot": "b", **SAMPLES[name]})
    assert f'<html lang="{lang}"' in html
    scripts = re.findall(r"<script[^>]*>", html)
    assert all('type="application/json"' in tag or ' src="/static/' in tag for tag in scripts)
    assert html.count("</script>") == len(scripts)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", html)
    assert "<b>" not in html
    assert not re.search(rf">(?:{SECTIONS})\.[a-z_]+<", html)


@pytest.mark.parametrize(("workshop", "has_form"), [("open", True), ("invited", False), ("off", False)])
def test_strangers_find_a_form_where_the_workshop_is_open(
    workshop: str, has_form: bool, translator: Translator
) -> None:
    data = {"boot": "b", **SAMPLES["workshop"], "token": None, "workshop": workshop}
    html = Templates(WEB / "templates", translator).render("workshop", "uk", data)
    assert ('name="name"' in html) is has_form
    assert not re.search(rf">(?:{SECTIONS})\.[a-z_]+<", html)


def test_a_page_shows_names_of_languages_it_does_not_speak(translator: Translator) -> None:
    html = Templates(WEB / "templates", translator).render("conference", "de", {"boot": "b", **SAMPLES["conference"]})
    assert "Polski" in html


@pytest.mark.parametrize(
    ("cookie", "accept", "lang"),
    [
        ("uk", "en", "uk"),
        ("xx", "en", "en"),
        (None, "uk-UA,uk;q=0.9,en;q=0.8", "uk"),
        (None, "fr, en;q=0.3, uk;q=0.7", "uk"),
        (None, "en;q=0, de;q=0.1", "de"),
        (None, "EN-gb", "en"),
        (None, ";;q=x,,en;q=high", "de"),
        (None, None, "de"),
    ],
)
def test_negotiation(cookie: str | None, accept: str | None, lang: str) -> None:
    assert negotiate(cookie, accept) == lang
