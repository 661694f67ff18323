"""What a livestream is made of: tracks, parts and segments, and what the engine tells of them. Plain data.

One clock for all tracks of a stream: media time is counted from the mixer's tick at which the stream began, and segment
n of every track begins at n segments' length (a picture's segment at the keyframe nearest to it, 0.5 s at most before
or after). Sound counts in samples of 48 kHz, pictures in 90 kHz; a part is a whole number of both.
"""

from dataclasses import dataclass
from typing import Final

AAC_FRAME_SAMPLES: Final = 1024
SOUND_HZ: Final = 48000
PICTURE_HZ: Final = 90000
PART_FRAMES: Final = 20
"""AAC frames a part, and with it the part target. Players stay three parts behind the newest: 1.28 s."""
PART_S: Final = PART_FRAMES * AAC_FRAME_SAMPLES / SOUND_HZ
PARTS_A_SEGMENT: Final = 10
SEGMENT_S: Final = PARTS_A_SEGMENT * PART_S
PART_TICKS: Final = PART_FRAMES * AAC_FRAME_SAMPLES * PICTURE_HZ // SOUND_HZ
"""A part in 90 kHz."""
SEGMENT_TICKS: Final = PARTS_A_SEGMENT * PART_TICKS
VIDEO: Final = "video"
SMALL: Final = "small"
"""Names of the tracks with the picture and with its small copy; all others are sound."""


@dataclass(frozen=True, slots=True)
class Track:
    """One rendition: `bus` is the engine's bus of a sound, or the picture bus of the track called "video"."""

    name: str
    bus: str


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """What to package. `first_msn` is the number of the first segment; `small_picture` adds the track "small"."""

    tracks: tuple[Track, ...]
    first_msn: int = 0
    small_picture: bool = False


@dataclass(frozen=True, slots=True)
class Slide:
    """What the holding slide says, in words ready to be read: a title, and lines below it."""

    title: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InitMade:
    """A track's initialization segment. `codec` is as in RFC 6381, `bandwidth` in bits a second is what is expected;
    size and frame rate are 0 for sound. Another one may follow when a picture's parameters change.
    """

    stream: str
    track: str
    init: int
    payload: bytes
    codec: str
    bandwidth: int
    width: int = 0
    height: int = 0
    frame_rate: float = 0.0


@dataclass(frozen=True, slots=True)
class PartMade:
    """A part, with one moof and one mdat. A segment is its parts' payloads one after another, and `is_last` ends it;
    all its parts go with one `init`. `is_independent` says that a keyframe is in it. `starts_at` is in epoch seconds
    on a clock that is the same for all tracks and never set back.
    """

    stream: str
    track: str
    msn: int
    part: int
    init: int
    payload: bytes
    duration_s: float
    is_independent: bool
    is_last: bool
    starts_at: float


@dataclass(frozen=True, slots=True)
class StreamFailed:
    """A stream has ended by an exception; `error` is its class. It may be started again."""

    stream: str
    error: str


StreamEvent = InitMade | PartMade | StreamFailed


@dataclass(frozen=True, slots=True)
class Sample:
    """One AAC frame or one picture as it stands in a part. `starts_s` is media time, strictly rising in a track. A
    picture's NAL units have four bytes of length before each; `parameters` is the decoder's configuration
    (AudioSpecificConfig, or AVCDecoderConfigurationRecord).
    """

    track: str
    starts_s: float
    payload: bytes
    is_independent: bool
    parameters: bytes
