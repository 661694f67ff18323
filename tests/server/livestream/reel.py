"""A packager without media: parts of any bytes, in the order and with the times that a real one keeps."""

from __future__ import annotations

from collections.abc import Iterator

from media.stream import PART_S, PARTS_A_SEGMENT, SEGMENT_S, InitMade, PartMade, StreamSpec

STARTS_AT = 1_795_000_000.0


class Reel:
    """One run of a stream whose first segment is `first` and begins at `at` epoch seconds."""

    def __init__(self, stream: str, tracks: tuple[str, ...], first: int = 0, at: float = STARTS_AT) -> None:
        self.stream = stream
        self.tracks = tracks
        self.first = first
        self.at = at

    @classmethod
    def of(cls, stream: str, spec: StreamSpec, at: float = STARTS_AT) -> Reel:
        """What the engine was asked for."""
        small = ("small",) if spec.small_picture else ()
        return cls(stream, (*(track.name for track in spec.tracks), *small), spec.first_msn, at)

    def inits(self, number: int = 0) -> Iterator[InitMade]:
        """Each track's initialisation."""
        for track in self.tracks:
            is_picture = track in ("video", "small")
            codec, rate = ("avc1.42c01f", 2_000_000) if is_picture else ("mp4a.40.2", 128_000)
            looks = (1280, 720, 30.0) if is_picture else (0, 0, 0.0)
            yield InitMade(self.stream, track, number, f"init {track} {number}".encode(), codec, rate, *looks)

    def part(self, track: str, msn: int, part: int, init: int = 0, size: int = 20) -> PartMade:
        """One part; the bytes say which."""
        return PartMade(
            self.stream,
            track,
            msn,
            part,
            init,
            payload_of(track, msn, part, size),
            PART_S,
            is_independent=part == 0 or track not in ("video", "small"),
            is_last=part == PARTS_A_SEGMENT - 1,
            starts_at=self.at + (msn - self.first) * SEGMENT_S + part * PART_S,
        )

    def parts(self, first: int, last: int, init: int = 0) -> Iterator[PartMade]:
        """Whole segments, all tracks side by side."""
        for msn in range(first, last + 1):
            for part in range(PARTS_A_SEGMENT):
                for track in self.tracks:
                    yield self.part(track, msn, part, init)


def payload_of(track: str, msn: int, part: int, size: int = 20) -> bytes:
    """The bytes of a part."""
    return f"{track} {msn}.{part} ".encode().ljust(size, b".")
