"""A plenary for alarms: the hall flows, Olha is on air into Ukrainian; sound is made by what a test says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from interpreting.commands import Command, TakeMic
from interpreting.ids import VENUE, RoomId, SourceId, mic_source
from interpreting.languages import FLOOR
from interpreting.plan import bus_of, plan
from interpreting.room import Room
from media.quality import UNKNOWN, Quality, Reason
from server.alarms.board import Alarm, Board
from server.alarms.hearing import Hearing
from server.alarms.picture import find_in_picture
from server.alarms.sound import Scene, find_in_sound
from server.config_alarms import AlarmsConfig
from server.engine import PictureLook
from tests.interpreting.plenary import OLHA, after, staffed_room

PLENARY = RoomId("plenary")
MIC = mic_source(OLHA)
SPEAKING = replace(
    UNKNOWN, reason=Reason.OK, bandwidth_hz=12_000, level_dbfs=-25.0, is_speaking=True, loudest_dbfs=-18.0
)
PAUSE = replace(SPEAKING, is_speaking=False, loudest_dbfs=-58.0)
DEAD = replace(SPEAKING, is_speaking=False, loudest_dbfs=-100.0)

Sounds = Callable[[SourceId, int], Quality | None]


@dataclass
class Stage:
    """Time goes on in seconds; each look is a quarter of one."""

    room: Room = field(default_factory=lambda: after(staffed_room(), TakeMic(OLHA)))
    config: AlarmsConfig = field(default_factory=AlarmsConfig)
    silences: dict[str, float] = field(default_factory=dict)
    looks: dict[str, PictureLook] = field(default_factory=dict)
    seen: frozenset[SourceId] = frozenset({VENUE})
    board: Board = field(default_factory=Board)
    hearing: Hearing = field(default_factory=Hearing)
    at: float = 0.0

    def say(self, *commands: Command) -> None:
        """The room goes on."""
        self.room = after(self.room, *commands)

    def run(self, seconds: float, sounds: Sounds) -> list[tuple[Alarm, float]]:
        """What is raised, and when."""
        raised = []
        for _ in range(round(seconds * 4)):
            second = int(self.at)
            said = {source: sounds(source, second) for source in self.room.sources}
            qualities = {
                f"{PLENARY}/{source}": replace(quality, seconds=second + 1)
                for source, quality in said.items()
                if quality is not None
            }
            self.hearing.refresh(qualities, self.silences, self.looks)
            floor = tuple(plan(self.room).mixes[bus_of(FLOOR)])
            scene = Scene(self.room, floor, self.hearing, self.board, self.config, self.seen)
            findings = [*find_in_sound(scene), *find_in_picture(scene)]
            change = self.board.take(findings, self.at, round(self.at * 1000))
            raised += [(alarm, self.at) for alarm in change.raised]
            self.at += 0.25
        return raised

    @property
    def kinds(self) -> list[str]:
        """What stands."""
        return [alarm.kind.value for alarm in self.board.standing]


def everybody_speaks(source: SourceId, second: int) -> Quality:
    """The usual."""
    return SPEAKING


def write_certificate(file: Path, ends: datetime) -> Path:
    """Write one that ends then, and beside it its key (`.key`); return where it is."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "conference.example.org")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(ends - timedelta(days=90))
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    file.with_suffix(".key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    file.write_bytes(made.public_bytes(pem))
    return file
