"""Every rule of low-latency HLS that a playlist and its parts can break, looked for over time.

`Rules` is told what was read (playlists of each track, initialisations, parts, segments) and keeps complaints. It reads
by its own few lines, and knows nothing of the server's code. RFC 8216 and draft-pantos-hls-rfc8216bis, 4.4 and 6.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]+)(?:,|$)')
# A camera's pictures do not meet the sound's segments: a keyframe may be half a second off (and is asked for in time).
CLOCK_S = 0.05
CUT_S = 0.6


@dataclass
class Listed:
    """A segment or the open one as it is listed."""

    msn: int
    uri: str = ""
    duration_s: float = 0.0
    date: float | None = None
    map: str = ""
    discontinuity: int = 0
    is_gap: bool = False
    parts: list[tuple[str, float, bool]] = field(default_factory=list)

    @property
    def kept(self) -> tuple[object, ...]:
        """What must never change once it is listed."""
        return self.uri, self.duration_s, self.date, self.discontinuity, self.is_gap


@dataclass
class Reading:
    """A playlist's lines, taken apart."""

    text: str
    head: dict[str, str] = field(default_factory=dict)
    control: dict[str, str] = field(default_factory=dict)
    part_target: float = 0.0
    first: int = 0
    skipped: int = 0
    segments: list[Listed] = field(default_factory=list)
    open: Listed | None = None
    hints: list[dict[str, str]] = field(default_factory=list)
    reports: dict[str, tuple[int, int]] = field(default_factory=dict)
    has_ended: bool = False

    @property
    def target_s(self) -> int:
        """The target duration."""
        return int(self.head["TARGETDURATION"])

    @property
    def reach(self) -> tuple[int, int]:
        """The newest segment and its last part."""
        if self.open is not None and self.open.parts:
            return self.open.msn, len(self.open.parts) - 1
        return self.segments[-1].msn, max(0, len(self.segments[-1].parts) - 1)


def attributes(text: str) -> dict[str, str]:
    """Read an attribute list; raises ValueError for one that is none."""
    found = {match[1]: match[2].strip('"') for match in _ATTRIBUTE.finditer(text)}
    if "".join(match[0] for match in _ATTRIBUTE.finditer(text)) != text:
        raise ValueError(f"no attribute list: {text}")
    return found


def read(text: str) -> Reading:
    """Take a media playlist apart. Raises ValueError or KeyError for what is none."""
    lines = text.split("\n")
    if lines[0] != "#EXTM3U" or lines[-1] != "":
        raise ValueError("it neither begins with #EXTM3U nor ends with a line's end")
    found = Reading(text)
    now: Listed | None = None
    discontinuity, map, count = 0, "", 0
    for line in lines[1:-1]:
        tag, _, value = line.partition(":")
        tag = tag.removeprefix("#EXT-X-")
        if tag in ("VERSION", "TARGETDURATION", "MEDIA-SEQUENCE", "DISCONTINUITY-SEQUENCE"):
            if tag in found.head:
                raise ValueError(f"{tag} twice")
            found.head[tag] = value
            found.first = int(found.head.get("MEDIA-SEQUENCE", 0))
            discontinuity = int(found.head.get("DISCONTINUITY-SEQUENCE", 0))
            continue
        if tag in ("SERVER-CONTROL", "PART-INF", "SKIP", "PRELOAD-HINT", "RENDITION-REPORT", "ENDLIST"):
            _note(found, tag, value)
            continue
        if now is None:
            now = Listed(found.first + found.skipped + count, map=map, discontinuity=discontinuity)
        match tag:
            case "DISCONTINUITY":
                discontinuity += 1
                now.discontinuity = discontinuity
            case "MAP":
                map = now.map = attributes(value)["URI"]
            case "PROGRAM-DATE-TIME":
                now.date = datetime.fromisoformat(value).timestamp()
            case "GAP":
                now.is_gap = True
            case "PART":
                part = attributes(value)
                now.parts.append((part["URI"], float(part["DURATION"]), part.get("INDEPENDENT") == "YES"))
            case "#EXTINF":
                now.duration_s = float(value.removesuffix(","))
            case _ if line.startswith("#"):
                raise ValueError(f"unknown: {line}")
            case _:
                now.uri = line
                found.segments.append(now)
                now, count = None, count + 1
    found.open = now
    return found


def _note(found: Reading, tag: str, value: str) -> None:
    match tag:
        case "SERVER-CONTROL":
            found.control = attributes(value)
        case "PART-INF":
            found.part_target = float(attributes(value)["PART-TARGET"])
        case "SKIP":
            found.skipped = int(attributes(value)["SKIPPED-SEGMENTS"])
        case "PRELOAD-HINT":
            found.hints.append(attributes(value))
        case "RENDITION-REPORT":
            told = attributes(value)
            found.reports[told["URI"]] = int(told["LAST-MSN"]), int(told["LAST-PART"])
        case _:
            found.has_ended = True


class Rules:
    """Told what was read, keeps what is wrong; `tracks` are all renditions of one presentation."""

    def __init__(self, tracks: tuple[str, ...]) -> None:
        self.complaints: list[str] = []
        self.tracks = tracks
        self.last: dict[str, Reading] = {}
        self._kept: dict[tuple[str, int], tuple[object, ...]] = {}
        self._control: dict[str, str] = {}
        self._timescale: dict[str, int] = {}
        self._offsets: dict[int, list[tuple[str, float]]] = {}

    def playlist(self, track: str, text: str) -> Reading:
        """A whole playlist of a track, later than those before."""
        found = read(text)
        where = f"{track} {found.reach}"
        for complaint in (*_alone(found, track), *self._beside(found, track), *self._after(found, track)):
            self.complaints.append(f"{where}: {complaint}")
        self.last[track] = found
        return found

    def delta(self, track: str, whole: str, delta: str) -> None:
        """A delta of the same state as a whole playlist (6.2.5.1)."""
        full, less = read(whole), read(delta)
        where = f"{track} {full.reach} delta"
        if [one.kept[:3] for one in full.segments[less.skipped :]] != [one.kept[:3] for one in less.segments]:
            self.complaints.append(f"{where}: it does not go on where it skipped")
        boundary_s = float(full.control["CAN-SKIP-UNTIL"])
        left_s = sum(one.duration_s for one in less.segments)
        if less.skipped and left_s < boundary_s:
            self.complaints.append(f"{where}: it skips what is within {boundary_s} s of the end: {left_s}")
        if sum(one.duration_s for one in full.segments) > boundary_s + 3 * full.target_s and not less.skipped:
            self.complaints.append(f"{where}: it skips nothing")

    def init(self, track: str, payload: bytes) -> None:
        """A track's initialisation."""
        found = dict(boxes(payload, "ftyp", "moov"))
        if set(found) != {"ftyp", "moov"}:
            self.complaints.append(f"{track}: the initialisation has {sorted(found)}")
        for path, body in deep(payload):
            if path.endswith("/mdhd"):
                at = 20 if body[0] else 12
                self._timescale[track] = int.from_bytes(body[at : at + 4], "big")

    def part(self, track: str, msn: int, index: int, payload: bytes) -> None:
        """A part's bytes; of a segment's first part, where on the clock it begins."""
        names = [name for name, _ in boxes(payload)]
        if names[-2:] != ["moof", "mdat"] or len(names) - len({"styp", "prft", "sidx", "emsg"} & set(names)) != 2:
            self.complaints.append(f"{track} {msn}.{index}: it has {names}")
        segment = next((one for one in self.last[track].segments if one.msn == msn), self.last[track].open)
        if index == 0 and segment is not None and segment.msn == msn and segment.date is not None:
            [body] = [body for path, body in deep(payload) if path.endswith("/tfdt")]
            at = int.from_bytes(body[4:], "big") / self._timescale[track]
            self._on_clock(track, segment, segment.date - at)

    def segment(self, track: str, msn: int, payload: bytes, parts: list[bytes]) -> None:
        """A whole segment and all its parts."""
        if payload != b"".join(parts):
            self.complaints.append(f"{track} {msn}: it is not its parts one after another")

    def _on_clock(self, track: str, segment: Listed, offset: float) -> None:
        others = self._offsets.setdefault(segment.discontinuity, [])
        for other, at in others:
            if abs(at - offset) > CLOCK_S:
                self.complaints.append(f"{track} {segment.msn}: {offset - at:+.3f} s off the clock of {other}")
        others[:] = [one for one in others if one[0] != track] + [(track, offset)]

    def _beside(self, found: Reading, track: str) -> Iterator[str]:
        """What holds between renditions."""
        told = {**found.control, **found.head, "PART-TARGET": str(found.part_target)}
        told = {name: told[name] for name in told if name not in ("MEDIA-SEQUENCE", "DISCONTINUITY-SEQUENCE")}
        self._control = self._control or told
        if told != self._control:
            yield f"other renditions say {self._control}"
        if set(found.reports) != {f"{other}.m3u8" for other in self.tracks if other != track}:
            yield f"it reports on {sorted(found.reports)}"
        mine = {one.msn: one for one in found.segments}
        for other, there in self.last.items():
            for one in there.segments:
                same = mine.get(one.msn)
                if same is None or other == track or same.is_gap or one.is_gap:
                    continue
                if same.discontinuity != one.discontinuity:
                    yield f"segment {one.msn} has another discontinuity number in {other}"
                if same.date is not None and one.date is not None and abs(same.date - one.date) > CUT_S:
                    yield f"segment {one.msn} begins {same.date - one.date:+.3f} s beside {other}"
            msn, part = found.reports.get(f"{other}.m3u8", there.reach)
            if (msn, part) < (there.reach[0] - 1, 0):
                yield f"it reports {msn}.{part} of {other}, which was at {there.reach}"

    def _after(self, found: Reading, track: str) -> Iterator[str]:
        """What holds between a playlist and the one before."""
        for one in found.segments:
            if self._kept.setdefault((track, one.msn), one.kept) != one.kept:
                yield f"segment {one.msn} changed"
        before = self.last.get(track)
        if before is None:
            return
        for name in ("MEDIA-SEQUENCE", "DISCONTINUITY-SEQUENCE"):
            if int(found.head[name]) < int(before.head[name]):
                yield f"{name} went back"
        if found.reach < before.reach:
            yield f"it went back from {before.reach}"
        if found.head["TARGETDURATION"] != before.head["TARGETDURATION"]:
            yield "the target duration changed"
        old = {uri: length for one in (*before.segments, before.open) if one for uri, length, _ in one.parts}
        for uri, length, _ in (part for one in found.segments for part in one.parts):
            if old.get(uri, length) != length:
                yield f"part {uri} changed"
        left_s = sum(one.duration_s for one in found.segments)
        if found.first > before.first and left_s < 3 * found.target_s:
            yield f"segments were removed and {left_s} s are left"


def _alone(found: Reading, track: str) -> Iterator[str]:
    """What a playlist must keep by itself."""
    target_s, part_s = found.target_s, found.part_target
    if int(found.head["VERSION"]) < 9:
        yield "its version is too low for its tags"
    if found.control.get("CAN-BLOCK-RELOAD") != "YES":
        yield "it cannot be waited for"
    for name, least in {
        "PART-HOLD-BACK": 3 * part_s,
        "HOLD-BACK": 3 * target_s,
        "CAN-SKIP-UNTIL": 6 * target_s,
    }.items():
        if float(found.control.get(name, 0)) < least:
            yield f"{name} is below {least}"
    if found.first + found.skipped != found.segments[0].msn or found.has_ended:
        yield "it is no live playlist from its beginning"
    if len(found.hints) != 1 or found.hints[0].get("TYPE") != "PART":
        yield f"it hints at {found.hints}"
    elif found.hints[0]["URI"] not in _next(found, track):
        yield f"the hint is {found.hints[0]['URI']} at {found.reach}"
    listed = [*found.segments, *([found.open] if found.open else [])]
    yield from _segments(found, listed, target_s)
    yield from _parts(listed, track, target_s, part_s)


def _next(found: Reading, track: str) -> set[str]:
    if found.open is not None and found.open.parts:
        return {f"{track}/{found.open.msn}.{len(found.open.parts)}.m4s"}
    return {f"{track}/{found.segments[-1].msn + 1}.0.m4s"}


def _segments(found: Reading, listed: list[Listed], target_s: int) -> Iterator[str]:
    for one in found.segments:
        if round(one.duration_s) > target_s:
            yield f"segment {one.msn} lasts {one.duration_s}"
        if one.parts and abs(sum(part[1] for part in one.parts) - one.duration_s) > 0.001:
            yield f"segment {one.msn} is not as long as its parts"
    for one in listed:
        if one.date is None:
            yield f"segment {one.msn} has no date"
        if not one.map:
            yield f"segment {one.msn} has no initialisation"
    for one, then in pairwise(listed):
        if then.discontinuity == one.discontinuity and one.date is not None and then.date is not None:
            apart_s = then.date - one.date - one.duration_s
            if abs(apart_s) > CLOCK_S:
                yield f"segment {then.msn} begins {apart_s:+.3f} s beside the end of the one before"


def _parts(listed: list[Listed], track: str, target_s: int, part_s: float) -> Iterator[str]:
    back_s = 0.0
    for one in reversed(listed):
        for number, (uri, length_s, _) in reversed(list(enumerate(one.parts))):
            is_last = one.uri != "" and number == len(one.parts) - 1
            follows = one.parts[number + 1][2] if number + 1 < len(one.parts) else False
            if length_s > part_s:
                yield f"part {uri} lasts {length_s}"
            if length_s < 0.85 * part_s and not is_last and not follows:
                yield f"part {uri} lasts only {length_s}"
            if uri != f"{track}/{one.msn}.{number}.m4s":
                yield f"part {number} of {one.msn} is called {uri}"
            if back_s > 3 * target_s:
                yield f"part {uri} is listed {back_s:.1f} s before the end"
            back_s += length_s
        back_s += 0.0 if one.parts else one.duration_s


def boxes(payload: bytes, *wanted: str) -> Iterator[tuple[str, bytes]]:
    """Yield a file's boxes, all of them or those wanted (ISO/IEC 14496-12)."""
    at = 0
    while at + 8 <= len(payload):
        size, name = int.from_bytes(payload[at : at + 4], "big"), payload[at + 4 : at + 8].decode("latin-1")
        if size < 8 or at + size > len(payload):
            raise ValueError(f"box {name} of {size} bytes at {at} of {len(payload)}")
        if not wanted or name in wanted:
            yield name, payload[at + 8 : at + size]
        at += size


def deep(payload: bytes, path: str = "") -> Iterator[tuple[str, bytes]]:
    """Yield every box with the path to it."""
    for name, body in boxes(payload):
        yield f"{path}/{name}", body
        if name in ("moov", "trak", "mdia", "moof", "traf"):
            yield from deep(body, f"{path}/{name}")
