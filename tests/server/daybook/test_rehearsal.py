"""The checklist: what the server sees is judged, what it cannot see is left to hands, and each line says what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from interpreting.commands import ConnectSource, EnterBooth
from interpreting.ids import BACKUP, VENUE, BoothId, PersonId, SourceKind, mic_source
from media.engine import Quality, Reason
from server.daybook.heard import REMEMBERED_S, Heard, Spoken
from server.daybook.rehearsal import BY_HAND, ChainRun, Scene, State, checklist
from server.i18n import LANGUAGE_NAMES, Translator
from tests.fakes import ManualClock
from tests.interpreting.plenary import after, empty_room

OLHA = PersonId("olha")
GOOD = Quality(Reason.OK, 20_000, -20.0, True, 0.0, 0.0)
"""Speech as it should be."""


def scene() -> Scene:
    """A room where everything is well."""
    room = empty_room()
    for booth in room.booths:
        person = PersonId(f"person-{booth}")
        room = after(room, EnterBooth(person, BoothId(booth), f"Name {booth}"))
        room = after(room, ConnectSource(mic_source(person), SourceKind.MIC))
    room = after(room, ConnectSource(VENUE, SourceKind.VENUE))
    mics = {mic_source(PersonId(f"person-{booth}")): Spoken(0, GOOD) for booth in room.booths}
    return Scene(
        room=room,
        pictures=frozenset({VENUE}),
        spoken={VENUE: Spoken(0, GOOD), **mics},
        chain=ChainRun(1.0, ()),
        lip_sync_ms=12.0,
        free_bytes=100e9,
        recording_trouble=None,
        backup_flowed=True,
        has_livestream=True,
        livestream_late_s=0.3,
        alarms=(),
    )


def states(of: Scene) -> dict[str, str]:
    return {check.id: check.words for check in checklist(of) if check.state is not State.OK}


def test_all_is_well_but_what_hands_must_do() -> None:
    assert set(states(scene())) == set(BY_HAND) - {"lip_sync"}


@pytest.mark.parametrize(
    ("change", "id", "words"),
    [
        ({"pictures": frozenset()}, "venue", "venue_no_picture"),
        ({"chain": None}, "chain", "chain_missing"),
        ({"chain": ChainRun(30.0, ())}, "chain", "chain_missing"),
        ({"chain": ChainRun(1.0, ("uk",))}, "chain", "chain_bad"),
        ({"lip_sync_ms": None}, "lip_sync", "lip_sync_hand"),
        ({"lip_sync_ms": 90.0}, "lip_sync", "lip_sync_bad"),
        ({"free_bytes": 3e9}, "recording", "recording_disk"),
        ({"recording_trouble": "disk"}, "recording", "recording_bad"),
        ({"backup_flowed": False}, "backup", "backup_bad"),
        ({"livestream_late_s": None}, "livestream", "livestream_off"),
        ({"livestream_late_s": 3.0}, "livestream", "livestream_late"),
        ({"alarms": ("hum",)}, "alarms", "alarms_bad"),
        ({"spoken": {}}, "level:venue", "level_venue_unheard"),
    ],
)
def test_what_is_amiss_is_said(change: dict[str, object], id: str, words: str) -> None:
    assert states(replace(scene(), **change))[id] == words  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("quality", "words"),
    [
        (replace(GOOD, level_dbfs=-8.0), "level_venue_loud"),
        (replace(GOOD, level_dbfs=-40.0, reason=Reason.QUIET), "level_venue_quiet"),
        (replace(GOOD, reason=Reason.NARROW), "level_venue_narrow"),
        (replace(GOOD, reason=Reason.CLIPPING), "level_venue_clipping"),
        (replace(GOOD, reason=Reason.LOSSY), "level_venue_lossy"),
    ],
)
def test_a_level_out_of_bounds_is_said(quality: Quality, words: str) -> None:
    base = scene()
    assert states(replace(base, spoken={**base.spoken, VENUE: Spoken(0, quality)}))["level:venue"] == words


def test_an_empty_house_is_all_amiss() -> None:
    empty = replace(scene(), room=empty_room(), spoken={}, pictures=frozenset())
    found = states(empty)
    assert found["venue"] == "venue_bad"
    assert {words for id, words in found.items() if id.startswith("booth:")} == {"booth_empty"}


def test_a_booth_without_its_microphone_is_said() -> None:
    room = after(empty_room(), EnterBooth(OLHA, next(iter(empty_room().booths)), "Olha"))
    found = states(replace(scene(), room=room))
    assert "booth_mute" in found.values()


def test_a_backup_that_flows_now_is_enough() -> None:
    base = scene()
    room = after(base.room, ConnectSource(BACKUP, SourceKind.BACKUP))
    assert "backup" not in states(replace(base, room=room, backup_flowed=False))


def test_every_line_has_its_words_in_every_language() -> None:
    translator = Translator.load(Path(__file__).parents[3] / "web" / "locales")
    base = scene()
    scenes = [base, replace(base, room=empty_room(), spoken={}), replace(base, lip_sync_ms=None)]
    for one in scenes:
        for check in checklist(one):
            for lang in LANGUAGE_NAMES:
                text = translator.text(lang, f"rehearsal.{check.words}", **check.values)
                assert "{" not in text, (check.words, text)


def test_what_was_spoken_is_remembered_for_two_hours() -> None:
    class Ears:
        def __init__(self) -> None:
            self.now: dict[str, Quality] = {}

        def quality(self) -> dict[str, Quality]:
            return self.now

    ears, clock = Ears(), ManualClock()
    heard = Heard(ears, clock)
    ears.now = {"hall/venue": GOOD}
    heard.look()
    ears.now = {"hall/venue": replace(GOOD, is_speaking=False, level_dbfs=-60)}
    clock.at += 60
    heard.look()
    spoken = heard.of("hall/venue")
    assert spoken is not None
    assert spoken.quality.level_dbfs == -20
    clock.at += REMEMBERED_S
    heard.look()
    assert heard.of("hall/venue") is None
