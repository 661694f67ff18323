"""What pages are told, by role, booth and person."""

import json
from dataclasses import replace

import pytest

from interpreting.audience import ANYBODY, PUBLIC_ROLES, Audience, audience_of
from interpreting.booth import Interlock
from interpreting.commands import (
    AnswerCall,
    AskHandover,
    AskSpeaker,
    CallTechnician,
    Command,
    ConnectSource,
    HoldSlide,
    LeaveBooth,
    LoseSource,
    NextItem,
    PressCough,
    Say,
    SelectIncoming,
    SelectItem,
    SelectPivot,
    SetConsent,
    SetInterlock,
    SetShift,
    StartRecording,
    StepAway,
)
from interpreting.ids import BACKUP, DEMO, VENUE, CallId, ItemId, PersonId, SourceKind, mic_source, speaker_source
from interpreting.roles import Role
from interpreting.room import Room
from interpreting.view import LINES_SHOWN, PUBLIC_ITEMS, room_view
from interpreting.words import MAX_LINES, Addressee, Wish
from tests.interpreting.plenary import (
    CITIES,
    DE,
    DE_UK,
    EMMA,
    EN,
    EN_DE,
    MODERATOR,
    NOW,
    OLHA,
    OPENING,
    PETRO,
    PROGRAMME,
    TECHNICIAN,
    after,
    empty_room,
    olha_on_air,
    staffed_room,
)

TITLE = {"de": "Plenum", "uk": "Пленум", "en": "Plenary"}
NOW_MS = int(NOW * 1000)
CHANNELS = [
    {"channel": "de", "mode": "passthrough", "fallback": "ducked", "booth": None, "engaged_by": [], "relay": 0},
    {
        "channel": "uk",
        "mode": "interpreted",
        "fallback": "ducked",
        "booth": "de-uk",
        "engaged_by": ["de-uk"],
        "relay": 1,
    },
    {"channel": "en", "mode": "fallback", "fallback": "floor", "booth": None, "engaged_by": [], "relay": 0},
]
OPENING_VIEW = {
    "id": "opening",
    "title": {"de": "Eröffnung"},
    "speaker": "Anna Beispiel",
    "language": "de",
    "kind": "speech",
    "starts": "09:30",
}
IN_DE_UK, IN_EN = audience_of(Role.INTERPRETER, DE_UK, OLHA), audience_of(Role.INTERPRETER, EN_DE, EMMA)
EVERYBODY = [
    *(audience_of(role) for role in Role if role not in (Role.INTERPRETER, Role.SPEAKER)),
    IN_DE_UK,
    IN_EN,
    audience_of(Role.SPEAKER, person=PersonId("remote")),
]


def busy_room() -> Room:
    """Return the plenary with Olha coughing on air, asked by Petro, Emma in relay and without sound."""
    return after(
        olha_on_air(),
        AskHandover(PETRO),
        PressCough(OLHA),
        SelectIncoming(EMMA, DE),
        SelectPivot(PETRO, EN),
        LoseSource(mic_source(EMMA)),
        StepAway(EMMA),
        SetShift(PETRO, 20),
        SetConsent(OLHA, mic_source(OLHA), True),
        SelectItem(MODERATOR, OPENING),
        StartRecording(MODERATOR),
        SetInterlock(TECHNICIAN, Interlock.OVERRIDE),
        AskSpeaker(OLHA, Wish.SLOWER),
        ConnectSource(BACKUP, SourceKind.BACKUP),
    )


@pytest.mark.parametrize("role", sorted(PUBLIC_ROLES))
def test_the_audience_sees_channels_and_no_person(role: Role) -> None:
    room = after(busy_room(), call(OLHA, Role.INTERPRETER), say(OLHA, Addressee.INTERPRETERS))
    assert room_view(room, role, title=TITLE, listeners={"floor": 3}) == {
        "room": "plenary",
        "title": TITLE,
        "floor_language": "de",
        "venue": "live",
        "venue_source": "venue",
        "venue_sources": [],
        "venue_microphones": [],
        "trims": {},
        "talks": [],
        "is_held": False,
        "items": [OPENING_VIEW, *room_view(room, role)["items"][1:]],  # type: ignore[index]
        "item": "opening",
        "item_since": NOW_MS,
        "recording": {"id": f"plenary-{int(NOW)}", "since": NOW_MS},
        "consents": {},
        "interlock": None,
        "channels": CHANNELS,
        "booths": [
            {"booth": "de-uk", "languages": ["de", "uk"], "seats": [], "handover": None, "shift": None},
            {"booth": "en", "languages": ["en", "de"], "seats": [], "handover": None, "shift": None},
            {"booth": "en-uk", "languages": ["en", "uk"], "seats": [], "handover": None, "shift": None},
        ],
        "listeners": None,
        "asks": [],
        "calls": [],
        "chat": [],
        "questions": [],
        "door": "open",
        "is_closed": False,
        "own": None,
        "speakers": [],
        "people": [],
        "hands": [],
        "floor_lost": [],
        "follows_speaker": None,
        "timer": None,
        "venue_hears": [],
        "playout": None,
    }


@pytest.mark.parametrize("role", sorted(set(Role) - PUBLIC_ROLES))
def test_those_who_work_see_the_booths(role: Role) -> None:
    view = room_view(busy_room(), role, title=TITLE, listeners={"floor": 3, "de": 0})
    assert view["channels"] == CHANNELS
    assert view["listeners"] == {"floor": 3, "de": 0}
    assert (view["venue_source"], view["venue_sources"]) == ("venue", ["venue", "backup"])
    assert view["interlock"] == "override"
    assert view["asks"] == [{"wish": "slower", "booth": "de-uk", "at": NOW_MS}]
    assert view["booths"] == [
        {
            "booth": "de-uk",
            "languages": ["de", "uk"],
            "seats": [
                _seat("olha", "Olha", "uk", mic="coughing", consents=True),
                _seat("petro", "Petro", "uk", pivot="en"),
            ],
            "handover": {"asked_by": "petro", "accepted": False},
            "shift": {"minutes": 20, "since": NOW_MS},
        },
        {
            "booth": "en",
            "languages": ["en", "de"],
            "seats": [_seat("emma", "Emma", "en", incoming="de", hears="de", live=False, present=False)],
            "handover": None,
            "shift": None,
        },
        {
            "booth": "en-uk",
            "languages": ["en", "uk"],
            "seats": [_seat("fay", "Fay", "en")],
            "handover": None,
            "shift": None,
        },
    ]


def _seat(person: str, name: str, outgoing: str, **otherwise: object) -> dict[str, object]:
    return {
        "person": person,
        "name": name,
        "mic": "off_air",
        "live": True,
        "present": True,
        "outgoing": outgoing,
        "incoming": "floor",
        "pivot": None,
        "hears": "floor",
        "consents": False,
        **otherwise,
    }


def call(person: PersonId, role: Role) -> CallTechnician:
    """Return a call as the server passes it on."""
    return CallTechnician(person, person.title(), role)


def say(person: PersonId, to: Addressee, role: Role = Role.INTERPRETER) -> Say:
    """Return a line that names who says it to whom, as the server passes it on."""
    return Say(person, to, f"{person} to {to}", person.title(), role)


def test_a_shift_that_is_not_counted_is_none_and_one_off_air_has_no_beginning() -> None:
    counted = after(staffed_room(), SetShift(OLHA, 30))
    booths = room_view(counted, Role.TECHNICIAN)["booths"]
    assert [booth["shift"] for booth in booths] == [{"minutes": 30, "since": None}, None, None]  # type: ignore[attr-defined]


class TestTheHall:
    def test_is_live_or_a_demo_or_lost(self) -> None:
        demo = after(staffed_room(), LoseSource(VENUE))
        lost = after(demo, LoseSource(DEMO))
        spare = after(lost, ConnectSource(BACKUP, SourceKind.BACKUP))
        rooms = (staffed_room(), demo, lost, spare)
        assert [room_view(room, Role.VIEWER)["venue"] for room in rooms] == ["live", "demo", "lost", "live"]
        assert room_view(spare, Role.VIEWER)["venue_source"] == "backup"

    def test_may_be_behind_a_slide(self) -> None:
        assert room_view(after(staffed_room(), HoldSlide(MODERATOR, True)), Role.VIEWER)["is_held"] is True


class TestTheProgramme:
    def test_is_told_whole_to_those_who_work(self) -> None:
        items = room_view(empty_room(), Role.MODERATOR)["items"]
        assert [item["id"] for item in items] == [item.id for item in PROGRAMME]  # type: ignore[attr-defined]

    def test_is_told_from_now_on_to_the_audience(self) -> None:
        long = replace(empty_room(), items=tuple(replace(PROGRAMME[0], id=ItemId(f"i{n}")) for n in range(9)))
        room = after(long, SelectItem(MODERATOR, ItemId("i4")))
        for now, first in ((long, 0), (room, 4), (after(long, SelectItem(MODERATOR, ItemId("i8"))), 8)):
            items = room_view(now, Role.VIEWER)["items"]
            shown = [item["id"] for item in items]  # type: ignore[attr-defined]
            assert shown == [f"i{n}" for n in range(first, min(first + PUBLIC_ITEMS, 9))]

    def test_that_lost_the_present_item_has_none(self) -> None:
        room = replace(after(empty_room(), NextItem(MODERATOR)), items=PROGRAMME[1:])
        view = room_view(room, Role.VIEWER)
        assert (view["item"], view["item_since"]) == (None, None)
        assert next(item["id"] for item in view["items"]) == CITIES  # type: ignore[attr-defined]


class TestAudiences:
    def test_are_as_few_as_there_are_differences(self) -> None:
        assert audience_of(Role.VIEWER, None, PersonId("x")) == ANYBODY
        assert IN_DE_UK == audience_of(Role.INTERPRETER, DE_UK, PETRO) != IN_EN
        assert audience_of(Role.TECHNICIAN, None, TECHNICIAN) == Audience(Role.TECHNICIAN)
        assert audience_of(Role.SPEAKER, None, OLHA) != audience_of(Role.SPEAKER, None, PETRO)
        assert len(set(EVERYBODY)) == len(EVERYBODY)

    @pytest.mark.parametrize("who", EVERYBODY, ids=str)
    def test_are_told_plain_json(self, who: Audience) -> None:
        room = after(busy_room(), call(OLHA, Role.INTERPRETER), say(OLHA, Addressee.BOOTH))
        view = room_view(room, who, title=TITLE)
        assert json.loads(json.dumps(view)) == view

    def test_without_anything_handed_in_lack_title_and_listeners(self) -> None:
        view = room_view(empty_room(), Role.TECHNICIAN)
        assert (view["title"], view["listeners"]) == ({}, None)


def seen_by(room: Room, field: str) -> dict[str, list[str]]:
    """Return for each audience what it sees in the field, named by who said it."""
    seen: dict[str, list[str]] = {}
    for who in EVERYBODY:
        entries = room_view(room, who)[field]
        names = [entry.get("text", entry["person"]) for entry in entries]  # type: ignore[attr-defined]
        if names:
            seen[who.booth or who.role] = names
    return seen


TO_BOOTHS = {"de-uk", "en", "moderator", "technician", "organiser"}


@pytest.mark.parametrize(
    ("line", "seers"),
    [
        (say(OLHA, Addressee.BOOTH), {"de-uk"}),
        (say(OLHA, Addressee.INTERPRETERS), {"de-uk", "en"}),
        (say(OLHA, Addressee.MODERATOR), {"de-uk", "moderator"}),
        (say(OLHA, Addressee.TECHNICIAN), {"de-uk", "technician"}),
        (say(MODERATOR, Addressee.BOOTHS, Role.MODERATOR), TO_BOOTHS),
        (say(MODERATOR, Addressee.TECHNICIAN, Role.MODERATOR), {"moderator", "technician"}),
        (say(TECHNICIAN, Addressee.MODERATOR, Role.TECHNICIAN), {"moderator", "technician"}),
        (say(PersonId("hall"), Addressee.MODERATOR, Role.VENUE), {"venue", "moderator"}),
        (
            say(PersonId("boss"), Addressee.BOOTHS, Role.ORGANISER),
            {"de-uk", "en", "moderator", "technician", "organiser"},
        ),
        (say(PersonId("boss"), Addressee.TECHNICIAN, Role.ORGANISER), {"organiser", "technician"}),
    ],
    ids=lambda value: value.text if isinstance(value, Say) else "",
)
def test_a_line_is_seen_by_those_it_is_for_and_the_side_it_is_from(line: Say, seers: set[str]) -> None:
    assert seen_by(after(staffed_room(), line), "chat") == {seer: [line.text] for seer in seers}


def test_a_line_says_who_said_what_when() -> None:
    room = after(staffed_room(), say(OLHA, Addressee.BOOTH))
    assert room_view(room, IN_DE_UK)["chat"] == [
        {
            "id": 1,
            "person": "olha",
            "name": "Olha",
            "role": "interpreter",
            "booth": "de-uk",
            "at": NOW_MS,
            "to": "booth",
            "to_person": None,
            "text": "olha to booth",
            "phrase": None,
        }
    ]


def test_the_newest_lines_that_concern_one_go_out_with_a_state() -> None:
    room = after(staffed_room(), *(say(OLHA, Addressee.BOOTH) for _ in range(MAX_LINES - LINES_SHOWN)))
    room = after(room, *(say(EMMA, Addressee.BOOTH) for _ in range(LINES_SHOWN)))
    chat = room_view(room, IN_DE_UK)["chat"]
    last = MAX_LINES - LINES_SHOWN
    assert [line["id"] for line in chat] == list(range(last - LINES_SHOWN + 1, last + 1))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("who", "role", "seers"),
    [
        (OLHA, Role.INTERPRETER, {"de-uk", "technician"}),
        (MODERATOR, Role.MODERATOR, {"moderator", "technician"}),
        (PersonId("hall"), Role.VENUE, {"venue", "technician"}),
    ],
)
def test_a_call_is_seen_by_who_answers_it_and_the_side_it_is_from(who: PersonId, role: Role, seers: set[str]) -> None:
    room = after(staffed_room(), call(who, role))
    assert seen_by(room, "calls") == {seer: [who] for seer in seers}
    answered: Command = AnswerCall(TECHNICIAN, CallId(1))
    for view in (room_view(state, Role.TECHNICIAN) for state in (room, after(room, answered))):
        assert view["calls"] == [
            {
                "id": 1,
                "person": who,
                "name": who.title(),
                "role": role.value,
                "booth": "de-uk" if who == OLHA else None,
                "at": NOW_MS,
                "answered": view["calls"][0]["answered"],  # type: ignore[index]
            }
        ]
    assert room_view(after(room, answered), Role.TECHNICIAN)["calls"][0]["answered"] is True  # type: ignore[index]


def test_consents_are_told_to_those_they_concern() -> None:
    speaker = speaker_source(PersonId("remote"))
    room = after(
        staffed_room(),
        SetConsent(OLHA, mic_source(OLHA), True),
        SetConsent(PersonId("remote"), speaker, True),
        SetConsent(MODERATOR, VENUE, False),
    )
    told = {who.booth or who.role: room_view(room, who)["consents"] for who in EVERYBODY}
    staff = {
        VENUE: False,
        BACKUP: False,
        **{mic_source(PersonId(name)): name == "olha" for name in ("olha", "petro", "emma", "fay")},
        speaker: True,
    }
    assert told == {
        Role.VIEWER: {},
        Role.PARTICIPANT: {},
        Role.MODERATOR: staff,
        Role.TECHNICIAN: staff,
        Role.ORGANISER: staff,
        Role.VENUE: {VENUE: False},
        Role.SPEAKER: {speaker: True},
        DE_UK: {mic_source(OLHA): True, mic_source(PETRO): False},
        EN_DE: {mic_source(EMMA): False},
    }


def test_what_somebody_said_before_is_shown_to_them_at_the_door() -> None:
    room = after(staffed_room(), SetConsent(OLHA, mic_source(OLHA), True), LeaveBooth(OLHA))
    told = {who.booth: room_view(room, who)["consents"] for who in EVERYBODY if who.role is Role.INTERPRETER}
    assert all(isinstance(consents, dict) and consents.get(mic_source(OLHA)) for consents in told.values())
