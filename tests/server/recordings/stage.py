"""A room that is recorded, without engine and web: commands in, streams asked for, parts handed in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from interpreting.booth import Booth
from interpreting.commands import Command, ConnectSource, EnterBooth, LoseSource
from interpreting.ids import VENUE, BoothId, PersonId, RoomId, SourceId, kind_of, mic_source
from interpreting.languages import Language
from interpreting.plan import plan
from interpreting.room import Room, replay
from media.stream import StreamEvent, StreamSpec, Track
from server.config_recordings import RecordingsConfig
from server.recordings.recorder import Pause
from server.recordings.rooms import Recordings, Surroundings
from tests.fakes import ManualClock
from tests.server.recordings.packaging import EPOCH, sound_init, sound_parts, video

DE, UK, EN = Language("de"), Language("uk"), Language("en")
ANNA, TECHNICIAN = PersonId("anna-secret-name"), PersonId("t")
ANNAS = mic_source(ANNA)
STREAM = "plenary/rec"
PLENTY = 100 * 1024**3


class FakeStreams:
    """Remembers what was asked of the engine."""

    def __init__(self) -> None:
        self.running: dict[str, StreamSpec] = {}
        self.started: list[StreamSpec] = []

    def start_stream(self, stream: str, spec: StreamSpec) -> None:
        assert stream not in self.running
        self.running[stream] = spec
        self.started.append(spec)

    def add_track(self, stream: str, track: Track) -> None:
        spec = self.running[stream]
        self.running[stream] = replace(spec, tracks=(*spec.tracks, track))

    def stop_stream(self, stream: str) -> None:
        self.running.pop(stream, None)

    def tracks(self) -> list[str]:
        """The tracks of the room's second stream."""
        return [track.name for track in self.running[STREAM].tracks]


class Stage:
    """One room and the recordings that follow it."""

    def __init__(self, root: Path, room: Room | None = None) -> None:
        self.root = root
        self.streams = FakeStreams()
        self.now, self.monotonic = ManualClock(EPOCH), ManualClock(1000.0)
        self.free = PLENTY
        self.troubles: list[Pause | None] = []
        self.is_loaded = True
        booths = {BoothId("de-uk"): Booth(BoothId("de-uk"), (DE, UK))}
        self.room = room or Room(RoomId("plenary"), (DE, UK), booths, DE)
        around = Surroundings(
            streams=self.streams,
            now=self.now,
            monotonic=self.monotonic,
            secret="0123456789abcdef0123456789abcdef",
            titles={"plenary": {"de": "Saal", "uk": "Зала", "en": "Hall"}},
            is_loaded=lambda: self.is_loaded,
            on_trouble=lambda _, why: self.troubles.append(why),
            free=lambda _: self.free,
        )
        self.recordings = Recordings(RecordingsConfig(keep_days=30, min_free_mb=100), root, around)

    async def open(self) -> None:
        """Begin to follow the room."""
        await self.recordings.open()
        self.recordings.follow(self.room, plan(self.room))

    def say(self, command: Command) -> None:
        """Carry out a command, and tell the recordings what the room has become."""
        self.room = replay(self.room, self.room.apply(command, self.now()))
        self.recordings.follow(self.room, plan(self.room))

    def hall(self) -> None:
        """The hall sends, and Anna sits in her booth with a microphone that flows."""
        self.flow(VENUE)
        self.say(EnterBooth(ANNA, BoothId("de-uk"), "Anna Secret"))
        self.flow(ANNAS)

    def flow(self, source: SourceId) -> None:
        """A source begins."""
        self.say(ConnectSource(source, kind_of(source)))

    def lose(self, source: SourceId) -> None:
        """A source ends."""
        self.say(LoseSource(source))

    @property
    def id(self) -> str:
        """The id of the recording that runs."""
        assert self.room.recording is not None
        return self.room.recording

    @property
    def folder(self) -> Path:
        """Its folder."""
        return self.root / self.id

    def hand_in(self, events: Iterable[StreamEvent]) -> None:
        """What the engine has made."""
        for event in events:
            self.recordings.take_in(event)

    def package(self, parts: int, first_msn: int | None = None, *, only: str | None = None) -> None:
        """Let every running track have so many parts: floor 300 Hz, de 400, uk 500, the hall's stem 600, mics 700."""
        spec = self.streams.running[STREAM]
        first = spec.first_msn if first_msn is None else first_msn
        tones = {"floor": 300.0, "de": 400.0, "uk": 500.0, "stem:venue": 600.0}
        for track in spec.tracks:
            if only not in (None, track.name):
                continue
            if track.name == "video":
                self.hand_in(video(STREAM, parts, first))
                continue
            self.recordings.take_in(sound_init(STREAM, track.name))
            self.hand_in(sound_parts(STREAM, track.name, tones.get(track.name, 700.0), parts, first))

    async def settle(self) -> None:
        """Wait until everything handed in is on disk, and what the writer says has been heard."""
        await asyncio.to_thread(self.recordings._writer.settle)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def pass_time(self, seconds: float) -> None:
        """So much later, look what is due."""
        self.now.at += seconds
        self.monotonic.at += seconds
        await self.recordings.tick()
        await self.settle()
        while waiting := {task for task in self.recordings._tasks if task.get_coro().__name__ != "_keep_time"}:  # type: ignore[union-attr]
            await asyncio.wait(waiting)
