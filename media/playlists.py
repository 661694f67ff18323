"""The text of HLS playlists (RFC 8216 and draft-pantos-hls-rfc8216bis), low latency included. No I/O, no clock.

Addresses are relative: the playlist of the track `de` stands beside a folder `de` with its `init-0.mp4`, its segments
`12.m4s` and their parts `12.3.m4s`. Who serves them and where they are kept is said elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Final

SKIP_TARGETS: Final = 6
"""The skip boundary in target durations: the least that may be announced (4.4.3.8)."""
HOLD_BACK_TARGETS: Final = 3
"""Target durations that parts stay listed (6.2.2), and that a player without low latency keeps behind the end."""
PART_HOLD_BACK_PARTS: Final = 3
"""Part targets that a low-latency player keeps behind the end; twice is the least."""
# What the tags in use want (section 8): EXT-X-SKIP 9, EXT-X-GAP 8, EXT-X-MAP 6.
_LIVE_VERSION: Final = 9
_ENDED_VERSION: Final = 8
_MASTER_VERSION: Final = 6
_SOUNDS: Final = "sound"


@dataclass(frozen=True, slots=True)
class Part:
    """One partial segment; it can be decoded by itself when it is independent."""

    duration_s: float
    is_independent: bool


@dataclass(frozen=True, slots=True)
class Segment:
    """One whole segment: its number, when it begins (epoch seconds), its parts while they are worth listing.

    `is_gap` stands for one that is missing. `new_timelines` began since the one before: a new start of the packager has
    other time stamps, and of a start in between nothing may be left.
    """

    msn: int
    starts_at: float
    duration_s: float
    init: int
    parts: tuple[Part, ...] = ()
    is_gap: bool = False
    new_timelines: int = 0


@dataclass(frozen=True, slots=True)
class Opening:
    """The segment that is being made, as `Segment` so far."""

    msn: int
    starts_at: float
    init: int
    parts: tuple[Part, ...]
    new_timelines: int = 0


@dataclass(frozen=True, slots=True)
class Pace:
    """What all renditions of one presentation share: seconds a part and a segment may last at most."""

    part_target_s: float
    target_duration_s: int


@dataclass(frozen=True, slots=True)
class Report:
    """How far another rendition is: its track, its last segment and that one's last part."""

    track: str
    msn: int
    part: int


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound rendition: its track, its name in its own language, its BCP 47 tag, its codec (RFC 6381) and bits/s."""

    track: str
    name: str
    language: str
    codec: str
    bandwidth: int
    average_bandwidth: int
    channels: int = 1


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture track with its codec (RFC 6381), bits/s, size in pixels and pictures a second; 0 is unknown."""

    track: str
    codec: str
    bandwidth: int
    average_bandwidth: int
    width: int = 0
    height: int = 0
    frame_rate: float = 0.0


def segment_name(track: str, msn: int) -> str:
    """Return a segment's address beside the playlist."""
    return f"{track}/{msn}.m4s"


def part_name(track: str, msn: int, part: int) -> str:
    """Return a part's address beside the playlist."""
    return f"{track}/{msn}.{part}.m4s"


def init_name(track: str, init: int) -> str:
    """Return an initialisation's address beside the playlist."""
    return f"{track}/init-{init}.mp4"


def format_master(pictures: Sequence[Picture], sounds: Sequence[Sound]) -> str:
    """Return the playlist of playlists: every picture with all sounds to choose from, the first one by default.

    Without a picture the first sound is the variant as well, and players that take the group need nothing else.
    """
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{_MASTER_VERSION}"]
    lines += [_media_tag(sound, is_default=number == 0) for number, sound in enumerate(sounds)]
    loudest = max((sound.bandwidth for sound in sounds), default=0)
    loudest_average = max((sound.average_bandwidth for sound in sounds), default=0)
    codecs = list(dict.fromkeys(sound.codec for sound in sounds))
    group = [f'AUDIO="{_SOUNDS}"'] if sounds else []
    for picture in pictures:
        attributes = [
            f"BANDWIDTH={picture.bandwidth + loudest}",
            f"AVERAGE-BANDWIDTH={picture.average_bandwidth + loudest_average}",
            f'CODECS="{",".join([picture.codec, *codecs])}"',
            *_looks(picture),
            *group,
        ]
        lines += [f"#EXT-X-STREAM-INF:{','.join(attributes)}", f"{picture.track}.m3u8"]
    if not pictures and sounds:
        rates = f"BANDWIDTH={loudest},AVERAGE-BANDWIDTH={loudest_average}"
        lines += [f'#EXT-X-STREAM-INF:{rates},CODECS="{",".join(codecs)}",AUDIO="{_SOUNDS}"']
        lines.append(f"{sounds[0].track}.m3u8")
    return "\n".join(lines) + "\n"


def _media_tag(sound: Sound, *, is_default: bool) -> str:
    default = "YES" if is_default else "NO"
    return (
        f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="{_SOUNDS}",NAME="{_quoted(sound.name)}",LANGUAGE="{sound.language}",'
        f'DEFAULT={default},AUTOSELECT=YES,CHANNELS="{sound.channels}",URI="{sound.track}.m3u8"'
    )


def _looks(picture: Picture) -> Iterable[str]:
    if picture.width and picture.height:
        yield f"RESOLUTION={picture.width}x{picture.height}"
    if picture.frame_rate:
        yield f"FRAME-RATE={picture.frame_rate:.3f}"


def _quoted(text: str) -> str:
    """Return a text without what a quoted string cannot hold (4.2)."""
    return text.replace('"', "'").replace("\r", " ").replace("\n", " ")


def format_head(pace: Pace, first_msn: int, discontinuities: int) -> str:
    """Return a live playlist up to its segments; `discontinuities` happened before the first listed segment."""
    part_target = ceil(pace.part_target_s * 100_000 - 1e-6) / 100_000
    target = pace.target_duration_s
    control = (
        f"CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={PART_HOLD_BACK_PARTS * part_target:.5f},"
        f"HOLD-BACK={HOLD_BACK_TARGETS * target:.1f},CAN-SKIP-UNTIL={SKIP_TARGETS * target:.1f}"
    )
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{_LIVE_VERSION}",
        f"#EXT-X-TARGETDURATION:{target}",
        f"#EXT-X-SERVER-CONTROL:{control}",
        f"#EXT-X-PART-INF:PART-TARGET={part_target:.5f}",
        f"#EXT-X-MEDIA-SEQUENCE:{first_msn}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{discontinuities}",
    ]
    return "\n".join(lines) + "\n"


def format_map(track: str, init: int) -> str:
    """Return the line that says which initialisation what follows needs."""
    return f'#EXT-X-MAP:URI="{init_name(track, init)}"\n'


def format_segment(track: str, segment: Segment | Opening, *, with_map: bool, with_parts: bool) -> str:
    """Return a segment's lines. One that is being made has its parts and no address yet."""
    lines = ["#EXT-X-DISCONTINUITY\n"] * segment.new_timelines
    if with_map:
        lines.append(format_map(track, segment.init))
    lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{_date(segment.starts_at)}\n")
    if with_parts or isinstance(segment, Opening):
        lines += [format_part(track, segment.msn, index, part) for index, part in enumerate(segment.parts)]
    if isinstance(segment, Segment):
        lines.append("#EXT-X-GAP\n" if segment.is_gap else "")
        lines.append(f"#EXTINF:{segment.duration_s:.5f},\n{segment_name(track, segment.msn)}\n")
    return "".join(lines)


def format_part(track: str, msn: int, index: int, part: Part) -> str:
    """Return one part's line."""
    independent = ",INDEPENDENT=YES" if part.is_independent else ""
    return f'#EXT-X-PART:DURATION={part.duration_s:.5f},URI="{part_name(track, msn, index)}"{independent}\n'


def format_skip(count: int) -> str:
    """Return the line that stands for segments the player knows (delta updates, 4.4.5.2)."""
    return f"#EXT-X-SKIP:SKIPPED-SEGMENTS={count}\n"


def format_tail(track: str, hint: tuple[int, int], reports: Iterable[Report]) -> str:
    """Return what follows the segments: the part that comes next, and how far the other renditions are."""
    lines = [f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{part_name(track, *hint)}"\n']
    lines += [
        f'#EXT-X-RENDITION-REPORT:URI="{one.track}.m3u8",LAST-MSN={one.msn},LAST-PART={one.part}\n' for one in reports
    ]
    return "".join(lines)


def format_ended(track: str, segments: Sequence[Segment], target_duration_s: int) -> str:
    """Return the playlist of a recording: all of it, for ever the same (EXT-X-PLAYLIST-TYPE VOD, EXT-X-ENDLIST)."""
    text = [
        "#EXTM3U\n",
        f"#EXT-X-VERSION:{_ENDED_VERSION}\n",
        f"#EXT-X-TARGETDURATION:{target_duration_s}\n",
        "#EXT-X-PLAYLIST-TYPE:VOD\n",
        f"#EXT-X-MEDIA-SEQUENCE:{segments[0].msn if segments else 0}\n",
    ]
    init: int | None = None
    for segment in segments:
        text.append(format_segment(track, segment, with_map=segment.init != init, with_parts=False))
        init = segment.init
    return "".join([*text, "#EXT-X-ENDLIST\n"])


def _date(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
