"""The deck: which reel plays as which source, from its beginning to its end. Belongs to the media thread."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from media.mixer import Sound
from media.pictures import VideoSource
from media.reel import ReelFile
from media.reel_player import ReelPlayer


class Stage(Protocol):
    """Where sources are put and taken away again."""

    def put_source(self, name: str, sound: Sound, video: VideoSource) -> None:
        """Let buses and pictures that name it have it."""
        ...

    def take_source(self, name: str, sound: Sound, video: VideoSource) -> None:
        """No more, if it is still this one."""
        ...


class Deck:
    """Plays reels.

    Args:
        loop: the media thread's.
        on_flow: told of a source that it flows, or no more.
    """

    def __init__(self, stage: Stage, loop: asyncio.AbstractEventLoop, on_flow: Callable[[str, bool], None]) -> None:
        self._stage, self._loop, self._on_flow = stage, loop, on_flow
        self._players: dict[str, ReelPlayer] = {}
        self._flowing: set[str] = set()

    def play(self, source: str, reel: ReelFile, at_s: float, start: float) -> None:
        """Play a reel as `source` from `at_s` on, which is heard at `start` in monotonic seconds. What played there
        before ends at once.
        """
        former = self._players.pop(source, None)
        if former is not None:
            former.cut()
            self._tell(source, False)

        def flow(flows: bool) -> None:
            if self._players.get(source) is player:
                self._tell(source, flows)

        def end() -> None:
            if self._players.get(source) is player:
                del self._players[source]
            self._stage.take_source(source, player.sound, player.source)

        player = ReelPlayer(reel, at_s, start, self._loop, flow, end)
        self._players[source] = player
        self._stage.put_source(source, player.sound, player.source)
        player.start()

    def stop(self, source: str) -> None:
        """Flow no more; the sound goes on for the ramp. Nothing happens when nothing plays."""
        player = self._players.get(source)
        if player is not None:
            player.stop()

    def close(self) -> None:
        """End all."""
        players = list(self._players.values())
        self._players.clear()
        for player in players:
            player.cut()
        for player in players:
            player.join()

    def _tell(self, source: str, flows: bool) -> None:
        if flows is (source in self._flowing):
            return
        self._flowing.symmetric_difference_update({source})
        self._on_flow(source, flows)
