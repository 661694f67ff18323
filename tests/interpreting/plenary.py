"""One plenary room for all tests of the domain, and short ways to drive it."""

from interpreting.booth import Booth, Seat
from interpreting.commands import Command, ConnectSource, EnterBooth, TakeMic
from interpreting.errors import Code, InterpretingError
from interpreting.events import Event
from interpreting.ids import (
    DEMO,
    VENUE,
    BoothId,
    ItemId,
    PersonId,
    RoomId,
    SourceKind,
    mic_source,
    speaker_source,
)
from interpreting.languages import Fallback, Language
from interpreting.people import Role
from interpreting.programme import Item, ItemKind
from interpreting.room import Room, replay
from interpreting.workshop_commands import EnterRoom, GiveFloor

NOW = 1_800_000_000.0

DE, UK, EN, PL = Language("de"), Language("uk"), Language("en"), Language("pl")
DE_UK, EN_DE, EN_UK = BoothId("de-uk"), BoothId("en"), BoothId("en-uk")

# Olha, Petro and Quinn work in the booth de-uk, Emma in en, Fay in en-uk.
OLHA, PETRO, QUINN = PersonId("olha"), PersonId("petro"), PersonId("quinn")
EMMA, FAY, STRANGER = PersonId("emma"), PersonId("fay"), PersonId("stranger")
MODERATOR, TECHNICIAN = PersonId("moderator"), PersonId("technician")
REMOTE, GUEST, VISITOR, CHAIR = (PersonId(name) for name in ("remote", "guest", "visitor", "chair"))
SPEAKER = speaker_source(REMOTE)
OPENING, CITIES, BREAK = ItemId("opening"), ItemId("cities"), ItemId("break")
PROGRAMME = (
    Item(OPENING, {"de": "Eröffnung"}, "Anna Beispiel", DE, starts="09:30"),
    Item(CITIES, {"de": "Partnerstädte"}, "Іван Приклад", UK, starts="10:00"),
    Item(BREAK, {"de": "Pause"}, kind=ItemKind.BREAK),
)


def empty_room() -> Room:
    """Return the plenary as configured: three channels, three booths, nobody there, the floor speaks German."""
    booths = (Booth(DE_UK, (DE, UK)), Booth(EN_DE, (EN, DE)), Booth(EN_UK, (EN, UK)))
    return Room(
        id=RoomId("plenary"),
        languages=(DE, UK, EN),
        booths={booth.id: booth for booth in booths},
        floor_language=DE,
        fallbacks={EN: Fallback.FLOOR},
        items=PROGRAMME,
    )


def after(room: Room, *commands: Command) -> Room:
    """Return the room after the commands, none of which may be refused."""
    for command in commands:
        room = replay(room, room.apply(command, NOW))
    return room


def staffed_room() -> Room:
    """Return the plenary with venue and demo flowing, and Olha, Petro, Emma and Fay seated, microphones live."""
    staff = ((OLHA, DE_UK), (PETRO, DE_UK), (EMMA, EN_DE), (FAY, EN_UK))
    return after(
        empty_room(),
        ConnectSource(VENUE, SourceKind.VENUE),
        ConnectSource(DEMO, SourceKind.DEMO),
        *(EnterBooth(person, booth, person.title()) for person, booth in staff),
        *(ConnectSource(mic_source(person), SourceKind.MIC) for person, _ in staff),
    )


def olha_on_air() -> Room:
    """Return the staffed plenary with Olha on air into Ukrainian."""
    return after(staffed_room(), TakeMic(OLHA))


def events_of(room: Room, command: Command, now: float = NOW) -> tuple[Event, ...]:
    """Return the facts that the command makes now."""
    return room.apply(command, now)


def code_of(room: Room, command: Command) -> Code | None:
    """Return the code with which the room refuses the command, or nothing when it does not."""
    try:
        room.apply(command, NOW)
    except InterpretingError as refused:
        return refused.code
    return None


def remote_on_floor(room: Room) -> Room:
    """Return the room with somebody far away who holds the floor, their sound flowing."""
    speaks = (GiveFloor(MODERATOR, REMOTE), ConnectSource(SPEAKER, SourceKind.SPEAKER))
    return after(room, EnterRoom(REMOTE, "Iryna", None), *speaks)


def workshop() -> Room:
    """Return the staffed plenary with two participants seated, a guest backstage and the chair, all heard if let."""
    return after(
        staffed_room(),
        EnterRoom(REMOTE, "Iryna", UK),
        EnterRoom(VISITOR, "Jonas", None),
        EnterRoom(GUEST, "Mayor", EN, Role.SPEAKER, True),
        EnterRoom(CHAIR, "Chair", DE, Role.MODERATOR, True),
        *(ConnectSource(speaker_source(who), SourceKind.SPEAKER) for who in (REMOTE, VISITOR, GUEST, CHAIR)),
    )


def seat(room: Room, person: PersonId) -> Seat:
    """Return the seat of somebody who has one."""
    found = room.seat_of(person)
    assert found is not None
    return found
